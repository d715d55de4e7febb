"""Whose resource it is."""

import pytest

from service.ehr.subject import is_about_no_patient, patient_id_of, referenced
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


GROUP = {"resourceType": "Group", "id": "g"}


@pytest.mark.parametrize(
    ("subject", "is_other"),
    [
        ({"reference": "Patient/1"}, False),
        ({"reference": "Group/1"}, True),
        ({"reference": "https://ehr.example/fhir/Device/1/_history/2"}, True),
        ({"reference": "Location/1"}, True),
        ({"reference": "Group?identifier=1"}, True),
        ({"reference": "Patient?identifier=1"}, False),
        ({"reference": "urn:uuid:1"}, False),
        ({"reference": "urn:uuid:1", "type": "Group"}, True),
        ({"reference": "urn:uuid:1", "type": "Patient"}, False),
        ({"type": "http://hl7.org/fhir/StructureDefinition/Device"}, True),
        ({"type": "Nonsense"}, False),
        ({"identifier": {"value": "1"}}, False),
        ({"reference": "#g"}, True),
        ({"reference": "#p"}, False),
        ({"reference": "#nobody"}, False),
        ({"reference": 5, "type": 5}, False),
        ({}, False),
        ("Group/1", False),
    ],
)
def test_a_reference_that_tells_of_another_type_is_about_no_patient(subject, is_other):
    contained = ["?", GROUP, {"resourceType": "Patient", "id": "p"}]
    resource = {"resourceType": "Observation", "subject": subject, "contained": contained}
    assert is_about_no_patient(resource) == is_other


def test_a_contained_subject_that_is_not_there_may_be_anybody():
    resource = {"resourceType": "Observation", "subject": {"reference": "#g"}, "contained": GROUP}
    assert not is_about_no_patient(resource)


def test_the_patient_of_a_device_counts_where_there_is_no_subject():
    assert is_about_no_patient({"resourceType": "Device", "patient": {"reference": "Group/1"}})


def test_a_task_says_whom_it_is_for():
    assert is_about_no_patient({"resourceType": "Task", "for": {"reference": "Group/1"}})


@pytest.mark.parametrize(
    ("participants", "patient"),
    [
        ([{"actor": {"reference": "Patient/1"}}], "1"),
        ([{"actor": {"reference": "Practitioner/2"}}, {"actor": {"reference": "Patient/1"}}], "1"),
        ([{"actor": {"reference": "Patient/1"}}, {"actor": {"reference": "Patient/2"}}], None),
        ([{"actor": {"display": "Anna"}}, "Patient/1", {}], None),
        ("Patient/1", None),
        (None, None),
    ],
)
def test_an_appointment_is_about_the_one_patient_who_takes_part(participants, patient):
    assert patient_id_of({"resourceType": "Appointment", "participant": participants}) == patient
