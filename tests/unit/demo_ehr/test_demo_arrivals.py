"""Facts that arrive later fit into the charts that are there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from service.demo_ehr.arrivals import (
    a_diagnosis_is_refuted,
    a_dxa_arrives,
    a_dxa_is_ordered,
    a_fracture_arrives,
    a_refusal_arrives,
)
from service.demo_ehr.people import make_people
from service.demo_ehr.story import Person

TODAY = date(2026, 11, 22)
Arrival = Callable[[str, date], list[dict[str, Any]]]
ARRIVALS = (a_dxa_arrives, a_dxa_is_ordered, a_fracture_arrives, a_refusal_arrives)


@pytest.fixture(scope="module")
def people() -> dict[str, Person]:
    return {person.id: person for person in make_people(TODAY)}


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_an_arrival_is_valid_and_about_the_person(arrival: Arrival) -> None:
    for resource in arrival("edss-six-point-five-01", TODAY):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        assert resource["subject"] == {"reference": "Patient/edss-six-point-five-01"}


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_an_arrival_loaded_twice_is_one_fact(arrival: Arrival) -> None:
    assert arrival("edss-six-point-five-01", TODAY) == arrival("edss-six-point-five-01", TODAY)


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_an_arrival_has_ids_that_are_new_and_short_enough_for_everybody(
    arrival: Arrival, people: dict[str, Person]
) -> None:
    for person in people.values():
        there = {(found["resourceType"], found["id"]) for found in person.resources}
        new = {(found["resourceType"], found["id"]) for found in arrival(person.id, TODAY)}
        assert not there & new
        assert max(len(resource_id) for _, resource_id in new) <= 64


def test_a_dxa_brings_a_scan_a_report_and_a_t_score_of_minus_one_point_two() -> None:
    arrived = {found["resourceType"]: found for found in a_dxa_arrives("somebody", TODAY)}
    assert arrived.keys() == {"Procedure", "DiagnosticReport", "Observation"}
    assert arrived["Observation"]["valueQuantity"]["value"] == -1.2
    assert arrived["DiagnosticReport"]["result"] == [
        {"reference": f"Observation/{arrived['Observation']['id']}"}
    ]


def test_a_refuted_diagnosis_keeps_its_id_and_refutes_every_ms_condition(
    people: dict[str, Person],
) -> None:
    person = people["ms-in-two-code-systems-01"]
    refuted = a_diagnosis_is_refuted(person)
    assert [found["id"] for found in refuted] == [f"{person.id}-condition-{n}" for n in (1, 2)]
    for found in refuted:
        assert found["verificationStatus"]["coding"][0]["code"] == "refuted"


def test_refuting_leaves_other_diagnoses_and_the_person_alone(people: dict[str, Person]) -> None:
    person = people["osteoporosis-untreated-01"]
    refuted = a_diagnosis_is_refuted(person)
    assert len(refuted) == 1
    first = person.resources[1]
    assert first["verificationStatus"]["coding"][0]["code"] == "confirmed"


def test_everybody_with_ms_has_a_diagnosis_to_refute(people: dict[str, Person]) -> None:
    with_ms = [p for p in people.values() if p.expected_status != "not-in-cohort"]
    assert [person.id for person in with_ms if not a_diagnosis_is_refuted(person)] == []
