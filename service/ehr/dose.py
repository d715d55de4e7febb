"""How much one dose is: FHIR doseAndRate, and the dosage of an administration -> milligrams.

A newcomer would get three things wrong. The entries of `doseAndRate` are alternatives (ordered
"1 mg/kg", calculated "70 mg"), so the first that gives milligrams stands. A dose range counts with
its low end, because criteria ask for "at least"; a range without one cannot be told. And a rate is
a dose only with the time for which it runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.ehr.amount import Amount, Strength, amount_of, milligrams
from service.ehr.fields import Json, object_in, objects_in
from service.ehr.timing import days_of

NO_DOSE = "its dose is not stated"
NO_STRENGTH = "its dose is in units of the product and the strength is not known"
NO_UNIT = "its dose has no unit that could be understood"
NO_LOW_END = "its dose is a range without a low end"
NO_DURATION = "it is an infusion rate without a duration"


@dataclass(frozen=True, slots=True, repr=False)
class Dose:
    """Milligrams (or mg per kg) of one dose; of the whole day where `is_daily`.

    `most_mg` is the maximum of a dose per kilogram, None without one.
    """

    mg: float = 0.0
    per_kg: bool = False
    is_daily: bool = False
    problem: str = ""
    most_mg: float | None = None


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


def plain_milligrams(amount: Amount | None, strength: Strength) -> float | None:
    """Milligrams of an amount that is neither per kilogram nor a rate; None for any other."""
    if amount is None or amount.unit.per_kg or amount.unit.per_hours is not None:
        return None
    return milligrams(amount, strength)
