"""Made-up screenings, plans and alerts. No helper hides a date that a test is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from service.screening.alert import Action, Alert, AlertKind, AlertPlan, AlertState, PostedAlert
from service.screening.record import ResourceRef
from service.store.cohort_readings import SourceAnswer
from service.store.entries import (
    AlertEntry,
    AssessmentEntry,
    CohortChange,
    EntryState,
    Mode,
    Screening,
)
from service.store.ledger import Ledger
from tests.lib.going_live import approve_once

ATTEMPTS = 3
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
TODAY = NOW.date()
MINUTE = timedelta(minutes=1)

SCREENING = AlertKind.SCREENING
GAP = AlertKind.TREATMENT_GAP


def alert(key: str = "alert-1", *, episode: int = 1, kind: AlertKind = SCREENING) -> Alert:
    return Alert(
        key=key,
        kind=kind,
        episode=episode,
        patient=ResourceRef("Patient", "p1"),
        priority="routine",
        summary="Consider bone density assessment",
        detail="EDSS 6.5 (2026-10-01)",
        evidence=(ResourceRef("Observation", "1"),),
        since=TODAY,
        protocol_id="ms-bone-health",
        protocol_version="1.0.0",
        protocol_digest="digest",
        content_digest="content",
    )


def create(key: str = "alert-1", **options: Any) -> AlertPlan:
    made = alert(key, **options)
    return AlertPlan(made.kind, Action.CREATE, "due", alert=made)


def resolve(key: str = "alert-1", kind: AlertKind = SCREENING) -> AlertPlan:
    posted = PostedAlert(key, kind, 1, AlertState.ACTIVE, TODAY, "content")
    return AlertPlan(kind, Action.RESOLVE, "satisfied", posted=posted, task_status="completed")


def keep(kind: AlertKind = SCREENING) -> AlertPlan:
    return AlertPlan(kind, Action.KEEP, "nothing to do")


def entry(key: str = "alert-1", *, episode: int = 1, **options: Any) -> AlertEntry:
    values: dict[str, Any] = {
        "kind": SCREENING,
        "protocol_id": "ms-bone-health",
        "state": EntryState.CONFIRMED,
        "opened_on": TODAY,
        "content_digest": "content",
        "flag_id": "f1",
        "flag_version": "1",
        "flag_status": "active",
        "task_id": "t1",
        "task_version": "1",
        "task_status": "requested",
    }
    return AlertEntry(key=key, episode=episode, **(values | options))


def assessment(
    status: str = "due", on: date = TODAY, at: datetime = NOW, **options: Any
) -> AssessmentEntry:
    values: dict[str, Any] = {
        "due_on": None,
        "protocol_id": "ms-bone-health",
        "protocol_version": "1.0.0",
        "protocol_digest": "digest",
        "findings": [{"number": "MSO-02", "verdict": "met", "evidence": []}],
        "unread": [],
    }
    return AssessmentEntry(status=status, on=on, at=at, **(values | options))


def screening(
    key: str, run_id: int, *plans: AlertPlan, status: str = "due", **options: Any
) -> Screening:
    return Screening(key, run_id, assessment(status, **options), plans)


def people(ledger: Ledger, *fhir_ids: str) -> list[str]:
    """Put people into the cohort; their keys in the order given."""
    ledger.cohort.add(fhir_ids, "code-search", NOW)
    keys = ledger.cohort.keys_of(fhir_ids)
    return [keys[fhir_id] for fhir_id in fhir_ids]


def take(
    ledger: Ledger,
    fhir_ids: Sequence[str],
    source: str = "code-search",
    at: datetime = NOW,
    **options: Any,
) -> CohortChange:
    """Write down a complete reading of the cohort from one source."""
    return ledger.readings.take([SourceAnswer(source, fhir_ids, is_complete=True)], at, **options)


def begin(ledger: Ledger, keys: Sequence[str] = (), mode: Mode = "live") -> int:
    """A sweep whose reading is done and which waits for these people."""
    if mode == "live":
        approve_once(ledger, "digest")
    run_id = ledger.runs.open("sweep", mode, "digest", NOW)
    ledger.pending.mark(run_id, keys, NOW)
    ledger.runs.finish_reading(run_id)
    return run_id


def deliver_one(ledger: Ledger, plan: AlertPlan | None = None) -> tuple[str, int, int]:
    """One person, and the delivering run that holds a plan for them: key, run id, plan id."""
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    ledger.screenings.store(screening(key, run_id, plan or create()), NOW)
    ledger.runs.start_delivery(run_id)
    (waiting,) = ledger.outbox.plans_to_send(10, NOW)
    return key, run_id, waiting.id
