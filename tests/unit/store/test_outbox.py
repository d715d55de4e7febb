from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from service.screening.alert import Action
from service.store.database import Database
from service.store.entries import EntryState

from .builders import (
    GAP,
    MINUTE,
    NOW,
    begin,
    create,
    deliver_one,
    entry,
    keep,
    people,
    resolve,
    screening,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def key(ledger):
    return people(ledger, "p1")[0]


def released(ledger, key, *plans):
    """A delivering run in which this person has these plans."""
    run_id = begin(ledger)
    ledger.screenings.store(screening(key, run_id, *plans), NOW)
    ledger.runs.start_delivery(run_id)
    return run_id


def states(ledger):
    return ledger.report.counts().plans


def alert_states(ledger, key):
    return [found.state for found in ledger.alerts.history([key]).get(key, ())]


def let_go(ledger, key, *plans):
    """A run that was held and then released by a second person, with nothing of it sent yet."""
    run_id = begin(ledger)
    ledger.screenings.store(screening(key, run_id, *plans), NOW)
    ledger.runs.hold(run_id, "too many")
    ledger.runs.release(run_id, "Otto Other", NOW)
    return run_id


# Which plans are sent at all


def test_a_plan_comes_out_as_it_went_in(ledger, key):
    released(ledger, key, create("a1"))
    (waiting,) = ledger.outbox.plans_to_send(10, NOW)
    assert waiting.plan == create("a1")
    assert waiting.patient_key == key
    assert not waiting.is_outcome_unknown


def test_a_plan_of_a_shadow_run_is_never_sent(ledger, key):
    run_id = begin(ledger, mode="shadow")
    ledger.screenings.store(screening(key, run_id, create()), NOW)
    ledger.runs.start_delivery(run_id)
    (shown,) = ledger.outbox.shadow_plans(run_id)
    assert shown.plan == create()
    assert ledger.outbox.plans_to_send(10, NOW) == []
    assert not ledger.outbox.mark_sent(shown.id, NOW, NOW + MINUTE)


def test_a_shadow_plan_takes_no_episode(ledger, key):
    ledger.screenings.store(screening(key, begin(ledger, mode="shadow"), create()), NOW)
    assert ledger.alerts.history([key]) == {}


def test_a_plan_is_not_sent_before_its_run_is_released(ledger, key):
    ledger.screenings.store(screening(key, begin(ledger), create()), NOW)
    assert ledger.outbox.plans_to_send(10, NOW) == []


def test_a_plan_that_somebody_already_holds_cannot_be_sent_once_its_run_is_held(ledger):
    _, run_id, plan_id = deliver_one(ledger)
    ledger.runs.hold(run_id, "operator")
    assert not ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)


def test_the_plans_of_one_run_can_be_asked_for(ledger):
    first, second = people(ledger, "p1", "p2")
    released(ledger, first, create("a1"))
    run_id = released(ledger, second, create("a2"))
    waiting = ledger.outbox.plans_to_send(10, NOW, run_id)
    assert [plan.patient_key for plan in waiting] == [second]


def test_no_more_plans_come_than_asked_for_and_the_oldest_first(ledger):
    first, second = people(ledger, "p1", "p2")
    released(ledger, first, create("a1"))
    released(ledger, second, create("a2"))
    assert [plan.patient_key for plan in ledger.outbox.plans_to_send(1, NOW)] == [first]


def test_keep_is_nothing_to_send(ledger, key):
    released(ledger, key, keep())
    assert states(ledger) == {}


def test_the_two_kinds_of_alert_do_not_get_in_each_others_way(ledger, key):
    released(ledger, key, create("a1"), create("a2", kind=GAP))
    assert len(ledger.outbox.plans_to_send(10, NOW)) == 2


def test_a_plan_that_another_version_wrote_is_failed_and_not_sent(url, ledger, key):
    released(ledger, key, create())
    store = Database(url)
    with store.writing() as connection:
        connection.execute(sa.text('UPDATE plans SET payload = \'{"kind": "unheard of"}\''))
    store.close()
    assert ledger.outbox.plans_to_send(10, NOW) == []
    assert states(ledger) == {("failed", "create"): 1}


# Sending


def test_a_plan_is_sent_by_the_first_who_says_so(ledger):
    _, _, plan_id = deliver_one(ledger)
    assert ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    assert not ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)


def test_a_plan_in_somebodys_hands_is_not_offered(ledger):
    _, _, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    assert ledger.outbox.plans_to_send(10, NOW + MINUTE / 2) == []


