"""What a command reads or shows outside of the line, written down for the audit.

A newcomer would get one thing wrong: it is written down before the EHR is asked, because a command
that is stopped in the middle has read what it has read. A person whom the ledger does not know gets
a key, as by `boneflag screen`; that puts nobody into the cohort.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from service.screening.protocol import Protocol
from service.store.acts import Act
from service.store.ledger import Ledger


def record_look(
    ledger: Ledger,
    what: str,
    fhir_ids: Sequence[str],
    protocol: Protocol,
    at: datetime,
    reason: str = "",
) -> None:
    """Write down that somebody is about to read these people's charts."""
    keys = ledger.cohort.register(fhir_ids, "asked for", at)
    acts = [look_of(what, keys[fhir_id], protocol, reason) for fhir_id in fhir_ids]
    ledger.audit.record(acts, at)


def look_of(what: str, patient_key: str, protocol: Protocol, reason: str = "") -> Act:
    """What the audit says of one chart that is about to be read."""
    types = ", ".join(sorted({need.type for need in protocol.needs}))
    detail = f"asked for: {types}"
    return Act(what, patient_key, reason=reason, detail=detail, protocol_digest=protocol.digest)
