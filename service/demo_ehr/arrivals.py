"""Facts that arrive in a chart after the first look: what makes a demo move.

Each function returns resources to load on top of what is there. The ids are made of the person
and the day, so the same arrival loaded twice is still one fact.
"""

from __future__ import annotations

import copy
from datetime import date

from service.demo_ehr import codes
from service.demo_ehr.codes import JSON, Code, concept, status_concept
from service.demo_ehr.diagnoses import ENCOUNTER
from service.demo_ehr.measurements import quantity
from service.demo_ehr.story import Person

_MS_CODES = frozenset(
    (code.system, code.code)
    for code in vars(codes).values()
    if isinstance(code, Code) and code.code.startswith("G35")
) | {
    (code.system, code.code)
    for code in (codes.MS_SNOMED, codes.MS_SNOMED_RELAPSING, codes.MS_SNOMED_SECONDARY)
}


def a_dxa_arrives(patient_id: str, on: date, t_score: float = -1.2) -> list[JSON]:
    """A central DXA of today: Procedure, T-score of the lumbar spine, DiagnosticReport."""
    result = _fact("Observation", patient_id, on, "result") | {
        "status": "final",
        "category": [status_concept("observation-category", "imaging")],
        "code": concept(codes.T_SPINE),
        "effectiveDateTime": str(on),
        "valueQuantity": quantity(t_score, "{T-score}"),
    }
    scan = _fact("Procedure", patient_id, on, "scan") | {
        "status": "completed",
        "code": concept(codes.DXA_CPT),
        "performedDateTime": str(on),
    }
    report = _fact("DiagnosticReport", patient_id, on, "report") | {
        "status": "final",
        "code": concept(codes.DXA_REPORT),
        "effectiveDateTime": str(on),
        "result": [{"reference": f"Observation/{result['id']}"}],
    }
    return [result, scan, report]


def a_dxa_is_ordered(patient_id: str, on: date) -> list[JSON]:
    """An order of today for a central DXA."""
    order = _fact("ServiceRequest", patient_id, on, "order") | {
        "status": "active",
        "intent": "order",
        "code": concept(codes.DXA_CPT),
        "authoredOn": str(on),
    }
    return [order]


def a_fracture_arrives(patient_id: str, on: date) -> list[JSON]:
    """A hip broken today by a slip on the same level, both coded in one visit."""
    visit = _fact("Encounter", patient_id, on, "visit") | {
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "EMER"},
        "period": {"start": str(on), "end": str(on)},
    }
    diagnoses = [
        _fact("Condition", patient_id, on, name)
        | {
            "clinicalStatus": status_concept("condition-clinical", "active"),
            "verificationStatus": status_concept("condition-ver-status", "confirmed"),
            "category": [status_concept("condition-category", ENCOUNTER)],
            "code": concept(code),
            "encounter": {"reference": f"Encounter/{visit['id']}"},
            "onsetDateTime": str(on),
            "recordedDate": str(on),
        }
        for name, code in (("fracture", codes.HIP_FRACTURE), ("fall", codes.SLIP_ON_SAME_LEVEL))
    ]
    return [visit, *diagnoses]


def a_refusal_arrives(patient_id: str, on: date) -> list[JSON]:
    """A DXA not done today because of the patient's decision (Z53.20)."""
    refusal = _fact("Procedure", patient_id, on, "refusal") | {
        "status": "not-done",
        "statusReason": concept(codes.PATIENT_DECISION),
        "code": concept(codes.DXA_CPT),
        "performedDateTime": str(on),
    }
    return [refusal]


def a_diagnosis_is_refuted(person: Person) -> list[JSON]:
    """Every MS Condition of this person again, same ids, with the diagnosis refuted."""
    found = []
    for resource in person.resources:
        if resource["resourceType"] == "Condition" and _is_ms(resource):
            refuted = copy.deepcopy(resource)
            refuted["verificationStatus"] = status_concept("condition-ver-status", "refuted")
            found.append(refuted)
    return found


def _is_ms(condition: JSON) -> bool:
    codings = condition.get("code", {}).get("coding", ())
    return any((coding["system"], coding["code"]) in _MS_CODES for coding in codings)


def _fact(resource_type: str, patient_id: str, on: date, name: str) -> JSON:
    return {
        "resourceType": resource_type,
        "id": f"{patient_id}-{on:%Y%m%d}-{name}",
        "subject": {"reference": f"Patient/{patient_id}"},
    }
