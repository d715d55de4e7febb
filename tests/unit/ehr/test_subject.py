"""Whose resource it is."""

import pytest

from service.ehr.subject import patient_id_of, referenced
from service.screening.record import ResourceRef


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/1",
        "https://ehr.example.org/fhir/Patient/1",
        "Patient/1/_history/3",
        "/Patient/1/",
    ],
)
def test_every_spelling_of_a_reference_is_understood(reference):
    assert referenced({"reference": reference}) == ResourceRef("Patient", "1")


@pytest.mark.parametrize(
    "reference",
    [
        None,
        "Patient/1",
        {},
        {"reference": 3},
        {"reference": "#p"},
        {"reference": "urn:uuid:0"},
        {"reference": "1"},
        {"reference": "patient/1"},
        {"identifier": {"value": "1"}},
    ],
)
def test_a_reference_that_names_no_resource_is_none(reference):
    assert referenced(reference) is None


@pytest.mark.parametrize(
    ("resource", "patient"),
    [
        ({"resourceType": "Patient", "id": "1"}, "1"),
        ({"resourceType": "Patient"}, None),
        ({"resourceType": "Condition", "subject": {"reference": "Patient/1"}}, "1"),
        ({"resourceType": "Device", "patient": {"reference": "Patient/1"}}, "1"),
        ({"resourceType": "Observation", "subject": {"reference": "Group/1"}}, None),
        ({"resourceType": "Device"}, None),
        ({"resourceType": "Condition", "subject": {"reference": "Patient/"}}, None),
        ({"resourceType": "Condition", "subject": {"reference": "Patient/1?x=Patient/2"}}, "1"),
        ({"resourceType": "Condition", "subject": {"reference": "Patient/1/_history/2"}}, "1"),
    ],
)
def test_a_resource_is_about_its_subject_or_patient(resource, patient):
    assert patient_id_of(resource) == patient
