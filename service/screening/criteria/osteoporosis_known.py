"""Osteoporosis is known: the screening question is answered, and treatment is the next one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.bone_density import OSTEOPOROSIS_T, SCAN_PARAMETERS
from service.screening.criterion import Criterion, Evidence, Parameters, Role
from service.screening.osteoporosis import OSTEOPOROSIS, osteoporosis_evidence
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """See `osteoporosis_evidence`; a Z-score never makes osteoporosis known."""
    return osteoporosis_evidence(record, parameters, on)


CRITERION = Criterion(
    id="osteoporosis-known",
    role=Role.COMPLETION,
    # Without the birth date no T-score applies; a forearm's needs its scan, and reports conclude.
    needs=(
        DataRequirement("Patient"),
        DataRequirement("Condition"),
        DataRequirement("Observation", ("dxa-central",)),
        DataRequirement("Procedure"),
        DataRequirement("DiagnosticReport"),
    ),
    find=find,
    looks_for=OSTEOPOROSIS,
    parameters=SCAN_PARAMETERS | {OSTEOPOROSIS_T},
)
