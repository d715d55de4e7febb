"""On therapy for osteoporosis, inside the window of the medicine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.criterion import Criterion, Evidence, Parameters, Role
from service.screening.osteoporosis import THERAPIES, THERAPY, therapy_evidence
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement

NEEDS = (
    DataRequirement("MedicationRequest"),
    DataRequirement("MedicationDispense"),
    DataRequirement("MedicationAdministration"),
    DataRequirement("MedicationStatement"),
    DataRequirement("Condition"),
)


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """See `therapy_evidence`."""
    return therapy_evidence(record, parameters, on)


CRITERION = Criterion(
    id="osteoporosis-therapy",
    role=Role.COMPLETION,
    needs=NEEDS,
    find=find,
    looks_for=THERAPY,
    parameters=frozenset(THERAPIES.values()),
)
