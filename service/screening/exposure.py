"""Glucocorticoid exposure over time: a daily series in mg prednisone-equivalent that can be drawn.

A newcomer would get four things wrong. Different ingredients of a day add up, different records of
one ingredient seldom do (`dose_series`). A record that cannot be judged is never a dose of zero: it
is listed in `unclear` with its reason (`glucocorticoid_use`). A short peri-operative or antiemetic
course of dexamethasone is no exposure, and neither is hydrocortisone that replaces what the
adrenals do not make (specification, 2.6 traps 5 and 6); more than that, on a day of illness, counts
whole. And corticotropin has no factor: its days stand apart and hold no dose (`corticotropin`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from service.screening.body import weights
from service.screening.criterion import Weight
from service.screening.diagnoses import coded, weigh
from service.screening.dose_series import (
    Series,
    series_by_ingredient,
    unsettled,
    without_given_pulses,
)
from service.screening.glucocorticoid_use import (
    Reading,
    UnclearUse,
    dispenses_by_ingredient,
    is_relevant,
    last_given,
    read_use,
)
from service.screening.prednisone_equivalents import (
    CORTISONE,
    DEXAMETHASONE,
    HYDROCORTISONE,
    Equivalents,
)
from service.screening.record import MedicationUse, PatientRecord, ResourceRef
from service.screening.value_sets import DataRequirement

NEEDS = (
    DataRequirement("MedicationRequest"),
    DataRequirement("MedicationDispense"),
    DataRequirement("MedicationAdministration"),
    DataRequirement("MedicationStatement"),
    DataRequirement("Condition"),
    DataRequirement("Observation", ("body-weight",)),
)
"""What an exposure is told from: where one of these is unread, none is known to be absent."""
ADRENAL_INSUFFICIENCY = "adrenal-insufficiency"

_ONE_DAY = timedelta(days=1)
_LONGEST_LIFE = timedelta(days=123 * 366)
_EXACT = 6


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
        return round(math.fsum(day.mg for day in self.days), _EXACT)

    @property
    def mean_mg_per_day(self) -> float:
        """The mean over the days that have a dose; 0 without any."""
        return round(self.total_mg / len(self.days), _EXACT) if self.days else 0.0

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

    def courses(
        self, *, at_least_mg: float, gap_days: float, events: Collection[DayDose] = ()
    ) -> tuple[Course, ...]:
        """Days of at least `at_least_mg`, put together where they are at most `gap_days` apart.

        For pulses 250 mg and 7 days (MSO-09). Two days in a row are 1 day apart. `events` are days
        that count whatever their dose (corticotropin); a day that is both counts once.
        """
        pulses = [day for day in self.days if round(day.mg, _EXACT) >= at_least_mg]
        days = _merged([*pulses, *(e for e in events if self.since <= e.day <= self.until)])
        return tuple(_course(days[run]) for run in _runs([day.day for day in days], gap_days))


def exposure_of(record: PatientRecord, equivalents: Equivalents, since: date, on: date) -> Exposure:
    """The systemic glucocorticoid exposure of a patient from `since` to `on`, both included.

    Doses per kilogram count with the latest weight on file.
    """
    # Two criteria ask for the same year, and each use is read the same for a year and a life.
    return record.lookup.kept(
        (exposure_of, equivalents, since, on),
        lambda: _exposure(
            _read_of(record, equivalents, on),
            equivalents,
            since,
            on,
            on=on,
            lacks_cortisol=_lacks_cortisol(record, on),
        ),
    )


def _read_of(record: PatientRecord, equivalents: Equivalents, on: date) -> list[Reading]:
    weighed = weights(record, on)
    weight_kg = weighed[-1].value if weighed else None
    return record.lookup.kept(
        (_read_of, equivalents, on), lambda: _read(record.medicines, equivalents, weight_kg, on)
    )


def _lacks_cortisol(record: PatientRecord, on: date) -> bool:
    """Whether adrenal insufficiency is on file, whenever it was recorded: it seldom passes."""
    return any(
        weigh(condition, on)[0] is Weight.COUNTS and condition.clinical != "resolved"
        for condition in coded(record, ADRENAL_INSUFFICIENCY)
    )


def lifetime_exposure_of(record: PatientRecord, equivalents: Equivalents, on: date) -> Exposure:
    """The same since the first record that may count, but never from before the birth."""
    born = record.birth.first if record.birth is not None else on - _LONGEST_LIFE
    firsts = [
        first
        for use in record.medicines
        if is_relevant(use, equivalents.factors)
        for first in (use.start.first if use.start else None, *(step.first for step in use.steps))
        if first is not None
    ]
    return exposure_of(record, equivalents, max(born, min([*firsts, on])), on)


def exposure_between(
    medicines: Iterable[MedicationUse],
    equivalents: Equivalents,
    since: date,
    until: date,
    *,
    weight_kg: float | None,
    on: date,
    lacks_cortisol: bool = False,
) -> Exposure:
    """The exposure from `since` to `until`, both included; days after `on` do not count.

    `weight_kg` is None where no weight is known; `lacks_cortisol` says that small doses of
    hydrocortisone and cortisone are replacement.
    """
    readings = _read(medicines, equivalents, weight_kg, on)
    return _exposure(readings, equivalents, since, until, on=on, lacks_cortisol=lacks_cortisol)


def _read(
    medicines: Iterable[MedicationUse],
    equivalents: Equivalents,
    weight_kg: float | None,
    on: date,
) -> list[Reading]:
    """What each record that may be of a systemic glucocorticoid says, in the order of their ids."""
    factors = equivalents.factors
    relevant = [use for use in medicines if is_relevant(use, factors)]
    uses = sorted({use.ref: use for use in relevant}.values(), key=lambda use: use.ref)
    dispensed, given = dispenses_by_ingredient(uses, factors), last_given(uses)
    return [
        read_use(use, equivalents, dispensed, given.get(use.ref), weight_kg, on) for use in uses
    ]


def _exposure(
    readings: Sequence[Reading],
    equivalents: Equivalents,
    since: date,
    until: date,
    *,
    on: date,
    lacks_cortisol: bool,
) -> Exposure:
    until = min(until, on)
    if not readings:
        return Exposure(since, until)
    # Twice the gap beyond both ends tells whether a course at the edge is a short one.
    edge = timedelta(days=2 * equivalents.short_course_gap_days)
    early, late = since - min(edge, since - date.min), until + min(edge, on - until)
    counted = without_given_pulses(readings, equivalents, on)
    series = series_by_ingredient(counted, early, late, on)
    return Exposure(
        since,
        until,
        _days(series, equivalents, since, until, lacks_cortisol=lacks_cortisol),
        unsettled(readings, series, since, until),
    )


def _days(
    series: Series, equivalents: Equivalents, since: date, until: date, *, lacks_cortisol: bool
) -> tuple[DayDose, ...]:
    """All ingredients together in mg prednisone-equivalent, without what is no exposure."""
    found: list[DayDose] = []
    for ingredient, days in sorted(series.items()):
        doses = [
            DayDose(day, mg * equivalents.factors[ingredient], refs)
            for day, (_, mg, refs) in sorted(days.items())
            if since <= day or ingredient == DEXAMETHASONE
        ]
        if ingredient == DEXAMETHASONE:
            doses = _without_short_courses(doses, equivalents)
        elif lacks_cortisol and ingredient in (HYDROCORTISONE, CORTISONE):
            doses = [d for d in doses if round(d.mg, _EXACT) > equivalents.replacement_mg]
        found += [dose for dose in doses if since <= dose.day <= until]
    return tuple(found if len(series) == 1 else _merged(found))


def _merged(doses: Iterable[DayDose]) -> list[DayDose]:
    """One entry a day, sorted; doses of a day add up."""
    parts: dict[date, list[DayDose]] = {}
    for dose in doses:
        parts.setdefault(dose.day, []).append(dose)
    return [
        found[0]
        if len(found) == 1
        else DayDose(day, math.fsum(part.mg for part in found), _sources_of(found))
        for day, found in sorted(parts.items())
    ]


def _without_short_courses(days: list[DayDose], equivalents: Equivalents) -> list[DayDose]:
    kept: list[DayDose] = []
    for run in _runs([day.day for day in days], equivalents.short_course_gap_days):
        course = days[run]
        total_mg = math.fsum(day.mg for day in course)
        is_long = len(course) >= equivalents.short_course_days
        if is_long or round(total_mg, _EXACT) >= equivalents.short_course_mg:
            kept += course
    return kept


def _runs(days: Sequence[date], gap_days: float) -> Iterator[slice]:
    """Slices of sorted days in which neighbours are at most `gap_days` apart."""
    start = 0
    for index in range(1, len(days) + 1):
        if index == len(days) or (days[index] - days[index - 1]).days > gap_days:
            yield slice(start, index)
            start = index


def _course(days: Sequence[DayDose]) -> Course:
    total_mg = round(math.fsum(day.mg for day in days), _EXACT)
    return Course(days[0].day, days[-1].day, len(days), total_mg, _sources_of(days))


def _sources_of(days: Iterable[DayDose]) -> tuple[ResourceRef, ...]:
    return tuple(sorted({ref for day in days for ref in day.sources}))
