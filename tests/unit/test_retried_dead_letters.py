"""Judging anew whoever was given up: a run of their own, and nothing is sent again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.dead_letters import Wanted, retry
from service.going_live.leave import GoingLive
from service.store.ledger import Ledger
from tests.lib.going_live import approve
from tests.unit.store.builders import (
    ATTEMPTS,
    MINUTE,
    NOW,
    begin,
    create,
    deliver_one,
    people,
    screening,
)

EVERYTHING = Wanted(people=True, plans=True)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", attempts_in_a_run=ATTEMPTS) as ledger:
        ledger.migrate()
        yield ledger


def hand_out(ledger, at):
    batches = ledger.pending.hand_out(10, 10, at, at)
    return [key for batch in batches for key in batch.patient_keys]


@pytest.fixture
def given_up(ledger):
    keys = people(ledger, "a", "b")
    run = begin(ledger, keys)
    for minute in range(ATTEMPTS):
        hand_out(ledger, NOW + minute * MINUTE)
    for key in keys:
        ledger.pending.store_failure(key, run, "TimeoutError", NOW + 60 * MINUTE)
    ledger.runs.finish(run, NOW)
    return keys


@pytest.fixture
def failed(ledger):
    key, run, plan = deliver_one(ledger)
    ledger.outbox.mark_sent(plan, NOW, NOW + MINUTE)
    ledger.outbox.mark_failed(plan, "EHRRejected")
    ledger.runs.finish(run, NOW)
    return key


def test_who_was_given_up_is_due_at_once_with_all_attempts_before_them(ledger, given_up):
    begun = retry(ledger, EVERYTHING, GoingLive(ledger, "live"), "digest", NOW)
    handed_out = [hand_out(ledger, NOW + minute * MINUTE) for minute in range(ATTEMPTS)]
    assert begun is not None
    assert begun.patients == 2
    assert handed_out == [sorted(given_up)] * ATTEMPTS


def test_the_run_of_a_retry_is_reported_and_can_deliver(ledger, given_up):
    begun = retry(ledger, EVERYTHING, GoingLive(ledger, "live"), "digest", NOW)
    for number, key in enumerate(given_up):
        plan = create(f"alert-{number}")
        ledger.screenings.store(screening(key, begun.run_id, plan), NOW)
    assert ledger.runs.start_delivery(begun.run_id)
    assert len(ledger.outbox.plans_to_send(10, NOW)) == 2


def test_the_run_of_a_retry_is_live_only_under_what_somebody_approved(ledger, given_up):
    approve(ledger, "another digest")
    begun = retry(ledger, EVERYTHING, GoingLive(ledger, "live"), "digest", NOW)
    assert ledger.runs.get(begun.run_id).mode == "shadow"


def test_the_run_of_a_retry_knows_its_approval(ledger, given_up):
    number = approve(ledger, "digest")
    begun = retry(ledger, EVERYTHING, GoingLive(ledger, "live"), "digest", NOW)
    run = ledger.runs.get(begun.run_id)
    assert (run.mode, run.approval_id) == ("live", number)


def test_a_failed_plan_is_made_anew_by_a_look_and_never_sent_as_it_was(ledger, failed):
    begun = retry(ledger, EVERYTHING, GoingLive(ledger, "live"), "digest", NOW)
    assert ledger.outbox.plans_to_send(10, NOW) == []
    assert ledger.pending.runs_of([failed]) == {failed: begun.run_id}


def test_people_and_plans_are_retried_apart(ledger, given_up, failed):
    retry(ledger, Wanted(people=False, plans=True), GoingLive(ledger, "live"), "digest", NOW)
    assert list(ledger.pending.runs_of([failed, *given_up])) == [failed]


def test_without_dead_letters_no_run_is_begun(ledger):
    assert retry(ledger, EVERYTHING, GoingLive(ledger, "live"), "digest", NOW) is None
    assert ledger.runs.newest(1) == []


def test_a_second_retry_finds_nothing_left(ledger, given_up, failed):
    retry(ledger, EVERYTHING, GoingLive(ledger, "live"), "digest", NOW)
    assert retry(ledger, EVERYTHING, GoingLive(ledger, "live"), "digest", NOW) is None
