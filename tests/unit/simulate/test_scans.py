"""How long a number of DXA slots takes."""

from __future__ import annotations

import pytest

from service.simulate.scans import Month, joining_shown, outlook


@pytest.mark.parametrize(
    ("backlog", "joining", "slots", "months", "left"),
    [
        (0, [0] * 12, 5, 0, 0),
        (9, [0] * 12, 10, 1, 0),
        (10, [0] * 12, 10, 1, 0),
        (11, [0] * 12, 10, 2, 0),
        (20, [5] * 12, 10, 3, 5),
        (100, [10] * 12, 10, None, 100),
        (100, [10] * 12, 0, None, 220),
        (1, [0] * 12, 0, None, 1),
        (10_000, [0] * 12, 1, 10_000, 9_988),
        (100, [9] * 12, 10, 91, 88),
        (23, [1, 0, 0] * 4, 1, 34, 15),
    ],
)
def test_months_until_nobody_waits_and_who_waits_in_the_end(backlog, joining, slots, months, left):
    found = outlook(backlog, joining, slots)
    assert (found.months, found.left) == (months, left)


def test_after_the_months_that_are_known_their_mean_goes_on():
    found = outlook(250, [10] * 12, 20)
    assert found.left == 130
    # 130, 120, … 20: the month of the last twenty is the 24th.
    assert found.months == 24


@pytest.mark.parametrize(
    ("monthly", "a_year", "joining"),
    [
        ([None] * 12, None, [0] * 12),
        ([None] * 12, 24, [2] * 12),
        ([None] * 12, 10, [0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1]),
        ([10, *[None] * 11], 32, [10, *[2] * 11]),
        ([10, 10, *[None] * 10], 15, [10, 10, *[0] * 10]),
        ([10] * 12, 120, [10] * 12),
    ],
)
def test_months_that_are_hidden_share_what_is_left_of_the_year(monthly, a_year, joining):
    assert joining_shown(monthly, a_year) == joining


def test_each_month_is_told_as_it_goes():
    assert outlook(7, [3, 1], 5).course == (Month(7, 5, 3), Month(5, 5, 1))


def test_who_joins_at_the_end_of_a_month_is_not_scanned_in_it():
    assert outlook(0, [4, 0], 10).course == (Month(0, 0, 4), Month(4, 4, 0))
