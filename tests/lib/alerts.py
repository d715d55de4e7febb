"""Alerts and plans for the tests of delivery, reading back and writing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from service.screening.alert import Action, Alert, AlertKind, AlertPlan, PostedAlert, alert_key
from service.screening.record import ResourceRef

ANNA = ResourceRef("Patient", "anna")
AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
ON = date(2026, 11, 22)
SITE = "st-elsewhere"


def key_of(patient: ResourceRef, kind: AlertKind, episode: int) -> str:
    """The key that the site of these tests gives an episode."""
    return alert_key(SITE, patient, "ms-bone-health", kind, episode)


def an_alert(**changes: Any) -> Alert:
    """The first screening alert about Anna, unless something else is said."""
    kind = changes.get("kind", AlertKind.SCREENING)
    episode = changes.get("episode", 1)
    values: dict[str, Any] = {
        "key": key_of(ANNA, kind, episode),
        "kind": kind,
        "episode": episode,
        "patient": ANNA,
        "priority": "routine",
        "summary": "Consider bone density assessment",
        "detail": "EDSS 6.5 on 2026-09-01\nNo central DXA visible",
        "evidence": (ResourceRef("Observation", "edss-1"), ResourceRef("Condition", "ms-1")),
        "since": ON,
        "protocol_id": "ms-bone-health",
        "protocol_version": "1.0.0",
        "protocol_digest": "abc123",
        "content_digest": "0011223344556677",
    }
    return Alert(**{**values, **changes})


def create(alert: Alert | None = None) -> AlertPlan:
    """A plan to create an alert."""
    alert = alert or an_alert()
    return AlertPlan(alert.kind, Action.CREATE, "newly due", alert)


def update(alert: Alert, posted: PostedAlert | None) -> AlertPlan:
    """A plan to say something else, or to reopen."""
    return AlertPlan(alert.kind, Action.UPDATE, "what it says changed", alert, posted)


def resolve(posted: PostedAlert | None, task_status: Any = "completed") -> AlertPlan:
    """A plan to close an alert whose gap is closed."""
    kind = posted.kind if posted else AlertKind.SCREENING
    why = "satisfied: central DXA on 2026-11-20"
    return AlertPlan(kind, Action.RESOLVE, why, None, posted, task_status, ON)


def withdraw(posted: PostedAlert) -> AlertPlan:
    """A plan to take an alert back."""
    why = "the diagnosis of MS was refuted or entered in error"
    return AlertPlan(posted.kind, Action.WITHDRAW, why, None, posted, "cancelled", ON)
