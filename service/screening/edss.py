"""The EDSS value of an observation, or None where it is not a value of the scale (1.4)."""

from __future__ import annotations

from service.screening.record import Observation

_SCALE = frozenset({0.0} | {step / 2 for step in range(2, 20)})
# The scale has no unit; people write one all the same, and none of these changes the number.
_UNITS = frozenset({"", "1", "score", "edss", "point", "points"})


def edss_value(observation: Observation) -> float | None:
    """0, or 1.0 to 9.5 in half steps; None for anything else, such as 65, 0.5 or a value in %."""
    quantity = observation.quantity
    if quantity is None or quantity.comparator or bare_unit(quantity.unit) not in _UNITS:
        return None
    return quantity.value if quantity.value in _SCALE else None


def bare_unit(unit: str | None) -> str:
    """A UCUM annotation without its braces, in lower case; "" where there is no unit."""
    return (unit or "").strip().strip("{}").strip().lower()
