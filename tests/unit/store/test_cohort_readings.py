"""The alarm that stops a reading of the cohort, and what is kept of each reading."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.store.cohort_readings import SourceAnswer

from .builders import NOW, take

LATER = NOW + timedelta(days=1)
LAST = NOW + timedelta(days=2)
HUNDRED = [f"p{n}" for n in range(100)]


def newcomers(number):
    return [*HUNDRED, *(f"new{n}" for n in range(number))]


@pytest.fixture
def hundred(ledger):
    take(ledger, HUNDRED, alarm_percent=20)
    return ledger


def test_the_first_cohort_is_never_too_much(ledger):
    assert not take(ledger, HUNDRED, alarm_percent=1).is_held


@pytest.mark.parametrize(("number", "is_held"), [(19, False), (20, False), (21, True)])
def test_more_newcomers_than_the_share_raise_the_alarm(hundred, number, is_held):
    assert take(hundred, newcomers(number), at=LATER, alarm_percent=20).is_held is is_held


@pytest.mark.parametrize(("number", "is_held"), [(19, False), (20, False), (21, True)])
def test_more_leaving_than_the_share_raise_the_alarm(hundred, number, is_held):
    assert take(hundred, HUNDRED[number:], at=LATER, alarm_percent=20).is_held is is_held


def test_a_cohort_of_other_people_and_the_same_size_raises_the_alarm(hundred):
    others = [f"q{n}" for n in range(100)]
    assert take(hundred, others, at=LATER, alarm_percent=20).is_held


@pytest.mark.parametrize(("number", "is_held"), [(5, False), (6, True)])
def test_a_few_people_are_never_too_much(ledger, number, is_held):
    take(ledger, ["p1"])
    more = ["p1", *(f"n{n}" for n in range(number))]
    assert take(ledger, more, at=LATER, alarm_percent=20).is_held is is_held


def test_a_reading_that_waits_changes_nobody(hundred):
    members = hundred.cohort.members()
    take(hundred, [], at=LATER, alarm_percent=20)
    take(hundred, newcomers(50), at=LATER, alarm_percent=20)
    assert hundred.cohort.members() == members
    assert hundred.cohort.keys_of(["new1"]) == {}


def test_cut_short_readings_cannot_creep_past_the_share(hundred):
    for number in (15, 30):
        answer = SourceAnswer("code-search", newcomers(number), is_complete=False)
        change = hundred.readings.take([answer], LATER, alarm_percent=20)
    assert change.is_held


def test_who_is_in_for_an_appointment_comes_and_goes_without_an_alarm(ledger):
    def day(people):
        clinic = SourceAnswer("appointments", people, is_complete=True, is_passing=True)
        return [SourceAnswer("group 1", HUNDRED, is_complete=True), clinic]

    ledger.readings.take(day([f"mo{n}" for n in range(40)]), NOW, alarm_percent=20)
    change = ledger.readings.take(day([f"tu{n}" for n in range(40)]), LATER, alarm_percent=20)
    assert (change.came, change.left, change.is_held) == (40, 40, False)


def test_an_accepted_reading_comes_with_the_next_one(hundred):
    take(hundred, HUNDRED[:50], at=LATER, alarm_percent=20)
    assert hundred.readings.accept(LATER)
    assert take(hundred, HUNDRED[:50], at=LAST, alarm_percent=20).left == 50
    assert len(hundred.cohort.members()) == 50


def test_an_acceptance_is_not_for_a_reading_of_another_size(hundred):
    take(hundred, HUNDRED[:50], at=LATER, alarm_percent=20)
    hundred.readings.accept(LATER)
    assert take(hundred, HUNDRED[:10], at=LAST, alarm_percent=20).is_held


def test_an_acceptance_holds_for_one_reading(hundred):
    take(hundred, HUNDRED[:50], at=LATER, alarm_percent=20)
    hundred.readings.accept(LATER)
    take(hundred, HUNDRED[:50], at=LAST, alarm_percent=20)
    assert take(hundred, HUNDRED[:10], at=LAST, alarm_percent=20).is_held


def test_nothing_can_be_accepted_where_nothing_waits(hundred):
    assert not hundred.readings.accept(LATER)


def test_whether_a_reading_waits_is_told_by_the_newest_one(hundred):
    take(hundred, [], at=LATER, alarm_percent=20)
    assert hundred.readings.is_held()
    take(hundred, HUNDRED, at=LAST, alarm_percent=20)
    assert not hundred.readings.is_held()


def test_a_reading_is_kept_with_counts_and_remarks_by_source(ledger):
    take(ledger, ["p1"], "group 1")
    answers = [
        SourceAnswer("group 1", (), is_complete=False, problem="refused"),
        SourceAnswer("id-file", ["p1", "p2"], is_complete=True, remarks=["line 3: nobody"]),
    ]
    ledger.readings.take(answers, LATER)
    (newest,) = ledger.readings.newest()
    assert not newest.is_complete
    assert newest.sources["group 1"] == {
        "state": "failed",
        "members": 1,
        "came": 0,
        "left": 0,
        "problem": "refused",
        "remarks": [],
    }
    assert newest.sources["id-file"]["came"] == 2
    assert newest.sources["id-file"]["remarks"] == ["line 3: nobody"]


def test_every_person_who_came_left_or_moved_is_told_with_the_reason(ledger):
    first = [SourceAnswer("group 1", ["stays", "moves", "leaves"], is_complete=True)]
    ledger.readings.take([*first, SourceAnswer("id-file", [], is_complete=True)], NOW)
    second = [SourceAnswer("group 1", ["stays", "comes"], is_complete=True)]
    ledger.readings.take([*second, SourceAnswer("id-file", ["moves"], is_complete=True)], LATER)
    keys = ledger.cohort.keys_of(["moves", "leaves", "comes"])
    told = {move.patient_key: (move.what, move.why) for move in ledger.readings.moves(LATER)}
    assert told == {
        keys["comes"]: ("came", "named by group 1"),
        keys["leaves"]: ("left", "no longer named by group 1"),
        keys["moves"]: ("moved", "from group 1 to id-file"),
    }


def test_who_leaves_with_a_source_that_is_no_longer_asked_is_told_so(ledger):
    take(ledger, ["p1"], "group 1")
    take(ledger, [], "id-file", LATER)
    (move,) = ledger.readings.moves(LATER)
    assert move.why == "its source is no longer asked: group 1"
