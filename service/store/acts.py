"""What the audit holds: who did what about whom, and the hash that ties each row to those before.

A newcomer would get two things wrong. `patient_key` is our own opaque number, never a FHIR id: a
person can be forgotten without touching a row. And the hash covers what is stored and nothing else,
in an encoding that anybody can write down again: a JSON array without blanks, in ASCII.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Outcome = Literal["done", "failed", "sent", "unknown", "nothing changed"]
"""`sent`: a request is about to leave; a later row tells what became of it.

`failed` surely changed nothing, `unknown` may have, and `nothing changed` found nothing to do.
"""

FIRST_HASH = ""
"""What the first row of all follows."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who works on the ledger: the client as the EHR knows it, our version, and the process.

    `process` is the account and the command or worker, as `ward: boneflag explain`.
    """

    client: str = "unknown"
    software: str = "unknown"
    process: str = "unknown"


@dataclass(frozen=True, slots=True, repr=False)
class Act:
    """One thing that was done, before it has a place in the chain.

    `what` is one of a few words (read, create, update, close, withdraw, retire, explain, list, …);
    `resource` holds references such as `Flag/1`, separated by blanks; `reason` and `detail` are
    phrases of ours, never a text from outside. `by` names whoever answers for it where that is not
    the process itself.
    """

    what: str
    patient_key: str = ""
    resource: str = ""
    run_id: int | None = None
    run_kind: str = ""
    reason: str = ""
    outcome: Outcome = "done"
    detail: str = ""
    protocol_digest: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class AuditRow:
    """A row of the chain, as it is stored. `number` counts from 1 without a gap."""

    number: int
    at: datetime
    client: str
    by_whom: str
    software: str
    protocol_digest: str
    what: str
    patient_key: str
    resource: str
    run_id: int | None
    run_kind: str
    reason: str
    outcome: str
    detail: str
    hash: str

    def hash_after(self, previous_hash: str) -> str:
        """What its hash must be if it follows a row with this one."""
        return chained_hash(
            previous_hash,
            self.number,
            self.at,
            self.client,
            self.by_whom,
            self.software,
            self.protocol_digest,
            self.what,
            self.patient_key,
            self.resource,
            self.run_id,
            self.run_kind,
            self.reason,
            self.outcome,
            self.detail,
        )


def chained_hash(previous_hash: str, number: int, at: datetime, *values: str | int | None) -> str:
    """SHA-256, in hexadecimal, over the hash before, the number, the instant in UTC and the rest.

    The rest in the order of `AuditRow`. Both databases keep microseconds and no more.
    """
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps([previous_hash, number, instant, *values], separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
