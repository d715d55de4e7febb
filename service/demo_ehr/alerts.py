"""Alerts that an earlier run of BoneFlag left in a chart, and what a clinician did with them.

The systems and the code stand here a second time, because this room shares nothing with the
product: when the product renames them, these people must turn up with the wrong status.
"""

from __future__ import annotations

import uuid
from datetime import date

from service.demo_ehr.chart import Chart, reference_to
from service.demo_ehr.codes import HL7_TERMINOLOGY, JSON, Code, concept

ALERT_SYSTEM = "https://boneflag.example/fhir/sid/alert"
BONE_HEALTH_REVIEW = Code(
    "https://boneflag.example/fhir/CodeSystem/alert",
    "ms-bone-health-review",
    "Bone health review in multiple sclerosis",
)


def add_rejected_alert(
    chart: Chart,
    *,
    opened: date,
    rejected: date,
    reason: JSON,
    system: str = ALERT_SYSTEM,
    code: Code = BONE_HEALTH_REVIEW,
) -> JSON:
    """Add an inactive Flag and the Task that a person rejected; return the Task."""
    key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{system}/{chart.id}"))
    identifier = [{"system": system, "value": key}]
    flag = chart.add(
        "Flag",
        identifier=identifier,
        status="inactive",
        category=[{"coding": [{"system": f"{HL7_TERMINOLOGY}/flag-category", "code": "clinical"}]}],
        code=concept(code),
        period={"start": str(opened), "end": str(rejected)},
        author={"display": "Software of the invented hospital"},
    )
    return chart.add(
        "Task",
        "for",
        identifier=identifier,
        status="rejected",
        statusReason=reason,
        intent="proposal",
        priority="routine",
        code=concept(code),
        description="Consider bone density assessment",
        focus=reference_to(flag),
        authoredOn=f"{opened}T08:00:00Z",
        lastModified=f"{rejected}T11:00:00Z",
        requester={"display": "Software of the invented hospital"},
    )
