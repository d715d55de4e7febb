"""What was given up is counted by reason, and nobody is counted whom somebody looks after."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.screening.alert import Action
from service.store.entries import EntryState
from service.store.tables import PLANS

from .builders import (
    MINUTE,
    NOW,
    begin,
    create,
    deliver_one,
    entry,
    keep,
    people,
    screening,
)

FAILED = ("create", "EHRRejected")


@pytest.fixture
def failed(ledger):
    """Somebody whose alert the EHR did not take: key, run, plan."""
    key, run, plan = deliver_one(ledger)
    ledger.outbox.mark_sent(plan, NOW, NOW + MINUTE)
    ledger.outbox.mark_failed(plan, "EHRRejected")
    ledger.runs.finish(run, NOW)
    return key, run, plan


def given_up(ledger, *fhir_ids, problem="TimeoutError"):
    keys = people(ledger, *fhir_ids)
    run = begin(ledger, keys)
    ledger.pending.give_up(run, keys, problem)
    return run, keys


def test_people_are_counted_by_the_reason_why_they_were_given_up(ledger):
    given_up(ledger, "a", "b")
    given_up(ledger, "c", problem="EHR unavailable")
    assert ledger.dead_letters.count().people == {"TimeoutError": 2, "EHR unavailable": 1}


def test_who_waits_for_another_attempt_is_not_given_up(ledger):
    begin(ledger, people(ledger, "a"))
    assert ledger.dead_letters.count().people == {}


def test_people_of_one_run_are_counted_alone(ledger):
    run, keys = given_up(ledger, "a")
    given_up(ledger, "b")
    assert ledger.dead_letters.count(run).people == {"TimeoutError": 1}
    assert ledger.dead_letters.people(run) == keys


def test_who_must_not_be_looked_at_is_no_dead_letter(ledger):
    given_up(ledger, "a")
    ledger.cohort.leave_out(["a"], NOW)
    assert ledger.dead_letters.people() == []


def test_a_plan_that_failed_is_counted_with_what_it_would_have_done_and_why(ledger, failed):
    key, run, _ = failed
    assert ledger.dead_letters.count().plans == {FAILED: 1}
    assert ledger.dead_letters.people_of_plans(run) == [key]


def test_a_plan_that_failed_keeps_its_key_and_its_reason_and_no_word_of_the_alert(
    ledger, failed, prepared
):
    with prepared.store.reading() as connection:
        row = connection.execute(PLANS.select()).one()
    assert (row.payload, row.last_problem, row.alert_key) == ("", "EHRRejected", "alert-1")


def test_a_plan_is_no_dead_letter_once_a_newer_run_has_judged_the_person(ledger, failed):
    key, _, _ = failed
    ledger.screenings.store(screening(key, begin(ledger, [key]), keep(), status="satisfied"), NOW)
    assert ledger.dead_letters.count().plans == {}


def test_a_plan_that_fails_every_night_is_one_dead_letter(ledger, failed):
    key, _, _ = failed
    run = begin(ledger, [key])
    ledger.screenings.store(screening(key, run, create()), NOW)
    ledger.runs.start_delivery(run)
    (waiting,) = ledger.outbox.plans_to_send(1, NOW)
    ledger.outbox.mark_sent(waiting.id, NOW, NOW + MINUTE)
    ledger.outbox.mark_failed(waiting.id, "EHRRejected")
    assert ledger.dead_letters.count().plans == {FAILED: 1}


def test_a_plan_is_no_dead_letter_while_the_person_waits_for_a_newer_run(ledger, failed):
    key, _, _ = failed
    begin(ledger, [key])
    assert ledger.dead_letters.people_of_plans() == []


def test_an_alert_of_unknown_outcome_is_told_apart_and_is_not_tried_again(ledger):
    _, _, plan = deliver_one(ledger)
    ledger.outbox.mark_sent(plan, NOW, NOW + MINUTE)
    unknown = entry(state=EntryState.UNKNOWN, flag_id=None, task_id=None)
    ledger.outbox.mark_left_unknown(plan, unknown, NOW)
    found = ledger.dead_letters.count()
    assert (found.plans, found.unknown) == ({}, 1)
    assert ledger.dead_letters.people_of_plans() == []


def test_a_plan_of_another_version_that_nobody_can_read_is_a_dead_letter(ledger, prepared):
    _, _, plan = deliver_one(ledger)
    with prepared.store.writing() as connection:
        connection.execute(PLANS.update().where(PLANS.c.id == plan).values(payload='{"v": 99}'))
    assert ledger.outbox.plans_to_send(1, NOW + timedelta(hours=1)) == []
    written = (Action.CREATE, "written by another version")
    assert ledger.dead_letters.count().plans == {written: 1}
