"""What a person may mean by a no, and which number of the protocol says how long each stands.

A newcomer would get two things wrong. Only a refusal of the patient's own is a decline; all else is
a snooze (specification, section 7). And three meanings have no number: they end by a new major
version of the protocol, by new facts, or by a new diagnosis, never by a date (see `refusal`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

POLICY = "decision-reasons"
WRONG_DIAGNOSIS = "wrong-diagnosis"
"""Our own code: HL7's list has none for a diagnosis that is not true."""


class Meaning(StrEnum):
    """What a coded reason means for us."""

    DECLINED = "declined"
    NOT_APPROPRIATE = "not-appropriate"
    POSTPONED = "postponed"
    ORDER_EXISTS = "order-exists"
    DONE_ELSEWHERE = "done-elsewhere"
    NOT_FEASIBLE = "not-feasible"
    WRONG_RECIPIENT = "wrong-recipient"
    UNTIL_MAJOR_VERSION = "until-major-version"
    UNTIL_FACTS_CHANGE = "until-facts-change"
    WRONG_DIAGNOSIS = "wrong-diagnosis"


# Which number gives the span, as policy and number; what is not here has no end by date.
SPANS: Mapping[Meaning, tuple[str, str]] = {
    Meaning.DECLINED: ("decision", "declined_months"),
    Meaning.NOT_APPROPRIATE: ("decision", "snooze_months"),
    Meaning.POSTPONED: (POLICY, "postponed_months"),
    Meaning.ORDER_EXISTS: (POLICY, "order_exists_months"),
    Meaning.DONE_ELSEWHERE: (POLICY, "done_elsewhere_months"),
    Meaning.NOT_FEASIBLE: (POLICY, "not_feasible_months"),
    Meaning.WRONG_RECIPIENT: (POLICY, "wrong_recipient_months"),
}
NUMBERS = frozenset(number for policy, number in SPANS.values() if policy == POLICY)
Reasons = Mapping[str, Meaning]


class ReasonsInvalid(ValueError):
    """The table of reasons cannot be used; the message says which code and what to do."""


def reasons_from(given: Mapping[str, Any], certainties: frozenset[str]) -> Reasons:
    """The table of a protocol: what each code means. Raises ReasonsInvalid."""
    reasons = {}
    for code, row in given.items():
        if row.get("means") not in set(Meaning):
            raise ReasonsInvalid(f"reason {code!r}: means is one of {', '.join(Meaning)}")
        if not row.get("source") or row.get("certainty") not in certainties:
            raise ReasonsInvalid(f"reason {code!r} needs a source and a certainty")
        reasons[code] = Meaning(row["means"])
    if reasons.get(WRONG_DIAGNOSIS) is not Meaning.WRONG_DIAGNOSIS:
        raise ReasonsInvalid(f"reason {WRONG_DIAGNOSIS!r} means {WRONG_DIAGNOSIS}: add it")
    return reasons
