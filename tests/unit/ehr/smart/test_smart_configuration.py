"""Where the login server is: what is believed, what is refused, and what must be set by hand."""

import pytest

from service.ehr.errors import EHRMisunderstood
from service.ehr.smart.configuration import check_token_url, configuration_from

BASE = "https://ehr.example.org/apis/fhir"


def configuration(document, token_url="", base=BASE, allow_insecure=False):
    return configuration_from(document, base, token_url, allow_insecure)


def test_the_token_endpoint_of_the_document_is_used():
    named = "https://ehr.example.org/oauth2/token"

    assert configuration({"token_endpoint": named}).token_url == named


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ("token", "https://ehr.example.org/apis/fhir/token"),
        ("../oauth2/token", "https://ehr.example.org/apis/oauth2/token"),
        ("/oauth2/token", "https://ehr.example.org/oauth2/token"),
    ],
)
def test_a_relative_endpoint_is_relative_to_the_base_url(named, meant):
    assert configuration({"token_endpoint": named}).token_url == meant


def test_a_configured_endpoint_wins_wherever_it_is():
    theirs = {"token_endpoint": "https://ehr.example.org/oauth2/token"}

    assert configuration(theirs, "https://login.example.net/t").token_url == (
        "https://login.example.net/t"
    )


def test_an_endpoint_on_another_server_is_not_believed_and_its_host_is_told():
    with pytest.raises(EHRMisunderstood, match=r"login\.example\.net.*BONEFLAG_SMART_TOKEN_URL"):
        configuration({"token_endpoint": "https://login.example.net/oauth2/token"})


def test_another_port_is_another_server():
    with pytest.raises(EHRMisunderstood, match="another server"):
        configuration({"token_endpoint": "https://ehr.example.org:8443/token"})


def test_a_host_that_is_no_host_name_is_not_repeated():
    with pytest.raises(EHRMisunderstood) as told:
        configuration({"token_endpoint": "https://evil_host\u0430.example/token"})

    assert "evil" not in str(told.value)


@pytest.mark.parametrize(
    "named",
    [
        "http://ehr.example.org/token",
        "ftp://ehr.example.org/token",
        "https://user:s3cret@ehr.example.org/token",
        "https://[s3cret/token",
        "https://ehr.example.org:s3cret/token",
    ],
)
def test_an_endpoint_that_is_not_safe_is_refused_without_being_quoted(named):
    with pytest.raises(EHRMisunderstood, match="not an https URL") as told:
        configuration({"token_endpoint": named})

    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("document", [{}, {"token_endpoint": None}, {"token_endpoint": ""}])
def test_without_an_endpoint_it_must_be_set_by_hand(document):
    with pytest.raises(EHRMisunderstood, match="set BONEFLAG_SMART_TOKEN_URL"):
        configuration(document)


def test_plain_http_is_allowed_to_loopback_and_where_it_was_allowed():
    local, inside = "http://127.0.0.1:8080/fhir", "http://ehr.internal/fhir"

    assert configuration({"token_endpoint": "/t"}, base=local).token_url.startswith("http:")
    assert configuration({"token_endpoint": "/t"}, base=inside, allow_insecure=True).token_url


@pytest.mark.parametrize("url", ["http://login.example.net/t", "login.example.net", "https://u@h/"])
def test_a_configured_endpoint_must_be_safe_too(url):
    with pytest.raises(ValueError, match="The token endpoint must"):
        check_token_url(url, allow_insecure=False)


def test_what_is_no_text_in_a_list_is_passed_over():
    found = configuration(
        {"token_endpoint": "/t", "capabilities": ["permission-v2", 7], "scopes_supported": "none"}
    )

    assert found.capabilities == {"permission-v2"}
    assert found.scopes == ()