def test_a_plan_whose_sender_died_comes_back_with_an_unknown_outcome(ledger):
    _, _, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    (again,) = ledger.outbox.plans_to_send(10, NOW + MINUTE)
    assert again.is_outcome_unknown
    assert again.attempts == 1


def test_a_doubt_is_not_forgotten_by_a_later_request_that_never_left(ledger):
    _, _, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    ledger.outbox.mark_sent(plan_id, NOW + MINUTE, NOW + 2 * MINUTE)
    ledger.outbox.mark_unsent(plan_id, "no connection", NOW, NOW)
    (again,) = ledger.outbox.plans_to_send(10, NOW + HOUR)
    assert again.is_outcome_unknown


def test_an_unknown_outcome_is_looked_into_after_the_pause(ledger):
    _, _, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    ledger.outbox.mark_unknown(plan_id, "timeout", NOW + HOUR)
    assert ledger.outbox.plans_to_send(10, NOW + HOUR - MINUTE) == []
    (again,) = ledger.outbox.plans_to_send(10, NOW + HOUR)
    assert again.is_outcome_unknown


def test_a_request_that_surely_never_left_leaves_no_doubt(ledger):
    key, _, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    ledger.outbox.mark_unsent(plan_id, "no connection", NOW, NOW + HOUR)
    (again,) = ledger.outbox.plans_to_send(10, NOW + HOUR)
    assert not again.is_outcome_unknown
    assert alert_states(ledger, key) == [EntryState.PLANNED]


def test_the_episode_is_taken_before_the_request_leaves(ledger):
    key, _, plan_id = deliver_one(ledger)
    assert alert_states(ledger, key) == [EntryState.PLANNED]
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    assert alert_states(ledger, key) == [EntryState.SENT]


def test_a_confirmed_plan_is_settled_and_its_words_are_forgotten(url, ledger):
    key, run_id, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    ledger.outbox.mark_confirmed(plan_id, entry(), NOW)
    assert ledger.outbox.plans_to_send(10, NOW + HOUR) == []
    assert ledger.alerts.history([key]) == {key: (entry(),)}
    assert ledger.runs.finish(run_id, NOW)
    store = Database(url)
    with store.reading() as connection:
        assert connection.execute(sa.text("SELECT payload FROM plans")).scalar() == ""
    store.close()


def test_confirming_twice_is_confirming_once(ledger):
    key, _, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    for _ in range(2):
        ledger.outbox.mark_confirmed(plan_id, entry(), NOW)
    assert ledger.alerts.history([key]) == {key: (entry(),)}


def test_confirming_a_plan_that_never_was_writes_nothing(ledger, key):
    ledger.outbox.mark_confirmed(4711, entry(), NOW)
    assert ledger.alerts.history([key]) == {}


def test_a_closing_that_left_the_alert_alone_keeps_the_entry(ledger):
    key, _, plan_id = deliver_one(ledger, resolve())
    ledger.alerts.remember(key, entry(), NOW)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    ledger.outbox.mark_confirmed(plan_id, None, NOW)
    assert ledger.alerts.history([key]) == {key: (entry(),)}


def test_a_rejected_creation_is_not_repeated_and_frees_its_episode(ledger):
    key, _, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    ledger.outbox.mark_failed(plan_id, "rejected")
    assert ledger.outbox.plans_to_send(10, NOW + HOUR) == []
    assert ledger.alerts.history([key]) == {}


def test_a_rejected_creation_keeps_its_episode_while_an_earlier_one_is_in_doubt(ledger):
    key, _, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    ledger.outbox.mark_sent(plan_id, NOW + MINUTE, NOW + 2 * MINUTE)
    ledger.outbox.mark_failed(plan_id, "rejected")
    assert alert_states(ledger, key) == [EntryState.SENT]


def test_failing_a_confirmed_plan_changes_nothing(ledger):
    _, _, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    ledger.outbox.mark_confirmed(plan_id, entry(), NOW)
    ledger.outbox.mark_failed(plan_id, "too late")
    assert states(ledger) == {("confirmed", "create"): 1}


# A newer screening takes the place of what is open


def test_an_unsent_plan_is_replaced_without_a_trace(ledger, key):
    released(ledger, key, create("a1"))
    released(ledger, key, resolve("a0"))
    assert states(ledger) == {("planned", "resolve"): 1}


