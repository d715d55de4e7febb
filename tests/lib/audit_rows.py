"""One row of the audit, to be changed where a test is about something else."""

from __future__ import annotations

from datetime import UTC, datetime

from service.store.acts import AuditRow

ROW = AuditRow(
    number=7,
    at=datetime(2026, 11, 22, 3, 0, 0, 123456, tzinfo=UTC),
    client="client-7",
    by_whom="ward: worker",
    software="BoneFlag 0.1.0",
    protocol_digest="digest",
    what="read",
    patient_key="k1",
    resource="",
    run_id=3,
    run_kind="sweep",
    reason="",
    outcome="done",
    detail="asked for: Condition",
    hash="f" * 64,
)
