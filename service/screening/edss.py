"""The EDSS as the chart gives it: values of the scale with their day, and what could not be used.

The scale runs 0, then 1.0 to 9.5 in half steps; 10 is death. It has no unit and no LOINC code
(specification 1.4, 2.1). What was mistyped (65 for 6.5) is not usable, and is never corrected here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from service.screening.criterion import Evidence, Weight
from service.screening.measurements import measured, weigh
from service.screening.record import Observation, PatientRecord, ResourceRef, When

_SCALE = frozenset({0.0} | {step / 2 for step in range(2, 20)})
_NEXT = dict(pairwise(sorted(_SCALE)))
# The scale has no unit; people write one all the same, and none of these changes the number.
_UNITS = frozenset({"", "1", "score", "edss", "point", "points"})


def edss_value(observation: Observation) -> float | None:
    """0, or 1.0 to 9.5 in half steps; None for anything else, such as 65, 0.5 or a value in %."""
    quantity = observation.quantity
    if quantity is None or quantity.comparator or bare_unit(quantity.unit) not in _UNITS:
        return None
    return quantity.value if quantity.value in _SCALE else None


def edss_at_least(observation: Observation) -> float | None:
    """The lowest value of the scale that ">=6.5", ">6" or a range allows; None for anything else.

    It answers whether a line was reached, and is no value to compare with another one.
    """
    quantity = observation.quantity
    if quantity is None or bare_unit(quantity.unit) not in _UNITS or quantity.value not in _SCALE:
        return None
    if quantity.comparator == ">=":
        return quantity.value
    return _NEXT.get(quantity.value) if quantity.comparator == ">" else None


def bare_unit(unit: str | None) -> str:
    """A UCUM annotation without its braces, in lower case; "" where there is no unit."""
    return (unit or "").strip().strip("{}").strip().lower()


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """One usable value; `when` never reaches beyond the day of judgement."""

    when: When
    value: float
    ref: ResourceRef


def edss_readings(record: PatientRecord, on: date) -> tuple[list[Reading], list[Evidence]]:
    """The usable values, oldest first, and evidence of the others: seen, or unclear.

    Of two values of one day the higher comes last.
    """
    readings: list[Reading] = []
    others: list[Evidence] = []
    for observation in measured(record, "edss"):
        weight, note = weigh(observation, on)
        value, when = edss_value(observation), observation.when
        if weight is Weight.COUNTS and value is not None and when is not None:
            day = When(when.first, min(when.last, on))
            readings.append(Reading(day, value, observation.ref))
            continue
        weight = Weight.SEEN if weight is Weight.SEEN else Weight.UNCLEAR
        statement = f"EDSS ({note or 'not a value of the scale'})"
        others.append(Evidence(observation.ref, statement, when.last if when else None, weight))
    readings.sort(key=lambda r: (r.when.last, r.value, r.when.first, r.ref))
    return readings, others
