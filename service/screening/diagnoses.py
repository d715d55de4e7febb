"""How a Condition weighs as evidence, the same for every criterion.

A diagnosis counts when it is confirmed or carries no verification status; provisional, differential
and unconfirmed ones are shown and do not count; one whose status cannot be understood is unclear
(specification, section 7). Text never makes a diagnosis.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from service.screening.criterion import Evidence, Weight
from service.screening.record import Condition, PatientRecord, When


def coded(record: PatientRecord, *concepts: str) -> Sequence[Condition]:
    """The conditions with a code in one of these value sets."""
    return record.lookup.conditions(record, concepts)


def is_future(when: When | None, on: date) -> bool:
    """Whether a date lies after the day of judgement for certain."""
    return when is not None and when.first > on


def weigh(condition: Condition, on: date) -> tuple[Weight, str]:
    """The weight of a diagnosis by its verification and date, and the words that say why."""
    if condition.verification == "refuted":
        return Weight.SEEN, "refuted"
    if condition.verification == "entered-in-error":
        return Weight.SEEN, "entered in error"
    if condition.verification == "unconfirmed":
        return Weight.SEEN, "not confirmed"
    if is_future(condition.happened, on):
        return Weight.SEEN, "dated in the future"
    if condition.verification == "unclear":
        return Weight.UNCLEAR, "verification status not understood"
    return Weight.COUNTS, ""


def recent(when: When | None, since: date, on: date) -> tuple[Weight, str]:
    """The weight of a fact by its date in a window, both ends included, and the words for it.

    No date, or one that may lie on either side of `since`, cannot be judged. "2026" on a day of
    2026 is no doubt about the future: what is on file has happened.
    """
    if when is None:
        return Weight.UNCLEAR, "no date"
    if is_future(when, on):
        return Weight.SEEN, "dated in the future"
    if when.last < since:
        return Weight.SEEN, "too long ago"
    return (Weight.UNCLEAR, "date not exact enough") if when.first < since else (Weight.COUNTS, "")


def evidence_of(condition: Condition, what: str, weight: Weight, note: str = "") -> Evidence:
    """Evidence with the condition's own date: "wheelchair dependence, 2025-03-01 (refuted)"."""
    day = condition.happened.last if condition.happened else None
    statement = what + (f", {words(condition.happened)}" if day else ", no date")
    return Evidence(condition.ref, f"{statement} ({note})" if note else statement, day, weight)


def words(when: When | None) -> str:
    """A date as the chart gave it: a day, a month or a year."""
    if when is None:
        return "no date"
    if when.first == when.last:
        return when.first.isoformat()
    return f"{when.first.isoformat()} to {when.last.isoformat()}"
