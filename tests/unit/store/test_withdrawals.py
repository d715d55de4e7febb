"""What a withdrawal takes back is fixed when it is opened, and goes on after any crash."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from service.store.entries import EntryState
from service.store.selected_alerts import Selection
from service.store.withdrawals import WITHDRAWN_BY_HOSPITAL

from .builders import GAP, MINUTE, NOW, begin, create, entry, people, screening

ALL = Selection()


def told(ledger, fhir_id, key, **options):
    """Somebody with an open alert; their key."""
    (person,) = people(ledger, fhir_id)
    ledger.alerts.remember(person, entry(key, **options), NOW)
    return person


def opened(ledger, selection=ALL):
    return ledger.withdrawals.open(selection, "wrong threshold", "A. Admin", NOW)


def keys(ledger, number):
    return [item.alert_key for item in ledger.withdrawals.todo(number)]


def alerts(ledger, person):
    return [(e.key, e.state) for e in ledger.alerts.history([person]).get(person, ())]


# What is selected


def test_everything_that_may_be_open_is_selected_and_nothing_that_is_closed(ledger):
    for number, state in enumerate(EntryState):
        told(ledger, f"p{number}", f"{state}", state=state)

    assert set(keys(ledger, opened(ledger))) == {"confirmed", "sent", "unknown"}


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(protocol_digest="sha256:old"), {"a"}),
        (Selection(since=date(2026, 6, 1)), {"b"}),
        (Selection(since=date(2026, 6, 2)), set()),
        (ALL, {"a", "b"}),
    ],
)
def test_alerts_are_selected_by_protocol_or_by_the_day_on_which_they_opened(
    ledger, selection, expected
):
    told(ledger, "p1", "a", protocol_digest="sha256:old", opened_on=date(2026, 5, 31))
    told(ledger, "p2", "b", protocol_digest="sha256:new", opened_on=date(2026, 6, 1))

    assert set(keys(ledger, opened(ledger, selection))) == expected


def test_one_persons_alerts_are_selected_by_their_key(ledger):
    told(ledger, "p1", "a")
    person = told(ledger, "p2", "b")

    assert keys(ledger, opened(ledger, Selection(patient_key=person))) == ["b"]


def test_the_protocol_that_told_an_alert_is_remembered_from_its_plan(ledger):
    (person,) = people(ledger, "p1")
    ledger.screenings.store(screening(person, begin(ledger), create()), NOW)

    assert [e.protocol_digest for e in ledger.alerts.history([person])[person]] == ["digest"]


def test_a_preview_counts_and_changes_nothing(ledger):
    told(ledger, "p1", "a", channel="task")
    (other,) = people(ledger, "p2")
    ledger.screenings.store(screening(other, begin(ledger), create("b")), NOW)

    preview = ledger.withdrawals.preview(ALL)

    assert dict(preview.alerts) == {("confirmed", "task", ""): 1}
    assert (preview.people, preview.unsent_plans) == (1, 1)
    assert ledger.withdrawals.unfinished() is None
    assert ledger.withdrawals.preview(ALL) == preview


def test_the_words_of_a_withdrawal_name_no_patient(ledger):
    person = told(ledger, "p1", "a")
    number = opened(ledger, Selection(patient_key=person))

    assert ledger.withdrawals.get(number).what == "the alerts of one person"


# The outbox


def test_a_plan_that_was_never_sent_is_taken_out_and_frees_its_episode(ledger):
    (person,) = people(ledger, "p1")
    run = begin(ledger, [person])
    ledger.screenings.store(screening(person, run, create()), NOW)
    ledger.runs.start_delivery(run)
    (waiting,) = ledger.outbox.plans_to_send(10, NOW)

    number = opened(ledger)

    assert not ledger.outbox.mark_sent(waiting.id, NOW, NOW + MINUTE)
    assert (keys(ledger, number), alerts(ledger, person)) == ([], [])


def test_a_request_that_may_be_on_its_way_is_waited_for_and_never_sent_again(ledger):
    (person,) = people(ledger, "p1")
    run = begin(ledger, [person])
    ledger.screenings.store(screening(person, run, create()), NOW)
    ledger.runs.start_delivery(run)
    (waiting,) = ledger.outbox.plans_to_send(10, NOW)
    ledger.outbox.mark_sent(waiting.id, NOW, NOW + MINUTE)

    (item,) = ledger.withdrawals.todo(opened(ledger))

    assert (item.alert_key, item.not_before) == ("alert-1", NOW + MINUTE)
    assert not ledger.outbox.mark_sent(waiting.id, NOW + 2 * MINUTE, NOW + 3 * MINUTE)


def test_what_arrived_after_all_is_known_to_the_withdrawal(ledger):
    (person,) = people(ledger, "p1")
    run = begin(ledger, [person])
    ledger.screenings.store(screening(person, run, create()), NOW)
    ledger.runs.start_delivery(run)
    (waiting,) = ledger.outbox.plans_to_send(10, NOW)
    ledger.outbox.mark_sent(waiting.id, NOW, NOW + MINUTE)
    number = opened(ledger)

    ledger.outbox.mark_confirmed(waiting.id, entry(), NOW)

    assert alerts(ledger, person) == [("alert-1", EntryState.CONFIRMED)]
    assert keys(ledger, number) == ["alert-1"]


def test_plans_of_another_protocol_stay_in_the_outbox(ledger):
    (person,) = people(ledger, "p1")
    run = begin(ledger, [person])
    ledger.screenings.store(screening(person, run, create()), NOW)
    ledger.runs.start_delivery(run)

    opened(ledger, Selection(protocol_digest="sha256:another"))

    assert len(ledger.outbox.plans_to_send(10, NOW)) == 1


# Going on


def test_an_item_is_settled_together_with_its_alert(ledger):
    person = told(ledger, "p1", "a")
    number = opened(ledger)
    (item,) = ledger.withdrawals.todo(number)
    closed = entry("a", state=EntryState.CLOSED, closing_reason=WITHDRAWN_BY_HOSPITAL)

    ledger.withdrawals.settle(item, "done", "", "A. Admin", NOW, closed)

    assert (keys(ledger, number), alerts(ledger, person)) == ([], [("a", EntryState.CLOSED)])
    assert ledger.withdrawals.finish(number, NOW)
    assert ledger.withdrawals.unfinished() is None


def test_a_withdrawal_with_something_left_to_do_is_not_finished(ledger):
    told(ledger, "p1", "a")
    number = opened(ledger)

    assert not ledger.withdrawals.finish(number, NOW)
    assert ledger.withdrawals.unfinished().id == number


def test_what_failed_is_tried_once_more_when_somebody_asks(ledger):
    told(ledger, "p1", "a")
    number = opened(ledger)
    (item,) = ledger.withdrawals.todo(number)
    ledger.withdrawals.settle(item, "failed", "the EHR rejected it", "A. Admin", NOW)
    assert not ledger.withdrawals.finish(number, NOW)

    assert ledger.withdrawals.try_again(number, NOW + timedelta(hours=1)) == 1

    assert keys(ledger, number) == ["a"]


def test_problems_are_counted_by_their_phrase(ledger):
    told(ledger, "p1", "a")
    told(ledger, "p2", "b", kind=GAP)
    number = opened(ledger)
    for item in ledger.withdrawals.todo(number):
        ledger.withdrawals.settle(item, "left", "it stays to be seen", "A. Admin", NOW)

    found = ledger.withdrawals.get(number)

    assert dict(found.counts) == {"left": 2}
    assert dict(found.problems) == {"it stays to be seen": 2}


def test_the_audit_tells_who_took_back_what(ledger):
    person = told(ledger, "p1", "a")
    number = opened(ledger)
    (item,) = ledger.withdrawals.todo(number)
    ledger.withdrawals.mark_sent(item, "A. Admin", NOW)
    ledger.withdrawals.settle(item, "done", "", "A. Admin", NOW, entry("a"))

    rows = [r for r in ledger.audit.about([person]) if r.what == "withdraw"]

    assert [(r.outcome, r.by_whom) for r in rows] == [("sent", "A. Admin"), ("done", "A. Admin")]
    assert rows[-1].resource == "Flag/f1 Task/t1"
