from __future__ import annotations

from datetime import timedelta

import pytest

from service.store.entries import RunState

from .builders import GAP, MINUTE, NOW, begin, create, keep, people, screening


def test_a_run_is_not_reported_before_its_reading_is_done(ledger):
    run_id = ledger.runs.open("sweep", "live", "digest", NOW)
    assert not ledger.runs.is_reported(run_id)


def test_a_run_is_not_reported_while_somebody_waits_for_it(ledger):
    assert not ledger.runs.is_reported(begin(ledger, people(ledger, "p1")))


def test_a_run_is_reported_when_everybody_has_been_screened(ledger):
    keys = people(ledger, "p1", "p2")
    run_id = begin(ledger, keys)
    for key in keys:
        ledger.screenings.store(screening(key, run_id, keep()), NOW)
    assert ledger.runs.is_reported(run_id)


def test_a_run_whose_people_moved_to_a_newer_one_is_reported(ledger):
    keys = people(ledger, "p1")
    old = begin(ledger, keys)
    new = begin(ledger, keys)
    assert ledger.runs.is_reported(old)
    assert not ledger.runs.is_reported(new)


def test_a_run_that_never_was_is_not_reported(ledger):
    assert not ledger.runs.is_reported(4711)
    assert ledger.runs.get(4711) is None


def test_reported_and_interrupted_runs_are_delivered_and_held_ones_are_not(ledger):
    new, interrupted, held, reading = (begin(ledger) for _ in range(3)), None, None, None
    new, interrupted, held = new
    reading = ledger.runs.open("poll", "live", "digest", NOW)
    ledger.runs.start_delivery(interrupted)
    ledger.runs.hold(held, "too many new alerts")
    delivered = [run.id for run in ledger.runs.to_deliver()]
    assert delivered == [new, interrupted]
    assert reading not in delivered


def test_delivery_does_not_start_before_everybody_is_reported(ledger):
    run_id = begin(ledger, people(ledger, "p1"))
    assert not ledger.runs.start_delivery(run_id)


def test_delivery_of_a_held_run_does_not_start_by_itself(ledger):
    run_id = begin(ledger)
    ledger.runs.hold(run_id, "too many new alerts")
    assert not ledger.runs.start_delivery(run_id)
    assert ledger.runs.get(run_id).held_reason == "too many new alerts"


def test_a_released_run_delivers(ledger):
    run_id = begin(ledger)
    ledger.runs.hold(run_id, "too many new alerts")
    assert ledger.runs.release(run_id, "Otto Other", NOW)
    assert ledger.runs.get(run_id).state is RunState.DELIVERING


def test_only_a_held_run_can_be_released(ledger):
    assert not ledger.runs.release(begin(ledger), "Otto Other", NOW)


def test_new_alerts_are_counted_by_run_and_not_other_actions(ledger):
    first, second = people(ledger, "p1", "p2")
    other = begin(ledger)
    run_id = begin(ledger, [first, second])
    plans = create("a1"), create("a2", kind=GAP)
    ledger.screenings.store(screening(first, run_id, *plans), NOW)
    ledger.screenings.store(screening(second, run_id, keep()), NOW)
    assert ledger.runs.count_new_alerts(run_id) == 2
    assert ledger.runs.count_new_alerts(other) == 0


def test_new_alerts_that_were_sent_still_count_against_the_limit(ledger):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    ledger.screenings.store(screening(key, run_id, create()), NOW)
    ledger.runs.start_delivery(run_id)
    (plan,) = ledger.outbox.plans_to_send(10, NOW)
    ledger.outbox.mark_sent(plan.id, NOW, NOW + MINUTE)
    ledger.outbox.mark_confirmed(plan.id, None, NOW)
    assert ledger.runs.count_new_alerts(run_id) == 1


def test_a_run_with_something_to_send_is_not_finished(ledger):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    ledger.screenings.store(screening(key, run_id, create()), NOW)
    ledger.runs.start_delivery(run_id)
    assert not ledger.runs.finish(run_id, NOW)
    assert ledger.runs.get(run_id).open_plans == 1


def test_a_shadow_run_is_finished_with_its_plans_unsent(ledger):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key], mode="shadow")
    ledger.screenings.store(screening(key, run_id, create()), NOW)
    assert ledger.runs.finish(run_id, NOW)
    assert ledger.runs.get(run_id).counts == {
        "status due": 1,
        "shadow create": 1,
        "given up": 0,
    }


def test_a_finished_run_is_not_finished_again(ledger):
    run_id = begin(ledger)
    assert ledger.runs.finish(run_id, NOW)
    assert not ledger.runs.finish(run_id, NOW + timedelta(days=1))
    assert ledger.runs.get(run_id).finished_at == NOW


@pytest.mark.parametrize("held_first", [True, False])
def test_a_failed_run_is_delivered_no_more(ledger, held_first):
    run_id = begin(ledger)
    if held_first:
        ledger.runs.hold(run_id, "too many new alerts")
    assert ledger.runs.fail(run_id, "cohort unreadable")
    assert ledger.runs.to_deliver() == []
    assert not ledger.runs.release(run_id, "Otto Other", NOW)


def test_the_people_of_a_failed_run_are_taken_over_by_the_next(ledger):
    keys = people(ledger, "p1")
    ledger.runs.fail(begin(ledger, keys), "cohort unreadable")
    following = begin(ledger)
    assert ledger.pending.take_over(following, NOW) == 1
    assert ledger.pending.runs_of(keys) == {keys[0]: following}


def test_failing_a_finished_run_changes_nothing(ledger):
    run_id = begin(ledger)
    ledger.runs.finish(run_id, NOW)
    assert not ledger.runs.fail(run_id, "too late")
    assert ledger.runs.get(run_id).state is RunState.DONE


def test_the_newest_runs_come_first(ledger):
    runs = [begin(ledger) for _ in range(3)]
    assert [run.id for run in ledger.runs.newest(2)] == [runs[2], runs[1]]


def test_a_run_keeps_the_mode_and_the_protocol_it_began_with(ledger):
    run = ledger.runs.get(ledger.runs.open("poll", "shadow", "digest-7", NOW))
    assert (run.kind, run.mode, run.protocol_digest) == ("poll", "shadow", "digest-7")
    assert run.started_at == NOW
