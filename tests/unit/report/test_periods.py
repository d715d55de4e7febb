"""Weeks while a programme is young, months from then on."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

from service.report.periods import MOST_PERIODS, period_of, periods

TODAY = date(2026, 11, 23)


def test_nothing_that_happened_has_no_periods():
    assert periods(None, TODAY) == ()


def test_a_young_programme_is_shown_by_week():
    found = periods(TODAY - timedelta(days=15), TODAY)
    assert [p.first.isoformat()[5:] for p in found] == ["11-02", "11-09", "11-16", "11-23"]


def test_twelve_weeks_are_weeks_and_a_day_more_is_months():
    assert periods(TODAY - timedelta(weeks=12), TODAY)[0].word == "week of 2026-08-31"
    assert periods(TODAY - timedelta(weeks=12, days=1), TODAY)[0].word == "2026-08"


def test_a_year_and_the_month_that_runs_are_the_most():
    found = periods(date(2019, 1, 1), TODAY)
    assert len(found) == MOST_PERIODS
    assert (found[0].word, found[-1].word) == ("2025-11", "2026-11")


def test_periods_follow_each_other_without_a_gap_up_to_today():
    found = periods(date(2026, 1, 31), TODAY)
    assert all(a.last + timedelta(days=1) == b.first for a, b in itertools.pairwise(found))
    assert (found[-1].last, found[-1].is_running, found[0].is_running) == (TODAY, True, False)


def test_a_day_before_the_first_period_is_in_none():
    found = periods(date(2026, 1, 31), TODAY)
    assert period_of(date(2025, 12, 31), found) is None
    assert period_of(TODAY, found) == found[-1]
