"""FHIR Dosage -> DoseSteps: which days, how many milligrams, or why that cannot be told.

A newcomer would get four things wrong (what one dose is stands in `dose`). Instructions with
different `sequence` numbers follow each other (a taper), those with the same number or none
run side by side and add up; but stretches of a length without number, date and time of the day may
be either, which cannot be told. "As needed" counts only with a stated maximum: the schedule where
that is smaller, else the maximum. A maximum for one dose or for a lifetime cuts what is scheduled.
And nothing is read from the text of an instruction or from `additionalInstruction`, ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from service.ehr.amount import Strength, amount_of
from service.ehr.dose import Dose, dose_of, plain_milligrams
from service.ehr.fields import Json, number_in, object_in, objects_in
from service.ehr.timing import Schedule, days_of, last_day, later, schedule_of
from service.screening.record import DoseStep

_MOST_DOSES = 1e6  # More are a mistyped maximum, and a number of days must not overflow.

NO_MAXIMUM = "it is taken as needed and no maximum is stated"
NO_ORDER = "whether its instructions follow each other or run side by side is not stated"
NO_STEP_START = "when this step of the treatment begins is not stated"
NO_STEP_LENGTH = "how long this step of the treatment lasts is not stated"


def dose_steps(
    dosages: Sequence[Json], start: date | None, strength: Strength
) -> tuple[DoseStep, ...]:
    """The steps of all dosage instructions of one record; empty where there is no instruction.

    `start` is the day from which lengths are counted where an instruction gives no date; without
    it and without dates the steps have none either.
    """
    steps: list[DoseStep] = []
    if _may_be_a_taper(dosages):
        return _untold_taper(dosages, start, strength)
    begin, problem = start, ""
    stages = _stages(dosages)
    for number, stage in enumerate(stages, start=1):
        following = stages[number] if number < len(stages) else []
        found = [step for dosage in stage for step in _steps(dosage, begin, strength)]
        if following:
            found = [_closed(step, _own_start(following)) for step in found]
        if problem and _own_start(stage) is None:
            found = [_untold(step, problem) for step in found]
        steps += found
        ends = [step.last for step in found if step.last is not None]
        # A step without an end leaves the beginning of the next one open; its own date settles it.
        problem = "" if len(ends) == len(found) else NO_STEP_START
        begin = later(max(ends), 1) if ends else begin
    return tuple(steps)


def _may_be_a_taper(dosages: Sequence[Json]) -> bool:
    """Several stretches of which nothing says whether they follow each other."""
    return len(dosages) > 1 and all(
        number_in(dosage, "sequence") is None and _is_bare_stretch(object_in(dosage, "timing"))
        for dosage in dosages
    )


def _is_bare_stretch(timing: Json) -> bool:
    repeat, schedule = object_in(timing, "repeat"), schedule_of(timing)
    has_length = schedule.length_days is not None or schedule.dose_count is not None
    has_place = schedule.since or schedule.until or repeat.get("when") or repeat.get("timeOfDay")
    return has_length and not has_place and not schedule.weekdays


def _untold_taper(
    dosages: Sequence[Json], start: date | None, strength: Strength
) -> tuple[DoseStep, ...]:
    """One step without a dose, as long as all of them in a row."""
    if start is None:
        return (DoseStep(problem=NO_ORDER),)
    steps = [step for dosage in dosages for step in _steps(dosage, start, strength)]
    days = sum((step.last - start).days + 1 for step in steps if step.last is not None)
    return (DoseStep(first=start, last=later(start, days - 1), problem=NO_ORDER),)


def _closed(step: DoseStep, next_start: date | None) -> DoseStep:
    """A step that another one follows ends the day before it, at the latest."""
    if step.last is not None:
        return step
    if next_start is None:
        return _untold(step, NO_STEP_LENGTH)
    return replace(step, last=later(next_start, -1))


def _untold(step: DoseStep, problem: str) -> DoseStep:
    return DoseStep(first=step.first, last=step.last, problem=step.problem or problem)


def _own_start(stage: Sequence[Json]) -> date | None:
    """The first day of a stage where each of its instructions states its own."""
    starts = [schedule_of(object_in(dosage, "timing")).since for dosage in stage]
    own = [start for start in starts if start is not None]
    return min(own) if len(own) == len(starts) else None


def _stages(dosages: Sequence[Json]) -> list[list[Json]]:
    """Instructions that run side by side, stage after stage; without a number they are first."""
    stages: dict[float, list[Json]] = {}
    numbers = [number_in(dosage, "sequence") for dosage in dosages]
    lowest = min((n for n in numbers if n is not None), default=0.0)
    for dosage, number in zip(dosages, numbers, strict=True):
        stages.setdefault(lowest if number is None else number, []).append(dosage)
    return [stages[number] for number in sorted(stages)]


def _steps(dosage: Json, begin: date | None, strength: Strength) -> list[DoseStep]:
    """The steps of one instruction: one, or one for each weekday or single day."""
    schedule = schedule_of(object_in(dosage, "timing"))
    dose = dose_of(dosage, strength, schedule.dose_hours)
    schedule, dose = _limited(dosage, schedule, dose, strength)
    first = schedule.since or begin
    last = last_day(schedule, first) if first else schedule.until
    step = DoseStep(first=first, last=last, interval_days=schedule.interval_days)
    if _is_as_needed(dosage):
        return [_as_needed(step, dosage, dose, schedule, strength)]
    problem = dose.problem or schedule.problem
    if problem:
        return [replace(step, interval_days=1, problem=problem)]
    if schedule.events:
        days = schedule.events[: schedule.dose_count]
        return [_filled(DoseStep(first=day, last=day), dose, 1) for day in days]
    step = _filled(step, dose, schedule.doses_per_day)
    if not schedule.weekdays or first is None:
        return [step]
    starts = (later(first, (weekday - first.weekday()) % 7) for weekday in schedule.weekdays)
    return [replace(step, first=day) for day in sorted(starts) if last is None or day <= last]


def _filled(step: DoseStep, dose: Dose, doses_per_day: float) -> DoseStep:
    times = 1 if dose.is_daily else doses_per_day
    if not dose.per_kg:
        return replace(step, mg_per_day=dose.mg * times)
    most = None if dose.most_mg is None else dose.most_mg * times
    return replace(step, mg_per_kg_per_day=dose.mg * times, most_mg_per_day=most)


def _limited(
    dosage: Json, schedule: Schedule, dose: Dose, strength: Strength
) -> tuple[Schedule, Dose]:
    """What `maxDosePerAdministration` and `maxDosePerLifetime` leave of it."""
    if dose.problem:
        return schedule, dose
    most = plain_milligrams(amount_of(object_in(dosage, "maxDosePerAdministration")), strength)
    if most is not None and not dose.is_daily:
        dose = replace(dose, most_mg=most) if dose.per_kg else replace(dose, mg=min(dose.mg, most))
    ever = plain_milligrams(amount_of(object_in(dosage, "maxDosePerLifetime")), strength)
    if ever is None or dose.per_kg:
        return schedule, dose
    dose = replace(dose, mg=min(dose.mg, ever))
    doses = int(min(ever / dose.mg, _MOST_DOSES) + 1e-9)
    if dose.is_daily:
        doses = max(1, int(doses * schedule.doses_per_day))
    return replace(schedule, dose_count=min(doses, schedule.dose_count or doses)), dose


def _is_as_needed(dosage: Json) -> bool:
    """Also as R5 writes it."""
    return (
        dosage.get("asNeededBoolean") is True
        or dosage.get("asNeeded") is True
        or bool(objects_in(dosage, "asNeededCodeableConcept"))
        or bool(objects_in(dosage, "asNeededFor"))
    )


def _as_needed(
    step: DoseStep, dosage: Json, dose: Dose, schedule: Schedule, strength: Strength
) -> DoseStep:
    """The smaller of schedule and maximum; where the maximum is, it is spread over all days."""
    most = _most_mg_per_day(dosage, strength)
    if most is None:
        return replace(step, interval_days=1, problem=NO_MAXIMUM)
    spread = replace(step, interval_days=1, mg_per_day=most)
    if dose.problem or schedule.problem or schedule.events or dose.per_kg:
        return spread
    planned = dose.mg if dose.is_daily else dose.mg * schedule.doses_per_day
    mean = planned * max(1, len(schedule.weekdays)) / schedule.interval_days
    if mean > most:
        return spread
    if schedule.weekdays:
        return replace(spread, mg_per_day=mean)
    return replace(step, mg_per_day=planned)


def _most_mg_per_day(dosage: Json, strength: Strength) -> float | None:
    """The smallest stated maximum in mg per day (a list in R5, one object in R4)."""
    found: list[float] = []
    for ratio in objects_in(dosage, "maxDosePerPeriod"):
        amount = amount_of(object_in(ratio, "numerator"))
        days = days_of(object_in(ratio, "denominator"))
        mg = plain_milligrams(amount, strength)
        if mg is not None and days is not None:
            found.append(mg / days)
    return min(found, default=None)


def supplied_days(total_mg: float | None, steps: Sequence[DoseStep]) -> int | None:
    """For how many days a supply lasts; None unless one plain daily dose says so."""
    if total_mg is None or len(steps) != 1 or steps[0].interval_days != 1:
        return None
    mg_per_day = steps[0].mg_per_day
    return max(1, int(min(total_mg / mg_per_day, 36_600) + 1e-9)) if mg_per_day else None
