"""The seventh character of ICD-10-CM."""

from __future__ import annotations

import pytest

from service.screening.injuries import visit_of
from service.screening.record import NO_CONCEPTS, Coding, Condition, ResourceRef
from service.screening.value_sets import ICD10CM, SNOMED


def condition(*codings: Coding) -> Condition:
    return Condition(
        ResourceRef("Condition", "c"),
        NO_CONCEPTS,
        codings,
        "confirmed",
        "active",
        is_encounter_diagnosis=True,
        onset=None,
        recorded=None,
    )


@pytest.mark.parametrize(
    ("code", "visit"),
    [
        ("S52501A", "active"),
        ("S52501C", "active"),
        ("S52501D", "follow-up"),
        ("S52501R", "follow-up"),
        ("S52501S", "late effect"),
        ("W19XXXA", "active"),
        ("W19XXXD", "follow-up"),
        ("W19XXXS", "late effect"),
        ("W19", "active"),
    ],
)
def test_the_seventh_character_tells_the_event_from_what_came_after(code: str, visit: str) -> None:
    assert visit_of(condition(Coding(ICD10CM, code))) == visit


def test_a_code_of_another_system_has_no_seventh_character() -> None:
    assert visit_of(condition(Coding(SNOMED, "191200D"))) == "active"


def test_the_icd_code_beside_another_code_is_asked() -> None:
    codings = Coding(SNOMED, "1912002"), Coding(ICD10CM, "W19XXXD")
    assert visit_of(condition(*codings)) == "follow-up"
