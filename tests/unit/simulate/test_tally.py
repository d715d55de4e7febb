"""Counting outcomes."""

import pytest

from service.screening.assess import Status
from service.simulate.outcome import NO_CRITERION
from service.simulate.tally import Simulation, change_of
from service.statistics import Pairs

from .builders import ON, PROTOCOL, outcome_of

DUE, FINE, WAITING = Status.DUE, Status.NOT_AT_RISK, Status.ORDERED_WAITING


def tallied(*outcomes, cohort=10):
    found = Simulation(ON, PROTOCOL, PROTOCOL, cohort, True, len(outcomes))
    for one in outcomes:
        found.add(one)
    return found


@pytest.mark.parametrize(
    ("today", "changed", "change"),
    [
        (FINE, DUE, "newly-due"),
        (DUE, FINE, "no-longer-due"),
        (DUE, DUE, "due-by-both"),
        (FINE, WAITING, "due-by-none"),
    ],
)
def test_everybody_is_in_one_of_four_changes(today, changed, change):
    assert change_of(outcome_of(today, changed)) == change


def test_each_pair_of_statuses_is_counted():
    found = tallied(outcome_of(FINE, DUE), outcome_of(FINE, DUE), outcome_of(DUE, DUE))
    assert found.transitions == {(FINE, DUE): 2, (DUE, DUE): 1}
    assert found.judged == 3


def test_pairs_are_of_those_in_whom_either_protocol_confirms_ms():
    nobody = Status.NOT_IN_COHORT
    found = tallied(
        outcome_of(nobody, nobody),
        outcome_of(nobody, DUE),
        outcome_of(DUE, FINE),
        outcome_of(DUE, DUE),
        outcome_of(FINE, FINE),
    )
    assert found.pairs == Pairs(both=1, only_first=1, only_second=1, neither=1)
    assert found.judged == 5


def test_shares_and_their_difference_are_of_the_same_people():
    found = tallied(*[outcome_of(FINE, DUE)] * 3, outcome_of(DUE, DUE))
    assert found.share_today is not None
    assert found.share_changed is not None
    assert found.difference is not None
    assert found.share_today.value == 0.25
    assert found.share_changed.value == 1.0
    assert found.difference.value == 0.75


def test_without_anybody_there_are_no_shares():
    found = tallied()
    assert found.share_today is found.share_changed is found.difference is None
    assert found.scale == 0


def test_each_criterion_that_differs_is_counted_for_who_changes():
    found = tallied(outcome_of(FINE, DUE, "MSO-11", "MSO-13"), outcome_of(DUE, FINE, "MSO-11"))
    assert found.criteria == {
        "MSO-11": {"newly-due": 1, "no-longer-due": 1},
        "MSO-13": {"newly-due": 1, "no-longer-due": 0},
    }


def test_a_criterion_that_differs_without_making_a_difference_is_not_counted():
    assert tallied(outcome_of(DUE, DUE, "MSO-11")).criteria == {}


def test_a_change_that_no_criterion_made_is_counted_as_such():
    found = tallied(outcome_of(FINE, DUE))
    assert found.criteria == {NO_CRITERION: {"newly-due": 1, "no-longer-due": 0}}


def test_people_are_counted_in_their_groups():
    found = tallied(outcome_of(FINE, DUE, sex="male", band="65-74"))
    assert found.divisions["sex"]["male"]["newly-due"] == 1
    assert found.divisions["age-band"]["65-74"]["newly-due"] == 1
    assert found.divisions["sex-and-age"]["male-50-plus"]["newly-due"] == 1


def test_slots_are_the_backlog_the_ordered_and_who_comes_in_each_month():
    found = tallied(
        outcome_of(DUE, FINE, due_in=(None, 2)),
        outcome_of(WAITING, WAITING),
        outcome_of(FINE, FINE, due_in=(0, None)),
    )
    today, changed = found.slots_today, found.slots_changed
    assert (today.backlog, today.waiting, today.monthly[0], sum(today.monthly)) == (1, 1, 1, 1)
    assert (changed.backlog, changed.waiting, changed.monthly[2]) == (0, 1, 1)


def test_slots_a_month_clear_the_backlog_within_a_year_and_keep_up():
    outcomes = [outcome_of(DUE, DUE)] * 18 + [outcome_of(FINE, FINE, due_in=(3, 3))] * 6
    assert tallied(*outcomes).slots_today.a_month == 2


def test_a_sample_stands_for_the_whole_cohort():
    assert tallied(*[outcome_of(DUE, DUE)] * 4, cohort=10).scale == 2.5