def test_keep_takes_an_unsent_plan_and_its_episode_out(ledger, key):
    released(ledger, key, create("a1"))
    released(ledger, key, keep())
    assert states(ledger) == {}
    assert ledger.alerts.history([key]) == {}


def test_a_kind_that_is_not_mentioned_stays_as_it_is(ledger, key):
    released(ledger, key, create("a1"))
    released(ledger, key, keep(GAP))
    assert states(ledger) == {("planned", "create"): 1}


def test_the_same_plan_waits_for_the_newer_run(ledger, key):
    old = begin(ledger)
    ledger.screenings.store(screening(key, old, create()), NOW)
    new = begin(ledger)
    ledger.screenings.store(screening(key, new, create()), NOW)
    assert ledger.runs.count_new_alerts(old) == 0
    assert ledger.runs.count_new_alerts(new) == 1


def test_the_same_plan_in_the_same_run_is_one_plan(ledger, key):
    run_id = begin(ledger)
    for _ in range(2):
        ledger.screenings.store(screening(key, run_id, create()), NOW)
    assert states(ledger) == {("planned", "create"): 1}


def test_whoever_holds_a_replaced_plan_cannot_send_it(ledger):
    key, _, plan_id = deliver_one(ledger)
    released(ledger, key, resolve("a0"))
    assert not ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    assert states(ledger) == {("planned", "resolve"): 1}


def test_a_plan_that_is_on_its_way_hands_its_doubt_to_its_successor(ledger):
    key, _, plan_id = deliver_one(ledger, create("a1"))
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    released(ledger, key, resolve("a1"))
    assert states(ledger) == {("superseded", "create"): 1, ("planned", "resolve"): 1}
    assert ledger.outbox.plans_to_send(10, NOW) == []
    (successor,) = ledger.outbox.plans_to_send(10, NOW + MINUTE)
    assert successor.is_outcome_unknown


def on_its_way(ledger, plan):
    """Somebody whose plan is being sent, and a newer run that waits for them."""
    key, _, plan_id = deliver_one(ledger, plan)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    return key, begin(ledger, [key])


def handed_out(ledger, at):
    return [key for b in ledger.pending.hand_out(9, 9, at, at - HOUR) for key in b.patient_keys]


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE])
def test_somebody_whose_alert_may_be_opened_unseen_is_looked_at_again(ledger, action):
    key, run_id = on_its_way(ledger, replace(create("a1"), action=action))
    ledger.screenings.store(screening(key, run_id, keep()), NOW)
    assert ledger.pending.runs_of([key]) == {key: run_id}
    assert handed_out(ledger, NOW) == []
    assert handed_out(ledger, NOW + MINUTE) == [key]
    ledger.screenings.store(screening(key, run_id, keep()), NOW + MINUTE)
    assert ledger.pending.runs_of([key]) == {}


@pytest.mark.parametrize("plan", [create("a1"), resolve("a1")], ids=["create", "resolve"])
def test_somebody_whose_open_alert_is_seen_needs_no_second_look(ledger, plan):
    key, run_id = on_its_way(ledger, plan)
    seen = replace(keep(), posted=resolve("a1").posted)
    ledger.screenings.store(screening(key, run_id, seen), NOW)
    assert ledger.pending.runs_of([key]) == {}


def test_a_closing_on_its_way_opens_nothing(ledger):
    key, run_id = on_its_way(ledger, resolve("a1"))
    ledger.screenings.store(screening(key, run_id, keep()), NOW)
    assert ledger.pending.runs_of([key]) == {}


def test_a_plan_with_several_reasons_is_the_same_plan_in_every_process(ledger, key):
    run_id = begin(ledger)
    reasons = [f"MSO-{n:02}|minor" for n in range(1, 19)]
    for order in (reasons, reversed(reasons)):
        plan = create()
        plan = replace(plan, alert=replace(plan.alert, reasons=frozenset(order)))
        ledger.screenings.store(screening(key, run_id, plan), NOW)
    (waiting,) = _payloads(ledger)
    assert waiting.index("MSO-01") < waiting.index("MSO-02") < waiting.index("MSO-18")


def _payloads(ledger):
    with ledger._database.reading() as connection:
        return list(connection.scalars(sa.text("SELECT payload FROM plans")))


def test_the_same_plan_found_sent_stays_with_the_run_that_sent_it(ledger):
    key, run_id, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    ledger.screenings.store(screening(key, begin(ledger), create("alert-1")), NOW)
    (again,) = ledger.outbox.plans_to_send(10, NOW + MINUTE)
    assert (again.id, again.run_id) == (plan_id, run_id)


