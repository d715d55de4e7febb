"""The door to the drift report: what it says, what it hides, and how a cohort is accepted."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
import typer
from typer.testing import CliRunner

from service.cli import drifting as door
from service.cli.speaking import speaks_plainly
from service.settings import load_settings
from service.store.cohort_readings import SourceAnswer
from service.store.ledger import Ledger

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
app = typer.Typer(pretty_exceptions_enable=False)
app.command()(speaks_plainly(door.cohort))


@pytest.fixture(autouse=True)
def ledger(monkeypatch, tmp_path):
    """An environment of our own without an EHR, and an empty ledger."""
    for name in [n for n in os.environ if n.startswith("BONEFLAG_")]:
        monkeypatch.delenv(name)
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    monkeypatch.setenv("BONEFLAG_DATABASE_URL", url)
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    load_settings.cache_clear()
    with Ledger(url, attempts_in_a_run=1) as ledger:
        ledger.migrate()
        yield ledger
    load_settings.cache_clear()


def take(ledger, ids, days=0, **options):
    answer = SourceAnswer("id-file", ids, is_complete=True, **options)
    ledger.readings.take([answer], NOW + timedelta(days=days), alarm_percent=20)


def run(*words):
    return CliRunner().invoke(app, list(words))


def people(number):
    return [f"patient-{n}" for n in range(number)]


def test_a_cohort_that_was_never_read_is_said_to_be_so():
    result = run()
    assert result.exit_code == 0
    assert "never read" in result.output


def test_the_report_counts_people_by_source_and_reason(ledger):
    take(ledger, people(10))
    take(ledger, people(9), days=1)
    result = run()
    assert result.exit_code == 0, result.output
    assert "9 people in the cohort" in result.output
    assert "1 left: no longer named by id-file" in result.output


def test_remarks_of_a_source_are_told(ledger):
    take(ledger, people(1), remarks=("line 2: the EHR shows nobody with this identifier",))
    assert "line 2: the EHR shows nobody" in run().output


def test_neither_an_id_nor_a_key_is_in_the_report(ledger):
    take(ledger, people(10))
    keys = ledger.cohort.members()
    output = run().output + run("--json").output
    assert "patient-" not in output
    assert not [key for key in keys if key in output]


def test_a_cohort_that_moved_too_much_is_told_with_what_to_do_and_exit_code_1(ledger):
    take(ledger, people(20))
    take(ledger, people(2), days=1)
    result = run()
    assert result.exit_code == 1
    assert "18 would leave, of 20" in result.output
    assert "boneflag cohort --accept" in result.output


def test_an_accepted_cohort_comes_with_the_next_reading(ledger):
    take(ledger, people(20))
    take(ledger, people(2), days=1)
    assert run("--accept").exit_code == 0
    take(ledger, people(2), days=2)
    assert len(ledger.cohort.members()) == 2
    assert run().exit_code == 0


def test_nothing_can_be_accepted_where_nothing_waits(ledger):
    take(ledger, people(20))
    result = run("--accept")
    assert result.exit_code == 2
    assert "no cohort waits" in result.output


def test_the_json_form_is_one_object_with_counts(ledger):
    take(ledger, people(3))
    found = json.loads(run("--json").stdout)
    assert (found["members"], found["is_held"]) == (3, False)
    assert found["readings"][0]["sources"]["id-file"]["came"] == 3
    assert found["moves"] == [{"what": "came", "why": "named by id-file", "people": 3}]
