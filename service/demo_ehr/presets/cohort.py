"""How the demo's hospital tells who has MS: a Group, and the patient list of a department.

Their members are the people whose story has MS, as the analysts of a hospital would know them, and
not whom a search for codes finds.
"""

from __future__ import annotations

from collections.abc import Iterable

from service.demo_ehr.chart import MRN_SYSTEM
from service.demo_ehr.codes import JSON
from service.demo_ehr.story import Person

GROUP_ID = "ms-registry"
LIST_ID = "ms-clinic"
LIST_SYSTEM = "https://demo-hospital.example/fhir/sid/patient-list"


def people_with_ms(people: Iterable[Person]) -> list[str]:
    """The ids of those whose story has MS."""
    return [person.id for person in people if person.expected_status != "not-in-cohort"]


def group_of(patient_ids: Iterable[str]) -> JSON:
    """The Group that the hospital's analysts made."""
    return {
        "resourceType": "Group",
        "id": GROUP_ID,
        "type": "person",
        "actual": True,
        "name": "People with MS",
        "member": [{"entity": {"reference": f"Patient/{i}"}} for i in patient_ids],
    }


def list_of(patient_ids: Iterable[str]) -> JSON:
    """The same people as a list of patients of a department."""
    return {
        "resourceType": "List",
        "id": LIST_ID,
        "identifier": [{"system": LIST_SYSTEM, "value": LIST_ID}],
        "status": "current",
        "mode": "working",
        "title": "People with MS",
        "code": {"coding": [{"code": "patients"}]},
        "entry": [{"item": {"reference": f"Patient/{i}"}} for i in patient_ids],
    }


def id_file(patient_ids: Iterable[str], *, by_mrn: bool = False) -> str:
    """The same people as a file with a header, by FHIR id or by record number."""
    return "\n".join(("mrn" if by_mrn else "id", *patient_ids)) + "\n"


__all__ = [
    "GROUP_ID",
    "LIST_ID",
    "LIST_SYSTEM",
    "MRN_SYSTEM",
    "group_of",
    "id_file",
    "list_of",
    "people_with_ms",
]
