"""The EDSS: its scale, and what a bound tells."""

from __future__ import annotations

import pytest

from service.screening.edss import edss_at_least, edss_value
from service.screening.record import NO_CONCEPTS, Observation, Quantity, ResourceRef


def told(quantity: Quantity | None) -> Observation:
    ref = ResourceRef("Observation", "o")
    return Observation(ref, NO_CONCEPTS, (), "final", None, True, quantity=quantity)


@pytest.mark.parametrize(
    ("value", "unit", "comparator", "least"),
    [
        (6.5, None, ">=", 6.5),
        (6.5, "{score}", ">", 7.0),
        (0, None, ">", 1.0),
        (0, None, ">=", 0),
        (9.5, None, ">", None),
        (9.5, None, ">=", 9.5),
        (6.3, None, ">=", None),
        (65, None, ">=", None),
        (6.5, "%", ">=", None),
        (6.5, None, "<=", None),
        (6.5, None, "", None),
    ],
)
def test_a_lower_bound_is_the_lowest_value_of_the_scale_that_it_allows(
    value: float, unit: str | None, comparator: str, least: float | None
) -> None:
    assert edss_at_least(told(Quantity(value, unit, comparator))) == least


def test_without_a_number_there_is_no_bound() -> None:
    assert edss_at_least(told(None)) is None


def test_a_bound_is_no_value_to_compare_with_another() -> None:
    assert edss_value(told(Quantity(6.5, None, ">="))) is None
