"""What is over its span goes, what still works stays, to the day."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from service.audit_chain import check_chain
from service.screening.record import Decision, ResourceRef
from service.store.acts import Act
from service.store.entries import EntryState
from service.store.retention import Spans
from service.store.tables import METADATA

from .builders import (
    MINUTE,
    NOW,
    TODAY,
    begin,
    create,
    deliver_one,
    entry,
    people,
    screening,
    take,
)

DAYS = 30
DAY = timedelta(days=1)
SPAN = timedelta(days=DAYS)
EVERYTHING = Spans(DAYS, DAYS, DAYS)
AUDIT, HISTORY, PEOPLE = Spans(DAYS, 0, 0), Spans(0, DAYS, 0), Spans(0, 0, DAYS)


def purge(ledger, spans=EVERYTHING, at=NOW, **options):
    return ledger.retention.purge(spans, at, at.date(), **options)


def check(ledger):
    with ledger.audit.chain() as chain:
        return check_chain(chain)


def names_of(store, key):
    """The tables in which a key still stands."""
    with store.reading() as connection:
        return {
            table.name
            for table in METADATA.sorted_tables
            for column in ("patient_key", "key")
            if column in table.c
            and connection.execute(sa.select(table).where(table.c[column] == key)).first()
        }


# The audit


@pytest.mark.parametrize(("age", "left"), [(SPAN - DAY, 2), (SPAN, 2), (SPAN + DAY, 1)])
def test_the_audit_loses_what_is_older_than_its_span(ledger, age, left):
    ledger.audit.record([Act("list")], NOW - age)
    ledger.audit.record([Act("list")], NOW)
    purge(ledger, AUDIT)
    assert len([r for r in ledger.audit.rows() if r.what == "list"]) == left


def test_a_purged_chain_holds_and_goes_on_with_its_numbers(ledger):
    for age in (40, 35, 10):
        ledger.audit.record([Act("list")], NOW - age * DAY)
    assert purge(ledger, AUDIT) == {"audit rows": 2}
    found = check(ledger)
    assert found.broken is None
    assert (found.start.number, found.end.number, found.rows) == (2, 4, 2)


def test_a_chain_of_which_everything_was_old_holds(ledger):
    ledger.audit.record([Act("list")] * 3, NOW - 40 * DAY)
    purge(ledger, AUDIT)
    assert check(ledger).broken is None
    assert [r.number for r in ledger.audit.rows()] == [4]


def test_a_second_purge_takes_the_place_of_the_first(ledger):
    ledger.audit.record([Act("list")], NOW - 40 * DAY)
    purge(ledger, AUDIT)
    ledger.audit.anchor(NOW)
    ledger.audit.record([Act("list")], NOW)
    purge(ledger, AUDIT, NOW + 40 * DAY)
    found = check(ledger)
    assert (found.broken, found.start.number, found.rows) == (None, 3, 1)


def test_a_purge_with_nothing_to_do_writes_nothing(ledger):
    ledger.audit.record([Act("list")], NOW)
    assert purge(ledger) == {}
    assert len(list(ledger.audit.rows())) == 1


def test_an_old_row_behind_a_young_one_stays_for_the_chain_has_no_holes(ledger):
    ledger.audit.record([Act("list")], NOW)
    ledger.audit.record([Act("list")], NOW - 40 * DAY)
    assert purge(ledger, AUDIT) == {}


def test_a_span_of_nought_keeps_everything(ledger):
    (key,) = people(ledger, "p1")
    begin(ledger, [key])
    ledger.audit.record([Act("list")], NOW - 4000 * DAY)
    assert purge(ledger, Spans(0, 0, 0), NOW + 4000 * DAY) == {}


def test_what_is_only_shown_stays(ledger):
    ledger.audit.record([Act("list")], NOW - 40 * DAY)
    assert purge(ledger, is_shown_only=True) == {"audit rows": 1}
    assert [r.what for r in ledger.audit.rows()] == ["list"]


# History


@pytest.mark.parametrize(("age", "left"), [(SPAN - DAY, 2), (SPAN, 2), (SPAN + DAY, 1)])
def test_an_assessment_that_was_superseded_goes_after_its_span(ledger, age, left):
    (key,) = people(ledger, "p1")
    for status, at in (("due", NOW - age), ("satisfied", NOW - age + MINUTE / 2)):
        run = begin(ledger, [key])
        ledger.screenings.store(screening(key, run, status=status, at=at), NOW)
    purge(ledger, HISTORY)
    assert len(ledger.screenings.history(key)) == left


def test_the_latest_assessment_stays_however_old_it_is(ledger):
    (key,) = people(ledger, "p1")
    ledger.screenings.store(screening(key, begin(ledger, [key])), NOW)
    purge(ledger, HISTORY, NOW + 4000 * DAY)
    assert ledger.screenings.latest([key])[key].status == "due"


def settled(ledger, state):
    """A plan that was confirmed, for an alert in this state; the key of the person."""
    key, run, plan = deliver_one(ledger)
    ledger.outbox.mark_sent(plan, NOW, NOW + MINUTE)
    ledger.outbox.mark_confirmed(plan, entry(state=state), NOW)
    ledger.runs.finish(run, NOW)
    return key


def plans(store):
    with store.reading() as connection:
        return connection.scalar(sa.text("SELECT count(*) FROM plans"))


@pytest.mark.parametrize(("age", "left"), [(SPAN - DAY, 1), (SPAN, 1), (SPAN + DAY, 0)])
def test_a_settled_plan_goes_after_its_span(ledger, prepared, age, left):
    settled(ledger, EntryState.CLOSED)
    purge(ledger, HISTORY, NOW + age)
    assert plans(prepared.store) == left


@pytest.mark.parametrize("state", [s for s in EntryState if s is not EntryState.CLOSED])
def test_the_plans_of_an_open_alert_stay_for_a_withdrawal_needs_them(ledger, prepared, state):
    settled(ledger, state)
    purge(ledger, HISTORY, NOW + 4000 * DAY)
    assert plans(prepared.store) == 1


def test_a_plan_that_waits_stays(ledger, prepared):
    deliver_one(ledger)
    purge(ledger, HISTORY, NOW + 4000 * DAY)
    assert plans(prepared.store) == 1


@pytest.mark.parametrize(("age", "left"), [(SPAN - DAY, 2), (SPAN, 2), (SPAN + DAY, 1)])
def test_an_ended_run_that_nothing_names_goes_after_its_span(ledger, age, left):
    for _ in range(2):
        ledger.runs.finish(begin(ledger), NOW)
    purge(ledger, HISTORY, NOW + age)
    assert len(ledger.runs.newest(9)) == left


def test_runs_that_go_on_or_are_named_stay(ledger):
    (key,) = people(ledger, "p1")
    named = begin(ledger, [key])
    ledger.screenings.store(screening(key, named), NOW)
    ledger.runs.finish(named, NOW)
    held = begin(ledger)
    ledger.runs.hold(held, "too many")
    begin(ledger)
    purge(ledger, HISTORY, NOW + 4000 * DAY)
    assert len(ledger.runs.newest(9)) == 3


@pytest.mark.parametrize(("age", "left"), [(SPAN, 2), (SPAN + DAY, 1)])
def test_the_newest_reading_of_the_cohort_stays(ledger, prepared, age, left):
    take(ledger, ["p1", "p2"])
    take(ledger, ["p1"])
    purge(ledger, HISTORY, NOW + age)
    with prepared.store.reading() as connection:
        found = connection.scalar(sa.text("SELECT count(*) FROM cohort_readings"))
        moves = connection.scalar(sa.text("SELECT count(*) FROM cohort_moves"))
    assert (found, moves > 0) == (left, left == 2)


# People


def leaver(ledger):
    """Somebody who left the cohort on the day of NOW."""
    take(ledger, ["p1", "p2"])
    take(ledger, ["p2"])
    return ledger.cohort.keys_of(["p1"])["p1"]


@pytest.mark.parametrize(
    ("age", "is_known"), [(SPAN - DAY, True), (SPAN, True), (SPAN + DAY, False)]
)
def test_whoever_left_is_forgotten_after_the_span(ledger, age, is_known):
    leaver(ledger)
    purge(ledger, PEOPLE, NOW + age)
    assert bool(ledger.cohort.keys_of(["p1"])) is is_known
    assert ledger.cohort.keys_of(["p2"])


def test_whoever_was_only_asked_for_is_forgotten_after_the_span(ledger):
    ledger.cohort.register(["p1"], "asked for", NOW)
    assert purge(ledger, PEOPLE, NOW + SPAN) == {}
    assert purge(ledger, PEOPLE, NOW + SPAN + DAY) == {"people who left": 1}


def test_whoever_was_judged_within_the_span_is_remembered(ledger):
    key = leaver(ledger)
    run = begin(ledger, [key])
    ledger.screenings.store(screening(key, run, at=NOW + 5 * DAY), NOW)
    assert purge(ledger, PEOPLE, NOW + SPAN + DAY) == {}


def test_an_open_alert_keeps_its_person(ledger):
    key = leaver(ledger)
    ledger.alerts.remember(key, entry(), NOW)
    assert purge(ledger, PEOPLE, NOW + 4000 * DAY) == {}
    ledger.alerts.remember(key, entry(state=EntryState.CLOSED), NOW)
    assert purge(ledger, PEOPLE, NOW + 4000 * DAY) == {"people who left": 1}


@pytest.mark.parametrize(("days", "gone"), [(39, True), (40, False), (41, False)])
def test_a_decision_that_stands_keeps_its_person(ledger, days, gone):
    key = leaver(ledger)
    source = ResourceRef("Task", "1")
    said = Decision("declined", TODAY, TODAY + days * DAY, "refused", source)
    ledger.decisions.remember(key, [said])
    assert bool(purge(ledger, PEOPLE, NOW + 40 * DAY)) is gone


def test_whoever_waits_to_be_screened_is_remembered(ledger):
    begin(ledger, [leaver(ledger)])
    assert purge(ledger, PEOPLE, NOW + 4000 * DAY) == {}


def test_whoever_is_left_out_at_their_wish_is_remembered_so_that_nobody_reads_them(ledger):
    ledger.cohort.leave_out(["p1"], NOW)
    assert purge(ledger, PEOPLE, NOW + 4000 * DAY) == {}


def test_a_forgotten_person_is_in_no_table_but_the_audit(ledger, prepared):
    key = leaver(ledger)
    run = begin(ledger, [key])
    ledger.screenings.store(screening(key, run), NOW)
    ledger.alerts.remember(key, entry(state=EntryState.CLOSED), NOW)
    ledger.duplicates.remember(key, run, 1)
    ledger.cohort.remember_identifiers({"digest": "p1"}, NOW)
    purge(ledger, PEOPLE, NOW + 40 * DAY)
    assert names_of(prepared.store, key) == {"audit"}
    assert ledger.cohort.identifiers() == {}
    assert [r.reason for r in ledger.audit.about([key])][-1] == "left, and the span is over"
    assert check(ledger).broken is None


def test_a_merged_record_goes_with_its_person(ledger, prepared):
    keys = people(ledger, "p1", "p2")
    ledger.merges.follow("p1", "p2", NOW, begin(ledger))
    ledger.retention.forget(ledger.audit.keys_of("p2"), NOW)
    assert [names_of(prepared.store, key) for key in keys] == [{"audit"}, {"audit"}]


def test_a_person_can_be_forgotten_at_once_where_nothing_stands_in_the_way(ledger, prepared):
    key = leaver(ledger)
    ledger.decisions.remember(key, [Decision("declined", TODAY, TODAY + SPAN, "refused", None)])
    assert ledger.retention.hindrances([key]) == ()
    ledger.retention.forget([key], NOW)
    assert names_of(prepared.store, key) == {"audit"}


def test_what_stands_in_the_way_of_forgetting_is_told(ledger):
    key, _, _ = deliver_one(ledger, create())
    assert ledger.retention.hindrances([key]) == (
        "is in the cohort",
        "has an alert that is, or may be, open in the EHR",
        "has a plan that waits to be written",
    )
