"""`boneflag pause` and `resume`, and what `report` and `check` say of them."""

import json
import os

import pytest
from typer.testing import CliRunner

from service import cli
from service.settings import load_settings


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path):
    """An environment of our own: a ledger and nothing else."""
    for name in [n for n in os.environ if n.startswith("BONEFLAG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BONEFLAG_DATABASE_URL", f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def told(*arguments):
    return CliRunner().invoke(cli.app, list(arguments)).output


def test_a_pause_stands_in_the_report_with_its_reason():
    assert "no further request leaves" in told("pause", "--reason", "EHR upgrade")
    report = told("report")
    assert "PAUSED since" in report
    assert "EHR upgrade" in report
    assert "boneflag resume" in report


def test_a_pause_stands_in_the_report_for_machines():
    told("pause", "--reason", "EHR upgrade")
    assert json.loads(told("report", "--json"))["standing"]["pause_reason"] == "EHR upgrade"


def test_after_resuming_the_report_says_nothing_of_it():
    told("pause")
    assert "it goes on" in told("resume")
    assert "PAUSED" not in told("report")


def test_pausing_twice_and_resuming_twice_is_told():
    told("pause")
    assert "paused already" in told("pause")
    told("resume")
    assert "was not paused" in told("resume")


def test_a_command_that_would_ask_the_ehr_says_that_it_is_paused(monkeypatch):
    monkeypatch.setenv("BONEFLAG_FHIR_BASE_URL", "http://127.0.0.1:1/fhir")
    told("pause")
    result = CliRunner().invoke(cli.app, ["sweep", "--inline"])
    assert result.exit_code == 3
    assert "`boneflag resume`" in result.output
