"""GAP-01: osteoporosis is known and nothing visible treats it. Not a screening alert.

Unknown never fires: where the orders for medicines could not be read, or a therapy record could not
be understood, the gap is unclear.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.bone_density import OSTEOPOROSIS_T, SCAN_PARAMETERS
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.osteoporosis import (
    OSTEOPOROSIS,
    THERAPIES,
    osteoporosis_evidence,
    therapy_evidence,
)
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement

NEEDS = (
    DataRequirement("Condition"),
    DataRequirement("Observation", ("dxa-central",)),
    DataRequirement("MedicationRequest"),
    DataRequirement("MedicationDispense"),
    DataRequirement("MedicationAdministration"),
    DataRequirement("MedicationStatement"),
)


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """The evidence of osteoporosis, weighed by what is known of therapy."""
    therapy = list(therapy_evidence(record, parameters, on))
    is_treated = any(e.weight is Weight.COUNTS for e in therapy)
    is_open = any(e.weight is Weight.UNCLEAR for e in therapy) or bool(
        record.wanting & {need.type for need in NEEDS}
    )
    for evidence in osteoporosis_evidence(record, parameters, on):
        weight = evidence.weight
        if weight is Weight.COUNTS and is_treated:
            weight = Weight.SEEN
        elif weight is Weight.COUNTS and is_open:
            weight = Weight.UNCLEAR
        yield Evidence(evidence.source, evidence.statement, evidence.date, weight)


CRITERION = Criterion(
    id="treatment-gap",
    role=Role.COMPLETION,
    # What else tells that osteoporosis is known, as for `osteoporosis-known`.
    needs=(
        *NEEDS,
        DataRequirement("Patient"),
        DataRequirement("Procedure"),
        DataRequirement("DiagnosticReport"),
    ),
    find=find,
    looks_for=OSTEOPOROSIS,
    parameters=frozenset(THERAPIES.values()) | SCAN_PARAMETERS | {OSTEOPOROSIS_T},
)
