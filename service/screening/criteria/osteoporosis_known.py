"""Osteoporosis is known: the screening question is answered, and treatment is the next one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.criterion import Criterion, Evidence, Parameters, Role
from service.screening.osteoporosis import osteoporosis_evidence
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement


def find(record: PatientRecord, _parameters: Parameters, on: date) -> Iterator[Evidence]:
    """See `osteoporosis_evidence`; a Z-score never makes osteoporosis known."""
    return osteoporosis_evidence(record, on)


CRITERION = Criterion(
    id="osteoporosis-known",
    role=Role.COMPLETION,
    needs=(
        DataRequirement("Condition"),
        DataRequirement("Observation", ("dxa-central",)),
    ),
    find=find,
)
