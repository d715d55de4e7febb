"""On which days a group of medicines was taken, whatever the doses.

A newcomer would get three things wrong. An order, its dispenses and what was given are the same
medicine: their days are put together and never added up. What cannot be told is not absent: it is
kept beside the certain days as `possible`, and matters where it could reach a threshold. And an
injection that lasts for months is on file as one day.

How one record is read stands in `glucocorticoid_use`. Source: specification 2.8 and section 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from service.screening.glucocorticoid_use import (
    NO_END,
    Reading,
    UnclearUse,
    last_given,
    read_event,
)
from service.screening.record import MedicationUse, ResourceRef, When


@dataclass(frozen=True, slots=True, order=True, repr=False)
class Days:
    """The days from `first` to `last`, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True, repr=False)
class Coverage:
    """What the records of a group say about days up to the day of judgement.

    `certain` holds the days of each record that has any, `unclear` what cannot be told.
    """

    certain: tuple[tuple[MedicationUse, Days], ...]
    unclear: tuple[UnclearUse, ...]

    @property
    def days(self) -> list[Days]:
        """The certain days."""
        return [days for _, days in self.certain]

    @property
    def possible(self) -> list[Days]:
        """The certain days, and those that nobody can tell."""
        return self.days + [Days(u.first or date.min, u.last) for u in self.unclear]


def coverage_of(
    uses: Sequence[MedicationUse],
    on: date,
    *,
    renewal_months: float,
    reasons: Mapping[ResourceRef, str],
    lasting_days: int = 1,
) -> Coverage:
    """The days of these records, none of them after `on`.

    `reasons` says of some records why they cannot be judged; `lasting_days` is how long one
    injection lasts, from its day on, whatever its record says of its end.
    """
    given = last_given(uses)
    certain: list[tuple[MedicationUse, Days]] = []
    unclear: list[UnclearUse] = []
    for use in _renewed_by_dispenses(uses):
        reading = read_event(use, given.get(use.ref), renewal_months, on)
        days, doubts = _judge(reading, reasons.get(use.ref, ""), lasting_days)
        certain += [(use, Days(d.first, min(d.last, on))) for d in days if d.first <= on]
        unclear += [replace(u, last=min(u.last, on)) for u in doubts if (u.first or on) <= on]
    told = _told_by_linked_records(uses, certain)
    return Coverage(tuple(certain), tuple(u for u in unclear if u.source not in told))


def merged(days: Iterable[Days], gap_days: float = 0) -> list[Days]:
    """The same days in as few stretches as possible; gaps of up to `gap_days` days are bridged."""
    found: list[Days] = []
    for stretch in sorted(days):
        if found and (stretch.first - found[-1].last).days - 1 <= gap_days:
            found[-1] = Days(found[-1].first, max(found[-1].last, stretch.last))
        else:
            found.append(stretch)
    return found


def count_days(days: Iterable[Days], since: date, until: date) -> int:
    """How many different days lie between two days, both included."""
    stretches = ((max(d.first, since), min(d.last, until)) for d in merged(days))
    return sum(max(0, (last - first).days + 1) for first, last in stretches)


def _renewed_by_dispenses(uses: Iterable[MedicationUse]) -> Iterable[MedicationUse]:
    """Orders and statements with the day of their latest dispense as the day of renewal."""
    uses = list(uses)
    dispenses = [(u, u.renewed) for u in uses if u.kind == "dispense" and u.counts and u.renewed]
    for use in uses:
        if not use.is_open_ended:
            yield use
            continue
        renewals = [w for d, w in dispenses if not d.based_on or use.ref in d.based_on]
        latest = max([*renewals, *([use.renewed] if use.renewed else [])], key=_last, default=None)
        yield replace(use, renewed=latest)


def _last(when: When) -> date:
    return when.last


def _judge(reading: Reading, reason: str, lasting_days: int) -> tuple[list[Days], list[UnclearUse]]:
    """The days of one record, and what is unclear of it."""
    use = reading.use
    days = [Days(stay.first, stay.last) for stay in reading.stays]
    doubts = reading.unclear
    if reason:
        return [], doubts + [UnclearUse(use.ref, reason, d.first, d.last) for d in days]
    if lasting_days > 1 and use.start is not None and use.start.first == use.start.last:
        injected = use.start.first
        if use.counts:
            days.append(Days(injected, injected + timedelta(days=lasting_days - 1)))
        doubts = [u for u in doubts if u.reason != NO_END]
    return days, doubts


def _told_by_linked_records(
    uses: Iterable[MedicationUse], certain: Iterable[tuple[MedicationUse, Days]]
) -> set[ResourceRef]:
    """The records for which a linked one, an order or its dispense, tells what they do not."""
    telling = {use.ref: use for use, _ in certain}
    orders = {ref for use in telling.values() for ref in use.based_on}
    return orders | {use.ref for use in uses if not telling.keys().isdisjoint(use.based_on)}
