"""How long a number of DXA slots takes: months until everybody due is scanned, and who waits then.

A newcomer would get one thing wrong: this is arithmetic, not a forecast. Month by month as many are
scanned as there are slots; then those join who become due on the first of the next month if nothing
changes but the calendar. Who has an order already is taken to have a slot. After twelve months
nobody knows who becomes due: from then on it is the mean of the twelve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Month:
    """One month: who waits at its beginning, who is scanned in it, who joins at its end."""

    waiting: int
    scanned: int
    joining: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a number of slots a month does.

    `months` until nobody who is due waits, 0 where nobody does, None where the slots never catch
    up. `left` is who waits after the months that were looked at.
    """

    course: tuple[Month, ...]
    months: int | None
    left: int


def joining_shown(monthly: Sequence[int | None], a_year: int | None) -> list[int]:
    """Who joins in each month, of numbers that may be shown; None is a hidden one.

    Months that are hidden share what is left of the year; a year that is hidden is taken as nobody.
    """
    hidden = monthly.count(None)
    left = max(0, (a_year or 0) - sum(people or 0 for people in monthly))
    parts = iter(left * (n + 1) // hidden - left * n // hidden for n in range(hidden))
    return [next(parts) if people is None else people for people in monthly]


def outlook(backlog: int, joining: Sequence[int], slots: int) -> Outlook:
    """`backlog` are due now, `joining` become due at the end of each coming month."""
    course: list[Month] = []
    waiting, months = backlog, 0 if backlog == 0 else None
    for number, more in enumerate(joining, 1):
        scanned = min(waiting, slots)
        course.append(Month(waiting, scanned, more))
        if months is None and waiting <= slots:
            months = number
        waiting += more - scanned
    if months is None:
        later = _later(waiting, joining, slots)
        months = None if later is None else len(course) + later
    return Outlook(tuple(course), months, waiting)


def _later(waiting: int, joining: Sequence[int], slots: int) -> int | None:
    """The month in which the queue ends by the mean of `joining`; None for never.

    In whole numbers: the mean of twelve months is seldom one.
    """
    if waiting <= slots:
        return 1
    in_a_year = slots * len(joining) - sum(joining)
    if in_a_year <= 0:
        return None
    return 1 + math.ceil(Fraction((waiting - slots) * len(joining), in_a_year))
