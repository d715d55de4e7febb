"""What the ledger keeps of one assessment: findings and references, no clinical copy."""

from __future__ import annotations

from datetime import datetime

from service.explanation import findings_json, reported_json
from service.in_short import in_short
from service.measure import age_band
from service.screening.assess import Assessment
from service.screening.person import youngest_age
from service.screening.record import PatientRecord
from service.store.entries import AssessmentEntry


def entry_of(assessment: Assessment, record: PatientRecord, at: datetime) -> AssessmentEntry:
    """The entry of one judgement; `at` where the record does not say when it was read."""
    return AssessmentEntry(
        status=str(assessment.status),
        due_on=assessment.due_on,
        on=assessment.on,
        at=record.read_at or at,
        protocol_id=assessment.protocol_id,
        protocol_version=assessment.protocol_version,
        protocol_digest=assessment.protocol_digest,
        findings=findings_json(assessment),
        unread=sorted(assessment.unread),
        sex=record.sex,
        age_band=age_band(youngest_age(record, assessment.on)),
        reported=reported_json(assessment),
        notes=assessment.notes,
        in_short=in_short(assessment),
    )