def test_what_the_ehr_did_is_written_down_though_the_plan_was_replaced(ledger):
    key, _, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    released(ledger, key, keep())
    ledger.outbox.mark_confirmed(plan_id, entry(), NOW)
    assert ledger.alerts.open([key]) == {key: (entry(),)}


def test_an_episode_that_may_be_in_the_ehr_stays_open_when_its_plan_is_replaced(ledger):
    key, _, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    released(ledger, key, keep())
    assert ledger.alerts.patients_with_open() == [key]


def test_a_shadow_run_takes_what_was_planned_live_out_of_the_outbox(ledger):
    key, _, plan_id = deliver_one(ledger)
    ledger.screenings.store(screening(key, begin(ledger, mode="shadow"), create()), NOW)
    assert not ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    assert states(ledger) == {("shadow", "create"): 1}


def test_going_live_plans_anew_what_was_planned_in_shadow(ledger, key):
    ledger.screenings.store(screening(key, begin(ledger, mode="shadow"), create()), NOW)
    released(ledger, key, create())
    assert len(ledger.outbox.plans_to_send(10, NOW)) == 1
    assert states(ledger) == {("planned", "create"): 1}


# What nobody can look up


def test_a_plan_whose_outcome_stays_unknown_is_never_sent_again(ledger):
    key, run_id, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW)
    (sent,) = ledger.alerts.history([key])[key]
    unknown = replace(sent, state=EntryState.UNKNOWN, channel="communication")
    ledger.outbox.mark_left_unknown(plan_id, unknown, NOW)
    assert ledger.outbox.plans_to_send(10, NOW + HOUR, run_id) == []
    assert alert_states(ledger, key) == [EntryState.UNKNOWN]


def test_an_unknown_alert_counts_as_open(ledger, key):
    ledger.alerts.remember(key, entry(state=EntryState.UNKNOWN), NOW)
    assert ledger.alerts.patients_with_open() == [key]


def test_a_plan_that_was_superseded_on_its_way_and_surely_never_left_was_not_told(ledger):
    key, _, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW)
    ledger.screenings.store(screening(key, begin(ledger), keep()), NOW)
    ledger.outbox.mark_unsent(plan_id, "EHR unavailable", NOW, NOW)
    assert alert_states(ledger, key) == [EntryState.PLANNED]


def test_an_alert_that_a_message_carries_is_not_forgotten(ledger):
    key, _, plan_id = deliver_one(ledger)
    ledger.outbox.mark_sent(plan_id, NOW, NOW)
    (planned,) = ledger.alerts.history([key])[key]
    told = replace(planned, message_type="Communication", message_id="c1")
    ledger.alerts.remember(key, told, NOW)
    ledger.outbox.mark_failed(plan_id, "EHRRejected")
    assert alert_states(ledger, key) == [EntryState.SENT]


# A run that a second person let go


def test_the_next_sweep_does_not_take_plans_out_of_a_run_that_was_let_go(ledger, key):
    run_id = let_go(ledger, key, create("a1"))
    ledger.screenings.store(screening(key, begin(ledger), create("a1")), NOW + HOUR)
    assert [plan.run_id for plan in ledger.outbox.plans_to_send(10, NOW + HOUR)] == [run_id]


def test_an_alert_that_was_let_go_goes_with_what_it_says_by_now(ledger, key):
    run_id = let_go(ledger, key, create("a1"))
    renewed = replace(create("a1"), reason="newly due, once more")
    ledger.screenings.store(screening(key, begin(ledger), renewed), NOW + HOUR)
    (waiting,) = ledger.outbox.plans_to_send(10, NOW + HOUR)
    assert (waiting.run_id, waiting.plan) == (run_id, renewed)


def test_another_alert_than_the_one_let_go_waits_for_the_newer_run(ledger, key):
    let_go(ledger, key, create("a1"))
    ledger.screenings.store(screening(key, begin(ledger), create("a2")), NOW + HOUR)
    assert ledger.outbox.plans_to_send(10, NOW + HOUR) == []


def test_a_run_that_nobody_had_to_let_go_hands_its_plans_to_the_newer_one(ledger, key):
    released(ledger, key, create("a1"))
    ledger.screenings.store(screening(key, begin(ledger), create("a1")), NOW + HOUR)
    assert ledger.outbox.plans_to_send(10, NOW + HOUR) == []
