"""CDS Hooks feedback, from JSON. What a clinician typed (`userComment`) is left where it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from service.cards.feedback import Said
from service.ehr.bundle import instant
from service.ehr.decision_reason import reason_code
from service.web.cds_hooks.call_json import Malformed, optional, required

_MOST_AT_ONCE = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def feedback_from(request: Mapping[str, Any]) -> tuple[Said, ...]:
    """Everything that was said; Malformed as a whole where a part is not what it should be."""
    listed = required(request, "feedback", list)
    if len(listed) > _MOST_AT_ONCE:
        raise Malformed(f"feedback holds more than {_MOST_AT_ONCE} entries")
    return tuple(_said(entry) for entry in listed)


def _said(entry: object) -> Said:
    if not isinstance(entry, dict):
        raise Malformed("an entry of feedback is not an object")
    outcome = required(entry, "outcome", str, "feedback.outcome")
    if outcome not in ("accepted", "overridden"):
        raise Malformed("feedback.outcome is neither accepted nor overridden")
    if outcome == "accepted":
        _check_suggestions(required(entry, "acceptedSuggestions", list))
    reason = optional(optional(entry, "overrideReason"), "reason")
    return Said(
        # PostgreSQL takes a NUL in no text, not even in a question.
        card=required(entry, "card", str, "feedback.card").replace("\0", "\ufffd"),
        outcome=outcome,
        code=reason_code({"coding": [reason]}),
        at=_instant(required(entry, "outcomeTimestamp", str, "feedback.outcomeTimestamp")),
    )


def _check_suggestions(suggestions: list[Any]) -> None:
    for suggestion in suggestions:
        if not isinstance(suggestion, dict):
            raise Malformed("an entry of acceptedSuggestions is not an object")
        required(suggestion, "id", str, "acceptedSuggestions.id")


def _instant(text: str) -> datetime:
    at = instant(text)
    if at is None:
        raise Malformed("feedback.outcomeTimestamp is no instant with a zone")
    # Of the first days of all, other zones have none.
    return max(at, _EPOCH)
