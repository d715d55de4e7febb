"""How an observation weighs before its value is looked at, line by line."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from service.screening.criterion import Weight
from service.screening.measurements import CONTRADICTED, weigh, weigh_event
from service.screening.record import Observation, ResourceRef, When

ON = date(2026, 11, 22)


def an_observation(**fields: Any) -> Observation:
    """A final observation of the day of judgement, with other fields where given."""
    plain = {
        "ref": ResourceRef("Observation", "o1"),
        "concepts": frozenset({"edss"}),
        "codings": (),
        "status": "final",
        "when": When.day(ON),
        "has_value": True,
    }
    return Observation(**{**plain, **fields})


@pytest.mark.parametrize(
    ("fields", "weight"),
    [
        ({}, Weight.COUNTS),
        ({"status": "withdrawn"}, Weight.SEEN),
        ({"status": "not-final"}, Weight.SEEN),
        ({"is_absent": True, "has_value": False}, Weight.SEEN),
        ({"is_absent": True}, Weight.UNCLEAR),
        ({"is_absent": True, "status": "withdrawn"}, Weight.SEEN),
        ({"is_absent": True, "when": None}, Weight.UNCLEAR),
        ({"when": When.day(date(2026, 11, 23))}, Weight.SEEN),
        ({"status": "unclear"}, Weight.UNCLEAR),
        ({"when": None}, Weight.UNCLEAR),
    ],
)
def test_an_observation_weighs_by_its_status_and_date(fields: Any, weight: Weight) -> None:
    assert weigh(an_observation(**fields), ON)[0] is weight


def test_what_contradicts_itself_says_so() -> None:
    assert weigh(an_observation(is_absent=True), ON)[1] == CONTRADICTED


@pytest.mark.parametrize(
    ("fields", "weight"),
    [
        ({"is_absent": True}, Weight.COUNTS),
        ({"is_absent": True, "has_value": False}, Weight.SEEN),
        ({"is_absent": True, "when": None}, Weight.UNCLEAR),
    ],
)
def test_that_something_was_measured_stands_although_its_value_contradicts_itself(
    fields: Any, weight: Weight
) -> None:
    assert weigh_event(an_observation(**fields), ON)[0] is weight
