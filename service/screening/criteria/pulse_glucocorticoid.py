"""MSO-09: three pulse courses, or 5 g prednisone-equivalent, within a year.

The window is 365 days ending on the day of judgement, both ends included, as in MSO-08. A pulse day
has at least 250 mg prednisone-equivalent, all ingredients together; days of corticotropin are pulse
days without a dose. Pulse days at most 7 days apart are one course; a course that began before the
window counts with its days inside.

The evidence on pulses in MS is disputed (specification 1.5), so it is MINOR and may be switched off
in the protocol. What cannot be judged is unclear with its reason, never zero. The lifetime sum is
shown and never scored, so it stands in no alert, which names neither medicine nor dose (3.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from service.screening.corticotropin import CONCEPT, corticotropin_days
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.exposure import (
    NEEDS,
    Course,
    DayDose,
    Exposure,
    exposure_of,
    lifetime_exposure_of,
)
from service.screening.glucocorticoid_use import UNSPECIFIED, UnclearUse, is_relevant
from service.screening.prednisone_equivalents import (
    INGREDIENTS,
    PARAMETERS,
    POLICY,
    Equivalents,
    equivalents_in,
)
from service.screening.record import PatientRecord

_RENEWAL = f"{POLICY}.renewal_months"


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Pulse courses and the cumulative dose of the window, and the lifetime sum."""
    equivalents = equivalents_in(parameters)
    if not _has_any(record, equivalents):
        return
    since = on - timedelta(days=parameters["window_days"] - 1)
    exposure = exposure_of(record, equivalents, since, on)
    events, unclear = corticotropin_days(record.medicines, parameters[_RENEWAL], since, on)
    by_name = {m.ref for m in record.medicines if m.is_recognised_by_name}
    found = (
        *_pulsed(exposure, events, parameters),
        *_summed(exposure, parameters),
        *_unclear((*exposure.unclear, *unclear)),
        *_lifetime(lifetime_exposure_of(record, equivalents, on)),
    )
    for evidence in found:
        note = " (recognised by name)" if evidence.source in by_name else ""
        yield replace(evidence, statement=evidence.statement + note)


def _has_any(record: PatientRecord, equivalents: Equivalents) -> bool:
    return any(
        is_relevant(medicine, equivalents.factors) or CONCEPT in medicine.concepts
        for medicine in record.medicines
    )


def _pulsed(
    exposure: Exposure, events: Sequence[DayDose], parameters: Parameters
) -> Iterator[Evidence]:
    courses = exposure.courses(
        at_least_mg=parameters["pulse_mg_per_day_at_least"],
        gap_days=parameters["course_gap_days"],
        events=events,
    )
    is_enough = len(courses) >= parameters["courses_at_least"]
    weight = Weight.COUNTS if is_enough else Weight.SEEN
    for number, course in enumerate(courses, start=1):
        statement = f"pulse course {number} of {len(courses)} within a year: {_days(course)}"
        for source in course.sources:
            yield Evidence(source, statement, course.last, weight)


def _days(course: Course) -> str:
    if course.first == course.last:
        return f"one day, {course.first}"
    return f"{course.days} days from {course.first} to {course.last}"


def _summed(exposure: Exposure, parameters: Parameters) -> Iterator[Evidence]:
    if not exposure.day_count:
        return
    is_high = exposure.total_mg >= parameters["mg_at_least"]
    first, last = exposure.days[0].day, exposure.days[-1].day
    statement = (
        f"systemic glucocorticoid on {exposure.day_count} days from {first} to {last}"
        f", cumulative dose {'at or above' if is_high else 'below'} the threshold"
    )
    for source in exposure.sources:
        yield Evidence(source, statement, last, Weight.COUNTS if is_high else Weight.SEEN)


def _unclear(uses: Iterable[UnclearUse]) -> Iterator[Evidence]:
    for use in uses:
        statement = f"systemic glucocorticoid: {use.reason}"
        yield Evidence(use.source, statement, use.first, Weight.UNCLEAR)


def _lifetime(exposure: Exposure) -> Iterator[Evidence]:
    if not exposure.day_count:
        return
    last = exposure.days[-1]
    statement = (
        f"lifetime sum since {exposure.days[0].day}: {exposure.total_mg / 1000:.3g} g"
        " prednisone-equivalent, shown and not scored"
    )
    if exposure.unclear:
        statement += f"; {len(exposure.unclear)} records could not be judged"
    yield Evidence(last.sources[-1], statement, last.day, Weight.SEEN)


CRITERION = Criterion(
    id="pulse-glucocorticoid",
    role=Role.RISK_FACTOR,
    needs=NEEDS,
    find=find,
    looks_for=frozenset({*INGREDIENTS, UNSPECIFIED, CONCEPT}),
    parameters=frozenset(
        {
            "window_days",
            "pulse_mg_per_day_at_least",
            "course_gap_days",
            "courses_at_least",
            "mg_at_least",
        }
        | PARAMETERS
    ),
)
