"""What a resource of ours says about a person's no: the coded reason, who said it, the days given.

A newcomer would get two things wrong. Only codes are read, never text: what a clinician typed stays
in the EHR. And the owner of a Task is whom it was given to, which is the best that an EHR shows of
who decided; where it names nobody by reference, nobody can tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from service.ehr.delivery.elements import objects, part
from service.ehr.subject import referenced
from service.screening.alert import CANONICAL_BASE
from service.screening.decision_meaning import WRONG_DIAGNOSIS
from service.screening.value_sets import ICD10CM

# CDS Hooks 3.0-ballot publishes these codes (HL7/cds-hooks, input/vocabulary).
NON_ADHERENCE_SYSTEM = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
DECISION_REASON_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/decision-reason"
# "Not carried out because of the patient's decision" (codes.csv) says what HL7's code says.
_SAME_AS = {
    (ICD10CM, "Z53.20"): "patient-refuses",
    (ICD10CM, "Z53.29"): "patient-refuses",
    (DECISION_REASON_SYSTEM, WRONG_DIAGNOSIS): WRONG_DIAGNOSIS,
}
_CODE = re.compile(r"[a-z]+(?:-[a-z]+){0,6}")
_LONGEST_CODE = 40
# Patient is left out: whose no it is stands in the code, and no id is kept twice.
_DECIDERS = frozenset(
    {"Practitioner", "PractitionerRole", "CareTeam", "Organization", "HealthcareService"}
)


def reason_code(concept: Mapping[str, Any]) -> str:
    """The first code of a reason that is HL7's or ours, "" without one."""
    for coding in objects(concept, "coding"):
        system, code = coding.get("system"), coding.get("code")
        if not isinstance(system, str) or not isinstance(code, str):
            continue
        if (system, code) in _SAME_AS:
            return _SAME_AS[system, code]
        is_code = len(code) <= _LONGEST_CODE and _CODE.fullmatch(code) is not None
        if system == NON_ADHERENCE_SYSTEM and is_code:
            return code
    return ""


def decider(resource: Mapping[str, Any]) -> str:
    """The reference of whoever a Task was given to, "" where nobody can tell."""
    ref = referenced(resource.get("owner"))
    return str(ref) if ref is not None and ref.is_valid and ref.type in _DECIDERS else ""


def waits_until(task: Mapping[str, Any]) -> date | None:
    """Until when a person put a Task on hold, None where they gave no day."""
    if task.get("status") != "on-hold":
        return None
    return day_of(part(part(task, "restriction"), "period").get("end"))


def was_done_on(task: Mapping[str, Any]) -> date | None:
    """The day on which a person says that the work was done, None where they gave none."""
    return day_of(part(task, "executionPeriod").get("end"))


def day_of(text: object) -> date | None:
    """The day in a FHIR date or dateTime, as it is written there; None for years and months."""
    try:
        return date.fromisoformat(text[:10]) if isinstance(text, str) else None
    except ValueError:
        return None
