"""The way back: which earlier approval a rollback brings into force again.

A newcomer would get one thing wrong: back from a rollback leads further back, not forward to what
was rolled back from.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from service.store.approvals import Approval, NewApproval
from service.store.ledger import Ledger


def approval_before(ledger: Ledger, digest_in_force: str) -> Approval | None:
    """The newest approval of another protocol than the one in force; None where there is none."""
    current = ledger.approvals.current()
    bound = current.restores if current is not None else None
    for approval in ledger.approvals.newest():
        # A rollback is no protocol of its own: the approval that it restored stands further back.
        if approval.restores is not None or (bound is not None and approval.id >= bound):
            continue
        if approval.protocol_digest != digest_in_force:
            return approval
    return None


def restore(ledger: Ledger, approval: Approval, approver: str, software: str, at: datetime) -> int:
    """Bring an approval's protocol, people and limits into force again; the new one's number."""
    kept = {name: getattr(approval, name) for name in NewApproval.__dataclass_fields__}
    new = replace(
        NewApproval(**kept), approver=approver, software_version=software, restores=approval.id
    )
    return ledger.approvals.record(new, at, ledger.approvals.canary_of(approval.id))
