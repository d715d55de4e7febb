"""Our messages, drafts and rows, looked for where no ledger knows their ids.

A newcomer would get four things wrong. This is for a lost ledger alone: it asks for everything that
was written about a patient where identifiers find nothing, because a server may take a message and
drop its identifier; then our last line in the text tells. The number of an episode stands nowhere:
the key is made again for each number until it fits. A new episode begins only after the one before
is over, so that of several the newest alone can be open, whatever a message that cannot be closed
seems to say. And a draft counts as untouched only where the server stamped it when we wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog

from service.ehr.alert_history import AlertHistory, KeyOf, Memory
from service.ehr.alert_state import Remembered, posted_resource
from service.ehr.alerts import AlertsRead, about
from service.ehr.bundle import instant
from service.ehr.capability import Capability
from service.ehr.client import FHIRClient
from service.ehr.decision_reason import day_of
from service.ehr.delivery.communication import CLOSING_IDENTIFIER_SYSTEM, closed_key_in, told_key_in
from service.ehr.delivery.elements import (
    ALERT_CONTENT_URL,
    ALERT_REASONS_URL,
    AUTHOR_NAME,
    PROTOCOL_DIGEST_URL,
    TITLES,
    extension_value,
    objects,
    part,
)
from service.ehr.delivery.service_request import drafted_key_in, is_closed_by_us
from service.ehr.delivery.worklist_file import Row, Rows
from service.ehr.errors import (
    EHRCutShort,
    EHRMisunderstood,
    EHRNotFound,
    EHRRefused,
    EHRRejected,
)
from service.ehr.message_history import message_history
from service.ehr.message_reader import MessageType
from service.ehr.subject import patient_id_of
from service.screening.alert import ALERT_IDENTIFIER_SYSTEM, AlertKind, PostedResource
from service.screening.record import ResourceRef

_log = structlog.get_logger()
Resource = dict[str, Any]
_MOST_EPISODES = 50
# How far a server's stamp may lie from ours for what it stored. A local choice.
_AT_ONCE = timedelta(minutes=5)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_FIRST = (_LONG_AGO, _LONG_AGO)


@dataclass(frozen=True, slots=True, repr=False)
class _Told:
    """One alert as the EHR or the file shows it, before it has a place among the others."""

    key: str
    kind: AlertKind
    opened_on: date
    content_digest: str
    reasons: str
    protocol_digest: str
    shown: Resource | None = None
    closed_on: date | None = None


def can_find(capability: Capability, type_: str) -> bool:
    """Whether messages of a type can be looked for by patient."""
    return any(capability.can_search(type_, name) for name in ("patient", "subject"))


class LostMessages:
    """Finds Communications or draft ServiceRequests of ours, one patient at a time."""

    def __init__(
        self,
        client: FHIRClient,
        capability: Capability,
        type_: MessageType,
        *,
        key_of: KeyOf,
        snooze_months: int,
    ) -> None:
        self._client = client
        self._capability = capability
        self._type = type_
        self._key_of = key_of
        self._snooze_months = snooze_months

    def read(self, patient_ids: Iterable[str]) -> AlertsRead:
        """Histories as `message_reader` would give them had the ledger not been lost.

        EHRUnavailable goes through.
        """
        histories: dict[str, AlertHistory] = {}
        unreadable: set[str] = set()
        for id_ in dict.fromkeys(patient_ids):
            try:
                found = [r for r in self._search(id_) if patient_id_of(r) == id_]
            except (EHRCutShort, EHRMisunderstood, EHRNotFound, EHRRefused, EHRRejected):
                unreadable.add(id_)
                continue
            told = _told_by_messages(found)
            histories[id_] = _history(id_, told, self._key_of, self._snooze_months)
        if unreadable:
            _log.warning("alerts_unreadable", patients=len(unreadable))
        return AlertsRead(histories, frozenset(unreadable))

    def _search(self, patient_id: str) -> list[Resource]:
        params = about(self._capability, self._type, [patient_id])
        if self._capability.can_search(self._type, "identifier"):
            found = self._all(params | {"identifier": f"{ALERT_IDENTIFIER_SYSTEM}|"})
            if any(_key_in(resource) for resource in found):
                closings = params | {"identifier": f"{CLOSING_IDENTIFIER_SYSTEM}|"}
                return found + (self._all(closings) if self._type == "Communication" else [])
        return self._all(params)

    def _all(self, params: dict[str, str]) -> list[Resource]:
        result = self._client.search(self._type, params)
        if not result.is_complete:
            raise EHRCutShort(f"Whether a {self._type} of ours is there cannot be told")
        return list(result.matches)


class LostRows:
    """Finds our rows in a worklist file."""

    def __init__(self, rows: Callable[[], Rows], *, key_of: KeyOf) -> None:
        self._rows = rows
        self._key_of = key_of

    def read(self, patient_ids: Iterable[str]) -> AlertsRead:
        """Histories of open alerts: of a closed one nothing is left in a file."""
        by_patient: dict[str, list[_Told]] = {}
        for row in self._rows().values():
            told = _told_by_row(row)
            if told is not None:
                by_patient.setdefault(str(row.get("patient_id")), []).append(told)
        return AlertsRead(
            {i: _history(i, by_patient.get(i, []), self._key_of, 0) for i in patient_ids}
        )

    def people(self) -> frozenset[str]:
        """The ids of everybody who has a row."""
        return frozenset(
            str(row["patient_id"]) for row in self._rows().values() if _told_by_row(row)
        )


def _told_by_row(row: Row) -> _Told | None:
    try:
        kind, opened_on = AlertKind(row["kind"]), date.fromisoformat(row["since"])
        str(row["patient_id"])
    except (KeyError, TypeError, ValueError):
        return None  # Somebody changed it by hand.
    said = row.get("reasons")
    return _Told(
        str(row["alert_key"]),
        kind,
        opened_on,
        str(row.get("content_digest", "")),
        " ".join(map(str, said)) if isinstance(said, list) else "",
        str(row.get("protocol_digest", "")),
    )


def _told_by_messages(found: Iterable[Resource]) -> list[_Told]:
    by_key: dict[str, list[Resource]] = {}
    closings: dict[str, tuple[datetime, datetime]] = {}
    for resource in found:
        closed = (
            closed_key_in(resource) if resource.get("resourceType") == "Communication" else None
        )
        if closed is not None:
            closings[closed] = max(_order(resource), closings.get(closed, _FIRST))
        elif key := _key_in(resource):
            by_key.setdefault(key, []).append(resource)
    return [_told(key, messages, closings.get(key)) for key, messages in by_key.items()]


def _told(key: str, messages: list[Resource], closing: tuple[datetime, datetime] | None) -> _Told:
    """The alert of one key; of several messages the one that is not taken back, else the last."""
    first = min(messages, key=_order)
    current = max(messages, key=lambda resource: (not is_closed_by_us(resource), _order(resource)))
    is_over = closing is not None and closing >= _order(current)
    ended = _closed_at(current) if is_closed_by_us(current) else None
    if closing is not None and is_over:
        ended = closing[0]
    return _Told(
        key,
        _kind_of(current),
        _day(first),
        extension_value(current, ALERT_CONTENT_URL),
        extension_value(current, ALERT_REASONS_URL),
        extension_value(current, PROTOCOL_DIGEST_URL),
        shown=current,
        closed_on=ended.date() if ended else None,
    )


def _closed_at(draft: Resource) -> datetime:
    """When we took a draft back: our last note tells."""
    return _last_note(draft) or _at(draft)


def _last_note(resource: Resource) -> datetime | None:
    ours = [n for n in objects(resource, "note") if n.get("authorString") == AUTHOR_NAME]
    return max(filter(None, (instant(note.get("time")) for note in ours)), default=None)


def _history(
    patient_id: str, told: Iterable[_Told], key_of: KeyOf, snooze_months: int
) -> AlertHistory:
    patient = ResourceRef("Patient", patient_id)
    made = {
        key_of(patient, kind, n): (kind, n)
        for kind in AlertKind
        for n in range(1, _MOST_EPISODES + 1)
    }
    by_kind: dict[AlertKind, list[_Told]] = {}
    for one in told:
        kind, _ = made.get(one.key, (one.kind, 0))
        by_kind.setdefault(kind, []).append(one)
    memory: dict[str, Remembered] = {}
    for kind, of_kind in by_kind.items():
        numbers = {one.key: made[one.key][1] for one in of_kind if one.key in made}
        for one in sorted(of_kind, key=lambda one: (one.opened_on, one.key)):
            # Two episodes never share a number, whatever site id the other one was made with.
            numbers.setdefault(one.key, max(numbers.values(), default=0) + 1)
        memory |= _memory(kind, of_kind, numbers)
    shown = {one.key: one.shown for one in told if one.shown and memory[one.key].state != "closed"}
    history = message_history(memory, shown, snooze_months=snooze_months, counts_sent=False)
    digests = {one.key: one.protocol_digest for one in told}
    posted = tuple(replace(a, protocol_digest=digests[a.key]) for a in history.posted)
    return replace(history, posted=posted)


def _memory(kind: AlertKind, told: Iterable[_Told], numbers: Mapping[str, int]) -> Memory:
    """What a ledger would remember: all but the newest episode of a kind are over.

    By the day on which they opened: the number says nothing of an alert under another site id, or
    of another record that was merged into this one.
    """
    memory: dict[str, Remembered] = {}
    next_opened: date | None = None
    newest_first = sorted(told, key=lambda one: (one.opened_on, numbers[one.key]), reverse=True)
    for one in newest_first:
        message = _message_of(one.shown) if one.shown else None
        closed_on = one.closed_on or next_opened
        memory[one.key] = Remembered(
            episode=numbers[one.key],
            kind=kind,
            state="closed" if closed_on else "confirmed",
            opened_on=one.opened_on,
            closed_on=closed_on,
            content_digest=one.content_digest,
            reasons=frozenset(one.reasons.split()),
            message=message,
            was_withdrawn=_is_withdrawn(one.shown) if one.shown else False,
        )
        next_opened = one.opened_on
    return memory


def _message_of(resource: Resource) -> PostedResource:
    """The message in the version that we wrote, "" where somebody may have been there since."""
    message = posted_resource(resource)
    last = _last_note(resource) or _LONG_AGO
    stored = instant(part(resource, "meta").get("lastUpdated"))
    is_a_message = message.ref.type == "Communication"
    is_ours = is_a_message or stored is None or stored - last <= _AT_ONCE
    return message if is_ours else replace(message, version=message.version and "")


def _is_withdrawn(resource: Resource) -> bool:
    return is_closed_by_us(resource) and resource.get("status") == "entered-in-error"


def _key_in(resource: Mapping[str, Any]) -> str | None:
    is_draft = resource.get("resourceType") == "ServiceRequest"
    return drafted_key_in(resource) if is_draft else told_key_in(resource)


def _kind_of(resource: Mapping[str, Any]) -> AlertKind:
    """By the title of a message; a draft stands for the screening alert alone."""
    topic = str(part(resource, "topic").get("text", ""))
    return next((k for k in AlertKind if topic.startswith(TITLES[k])), AlertKind.SCREENING)


def _at(resource: Mapping[str, Any]) -> datetime:
    return (
        instant(resource.get("sent"))
        or instant(resource.get("authoredOn"))
        or instant(part(resource, "meta").get("lastUpdated"))
        or _LONG_AGO
    )


def _order(resource: Resource) -> tuple[datetime, datetime]:
    """By what we said, to the second; within one second by the server's own stamp."""
    return _at(resource), instant(part(resource, "meta").get("lastUpdated")) or _LONG_AGO


def _day(resource: Mapping[str, Any]) -> date:
    said = resource.get("sent") or resource.get("authoredOn")
    return day_of(said) or _at(resource).date()
