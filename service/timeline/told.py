"""Decisions and alerts on the timeline: what only the ledger remembers in full.

A newcomer would get one thing wrong: a no that no date ends, and an alert that is open, end on the
day of looking, which is how the picture knows that they go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from service.screening.alert import AlertKind
from service.screening.decision import BY_HOSPITAL
from service.screening.record import NO_END, Decision
from service.store.decisions import KeptDecision
from service.store.entries import AlertEntry, EntryState
from service.timeline.event import Lane, TimelineEvent

KINDS = {
    AlertKind.SCREENING: "bone density assessment",
    AlertKind.TREATMENT_GAP: "review of treatment",
}
_SAID = {"declined": "declined by the patient", "snoozed": "put off"}
_UNSURE = {EntryState.SENT: "may have arrived", EntryState.UNKNOWN: "may have arrived"}


def said_by(decision: Decision) -> str:
    """What was said, and by whom where that is no clinician who answered."""
    return "withdrawn by the hospital" if decision.code == BY_HOSPITAL else _SAID[decision.kind]


def decisions_made(kept: Iterable[KeptDecision], on: date) -> Iterator[TimelineEvent]:
    """Each no from its day to the last on which it stands."""
    for one in kept:
        decision = one.decision
        if decision.made_on > on:
            continue
        last = on if decision.until == NO_END else decision.until - timedelta(days=1)
        label = f"{said_by(decision)}{_until(decision)}"
        if one.taken_back_at is not None:
            last = min(last, one.taken_back_at.date())
            label += ", taken back"
        end = last if last > decision.made_on else None
        yield TimelineEvent(Lane.DECISIONS, decision.made_on, end, label, None, decision.source)


def _until(decision: Decision) -> str:
    return ", without an end" if decision.until == NO_END else f" until {decision.until}"


def alerts_told(entries: Iterable[AlertEntry], on: date) -> Iterator[TimelineEvent]:
    """Each alert from its opening to its closing; one that was never sent is none."""
    for entry in entries:
        if entry.state is EntryState.PLANNED or entry.opened_on > on:
            continue
        is_closed = entry.state is EntryState.CLOSED
        last = min(entry.closed_on or entry.opened_on, on) if is_closed else on
        word = "closed" if is_closed else _UNSURE.get(entry.state, "open")
        end = last if last > entry.opened_on else None
        label = f"{KINDS[entry.kind]}, {word}"
        yield TimelineEvent(Lane.ALERTS, entry.opened_on, end, label)
