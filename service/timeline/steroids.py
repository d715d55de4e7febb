"""Systemic glucocorticoids on the timeline: stretches with one dose, and pulse courses.

All doses are milligrams prednisone-equivalent, which whoever shows them says once. A newcomer
would get two things wrong. A pulse day stands on its own lane and not among the daily
doses, which it would dwarf. And a record that cannot be judged is drawn without a dose, never as a
dose of zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from service.exposure_json import PULSES
from service.screening.corticotropin import CONCEPT, corticotropin_days
from service.screening.exposure import (
    Course,
    DayDose,
    Exposure,
    exposure_of,
    lifetime_exposure_of,
)
from service.screening.glucocorticoid_use import UnclearUse
from service.screening.prednisone_equivalents import POLICY, Equivalents, equivalents_of
from service.screening.protocol import Protocol
from service.screening.record import PatientRecord
from service.timeline.event import Lane, TimelineEvent, Undated, milligrams

_EXACT = 6


def steroids(
    record: PatientRecord, protocol: Protocol, on: date
) -> Iterator[TimelineEvent | Undated]:
    """Doses in mg of prednisone a day. With MSO-09 off nobody says what a pulse is: none is."""
    equivalents = equivalents_of(protocol.policies[POLICY])
    life = _whole_life(record, equivalents, on)
    events, unclear = corticotropin_days(
        record.medicines, equivalents.renewal_months, life.since, on
    )
    pulse_mg = float("inf")
    if protocol.uses(PULSES):
        numbers = protocol.entry(PULSES).parameters
        pulse_mg = numbers["pulse_mg_per_day_at_least"]
        gap_days = numbers["course_gap_days"]
        courses = life.courses(at_least_mg=pulse_mg, gap_days=gap_days, events=events)
        yield from map(_pulses, courses)
    daily = [day for day in life.days if round(day.mg, _EXACT) < pulse_mg]
    yield from _stretches(daily)
    yield from (_unclear(use, on) for use in (*life.unclear, *unclear))


def _whole_life(record: PatientRecord, equivalents: Equivalents, on: date) -> Exposure:
    """The exposure since the first record of a glucocorticoid, or of corticotropin."""
    life = lifetime_exposure_of(record, equivalents, on)
    firsts = [u.start.first for u in record.medicines if CONCEPT in u.concepts and u.start]
    since = min([*firsts, life.since])
    return life if since == life.since else exposure_of(record, equivalents, since, on)


def _pulses(course: Course) -> TimelineEvent:
    label = "pulse, 1 day" if course.days == 1 else f"pulses on {course.days} days"
    # Corticotropin has no dose in milligrams (specification 2.6 trap 8).
    number = None
    if course.total_mg:
        label += f", {course.total_mg:,.0f} mg"
        number = round(course.total_mg / course.days, 1)
    last = None if course.first == course.last else course.last
    return TimelineEvent(Lane.PULSES, course.first, last, label, number, course.sources[0])


def _stretches(days: Iterable[DayDose]) -> Iterator[TimelineEvent]:
    """Days in a row with one dose as one bar, whichever records they come from."""
    run: list[DayDose] = []
    for day in days:
        if run and (run[-1].day + timedelta(days=1) != day.day or run[-1].mg != day.mg):
            yield _stretch(run)
            run = []
        run.append(day)
    if run:
        yield _stretch(run)


def _stretch(run: list[DayDose]) -> TimelineEvent:
    first, last, dose = run[0], run[-1], run[0].mg
    label = f"{milligrams(dose)} mg a day"
    end = None if first.day == last.day else last.day
    return TimelineEvent(Lane.STEROIDS, first.day, end, label, round(dose, 3), first.sources[0])


def _unclear(use: UnclearUse, on: date) -> TimelineEvent | Undated:
    label = f"dose or days not known: {use.reason}"
    if use.first is None:
        return Undated(Lane.STEROIDS, label, use.source)
    last = min(use.last, on)
    end = last if last > use.first else None
    return TimelineEvent(Lane.STEROIDS, use.first, end, label, None, use.source)
