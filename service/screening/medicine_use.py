"""When a medicine was last taken, and how often it was issued: what several criteria ask.

A newcomer would get two things wrong. One issue stands in a chart as an order and as a dispense, so
an order is no issue of its own where a dispense of it is on file. And a date given as a month is no
day: two issues are two only where their dates cannot be the same.

Days are for `medicine_days`. Source: specification 2.6 trap 7 and section 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from service.screening.criterion import Weight
from service.screening.dates import add_months
from service.screening.diagnoses import recent
from service.screening.record import MedicationUse, When


def last_days(use: MedicationUse, on: date) -> When | None:
    """The last day up to `on` for which a record gives or supplies the medicine.

    As exact as the record's own dates are; None where it has none.
    """
    whens = [w for w in (use.renewed, use.end, use.start) if w is not None]
    if use.supplied_until is not None:
        whens.append(When.day(use.supplied_until))
    if not whens:
        return None
    latest = min(on, use.stopped_on or on)
    return When(
        min(max(w.first for w in whens), latest),
        min(max(w.last for w in whens), latest),
    )


def weigh_last(use: MedicationUse, months: float, on: date) -> tuple[Weight, str, date | None]:
    """Whether the last day of a record lies in the last `months`: weight, words, and the day."""
    begun = use.start or use.renewed
    if begun is not None and begun.first > on:
        return Weight.SEEN, f", from {begun.first} on", begun.first
    days = last_days(use, on)
    weight, _ = recent(days, add_months(on, -months), on)
    if days is not None and weight is Weight.SEEN:
        return weight, f", last on {days.last} (window over)", days.last
    if days is None or weight is Weight.UNCLEAR or use.counts is None:
        return Weight.UNCLEAR, " (status or date not understood)", days.last if days else None
    return weight, f", last on {days.last}", days.last


def issues_of(
    uses: Iterable[MedicationUse], within_days: float
) -> list[tuple[MedicationUse, When]]:
    """The dispenses, and the orders without a dispense, with their dates, the earliest first.

    A dispense belongs to the order that it names; one that names none, to every order of the
    `within_days` before it, both ends included. Records without a date and of unclear status are
    left out.
    """
    dated = [(use, use.renewed) for use in uses if use.counts and use.renewed is not None]
    dispenses = [(use, when) for use, when in dated if use.kind == "dispense"]
    orders = [
        (use, when)
        for use, when in dated
        if use.kind == "request" and not _is_dispensed(use, when, dispenses, within_days)
    ]
    return sorted(dispenses + orders, key=lambda issue: (issue[1].last, issue[1].first))


def _is_dispensed(
    order: MedicationUse,
    written: When,
    dispenses: Sequence[tuple[MedicationUse, When]],
    within_days: float,
) -> bool:
    for use, when in dispenses:
        if order.ref in use.based_on:
            return True
        if not use.based_on and 0 <= (when.last - written.first).days <= within_days:
            return True
    return False


def different_dates(whens: Iterable[When]) -> int:
    """How many of these dates are different days for certain."""
    count, latest = 0, date.min
    for when in sorted(whens, key=lambda w: (w.last, w.first)):
        if when.first > latest:
            count, latest = count + 1, when.last
    return count
