"""Issues: a dispense and the order behind it are one, and two dates that may be one day too."""

from __future__ import annotations

from datetime import date

import pytest

from service.screening.criterion import Weight
from service.screening.medicine_use import different_dates, issues_of, last_days, weigh_last
from service.screening.record import ResourceRef, When
from tests.unit.screening.test_medicine_days import use

ON = date(2026, 11, 22)


def issued(*uses):
    return [(u.ref.type, when.last.isoformat()) for u, when in issues_of(uses, 30)]


def test_an_order_without_a_dispense_is_an_issue():
    assert issued(use(1, first="2026-03-01")) == [("MedicationRequest", "2026-03-01")]


def test_a_dispense_takes_the_place_of_the_order_that_it_names():
    order = use(1, first="2026-03-01")
    dispense = use(2, "dispense", first="2026-09-01", based_on=(order.ref,))
    assert issued(order, dispense) == [("MedicationDispense", "2026-09-01")]


def test_a_dispense_that_names_another_order_takes_the_place_of_none():
    other = (ResourceRef("MedicationRequest", "other"),)
    dispense = use(2, "dispense", first="2026-03-03", based_on=other)
    assert len(issued(use(1, first="2026-03-01"), dispense)) == 2


@pytest.mark.parametrize(
    ("handed_over", "count"),
    [("2026-02-28", 2), ("2026-03-01", 1), ("2026-03-31", 1), ("2026-04-01", 2)],
)
def test_a_dispense_that_names_no_order_belongs_to_those_of_the_days_before(handed_over, count):
    dispense = use(2, "dispense", first=handed_over)
    assert len(issued(use(1, first="2026-03-01"), dispense)) == count


@pytest.mark.parametrize("kind", ["administration", "statement"])
def test_what_is_given_or_stated_is_no_issue(kind):
    assert issued(use(1, kind, first="2026-03-01")) == []


def test_what_has_no_date_or_no_readable_status_is_left_out():
    assert issued(use(1), use(2, first="2026-03-01", counts=None)) == []


def test_issues_come_in_the_order_of_their_dates():
    later, earlier = use(1, first="2026-05-01"), use(2, first="2026-03-01")
    assert [day for _, day in issued(later, earlier)] == ["2026-03-01", "2026-05-01"]


@pytest.mark.parametrize(
    ("whens", "count"),
    [
        ([], 0),
        ([("2026-03-01", "2026-03-01")] * 2, 1),
        ([("2026-03-01", "2026-03-01"), ("2026-03-02", "2026-03-02")], 2),
        ([("2026-03-01", "2026-03-31"), ("2026-03-10", "2026-03-10")], 1),
        ([("2026-03-01", "2026-03-31"), ("2026-04-01", "2026-04-30")], 2),
    ],
)
def test_dates_are_different_only_where_they_cannot_be_the_same(whens, count):
    found = [When(date.fromisoformat(f), date.fromisoformat(t)) for f, t in whens]
    assert different_dates(found) == count


def test_the_last_day_of_a_record_is_never_after_the_day_of_judgement():
    assert last_days(use(1, first="2026-11-01", supplied="2026-12-31"), ON) == When.day(ON)


def test_a_record_without_any_date_has_no_last_day():
    assert last_days(use(1), ON) is None


@pytest.mark.parametrize(
    ("last", "weight"),
    [("2026-05-22", Weight.COUNTS), ("2026-05-21", Weight.SEEN)],
)
def test_the_window_holds_the_day_on_which_it_began(last, weight):
    assert weigh_last(use(1, first="2026-01-01", last=last), 6, ON)[0] is weight


def test_an_unknown_status_inside_the_window_is_unclear():
    record = use(1, first="2026-10-01", counts=None)
    assert weigh_last(record, 6, ON)[0] is Weight.UNCLEAR
