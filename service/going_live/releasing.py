"""Letting a held run go: a second person looks at what the first one's limit stopped."""

from __future__ import annotations

from datetime import datetime

import structlog

from service.protocol_bench.approval import folded_name
from service.store.entries import RunState
from service.store.ledger import Ledger

_log = structlog.get_logger()
LONGEST_NAME = 100


def tidied_name(name: str) -> str:
    """A person's name as it is kept: blanks folded, "" where no letter is in it."""
    tidied = " ".join(name.split())[:LONGEST_NAME]
    return tidied if any(c.isalpha() for c in tidied) else ""


def is_one_person(one: str, other: str) -> bool:
    """Whether two names are of one person, whatever case, titles, accents and order."""
    return folded_name(one) == folded_name(other)


def release_run(ledger: Ledger, run_id: int, approver: str, at: datetime) -> str:
    """Let a held run be sent, whatever it opens; why not, as a sentence, "" where it was done."""
    name = tidied_name(approver)
    if not name:
        return "--approver: say who lets the run go, by a name"
    run = ledger.runs.get(run_id)
    if run is None or run.state is not RunState.HELD:
        return f"run {run_id} is not held: see `boneflag report`"
    approval = ledger.approvals.current()
    if approval is None or approval.protocol_digest != run.protocol_digest:
        return (
            f"run {run_id} was made under a protocol that nobody approves now: nothing of it would"
            " be sent. `boneflag golive` first, or let the next sweep take its place"
        )
    if is_one_person(name, approval.approver):
        return (
            f"{approval.approver} approved going live with these limits: a second person must let"
            f" run {run_id} go"
        )
    ledger.runs.release(run_id, name, at)
    _log.warning("run_released", run=run_id)
    return ""
