"""Weeks or months, from the first thing that happened to today.

A newcomer would get one thing wrong: what is shown is either weeks or months, never both. Whoever
had both could take the one from the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from service.screening.dates import add_months

MOST_PERIODS = 13
"""A year and the month that runs. Our own number."""
_WEEKS_FOR = timedelta(weeks=MOST_PERIODS - 1)


@dataclass(frozen=True, slots=True)
class Period:
    """`last` is inclusive; `is_running` says that it is not over."""

    first: date
    last: date
    word: str
    is_running: bool


def periods(since: date | None, today: date) -> tuple[Period, ...]:
    """Months up to today, at most thirteen; weeks while everything lies in the last twelve."""
    if since is None or since > today:
        return ()
    by_week = today - since <= _WEEKS_FOR
    firsts = _mondays(since, today) if by_week else _month_days(since, today)
    lasts = [*(first - timedelta(days=1) for first in firsts[1:]), None]
    return tuple(
        Period(
            first,
            last or today,
            f"week of {first}" if by_week else f"{first:%Y-%m}",
            last is None,
        )
        for first, last in zip(firsts, lasts, strict=True)
    )


def period_of(day: date, shown: Sequence[Period]) -> Period | None:
    """The period of a day, None for a day in none of them."""
    return next((p for p in shown if p.first <= day <= p.last), None)


def _mondays(since: date, today: date) -> list[date]:
    monday = since - timedelta(days=since.weekday())
    weeks = (today - monday).days // 7
    return [monday + timedelta(weeks=n) for n in range(weeks + 1)][-MOST_PERIODS:]


def _month_days(since: date, today: date) -> list[date]:
    this_month = today.replace(day=1)
    months = (today.year - since.year) * 12 + today.month - since.month
    return [add_months(this_month, -n) for n in range(min(months, MOST_PERIODS - 1), -1, -1)]
