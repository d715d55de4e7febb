"""What the ledger remembers of one person: assessments, alerts, decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from service.patient_sheet.headline import words_of_status
from service.patient_sheet.source_link import SourceLinks
from service.reason_words import words_of
from service.screening.record import NO_END, ResourceRef
from service.store.decisions import KeptDecision
from service.store.entries import AlertEntry, AssessmentEntry, EntryState
from service.timeline.told import KINDS, said_by

_STATES = {
    EntryState.SENT: "sent, not confirmed yet",
    EntryState.CONFIRMED: "open",
    EntryState.UNKNOWN: "may have arrived, nobody can look",
    EntryState.CLOSED: "closed",
}


@dataclass(frozen=True, slots=True, repr=False)
class JudgedLine:
    """One assessment: from when on it was found so, by which version, and what was met."""

    since: date
    status: str
    met: str
    due_on: date | None
    protocol: str


@dataclass(frozen=True, slots=True, repr=False)
class AlertLine:
    """One alert: `ended` says when and why, "" while it is open."""

    about: str
    opened_on: date
    state: str
    ended: str
    resources: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, repr=False)
class SaidLine:
    """One no: what, why, until when, by whom, and where it was said."""

    made_on: date
    what: str
    why: str
    until: str
    by: str
    source: str
    link: str


def judged_lines(history: Sequence[AssessmentEntry]) -> tuple[JudgedLine, ...]:
    """The newest first. A night that found the same as before has no line."""
    return tuple(_judged(entry) for entry in reversed(history))


def _judged(entry: AssessmentEntry) -> JudgedLine:
    met = [str(f["number"]) for f in entry.findings if f["verdict"] == "met" and f.get("grade")]
    version = f"{entry.protocol_id} {entry.protocol_version}"
    status = words_of_status(entry.status)
    return JudgedLine(entry.on, status, ", ".join(met), entry.due_on, version)


def alert_lines(entries: Iterable[AlertEntry], links: SourceLinks) -> tuple[AlertLine, ...]:
    """The newest first; what was never sent is none."""
    told = [e for e in entries if e.state in _STATES]
    return tuple(_alert(e, links) for e in sorted(told, key=lambda e: e.opened_on, reverse=True))


def _alert(entry: AlertEntry, links: SourceLinks) -> AlertLine:
    ended = ""
    if entry.state is EntryState.CLOSED:
        ended = f"{entry.closed_on or 'day not known'}: {entry.closing_reason or 'closed'}"
        ended += f" [{entry.closed_by}]" if entry.closed_by else ""
    refs = [
        ResourceRef(type_, id_)
        for type_, id_ in (
            ("Flag", entry.flag_id),
            ("Task", entry.task_id),
            (entry.message_type, entry.message_id),
        )
        if type_ and id_
    ]
    resources = tuple((str(ref), links.of(ref)) for ref in refs)
    about = f"{KINDS[entry.kind][:1].upper()}{KINDS[entry.kind][1:]}"
    return AlertLine(about, entry.opened_on, _STATES[entry.state], ended, resources)


def said_lines(kept: Iterable[KeptDecision], links: SourceLinks) -> tuple[SaidLine, ...]:
    """The newest first, with those that were taken back."""
    return tuple(_said(one, links) for one in reversed(tuple(kept)))


def _said(kept: KeptDecision, links: SourceLinks) -> SaidLine:
    decision = kept.decision
    until = "no end by date" if decision.until == NO_END else str(decision.until)
    if kept.taken_back_at is not None:
        until = f"taken back on {kept.taken_back_at.date()}"
    return SaidLine(
        decision.made_on,
        said_by(decision),
        words_of(decision.code or decision.reason),
        until,
        decision.decided_by,
        str(decision.source or "told to BoneFlag"),
        links.of(decision.source),
    )
