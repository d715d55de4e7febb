"""What people said to our alerts, from what the EHR shows into the ledger.

A newcomer would get two things wrong. A Task that was rejected and now waits again was taken up by
a person, who takes the no back, unless we asked for it again ourselves, when the no had lapsed or
was broken through: then it stands in the version that we wrote last. And a resource that the EHR no
longer shows, or that was withdrawn, takes nothing back: what was said on it stands until it lapses.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from service.ehr.alert_history import AlertHistory
from service.screening.alert import PostedResource
from service.screening.record import Decision
from service.store.entries import AlertEntry
from service.store.ledger import Ledger
from service.thought import sources_in


def remember_decisions(
    ledger: Ledger,
    key: str,
    history: AlertHistory,
    said: Iterable[Decision],
    remembered: Iterable[Decision],
    at: datetime,
) -> None:
    """Write down what the EHR shows that people said, and which earlier no it no longer shows.

    `said` is what the EHR shows now, `remembered` what the ledger held before.
    """
    said = tuple(said)
    still_said = {decision.source for decision in said}
    shown = sources_in(history)
    resources = [r for alert in history.posted for r in (alert.flag, alert.task) if r is not None]
    stands = {resource.ref: resource for resource in resources if resource.ref in shown}
    gone = [d for d in remembered if d.source in stands and d.source not in still_said]
    if gone:
        entries = ledger.alerts.history([key]).get(key, ())
        taken_back = [
            d for d in gone if d.source is not None and not _is_ours(stands[d.source], entries)
        ]
        ledger.decisions.take_back(key, taken_back, at)
    if said:
        ledger.decisions.remember(key, said)


def _is_ours(resource: PostedResource, entries: Iterable[AlertEntry]) -> bool:
    """Whether it stands as we wrote it last."""
    now = (resource.status, resource.version)
    ref = resource.ref
    return any(
        now == (entry.task_status, entry.task_version)
        if ref.type == "Task"
        else now == (entry.flag_status, entry.flag_version)
        for entry in entries
        if ref.id in (entry.task_id, entry.flag_id)
    )
