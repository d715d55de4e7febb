"""What one record says about a glucocorticoid: days with a dose, and what of it is unclear.

A newcomer would get two things wrong.

The end of a record is what it states. Else it is the end of its supply; else, for a stopped or
completed record, the last day on which it can have ended; else, for an active one, the day of
judgement, provided that it was written, renewed or dispensed in the last 12 months (specification,
section 7). A prescription is not followed longer than 12 months after it was last renewed, so an
ended record whose end is not told is taken to be over by then, and to be unclear before. An order
without an end whose doses are recorded as given ends with the last of them, unless it was renewed
or dispensed later: orders of a ward stay open for months after three infusions. Where nothing says
how many of a pulse dose were given, an open order of it cannot be judged: nobody takes that daily.

And a bare name says nothing about the route: `SYSTEMIC_WHEN_UNSTATED` says what it is taken for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from service.screening.dates import add_months
from service.screening.prednisone_equivalents import Equivalents
from service.screening.record import DoseStep, MedicationUse, ResourceRef

UNSPECIFIED = "glucocorticoid-unspecified"
NOT_SYSTEMIC = "glucocorticoid-not-systemic"
ORAL_PRODUCT = "glucocorticoid-oral-product"

# What a record without any route or form is taken for. These are given by mouth or vein unless the
# chart says otherwise (their creams, drops and enemas are named as such), and the ATC group H02AB
# and the oral products are systemic by definition. The others (dexamethasone, hydrocortisone,
# betamethasone, triamcinolone) are as often local, so a bare name cannot be judged.
# Local decision, unconfirmed.
SYSTEMIC_WHEN_UNSTATED = frozenset(
    {
        "glucocorticoid-prednisone",
        "glucocorticoid-prednisolone",
        "glucocorticoid-methylprednisolone",
        "glucocorticoid-cortisone",
        "glucocorticoid-deflazacort",
        ORAL_PRODUCT,
        UNSPECIFIED,
    }
)

NO_DOSE = "its dose is not stated"
NO_START = "it has no date"
NO_EXACT_START = "the day on which it began is not known"
NO_END = "its end is not stated"
NO_RENEWAL = "it is active without an end and was not renewed in the last 12 months"
NO_PULSE_END = "it is a pulse dose without an end"
NO_STATUS = "its status could not be understood"
NO_ROUTE = "neither its route nor its form says whether it is systemic"
NO_INGREDIENT = "it does not say which glucocorticoid it is"
SEVERAL_INGREDIENTS = "it names more than one glucocorticoid"
NO_WEIGHT = "its dose is per kilogram and there is no weight"


@dataclass(frozen=True, slots=True, repr=False)
class UnclearUse:
    """A systemic glucocorticoid inside the period that cannot be judged, and why.

    `first` is None where it has no date; `last` is the last day that it can have lasted.
    """

    source: ResourceRef
    reason: str
    first: date | None
    last: date


@dataclass(frozen=True, slots=True, repr=False)
class Stay:
    """Days from `first` to `last` on which a record gives `mg` of its ingredient a dosing day."""

    first: date
    last: date
    mg: float
    interval_days: float

    def days(self, since: date, until: date) -> Iterator[date]:
        """The dosing days between two days, both included."""
        if self.interval_days == 1:  # Nearly every record; a year of it is judged often.
            first, last = max(since, self.first), min(until, self.last)
            yield from map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
            return
        length = (min(until, self.last) - self.first).days
        number = max(0, math.floor((since - self.first).days / self.interval_days))
        while (offset := math.floor(number * self.interval_days + 1e-9)) <= length:
            day = self.first + timedelta(days=offset)
            if day >= since:
                yield day
            number += 1


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """What one record says: the stays that can be told, and what of it is unclear."""

    use: MedicationUse
    ingredient: str
    stays: list[Stay] = field(default_factory=list)
    unclear: list[UnclearUse] = field(default_factory=list)


def is_relevant(use: MedicationUse, factors: Mapping[str, float]) -> bool:
    """Whether it is a glucocorticoid that counts, or may count, as systemic."""
    return (
        use.counts is not False
        and use.route != "local"
        and NOT_SYSTEMIC not in use.concepts
        and (UNSPECIFIED in use.concepts or not use.concepts.isdisjoint(factors))
    )


def _ingredient(use: MedicationUse, factors: Mapping[str, float]) -> str:
    """The ingredient that a factor is known for, or the reason why there is none.

    Two names with one factor (prednisone and prednisolone) are no contradiction.
    """
    named = sorted(use.concepts & factors.keys())
    if not named:
        return NO_INGREDIENT
    return named[0] if len({factors[n] for n in named}) == 1 else SEVERAL_INGREDIENTS


def dispenses_by_ingredient(
    uses: Iterable[MedicationUse], factors: Mapping[str, float]
) -> dict[str, list[tuple[date, MedicationUse]]]:
    """Per ingredient the dispenses with their days, which renew the orders behind them."""
    found: dict[str, list[tuple[date, MedicationUse]]] = {}
    for use in uses:
        if use.kind == "dispense" and use.counts and use.renewed is not None:
            found.setdefault(_ingredient(use, factors), []).append((use.renewed.first, use))
    return found


def last_given(uses: Iterable[MedicationUse]) -> dict[ResourceRef, date]:
    """For each order the last day on which a dose of it is recorded as given."""
    found: dict[ResourceRef, date] = {}
    for use in uses:
        if use.kind == "administration" and use.counts and use.end is not None:
            for ref in use.based_on:
                found[ref] = max(use.end.last, found.get(ref, date.min))
    return found


def read_use(
    use: MedicationUse,
    equivalents: Equivalents,
    dispensed: Mapping[str, Sequence[tuple[date, MedicationUse]]],
    given: date | None,
    weight_kg: float | None,
    on: date,
) -> Reading:
    """Judge one record: the reasons that concern it whole, then each of its dosage instructions.

    `given` is the last day on which a dose of it was given, where that is recorded; `weight_kg` is
    None where no weight is known; an active record lasts until `on` at most.
    """
    reading = Reading(use, _ingredient(use, equivalents.factors))
    renewed = _renewed(use, dispensed.get(reading.ingredient, ()))
    whole = _reason_against_all(use, reading.ingredient)
    for step in use.steps or (DoseStep(problem=NO_DOSE),):
        first = step.first or (use.start.last if use.start else None)
        last, problem = _end(use, step, first, renewed, given, equivalents.renewal_months, on)
        mg = _milligrams(step, weight_kg)
        reason = whole or _undated(first) or problem or (mg if isinstance(mg, str) else "")
        if not reason and not isinstance(mg, str) and _is_open(use, step) and last == on:
            is_pulse = mg * equivalents.factors[reading.ingredient] >= equivalents.pulse_mg
            reason = NO_PULSE_END if is_pulse else ""
        _read_step(reading, step.interval_days, mg, reason, first, last)
    return reading


def read_event(use: MedicationUse, given: date | None, renewal_months: float, on: date) -> Reading:
    """Judge the days of a record of which no dose is asked; every day of it is one with 1 mg."""
    reading = Reading(use, "")
    renewed = _renewed(use, ())
    for step in use.steps or (DoseStep(),):
        first = step.first or (use.start.last if use.start else None)
        last, problem = _end(use, step, first, renewed, given, renewal_months, on)
        whole = NO_STATUS if use.counts is None else ""
        _read_step(
            reading, step.interval_days, 1.0, whole or _undated(first) or problem, first, last
        )
    return reading


def _read_step(
    reading: Reading,
    interval_days: float,
    mg: float | str,
    reason: str,
    first: date | None,
    last: date,
) -> None:
    """Add the stay of one instruction, or why it cannot be told; `mg` may be a reason itself."""
    use = reading.use
    if first is None:
        reading.unclear.append(UnclearUse(use.ref, reason, None, last))
        return
    earliest = use.start.first if use.start and first == use.start.last else first
    if reason:
        reading.unclear.append(UnclearUse(use.ref, reason, earliest, last))
        return
    if earliest < first:
        # A date given as a month or a year. What lasted longer than that was surely taken on the
        # days after it; what is shorter may lie anywhere before.
        if last - first < first - earliest:
            reading.unclear.append(UnclearUse(use.ref, NO_EXACT_START, earliest, last))
            return
        before = first - timedelta(days=1)
        reading.unclear.append(UnclearUse(use.ref, NO_EXACT_START, earliest, before))
    if not isinstance(mg, str) and mg > 0:
        reading.stays.append(Stay(first, last, mg, interval_days))


def _undated(first: date | None) -> str:
    return NO_START if first is None else ""


def _reason_against_all(use: MedicationUse, ingredient: str) -> str:
    if use.counts is None:
        return NO_STATUS
    if use.route == "unclear" or (
        use.route == "unstated" and use.concepts.isdisjoint(SYSTEMIC_WHEN_UNSTATED)
    ):
        return NO_ROUTE
    return ingredient if ingredient in (NO_INGREDIENT, SEVERAL_INGREDIENTS) else ""


def _milligrams(step: DoseStep, weight_kg: float | None) -> float | str:
    """Milligrams of the drug on a dosing day, or why they cannot be told."""
    if step.mg_per_day is not None:
        return step.mg_per_day
    if step.mg_per_kg_per_day is None:
        return step.problem or NO_DOSE
    if weight_kg is None:
        return NO_WEIGHT
    mg = step.mg_per_kg_per_day * weight_kg
    return mg if step.most_mg_per_day is None else min(mg, step.most_mg_per_day)


def _renewed(use: MedicationUse, dispensed: Sequence[tuple[date, MedicationUse]]) -> date | None:
    """The newest day on which it is known to have been written, renewed or dispensed.

    A dispense that names no order at all speaks for every order of its ingredient; what was handed
    over or given once is renewed by nothing.
    """
    if use.kind in ("dispense", "administration"):
        return use.renewed.first if use.renewed is not None else None
    days = [day for day, d in dispensed if not d.based_on or use.ref in d.based_on]
    if use.renewed is not None:
        days.append(use.renewed.first)
    return max(days, default=None)


def _is_open(use: MedicationUse, step: DoseStep) -> bool:
    return use.is_open_ended and _stated_end(use, step) is None


def _stated_end(use: MedicationUse, step: DoseStep) -> date | None:
    """The end that a record gives, by its instruction, its period or its supply."""
    stated = step.last or (use.end.first if use.end else None) or use.supplied_until
    if use.kind == "dispense" and stated is not None and use.supplied_until is not None:
        # The instruction is a copy of the order's; what was handed over ends earlier.
        return min(stated, use.supplied_until)
    return stated


def _end(
    use: MedicationUse,
    step: DoseStep,
    first: date | None,
    renewed: date | None,
    given: date | None,
    renewal_months: float,
    on: date,
) -> tuple[date, str]:
    """The last day of a step; with a reason where it is only the last *possible* day."""
    stated = _stated_end(use, step)
    if stated is not None:
        return min(stated, use.stopped_on or stated), ""
    if given is not None and (renewed is None or renewed <= given):
        return min(given, on), ""
    if use.is_open_ended:
        is_recent = renewed is not None and renewed >= add_months(on, -renewal_months)
        return on, "" if is_recent else NO_RENEWAL
    known = renewed or first
    lapsed = add_months(known, renewal_months) if known else on
    if use.stopped_on is not None and use.stopped_on <= lapsed:
        return use.stopped_on, ""
    return lapsed, NO_END
