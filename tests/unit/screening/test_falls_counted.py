"""Falls: how many there were at least and at most, and what an answer says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.screening.criterion import Weight
from service.screening.falls import falls_answered, least_and_most
from service.screening.record import NO_CONCEPTS, Observation, Quantity, ResourceRef, When
from service.screening.stated import Statement

REF = ResourceRef("Condition", "c")
FIRST = date(2026, 1, 1)


def fall(when: When | None, weight: Weight = Weight.COUNTS) -> Statement:
    return Statement(REF, frozenset({"fall"}), when, weight, "")


def answer(quantity: Quantity | None = None, boolean: bool | None = None) -> Observation:
    return Observation(
        REF, NO_CONCEPTS, (), "final", None, True, quantity=quantity, boolean=boolean
    )


WHENS = st.builds(
    lambda start, length: When(
        FIRST + timedelta(days=start), FIRST + timedelta(days=start + length)
    ),
    st.integers(0, 60),
    st.sampled_from([0, 0, 0, 27]),
)
FALLS = st.lists(st.builds(fall, WHENS, st.sampled_from([Weight.COUNTS, Weight.UNCLEAR])))


@given(FALLS)
def test_there_are_never_more_falls_at_least_than_at_most(falls: list[Statement]) -> None:
    least, most = least_and_most(falls)
    assert 0 <= least <= most <= len(falls)


@given(FALLS, st.randoms(use_true_random=False))
def test_the_order_and_the_repetition_of_records_make_no_other_falls(
    falls: list[Statement], random: object
) -> None:
    again = falls + falls
    random.shuffle(again)  # type: ignore[attr-defined]  # A Random, which hypothesis does not type.
    assert least_and_most(again) == least_and_most(falls)


@given(st.lists(st.integers(0, 60)))
def test_exact_days_are_counted_exactly(days: list[int]) -> None:
    falls = [fall(When.day(FIRST + timedelta(days=d))) for d in days]
    assert least_and_most(falls) == (len(set(days)), len(set(days)))


def test_a_month_that_holds_the_day_of_another_fall_may_be_the_same() -> None:
    month = When(date(2026, 3, 1), date(2026, 3, 31))
    assert least_and_most([fall(month), fall(When.day(date(2026, 3, 9)))]) == (1, 2)


def test_a_month_apart_from_the_day_of_another_fall_is_a_second() -> None:
    month = When(date(2026, 3, 1), date(2026, 3, 31))
    assert least_and_most([fall(month), fall(When.day(date(2026, 4, 1)))]) == (2, 2)


def test_a_fall_without_a_date_is_one_at_most() -> None:
    assert least_and_most([fall(None, Weight.UNCLEAR)]) == (0, 1)


def test_what_was_only_seen_is_no_fall() -> None:
    assert least_and_most([fall(When.day(FIRST), Weight.SEEN)]) == (0, 0)


@pytest.mark.parametrize(
    ("value", "unit", "comparator", "count"),
    [
        (0, None, "", (0, 0)),
        (2, "{falls}", "", (2, 2)),
        (2, "1", ">=", (2, 2)),
        (1, None, ">", (2, 2)),
        (0, None, ">", (1, 1)),
        (0, None, ">=", None),
        (2, None, "<", (0, 1)),
        (1, None, "<=", (0, 1)),
        (1, None, "<", (0, 0)),
        (0, None, "<", None),
        (2, None, "<=", None),
        (2, None, "~", None),
        (1.5, None, "", None),
        (-1, None, "", None),
        (2, "mg", "", None),
        (float("inf"), None, "", None),
    ],
)
def test_a_number_is_an_answer_only_where_it_counts_falls(
    value: float, unit: str | None, comparator: str, count: tuple[int, int] | None
) -> None:
    assert falls_answered(answer(Quantity(value, unit, comparator)), needed=2) == count


def test_at_most_two_is_an_answer_where_three_falls_are_needed() -> None:
    assert falls_answered(answer(Quantity(2, None, "<=")), needed=3) == (0, 2)


@pytest.mark.parametrize(("said", "count"), [(True, 1), (False, 0)])
def test_yes_is_one_fall_and_no_is_none(said: bool, count: int) -> None:
    assert falls_answered(answer(boolean=said), needed=2) == (count, count)


def test_an_answer_in_any_other_form_says_nothing() -> None:
    assert falls_answered(answer(), needed=2) is None
