"""Irrelevant resources in a realistic volume, for benchmarks: visits, vital signs, laboratory.

Nothing here may matter to any criterion: no weight or height, no vitamin D, no medicine. The code
and category objects are shared between resources to keep a million of them in memory; treat what
comes out as read-only.
"""

from __future__ import annotations

import random
from datetime import date, timedelta

from service.demo_ehr.codes import JSON, LOINC, Code, concept, status_concept
from service.demo_ehr.measurements import quantity

_VITAL = [status_concept("observation-category", "vital-signs")]
_LABORATORY = [status_concept("observation-category", "laboratory")]
_MEASURED = tuple(
    (category, concept(Code(LOINC, code, display)), unit, low, high)
    for category, code, display, unit, low, high in (
        (_VITAL, "8867-4", "Heart rate", "/min", 52, 104),
        (_VITAL, "8480-6", "Systolic blood pressure", "mm[Hg]", 98, 162),
        (_VITAL, "8462-4", "Diastolic blood pressure", "mm[Hg]", 58, 96),
        (_VITAL, "8310-5", "Body temperature", "Cel", 36, 38),
        (_LABORATORY, "718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 11, 16),
        (_LABORATORY, "6690-2", "Leukocytes [#/volume] in Blood", "10*3/uL", 4, 11),
        (_LABORATORY, "2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", 70, 130),
        (_LABORATORY, "1742-6", "Alanine aminotransferase in Serum or Plasma", "U/L", 8, 60),
    )
)
_CLASS = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
_VACCINE = concept(text="Influenza vaccine")


def background_resources(patient_id: str, on: date, seed: int, how_many: int) -> list[JSON]:
    """`how_many` resources of the last ten years that no criterion reads."""
    draw = random.Random(f"{seed}/noise/{patient_id}")  # noqa: S311 - invented people, no secrets
    subject = {"reference": f"Patient/{patient_id}"}
    return [_resource(f"{patient_id}-n{number}", subject, on, draw) for number in range(how_many)]


def _resource(resource_id: str, subject: JSON, on: date, draw: random.Random) -> JSON:
    day = (on - timedelta(days=int(draw.random() * 3650) + 1)).isoformat()
    kind = int(draw.random() * 10)
    if kind == 0:
        return {
            "resourceType": "Encounter",
            "id": resource_id,
            "status": "finished",
            "class": _CLASS,
            "subject": subject,
            "period": {"start": day, "end": day},
        }
    if kind == 1:
        return {
            "resourceType": "Immunization",
            "id": resource_id,
            "status": "completed",
            "vaccineCode": _VACCINE,
            "patient": subject,
            "occurrenceDateTime": day,
        }
    category, code, unit, low, high = _MEASURED[int(draw.random() * len(_MEASURED))]
    return {
        "resourceType": "Observation",
        "id": resource_id,
        "status": "final",
        "category": category,
        "code": code,
        "subject": subject,
        "effectiveDateTime": day,
        "valueQuantity": quantity(round(low + draw.random() * (high - low), 1), unit),
    }
