"""What a worker makes of notices: people whom we watch, a poll, a sweep; never more."""

from __future__ import annotations

import pytest
from celery.exceptions import Retry

from service.queue import SCREEN, SWEEP
from workers import tasks


def run(task, *args):
    return task.apply(args=args, throw=True)


@pytest.fixture
def settled(here, sent):
    """A hospital that was swept, with nobody waiting."""
    run(tasks.sweep)
    run(tasks.screen, here.pipeline.ledger.cohort.members())
    run(tasks.deliver)
    sent.messages.clear()
    return here


def key_of(here, fhir_id):
    return here.pipeline.ledger.cohort.keys_of([fhir_id])[fhir_id]


def test_somebody_whom_we_watch_is_screened_in_a_run_of_their_own(settled, sent):
    key = key_of(settled, "p1")
    settled.noticed.add(frozenset({key}), frozenset())
    run(tasks.noticed)
    assert sent.messages == [(SCREEN, ([key],))]
    assert settled.pipeline.ledger.runs.newest(1)[0].kind == "screen"


def test_they_are_looked_at_once(settled, sent):
    settled.noticed.add(frozenset({key_of(settled, "p1")}), frozenset())
    run(tasks.noticed)
    assert settled.noticed.noted().people == frozenset()


def test_somebody_whom_we_do_not_watch_is_left_alone(settled, sent):
    ledger = settled.pipeline.ledger
    from datetime import UTC, datetime

    key = ledger.cohort.register(["visitor"], "asked for", datetime.now(UTC))["visitor"]
    before = ledger.runs.newest(1)
    settled.noticed.add(frozenset({key}), frozenset())
    run(tasks.noticed)
    assert (sent.messages, ledger.runs.newest(1)) == ([], before)


def test_a_gap_asks_for_a_sweep(settled, sent):
    settled.noticed.add(frozenset(), frozenset({"sweep"}))
    run(tasks.noticed)
    assert (SWEEP, ()) in sent.messages


def test_while_it_stands_still_people_stay_noted(settled, sent, monkeypatch):
    key = key_of(settled, "p1")
    settled.noticed.add(frozenset({key}), frozenset({"poll"}))
    monkeypatch.setattr(settled.pipeline, "stands_still", lambda: True)
    run(tasks.noticed)
    noted = settled.noticed.noted()
    assert (sent.messages, noted.people, noted.poll) == ([], {key}, True)


def test_whoever_polls_now_may_have_asked_before_the_notice_came(settled):
    with settled.alone("poll"), pytest.raises(Retry):
        run(tasks.noticed)
