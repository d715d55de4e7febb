"""Who is in a canary: a few people drawn, or the members of one clinic.

A newcomer would get one thing wrong: the draw takes those first about whom an alert would open. A
canary of people whom nobody would be told of shows nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from service.going_live.volume import would_be_told
from service.store.ledger import Ledger


def drawn_people(ledger: Ledger, protocol_digest: str, number: int) -> list[str]:
    """The patient keys of so many people of the cohort, the same ones each time."""
    told = would_be_told(ledger.outbox.waiting_in_shadow(protocol_digest))
    members = set(ledger.cohort.members())

    def order(key: str) -> tuple[bool, str]:
        return key not in told, hashlib.sha256(f"{protocol_digest}|{key}".encode()).hexdigest()

    return sorted(members, key=order)[:number]


def people_of(ledger: Ledger, fhir_ids: Iterable[str]) -> list[str]:
    """The patient keys of those of these people who are in the cohort."""
    keys = ledger.cohort.keys_of(sorted(set(fhir_ids)))
    return sorted(set(keys.values()) & set(ledger.cohort.members()))
