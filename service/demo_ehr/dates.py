"""Calendar arithmetic for invented charts: everything is counted back from the day of judgement.

A newcomer would reach for `timedelta(days=30)`. Months here are calendar months, because the
intervals of the protocol are: 24 months before 31 August is 31 August, and a day that does not
exist falls back to the last day of its month.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta


def months_before(day: date, months: int) -> date:
    """The same day of the month, `months` earlier; a negative number goes forward."""
    month_count = day.year * 12 + day.month - 1 - months
    year, month = divmod(month_count, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last_day))


def years_before(day: date, years: int) -> date:
    """The same day of the year, `years` earlier; 29 February becomes the 28th."""
    return months_before(day, years * 12)


def days_before(day: date, days: int) -> date:
    """`days` days earlier; a negative number goes forward."""
    return day - timedelta(days=days)
