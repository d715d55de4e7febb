"""Injected or swallowed, and only as needed."""

from __future__ import annotations

import pytest

from service.ehr.injected import is_as_needed, is_injected
from service.ehr.medicines import medication_use
from service.screening.record import MedicationUse
from service.screening.value_sets import packaged_vocabulary
from tests.lib.patients import given, ordered, rxnorm

SNOMED = "http://snomed.info/sct"


@pytest.mark.parametrize(
    "name",
    [
        "1 ML medroxyprogesterone acetate 150 MG/ML Injection",
        "medroxyprogesterone 150 mg/mL vial",
        "medroxyprogesterone prefilled syringe",
        "Depo-Provera",
        "medroxyprogesterone depot",
        "MEDROXYPROGESTERONE INTRAMUSCULAR",
    ],
)
def test_an_injection_is_told_by_its_name_or_form(name):
    assert is_injected({}, (name,)) is True


@pytest.mark.parametrize(
    "name", ["medroxyprogesterone acetate 5 MG Oral Tablet", "Provera 10 mg tabs"]
)
def test_a_tablet_is_told_by_its_name_or_form(name):
    assert is_injected({}, (name,)) is False


@pytest.mark.parametrize("name", ["medroxyprogesterone", "", "depository", "capsicum"])
def test_a_bare_name_tells_neither(name):
    assert is_injected({}, (name,)) is None


@pytest.mark.parametrize(
    ("coding", "expected"),
    [
        ({"system": SNOMED, "code": "78421000"}, True),
        ({"system": SNOMED, "code": "26643006"}, False),
        ({"system": "urn:local", "code": "IM"}, True),
        ({"system": "urn:local", "code": "7", "display": "Subcutaneous"}, True),
        ({"system": "urn:local", "code": "7", "display": "By mouth"}, False),
        ({"system": "urn:local", "code": "7"}, None),
    ],
)
def test_the_route_is_told_by_its_codes_and_displays(coding, expected):
    assert is_injected({"dosage": {"route": {"coding": [coding]}}}, ()) is expected


def test_the_route_goes_before_the_form():
    resource = {"dosageInstruction": [{"route": {"text": "intramuscular"}}]}
    assert is_injected(resource, ("medroxyprogesterone tablet",)) is True


@pytest.mark.parametrize(
    ("dosages", "expected"),
    [
        ([{"asNeededBoolean": True}], True),
        ([{"asNeededCodeableConcept": {"text": "sleep"}}], True),
        ([{"asNeededBoolean": True}, {"text": "at night"}], False),
        ([{"asNeededBoolean": False}], False),
        ([{"asNeededBoolean": "true"}], False),
        ([], False),
    ],
)
def test_only_what_every_instruction_calls_as_needed_is(dosages, expected):
    assert is_as_needed({"dosageInstruction": dosages}) is expected


def test_an_order_carries_both():
    order = ordered(rxnorm("6691"), on="2026-03-01", route="intramuscular")
    order["dosageInstruction"][0]["asNeededBoolean"] = True
    use = medication_use(order | {"id": "1"}, {}, packaged_vocabulary())
    assert isinstance(use, MedicationUse)
    assert (use.is_injected, use.is_as_needed) == (True, True)


def test_an_administration_carries_its_route():
    injection = given(rxnorm("6691"), on="2026-03-01", route="subcutaneous") | {"id": "1"}
    use = medication_use(injection, {}, packaged_vocabulary())
    assert isinstance(use, MedicationUse)
    assert use.is_injected is True
