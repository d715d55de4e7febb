"""Glucocorticoid exposure over time: a daily series in mg prednisone-equivalent that can be drawn.

A newcomer would get four things wrong.

One dose stands in the chart up to four times: ordered, dispensed, given and stated. Per ingredient
and day one kind of record counts: administration, else dispense, else request, else statement
(specification, 2.6 trap 7). Different ingredients add up. Several administrations of a day add up,
because each is one event. Two dispenses, requests or statements of a day do not: they are
nearly always a renewal that overlaps, so the larger dose stands. Two tablet strengths that were
ordered as two records are undercounted by that, never overcounted. Parallel instructions of one
record do add up.

A record that cannot be judged is never a dose of zero. It is listed in `unclear`, unless it lies
outside the period, or other records of the ingredient tell what was taken on all of its days, or
it is linked (`based_on`) with a record that tells.

How one record is judged stands in `glucocorticoid_use`.

Physiological hydrocortisone (trap 5) is not left out: there is no sourced code for adrenal
insufficiency, so that arm is off (section 7). Corticotropin has no factor and no place here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from service.screening.glucocorticoid_use import (
    Reading,
    UnclearUse,
    dispenses_by_ingredient,
    is_relevant,
    read_use,
)
from service.screening.record import MedicationUse, ResourceRef

DEXAMETHASONE = "glucocorticoid-dexamethasone"

# Peri-operative and antiemetic dexamethasone does not count (specification, 2.6 trap 6): courses of
# fewer than 3 days that stay below 100 mg prednisone-equivalent in all.
SHORT_COURSE_DAYS = 3
SHORT_COURSE_MG = 100
COURSE_GAP_DAYS = 7

# Two weeks beyond both ends are enough to tell whether a course at the edge is a short one.
_EDGE = timedelta(days=2 * COURSE_GAP_DAYS)
_ONE_DAY = timedelta(days=1)
_RANKS = {"administration": 0, "dispense": 1, "request": 2, "statement": 3}
_EVENTS = _RANKS["administration"]


@dataclass(frozen=True, slots=True, repr=False)
class DayDose:
    """The milligrams prednisone-equivalent of one day, and the records that they come from."""

    day: date
    mg: float
    sources: tuple[ResourceRef, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Stretch:
    """Consecutive days with the same dose from the same records; both ends included."""

    first: date
    last: date
    mg_per_day: float
    sources: tuple[ResourceRef, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Course:
    """Days with a dose whose gaps are short; `days` counts the days with a dose only."""

    first: date
    last: date
    days: int
    total_mg: float
    sources: tuple[ResourceRef, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Exposure:
    """The daily series between two days, both included; days without a dose are not listed."""

    since: date
    until: date
    days: tuple[DayDose, ...] = ()
    unclear: tuple[UnclearUse, ...] = ()

    @property
    def day_count(self) -> int:
        """On how many days there was a systemic dose."""
        return len(self.days)

    @property
    def total_mg(self) -> float:
        """The sum in milligrams prednisone-equivalent, free of rounding noise."""
        return round(math.fsum(day.mg for day in self.days), 6)

    @property
    def mean_mg_per_day(self) -> float:
        """The mean over the days that have a dose; 0 without any."""
        return round(self.total_mg / len(self.days), 6) if self.days else 0.0

    @property
    def sources(self) -> tuple[ResourceRef, ...]:
        """The records that count, each once, sorted."""
        return _sources_of(self.days)

    def between(self, since: date, until: date) -> Exposure:
        """The part of it between two days, both included."""
        return Exposure(
            max(since, self.since),
            min(until, self.until),
            tuple(day for day in self.days if since <= day.day <= until),
            tuple(u for u in self.unclear if u.last >= since and (u.first or until) <= until),
        )

    def stretches(self) -> tuple[Stretch, ...]:
        """The series in as few pieces as possible, for drawing."""
        found: list[Stretch] = []
        for day in self.days:
            last = found[-1] if found else None
            if (
                last is not None
                and last.last + _ONE_DAY == day.day
                and last.mg_per_day == day.mg
                and last.sources == day.sources
            ):
                found[-1] = Stretch(last.first, day.day, day.mg, day.sources)
            else:
                found.append(Stretch(day.day, day.day, day.mg, day.sources))
        return tuple(found)

    def courses(self, *, at_least_mg: float, gap_days: int) -> tuple[Course, ...]:
        """Days of at least `at_least_mg`, put together where they are at most `gap_days` apart.

        For pulses 250 mg and 7 days (MSO-09). Two days in a row are 1 day apart.
        """
        days = [day for day in self.days if day.mg >= at_least_mg]
        runs = _runs([day.day for day in days], gap_days)
        return tuple(_course(days[run]) for run in runs)


def exposure_between(
    medicines: Iterable[MedicationUse],
    factors: Mapping[str, float],
    since: date,
    until: date,
    *,
    weight_kg: float | None,
    on: date,
) -> Exposure:
    """The systemic glucocorticoid exposure from `since` to `until`, both included.

    `factors` gives for each ingredient value set the mg of prednisone that 1 mg of it is worth;
    `weight_kg` is None where no weight is known; days after `on` do not count.
    """
    until = min(until, on)
    uses = sorted({use.ref: use for use in medicines}.values(), key=lambda use: use.ref)
    relevant = [use for use in uses if is_relevant(use, factors)]
    if not relevant:
        return Exposure(since, until, (), ())
    dispensed = dispenses_by_ingredient(relevant, factors)
    readings = [read_use(use, factors, dispensed, weight_kg, on) for use in relevant]
    first, last = since - _EDGE, min(until + _EDGE, on)
    series = _series_by_ingredient(readings, first, last)
    return Exposure(
        since,
        until,
        _days(series, factors, since, until),
        _unsettled(readings, series, since, until),
    )


_Day = tuple[int, float, tuple[ResourceRef, ...]]
_Series = dict[str, dict[date, _Day]]


def _series_by_ingredient(readings: Iterable[Reading], since: date, until: date) -> _Series:
    """Per ingredient and day the dose of the best kind of record, in mg of the ingredient."""
    series: _Series = {}
    for reading in sorted(readings, key=lambda r: (_RANKS[r.use.kind], r.use.ref)):
        rank = _RANKS[reading.use.kind]
        days = series.setdefault(reading.ingredient, {})
        for day, mg in _doses(reading, since, until).items():
            known = days.get(day)
            if known is None or (known[0] == rank != _EVENTS and known[1] < mg):
                days[day] = (rank, mg, (reading.use.ref,))
            elif known[0] == rank == _EVENTS:
                days[day] = (rank, known[1] + mg, (*known[2], reading.use.ref))
    return series


def _doses(reading: Reading, since: date, until: date) -> dict[date, float]:
    """The dose of each day; instructions of one record that overlap add up."""
    doses: dict[date, float] = {}
    for stay in reading.stays:
        for day in stay.days(since, until):
            doses[day] = doses.get(day, 0.0) + stay.mg
    return doses


def _days(
    series: _Series, factors: Mapping[str, float], since: date, until: date
) -> tuple[DayDose, ...]:
    """All ingredients together in mg prednisone-equivalent, without short dexamethasone."""
    parts: dict[date, list[tuple[float, tuple[ResourceRef, ...]]]] = {}
    for ingredient, days in sorted(series.items()):
        doses = [
            DayDose(day, mg * factors[ingredient], refs)
            for day, (_, mg, refs) in sorted(days.items())
        ]
        if ingredient == DEXAMETHASONE:
            doses = _without_short_courses(doses)
        for dose in doses:
            if since <= dose.day <= until:
                parts.setdefault(dose.day, []).append((dose.mg, dose.sources))
    return tuple(
        DayDose(
            day,
            math.fsum(mg for mg, _ in found),
            tuple(sorted({ref for _, refs in found for ref in refs})),
        )
        for day, found in sorted(parts.items())
    )


def _without_short_courses(days: list[DayDose]) -> list[DayDose]:
    kept: list[DayDose] = []
    for run in _runs([day.day for day in days], COURSE_GAP_DAYS):
        course = days[run]
        total_mg = math.fsum(day.mg for day in course)
        if len(course) >= SHORT_COURSE_DAYS or total_mg >= SHORT_COURSE_MG:
            kept += course
    return kept


def _unsettled(
    readings: Sequence[Reading], series: _Series, since: date, until: date
) -> tuple[UnclearUse, ...]:
    """One reason for each record that is unclear in the period and that no other record tells."""
    telling = [r for r in readings if any(True for s in r.stays for _ in s.days(since, until))]
    readable = {r.use.ref for r in telling}
    told_by_others = {ref for r in telling for ref in r.use.based_on}
    found: dict[ResourceRef, UnclearUse] = {}
    for reading in readings:
        use = reading.use
        if use.ref in told_by_others or not readable.isdisjoint(use.based_on):
            continue
        covered = series.get(reading.ingredient, {})
        for unclear in reading.unclear:
            first = unclear.first or since
            if unclear.last < max(first, since) or first > until:
                continue
            if not _is_covered(unclear, covered, since, until):
                found.setdefault(unclear.source, unclear)
    return tuple(found[ref] for ref in sorted(found))


def _is_covered(
    unclear: UnclearUse, covered: Mapping[date, _Day], since: date, until: date
) -> bool:
    if unclear.first is None:
        return False
    first, last = max(unclear.first, since), min(unclear.last, until)
    count = (last - first).days + 1
    return all(first + timedelta(days=offset) in covered for offset in range(count))


def _runs(days: Sequence[date], gap_days: int) -> Iterator[slice]:
    """Slices of sorted days in which neighbours are at most `gap_days` apart."""
    start = 0
    for index in range(1, len(days) + 1):
        if index == len(days) or (days[index] - days[index - 1]).days > gap_days:
            yield slice(start, index)
            start = index


def _course(days: Sequence[DayDose]) -> Course:
    total_mg = round(math.fsum(day.mg for day in days), 6)
    return Course(days[0].day, days[-1].day, len(days), total_mg, _sources_of(days))


def _sources_of(days: Iterable[DayDose]) -> tuple[ResourceRef, ...]:
    return tuple(sorted({ref for day in days for ref in day.sources}))
