"""`boneflag subscribe`: what it refuses before anything is asked, and what it says."""

import os

import pytest
from typer.testing import CliRunner

from service import cli
from service.settings import load_settings
from tests.lib.canned_server import canned_server

STATEMENT = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "rest": [{"mode": "server", "resource": [{"type": "Patient"}]}],
}


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path):
    """A live site with all that is needed; nobody answers at its EHR."""
    for name in [n for n in os.environ if n.startswith("BONEFLAG_")]:
        monkeypatch.delenv(name)
    given = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'ledger.sqlite3'}",
        "FHIR_BASE_URL": "http://127.0.0.1:1/fhir",
        "MODE": "live",
        "NOTICE_URL": "https://boneflag.example/notices",
        "NOTICE_SECRET": "between us",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"BONEFLAG_{name}", value)
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def run(*arguments):
    return CliRunner().invoke(cli.app, ["subscribe", *arguments])


@pytest.mark.parametrize("arguments", [[], ["--remove"]])
def test_in_shadow_mode_nothing_is_written(monkeypatch, arguments):
    monkeypatch.setenv("BONEFLAG_MODE", "shadow")
    result = run(*arguments)
    assert result.exit_code == 2
    assert "in shadow mode nothing is written" in result.output


@pytest.mark.parametrize("name", ["NOTICE_URL", "NOTICE_SECRET"])
def test_without_address_or_secret_nothing_is_asked_for(monkeypatch, name):
    monkeypatch.delenv(f"BONEFLAG_{name}")
    result = run()
    assert result.exit_code == 2
    assert "set both" in result.output


def test_an_ehr_that_offers_no_subscriptions_is_left_alone(monkeypatch):
    with canned_server(200, STATEMENT) as url:
        monkeypatch.setenv("BONEFLAG_FHIR_BASE_URL", url)
        result = run()
    assert result.exit_code == 5
    assert "leave it at the poll" in result.output


def test_while_it_is_paused_nothing_is_asked():
    assert CliRunner().invoke(cli.app, ["pause"]).exit_code == 0
    result = run()
    assert result.exit_code == 3
    assert "boneflag resume" in result.output


@pytest.mark.heavy  # Waits for an EHR that is away.
def test_the_secret_is_in_no_message():
    assert "between us" not in run().output
