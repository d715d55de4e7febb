"""Weight, height and body mass index, in kilograms, centimetres and kg/m2.

The UCUM unit decides; a number without a unit, or outside what a living adult can have, is not
readable (specification 2.4: BMI 10 to 80, height 100 to 230 cm; the bounds of weight are what
these allow together).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from service.screening.criterion import Weight
from service.screening.measurements import measured, weigh
from service.screening.record import PatientRecord, ResourceRef

_TO_KILOGRAMS = {"kg": 1.0, "g": 0.001, "[lb_av]": 0.45359237, "lb": 0.45359237, "lbs": 0.45359237}
_TO_CENTIMETRES = {"cm": 1.0, "m": 100.0, "mm": 0.1, "[in_i]": 2.54, "in": 2.54}
_INDEX_UNITS = {"kg/m2": 1.0, "kg/m^2": 1.0, "kg/m²": 1.0, "kg.m-2": 1.0}
_UNITS = {"bmi": _INDEX_UNITS, "body-weight": _TO_KILOGRAMS, "body-height": _TO_CENTIMETRES}
_RANGES = {"bmi": (10.0, 80.0), "body-weight": (10.0, 423.2), "body-height": (100.0, 230.0)}
_EXACT = 6


@dataclass(frozen=True, slots=True, repr=False)
class Measure:
    """One value with its day and source; `note` is "" or says what is special about it."""

    ref: ResourceRef
    day: date
    value: float
    note: str = ""


def _read(record: PatientRecord, concept: str, on: date, *, readable: bool) -> Iterator[Measure]:
    low, high = _RANGES[concept]
    for observation in measured(record, concept):
        weight, note = weigh(observation, on)
        if weight is Weight.SEEN or observation.when is None:
            continue
        quantity = observation.quantity
        factor = None if quantity is None else _UNITS[concept].get((quantity.unit or "").strip())
        if quantity is None or factor is None or quantity.comparator:
            note = note or "value or unit not understood"
        elif not low <= quantity.value * factor <= high:
            note = note or "value not possible"
        if readable and not note and quantity is not None and factor is not None:
            value = round(quantity.value * factor, _EXACT)
            yield Measure(observation.ref, observation.when.last, value)
        elif not readable and note:
            yield Measure(observation.ref, observation.when.last, 0.0, note)


def _sorted(measures: Iterator[Measure]) -> list[Measure]:
    return sorted(measures, key=lambda m: (m.day, m.ref, m.value))


def weights(record: PatientRecord, on: date) -> list[Measure]:
    """Readable weights in kilograms, oldest first."""
    return _sorted(_read(record, "body-weight", on, readable=True))


def heights(record: PatientRecord, on: date) -> list[Measure]:
    """Readable heights in centimetres, oldest first."""
    return _sorted(_read(record, "body-height", on, readable=True))


def unreadable(record: PatientRecord, concept: str, on: date, since: date) -> list[Measure]:
    """Values of one kind since a day that could not be read; `note` says why, `value` is 0."""
    return [m for m in _sorted(_read(record, concept, on, readable=False)) if m.day >= since]


def body_masses(record: PatientRecord, on: date, since: date) -> list[Measure]:
    """Body mass indices since a day, oldest first; computed where none of them is recorded."""
    recorded = [m for m in _sorted(_read(record, "bmi", on, readable=True)) if m.day >= since]
    if recorded:
        return recorded
    tall = heights(record, on)
    if not tall:
        return []
    metres = tall[-1].value / 100
    computed = (
        Measure(w.ref, w.day, round(w.value / metres**2, _EXACT), " (from weight and height)")
        for w in weights(record, on)
        if w.day >= since
    )
    return [m for m in computed if _RANGES["bmi"][0] <= m.value <= _RANGES["bmi"][1]]
