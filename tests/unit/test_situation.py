"""What needs an operator, and in which order it is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.ehr.turns import Look
from service.situation import take_situation
from service.standing import Standing
from service.store.entries import EntryState
from service.store.ledger import Ledger
from service.store.tables import AUDIT
from tests.unit.store.builders import NOW, begin, deliver_one, entry, people, screening

OPEN = Look(0.0, 0.0, is_probe_due=False, requests_today=0)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(f"sqlite:///{tmp_path}/ledger.sqlite3", attempts_in_a_run=3) as ledger:
        ledger.migrate()
        yield ledger


def needs(ledger, look=OPEN, mode="shadow", at=NOW):
    standing = Standing(ledger.switches.paused(), look, 0)
    options = {"max_age": timedelta(hours=1), "on": at.date(), "at": at}
    situation = take_situation(ledger, mode, "digest", standing, None, **options)
    return [need.runbook for need in situation.needs]


def test_nothing_needs_anybody_in_an_empty_ledger(ledger):
    assert needs(ledger) == []


def test_an_ehr_that_was_not_heard_of_for_too_long_needs_somebody(ledger):
    (key,) = people(ledger, "p1")
    ledger.screenings.store(screening(key, begin(ledger)), NOW)
    ledger.watermarks.advance("changes", NOW)
    assert needs(ledger, at=NOW + timedelta(hours=1)) == []
    assert needs(ledger, at=NOW + timedelta(hours=1, seconds=1)) == ["nobody-is-screened"]


@pytest.mark.parametrize(
    "look",
    [
        Look(0.0, 30.0, is_probe_due=False, requests_today=0),
        Look(0.0, 0.0, is_probe_due=True, requests_today=0),
    ],
    ids=["left alone", "to be tried"],
)
def test_an_ehr_that_is_left_alone_is_told_and_not_twice(ledger, look):
    people(ledger, "p1")
    assert needs(ledger, look) == ["ehr-unavailable"]


def test_while_it_is_paused_nobody_is_told_that_the_ehr_is_silent(ledger):
    people(ledger, "p1")
    ledger.switches.pause("upgrade", NOW)
    assert needs(ledger, Look(0.0, 30.0, is_probe_due=True, requests_today=0)) == ["pause"]


@pytest.mark.parametrize(("seconds", "told"), [(0, []), (1, ["nobody-is-screened"])])
def test_who_waits_for_more_than_six_hours_is_told(ledger, seconds, told):
    keys = people(ledger, "p1")
    begin(ledger, keys)
    at = NOW + timedelta(hours=6, seconds=seconds)
    ledger.watermarks.advance("changes", at)
    assert needs(ledger, at=at) == told


def test_live_without_an_approval_needs_somebody_and_shadow_does_not(ledger):
    assert needs(ledger, mode="live") == ["approval-missing"]
    assert needs(ledger, mode="shadow") == []


def test_an_alert_of_unknown_outcome_needs_somebody(ledger):
    plan = deliver_one(ledger)[2]
    unknown = entry(state=EntryState.UNKNOWN, flag_id=None, task_id=None)
    ledger.outbox.mark_left_unknown(plan, unknown, NOW)
    assert needs(ledger, mode="live") == ["alert-outcome-unknown"]


def test_what_failed_needs_somebody_and_is_told_by_key(ledger):
    key, run_id, plan = deliver_one(ledger)
    ledger.outbox.mark_failed(plan, "EHRRejected")
    assert needs(ledger, mode="live") == ["dead-letters"]
    (letter,) = ledger.dead_letters.letters(10)
    assert (letter.patient_key, letter.run_id, letter.action) == (key, run_id, "create")
    assert ledger.dead_letters.letters(0) == []


def test_a_held_run_with_something_to_send_needs_somebody(ledger):
    run_id = deliver_one(ledger)[1]
    ledger.runs.hold(run_id, "too many")
    assert needs(ledger, mode="live") == ["a-run-is-held"]


def test_an_audit_that_was_changed_comes_first(ledger):
    ledger.switches.pause("", NOW)
    ledger.audit.anchor(NOW)
    with ledger._database.writing() as connection:
        connection.execute(AUDIT.update().values(hash="0" * 64))
    assert needs(ledger) == ["audit-broken", "pause"]
