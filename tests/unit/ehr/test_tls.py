"""Whom we trust on the way to the EHR, and the certificate that we show (mTLS)."""

import pytest

from service.ehr.errors import EHRUnavailable
from service.ehr.options import RetryOptions
from service.ehr.tls import TLSUnusable, tls_context
from service.settings import Settings, SettingsInvalid
from service.wiring import client_for
from tests.lib.tls_server import Authority, server_that_asks_who_we_are

ONCE = RetryOptions(attempts=1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls"))


def ask(url, **files):
    with client_for(Settings(fhir_base_url=url, **files)) as client:
        client._retries = ONCE
        return client.get_json("metadata")


def test_without_any_file_the_usual_authorities_are_trusted():
    assert tls_context("", "", "") is True


def test_a_server_that_wants_our_certificate_gets_it(authority):
    certificate, key = authority.issue("boneflag")
    with server_that_asks_who_we_are(authority) as url:
        answer = ask(
            url,
            fhir_ca_file=authority.file,
            fhir_client_certificate_file=certificate,
            fhir_client_key_file=key,
        )

    assert answer == {}


def test_certificate_and_key_may_stand_in_one_file(authority):
    certificate, _ = authority.issue("together")
    both = certificate.replace(".pem", "-both.pem")
    with server_that_asks_who_we_are(authority) as url:
        assert ask(url, fhir_ca_file=authority.file, fhir_client_certificate_file=both) == {}


def test_without_a_certificate_such_a_server_does_not_answer(authority):
    with server_that_asks_who_we_are(authority) as url, pytest.raises(EHRUnavailable):
        ask(url, fhir_ca_file=authority.file)


def test_a_server_whose_authority_we_do_not_know_is_not_talked_to(authority):
    certificate, key = authority.issue("unknown")
    with server_that_asks_who_we_are(authority) as url, pytest.raises(EHRUnavailable):
        ask(url, fhir_client_certificate_file=certificate, fhir_client_key_file=key)


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(authority):
    certificate, key = authority.issue("locked", passphrase="s3cret")

    with pytest.raises(TLSUnusable, match="without a passphrase"):
        tls_context(authority.file, certificate, key)


def test_a_key_of_another_certificate_is_refused(authority):
    certificate, _ = authority.issue("one")
    _, key = authority.issue("two")

    with pytest.raises(TLSUnusable, match="its own key"):
        tls_context("", certificate, key)


@pytest.mark.parametrize("content", [None, b"s3cret"])
def test_files_that_cannot_be_used_are_a_settings_error(tmp_path, content):
    path = tmp_path / "certificate.pem"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SettingsInvalid, match="CLIENT_CERTIFICATE_FILE") as told:
        ask("https://ehr.example.org/fhir", fhir_client_certificate_file=str(path))

    assert "s3cret" not in str(told.value)
