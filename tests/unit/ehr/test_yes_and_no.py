"""An answer that says yes or no by a code is read as true or false."""

from __future__ import annotations

from typing import Any

import pytest

from service.ehr.parse import RecordParser
from service.screening.record import Observation
from service.screening.value_sets import packaged_vocabulary
from tests.lib.patients import Code, concept, loinc, observation, snomed

STICK = snomed("105504002")


def read(code: Code, **answer: Any) -> tuple[Observation, ...]:
    raw = {**observation(code, on="2026-01-01", **answer), "id": "o"}
    parser = RecordParser(packaged_vocabulary())
    return parser.record("p", {"Observation": [raw]}).observations


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"valueBoolean": True}, True),
        ({"valueBoolean": False}, False),
        ({"valueBoolean": "true"}, None),
        ({"valueCodeableConcept": concept(loinc("LA33-6"))}, True),
        ({"valueCodeableConcept": concept(snomed("373066001"))}, True),
        ({"valueCodeableConcept": concept(loinc("LA32-8"))}, False),
        ({"valueCodeableConcept": concept(snomed("373067005"))}, False),
        ({"valueCodeableConcept": concept(loinc("LA33-6"), snomed("373066001"))}, True),
        ({"valueCodeableConcept": concept(loinc("LA33-6"), loinc("LA32-8"))}, None),
        ({"valueCodeableConcept": concept(text="yes")}, None),
        ({}, None),
    ],
)
def test_a_code_for_yes_or_no_is_an_answer(answer: dict[str, Any], said: bool | None) -> None:
    (read_observation,) = read(STICK, **answer)
    assert read_observation.boolean is said


def test_a_yes_to_a_question_that_is_not_ours_is_not_kept() -> None:
    assert read(loinc("45606-1"), valueCodeableConcept=concept(loinc("LA33-6"))) == ()


def test_an_answer_of_ours_to_a_question_that_is_not_ours_is_kept() -> None:
    assert len(read(loinc("45606-1"), valueCodeableConcept=concept(STICK))) == 1
