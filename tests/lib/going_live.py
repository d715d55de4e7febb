"""Going live in a test, as a hospital does: by an approval in the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from service.settings import Settings
from service.store.approvals import NewApproval
from service.store.ledger import Ledger
from service.wiring import effective_for, ledger_for

APPROVER = "Ada Approver"


def approve(ledger: Ledger, protocol_digest: str, **values: Any) -> int:
    """Let this protocol be written for everybody, or for a canary; the approval's number."""
    canary = values.pop("canary", ())
    at = values.pop("at", datetime.now(UTC))
    given: dict[str, Any] = {
        "stage": "full",
        "approver": APPROVER,
        "protocol_id": "ms-bone-health",
        "protocol_version": "test",
        "protocol_digest": protocol_digest,
        "software_version": "test",
        "overlay_text": "",
    }
    return ledger.approvals.record(NewApproval(**(given | values)), at, canary)


def approve_once(ledger: Ledger, protocol_digest: str) -> None:
    """The same, unless just that is approved already."""
    current = ledger.approvals.current()
    if current is None or current.protocol_digest != protocol_digest:
        approve(ledger, protocol_digest)


def go_live(settings: Settings) -> None:
    """Approve the protocol that these settings put in force, where they say live."""
    if settings.mode != "live":
        return
    with ledger_for(settings) as ledger:
        approve_once(ledger, effective_for(settings)[0].digest)
