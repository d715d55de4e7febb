"""`boneflag retry`: reasons and numbers, nobody's id, and nothing without --yes."""

import os

import pytest
from typer.testing import CliRunner

from service import cli
from service.settings import load_settings
from service.store.entries import EntryState
from service.store.ledger import Ledger
from tests.unit.store.builders import ATTEMPTS, MINUTE, NOW, begin, deliver_one, entry, people


@pytest.fixture(autouse=True)
def ledger(monkeypatch, tmp_path):
    for name in [n for n in os.environ if n.startswith("BONEFLAG_")]:
        monkeypatch.delenv(name)
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    monkeypatch.setenv("BONEFLAG_DATABASE_URL", url)
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    load_settings.cache_clear()
    with Ledger(url, attempts_in_a_run=ATTEMPTS) as ledger:
        ledger.migrate()
        yield ledger
    load_settings.cache_clear()


@pytest.fixture
def given_up(ledger):
    keys = people(ledger, "patient-a", "patient-b")
    run = begin(ledger, keys)
    ledger.pending.give_up(run, keys, "EHR unavailable")
    return keys


@pytest.fixture
def failed(ledger):
    key, _, plan = deliver_one(ledger)
    ledger.outbox.mark_sent(plan, NOW, NOW + MINUTE)
    ledger.outbox.mark_failed(plan, "EHRRejected")
    return key


def told(*words):
    result = CliRunner().invoke(cli.app, ["retry", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_it_lists_people_and_changes_by_reason_and_number(given_up, failed):
    said = told()
    assert "people who could not be judged: 2" in said
    assert "2  EHR unavailable" in said
    assert "changes that the EHR did not take: 1" in said
    assert "1  create: EHRRejected" in said


def test_it_names_nobody(given_up, failed):
    said = told()
    assert not [name for name in ("patient-a", "p1", "alert-1", *given_up) if name in said]


def test_without_yes_nothing_becomes_due(ledger, given_up):
    assert "boneflag retry --yes" in told()
    assert ledger.pending.runs_of(given_up) == {}


def test_with_yes_they_are_judged_anew(ledger, given_up, failed):
    assert "people judged anew: 3, by run 3" in told("--yes")
    assert len(ledger.pending.runs_of([*given_up, failed])) == 3


def test_with_people_the_changes_are_left_alone(ledger, given_up, failed):
    assert "changes" not in told("--people", "--yes")
    assert ledger.pending.runs_of([failed]) == {}


def test_with_a_run_only_what_it_gave_up_is_retried(ledger, given_up, failed):
    assert "people judged anew: 2" in told("--run", "1", "--yes")


def test_a_run_that_never_was_is_refused():
    result = CliRunner().invoke(cli.app, ["retry", "--run", "77"])
    assert result.exit_code == 2
    assert "there is no run 77" in result.output


def test_an_unknown_outcome_points_to_the_command_that_settles_it(ledger):
    _, _, plan = deliver_one(ledger)
    ledger.outbox.mark_sent(plan, NOW, NOW + MINUTE)
    ledger.outbox.mark_left_unknown(plan, entry(state=EntryState.UNKNOWN), NOW)
    said = told("--yes")
    assert "boneflag ledger settle" in said
    assert "nobody is judged anew" in said
