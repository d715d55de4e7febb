"""Charts judged as the line judges them, and kept as the ledger keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from service.explanation import findings_json, reported_json
from service.store.cohort_readings import SourceAnswer
from service.store.entries import AssessmentEntry, Screening
from service.store.ledger import Ledger
from service.worklist.look import Look
from service.worklist.reasons import REASONS
from tests.lib.patients import Resource
from tests.spec.book import AT, TODAY, thought_about


def judged(
    *chart: Any, unread: Sequence[str] = (), withheld: Sequence[str] = (), on: date = TODAY
) -> AssessmentEntry:
    """The entry of a chart, judged on 2026-11-22; `on` only says when the ledger got it."""
    assessment = thought_about(*_flat(chart), unread=unread, withheld=withheld)[0].assessment
    return AssessmentEntry(
        status=str(assessment.status),
        due_on=assessment.due_on,
        on=on,
        at=datetime.combine(on, time(3), UTC),
        protocol_id=assessment.protocol_id,
        protocol_version=assessment.protocol_version,
        protocol_digest=assessment.protocol_digest,
        findings=findings_json(assessment),
        unread=sorted(assessment.unread),
        reported=reported_json(assessment),
        notes=assessment.notes,
    )


def of_status(status: str, on: date = TODAY) -> AssessmentEntry:
    """An entry of which nothing is known but its status."""
    return replace(judged(), status=status, findings=[], reported=[], on=on)


def why(
    *chart: Any,
    unread: Sequence[str] = (),
    withheld: Sequence[str] = (),
    has_open_alert: bool = False,
) -> dict[str, str]:
    """Every reason that holds for a chart, with its facts on one line."""
    look = Look(judged(*chart, unread=unread, withheld=withheld), has_open_alert)
    found = {reason.code: reason.find(look) for reason in REASONS}
    return {code: "; ".join(facts) for code, facts in found.items() if facts is not None}


def _flat(pieces: Any) -> list[Resource]:
    return [r for p in pieces for r in ([p] if isinstance(p, dict) else p)]


def keep(ledger: Ledger, fhir_id: str, *entries: AssessmentEntry) -> str:
    """Somebody of the cohort with assessments, the oldest first; their key."""
    ledger.cohort.add([fhir_id], "code-search", AT)
    key = ledger.cohort.keys_of([fhir_id])[fhir_id]
    for entry in entries:
        run_id = ledger.runs.open("sweep", "shadow", "digest", entry.at)
        ledger.screenings.store(Screening(key, run_id, entry, ()), entry.at)
    return key


def leave(ledger: Ledger) -> None:
    """A reading of the cohort that names nobody any more."""
    ledger.readings.take([SourceAnswer("code-search", (), is_complete=True)], AT)
