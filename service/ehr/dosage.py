"""FHIR Dosage -> DoseSteps: which days, how many milligrams, or why that cannot be told.

A newcomer would get five things wrong. The entries of `doseAndRate` are alternatives (ordered
"1 mg/kg", calculated "70 mg"), so the first that gives milligrams stands. A dose range counts with
its low end, because criteria ask for "at least"; a range without one cannot be told. Instructions
with different `sequence` numbers follow each other (a taper), those with the same number or none
run side by side and add up. "As needed" counts only with a stated maximum: the schedule where that
is smaller, else the maximum. And nothing is read from the text of an instruction, ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from service.ehr.amount import Amount, Strength, amount_of, milligrams
from service.ehr.fields import Json, number_in, object_in, objects_in
from service.ehr.timing import Schedule, days_of, last_day, later, schedule_of
from service.screening.record import DoseStep

NO_DOSE = "its dose is not stated"
NO_STRENGTH = "its dose is in units of the product and the strength is not known"
NO_UNIT = "its dose has no unit that could be understood"
NO_LOW_END = "its dose is a range without a low end"
NO_DURATION = "it is an infusion rate without a duration"
NO_MAXIMUM = "it is taken as needed and no maximum is stated"
NO_STEP_START = "when this step of the treatment begins is not stated"
NO_STEP_LENGTH = "how long this step of the treatment lasts is not stated"


@dataclass(frozen=True, slots=True, repr=False)
class Dose:
    """Milligrams (or mg per kg) of one dose; of the whole day where `is_daily`."""

    mg: float = 0.0
    per_kg: bool = False
    is_daily: bool = False
    problem: str = ""


def dose_steps(
    dosages: Sequence[Json], start: date | None, strength: Strength
) -> tuple[DoseStep, ...]:
    """The steps of all dosage instructions of one record; empty where there is no instruction.

    `start` is the day from which lengths are counted where an instruction gives no date; without
    it and without dates the steps have none either.
    """
    steps: list[DoseStep] = []
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
    first = schedule.since or begin
    last = last_day(schedule, first) if first else schedule.until
    step = DoseStep(first=first, last=last, interval_days=schedule.interval_days)
    if _is_as_needed(dosage):
        return [_as_needed(step, dosage, dose, schedule, strength)]
    problem = dose.problem or schedule.problem
    if problem:
        return [replace(step, interval_days=1, problem=problem)]
    if schedule.events:
        return [_filled(DoseStep(first=day, last=day), dose, 1) for day in schedule.events]
    step = _filled(step, dose, schedule.doses_per_day)
    if not schedule.weekdays or first is None:
        return [step]
    starts = (later(first, (weekday - first.weekday()) % 7) for weekday in schedule.weekdays)
    return [replace(step, first=day) for day in sorted(starts) if last is None or day <= last]


def _filled(step: DoseStep, dose: Dose, doses_per_day: float) -> DoseStep:
    mg = dose.mg if dose.is_daily else dose.mg * doses_per_day
    return replace(step, mg_per_kg_per_day=mg) if dose.per_kg else replace(step, mg_per_day=mg)


def _is_as_needed(dosage: Json) -> bool:
    return dosage.get("asNeededBoolean") is True or bool(
        object_in(dosage, "asNeededCodeableConcept")
    )


def _as_needed(
    step: DoseStep, dosage: Json, dose: Dose, schedule: Schedule, strength: Strength
) -> DoseStep:
    """The smaller of schedule and maximum; a maximum per week or longer is spread over its days."""
    most = _most_mg_per_day(dosage, strength)
    if most is None:
        return replace(step, interval_days=1, problem=NO_MAXIMUM)
    if dose.problem or schedule.problem or schedule.events or dose.per_kg:
        return replace(step, interval_days=1, mg_per_day=most)
    planned = dose.mg if dose.is_daily else dose.mg * schedule.doses_per_day
    return replace(step, mg_per_day=min(planned, most))


def _most_mg_per_day(dosage: Json, strength: Strength) -> float | None:
    """The smallest stated maximum in mg per day (a list in R5, one object in R4)."""
    found: list[float] = []
    for ratio in objects_in(dosage, "maxDosePerPeriod"):
        amount = amount_of(object_in(ratio, "numerator"))
        days = days_of(object_in(ratio, "denominator"))
        mg = _plain_milligrams(amount, strength)
        if mg is not None and days is not None:
            found.append(mg / days)
    return min(found, default=None)


def _plain_milligrams(amount: Amount | None, strength: Strength) -> float | None:
    if amount is None or amount.unit.per_kg or amount.unit.per_hours is not None:
        return None
    return milligrams(amount, strength)


def dose_of(dosage: Json, strength: Strength, hours: float | None) -> Dose:
    """The dose of an instruction, or of an administration (`dose`, `rate[x]`).

    `hours` is how long one dose takes, which a rate needs. Milligrams win over mg per kg, and a
    dose over a rate. `doseQuantity` beside `doseAndRate` is how STU3 wrote it.
    """
    entries = [*objects_in(dosage, "doseAndRate"), dosage]
    doses = [dose for entry in entries for dose in _stated_doses(entry, strength)]
    doses += [dose for entry in entries for dose in _rates(entry, strength, hours)]
    told = [dose for dose in doses if not dose.problem]
    plain = [dose for dose in told if not dose.per_kg]
    return next(iter([*plain, *told, *doses]), Dose(problem=NO_DOSE))


def _stated_doses(entry: Json, strength: Strength) -> Iterable[Dose]:
    for key in ("doseQuantity", "dose"):
        if quantity := object_in(entry, key):
            yield _dose(quantity, strength)
    if dose_range := object_in(entry, "doseRange"):
        low = object_in(dose_range, "low")
        yield _dose(low, strength) if low else Dose(problem=NO_LOW_END)


def _dose(quantity: Json, strength: Strength) -> Dose:
    amount = amount_of(quantity)
    if amount is None:
        return Dose(problem=NO_UNIT)
    mg = milligrams(amount, strength)
    if mg is None:
        return Dose(problem=NO_STRENGTH)
    per_hours = amount.unit.per_hours
    if per_hours is None:
        return Dose(mg, amount.unit.per_kg)
    # "5 mg/d" written as a dose is the day's dose; "mg/h" would be a rate.
    if per_hours == 24:
        return Dose(mg, amount.unit.per_kg, is_daily=True)
    return Dose(problem=NO_DURATION)


def _rates(entry: Json, strength: Strength, hours: float | None) -> Iterable[Dose]:
    if ratio := object_in(entry, "rateRatio"):
        per_days = days_of(object_in(ratio, "denominator"))
        per_hours = None if per_days is None else per_days * 24
        yield _rate(object_in(ratio, "numerator"), strength, hours, per_hours)
    if quantity := object_in(entry, "rateQuantity"):
        yield _rate(quantity, strength, hours, None)
    if rate_range := object_in(entry, "rateRange"):
        yield _rate(object_in(rate_range, "low"), strength, hours, None)


def _rate(quantity: Json, strength: Strength, hours: float | None, per_hours: float | None) -> Dose:
    amount = amount_of(quantity)
    if amount is None:
        return Dose(problem=NO_UNIT)
    per_hours = per_hours or amount.unit.per_hours
    mg = milligrams(amount, strength)
    if mg is None:
        return Dose(problem=NO_STRENGTH)
    if per_hours is None or hours is None:
        return Dose(problem=NO_DURATION)
    return Dose(mg / per_hours * hours, amount.unit.per_kg)


def supplied_days(total_mg: float | None, steps: Sequence[DoseStep]) -> int | None:
    """For how many days a supply lasts; None unless one plain daily dose says so."""
    if total_mg is None or len(steps) != 1 or steps[0].interval_days != 1:
        return None
    mg_per_day = steps[0].mg_per_day
    return max(1, int(min(total_mg / mg_per_day, 36_600) + 1e-9)) if mg_per_day else None
