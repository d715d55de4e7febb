"""MSO-01: a progressive course, told by the MS code itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.criterion import Criterion, Evidence, Parameters, Role
from service.screening.diagnoses import coded, evidence_of, weigh
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement


def find(record: PatientRecord, _parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Any believed progressive MS code, ever."""
    for condition in coded(record, "multiple-sclerosis-progressive"):
        yield evidence_of(condition, "progressive multiple sclerosis", *weigh(condition, on))


CRITERION = Criterion(
    id="progressive-course",
    role=Role.RISK_FACTOR,
    needs=(DataRequirement("Condition"),),
    find=find,
    looks_for=frozenset({"multiple-sclerosis-progressive"}),
)
