"""Weight, height and body mass index, in kilograms, centimetres and kg/m2.

The UCUM unit decides; a number without a unit, or outside what a living adult can have, is not
readable (specification 2.4: BMI 10 to 80, height 100 to 230 cm; the bounds of weight are what
these allow together).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from service.screening.criterion import Weight
from service.screening.measurements import measured, weigh
from service.screening.record import Observation, PatientRecord, ResourceRef

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


@dataclass(frozen=True, slots=True, repr=False)
class Unreadable:
    """One that was measured and cannot be judged; `note` says why, `day` is None without a date."""

    ref: ResourceRef
    day: date | None
    note: str


def _read(
    observations: Sequence[Observation], concept: str, on: date
) -> Iterator[Measure | Unreadable]:
    low, high = _RANGES[concept]
    for observation in observations:
        weight, note = weigh(observation, on)
        if weight is Weight.SEEN:
            continue
        quantity, when = observation.quantity, observation.when
        factor = None if quantity is None else _UNITS[concept].get((quantity.unit or "").strip())
        if quantity is None or factor is None or quantity.comparator:
            note = note or "value or unit not understood"
        elif not low <= quantity.value * factor <= high:
            note = note or "value not possible"
        elif not note and when is not None:
            yield Measure(observation.ref, when.last, round(quantity.value * factor, _EXACT))
        if note:
            yield Unreadable(observation.ref, when.last if when else None, note)


def _sorted(record: PatientRecord, concept: str, on: date) -> list[Measure]:
    observations = measured(record, concept)
    if not observations:
        return []
    measures = [m for m in _read(observations, concept, on) if isinstance(m, Measure)]
    return sorted(measures, key=lambda m: (m.day, m.ref, m.value))


def weights(record: PatientRecord, on: date) -> list[Measure]:
    """Readable weights in kilograms, oldest first."""
    return _sorted(record, "body-weight", on)


def heights(record: PatientRecord, on: date) -> list[Measure]:
    """Readable heights in centimetres, oldest first."""
    return _sorted(record, "body-height", on)


def unreadable(record: PatientRecord, concept: str, on: date, since: date) -> list[Unreadable]:
    """What was measured of one kind since a day, or on none that is known, and cannot be judged."""
    read = _read(measured(record, concept), concept, on)
    found = [m for m in read if isinstance(m, Unreadable) and (m.day is None or m.day >= since)]
    return sorted(found, key=lambda m: (m.day or on, m.ref, m.note))


def body_masses(record: PatientRecord, on: date, since: date) -> list[Measure]:
    """Body mass indices since a day, oldest first; computed where none of them is recorded."""
    recorded = [m for m in _sorted(record, "bmi", on) if m.day >= since]
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
