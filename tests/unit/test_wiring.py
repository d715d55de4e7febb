"""Settings -> real objects: what they choose, and how they say that they cannot."""

import base64
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from service.settings import Settings, SettingsInvalid
from service.store.errors import StoreMisconfigured
from service.wiring import (
    client_for,
    connection_for,
    ledger_for,
    pipeline_for,
    redis_for,
    today_for,
    vocabulary_for,
)

BASE = "https://ehr.example/fhir"


@contextmanager
def a_server():
    """A server that answers everything with an empty CapabilityStatement, and its headers."""
    heard = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.headers)
            body = json.dumps({"resourceType": "CapabilityStatement"}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        server.server_close()


def authorization(**values):
    with a_server() as (url, heard), client_for(Settings(fhir_base_url=url, **values)) as client:
        client.get_json("metadata")
    return heard[0].get("Authorization")


def test_a_bearer_token_goes_with_every_request():
    assert authorization(fhir_bearer_token=SecretStr("t0ken")) == "Bearer t0ken"


def test_a_user_and_password_go_as_basic_login():
    encoded = base64.b64encode(b"ada:pass").decode()

    assert authorization(fhir_user="ada", fhir_password=SecretStr("pass")) == f"Basic {encoded}"


def test_without_a_login_none_is_sent():
    assert authorization() is None


@pytest.mark.parametrize(
    "url", ["http://ehr.example/fhir", "ftp://ehr.example", "https://e.example:s3cret/", "s3cret"]
)
def test_a_base_url_that_cannot_be_used_is_refused_without_being_quoted(url):
    with pytest.raises(SettingsInvalid, match="BONEFLAG_FHIR_BASE_URL cannot be used") as error:
        client_for(Settings(fhir_base_url=url))

    assert "s3cret" not in str(error.value)


def test_a_ca_file_that_is_none_is_refused(tmp_path):
    no_certificate = tmp_path / "ca.pem"
    no_certificate.write_text("not a certificate")
    for path in (no_certificate, tmp_path / "absent.pem"):
        with pytest.raises(SettingsInvalid, match="BONEFLAG_FHIR_CA_FILE"):
            client_for(Settings(fhir_base_url=BASE, fhir_ca_file=str(path)))


def test_the_hospitals_own_ca_is_used(tmp_path):
    import certifi

    client_for(Settings(fhir_base_url=BASE, fhir_ca_file=certifi.where())).close()


def test_today_is_the_hospitals_day_and_not_the_servers():
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        before = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
        today = today_for(Settings(time_zone=zone))
        assert before <= today <= datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    east, west = (today_for(Settings(time_zone=z)) for z in ("Pacific/Kiritimati", "Etc/GMT+12"))
    assert (east - west).days >= 1


def test_cpt_numbers_are_left_out_where_the_licence_is():
    system = "http://www.ama-assn.org/go/cpt"
    scan = (system, "77080")

    assert vocabulary_for(Settings(use_cpt=True)).concepts_of(*scan)
    assert not vocabulary_for(Settings(use_cpt=False)).concepts_of(*scan)


def test_shadow_mode_makes_a_connection_that_cannot_write():
    with pytest.raises(RuntimeError, match="shadow mode"):
        connection_for(Settings(fhir_base_url=BASE, mode="shadow")).apply(None)


def test_a_pipeline_has_the_mode_of_the_settings(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    for mode in ("shadow", "live"):
        pipeline = pipeline_for(Settings(fhir_base_url=BASE, database_url=url, mode=mode))
        assert pipeline.mode == mode


def test_a_ledger_is_brought_up_to_this_version(tmp_path):
    with ledger_for(Settings(database_url=f"sqlite:///{tmp_path / 'new.sqlite3'}")) as ledger:
        assert ledger.runs.newest(1) == []


def test_a_database_that_nobody_supports_is_refused():
    with pytest.raises(StoreMisconfigured):
        ledger_for(Settings(database_url="mysql://u:s3cret@h/d"))


def test_no_redis_is_said_in_words():
    with pytest.raises(SettingsInvalid, match="BONEFLAG_REDIS_URL is not set"):
        redis_for(Settings())


def test_a_redis_url_that_is_none_is_not_quoted():
    with pytest.raises(SettingsInvalid, match="not a redis:// or rediss:// URL") as error:
        redis_for(Settings(redis_url=SecretStr("amqp://u:s3cret@h")))

    assert "s3cret" not in str(error.value)
