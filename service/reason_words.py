"""The reasons for a no that people choose from, on a card and on a page, in HL7's words.

A newcomer would get one thing wrong: the protocol knows more codes than are offered. All of those
are understood where the EHR sends them; a list of thirty is one that nobody reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from service.screening.decision_meaning import WRONG_DIAGNOSIS, Meaning
from service.screening.decision_span import settled
from service.screening.protocol import Protocol
from service.screening.record import Decision

# The clinical selection of HL7's non-adherence reasons (CDS Hooks 3.0.0-ballot, value set
# non-adherence-reason-clinical), and from the same code system what the protocol treats apart: no
# time, an order that exists, somebody else's patient. The displays are HL7's.
OFFERED: Mapping[str, str] = {
    "action-completed": "Recommended action was already completed",
    "indication-order-exists": "Patient has indication/order for intended action",
    "patient-refuses": "Patient refuses/declines (no context given)",
    "patient-contraindication": "Patient has contraindication to recommended action",
    "limited-time": "Could not address recommended action due to limited time",
    "inappropriate-recipient": "PC CDS delivered to inappropriate recipient/role",
    "service-not-available": "Treatment or service is not practically available",
    "too-costly-uncovered": "Recommended action is too costly or not covered by insurance",
    "does-not-align-preferences": (
        "Recommendation does not align with patient preferences or values"
    ),
    "recipient-disagrees-evidence": (
        "Recipient disagrees with recommendation because of issues with the evidence"
    ),
    "cds-not-applicable": "PC CDS does not apply to patient",
}
# Offered where one sees the diagnosis and what follows. The display is our CodeSystem's.
_ON_PAGES = {**OFFERED, WRONG_DIAGNOSIS: "This person does not have multiple sclerosis"}

GROUPS: Mapping[str, frozenset[Meaning]] = {
    "Snooze: not now": frozenset({Meaning.POSTPONED, Meaning.WRONG_RECIPIENT}),
    "Snooze: it is done or ordered": frozenset({Meaning.DONE_ELSEWHERE, Meaning.ORDER_EXISTS}),
    "Snooze: not for this person": frozenset(
        {
            Meaning.NOT_APPROPRIATE,
            Meaning.NOT_FEASIBLE,
            Meaning.UNTIL_MAJOR_VERSION,
            Meaning.UNTIL_FACTS_CHANGE,
        }
    ),
    "Decline: the patient said no": frozenset({Meaning.DECLINED}),
    "Withdraw: the diagnosis is wrong": frozenset({Meaning.WRONG_DIAGNOSIS}),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A reason that somebody may give today, and the first day on which it no longer stands."""

    code: str
    says: str
    until: date


def choices(protocol: Protocol, on: date) -> dict[str, list[Choice]]:
    """What may be chosen under this protocol, by group; a group without a choice is left out."""
    found: dict[str, list[Choice]] = {}
    for title, meanings in GROUPS.items():
        for code, says in _ON_PAGES.items():
            if protocol.reasons.get(code) in meanings:
                said = Decision(kind="snoozed", made_on=on, until=on, reason=code, code=code)
                until = settled(said, protocol).until
                found.setdefault(title, []).append(Choice(code, says, until))
    return found


def words_of(code: str) -> str:
    """A reason in words; the code itself where nobody is offered it."""
    return _ON_PAGES.get(code, code)
