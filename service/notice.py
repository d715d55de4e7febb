"""A Subscription's notice as JSON -> what it says: which people, and which numbers of events.

A newcomer would get three things wrong. Nothing clinical is taken from a notice, also where it
holds whole resources: it is a reason to ask the EHR and never a fact, so that a false one costs a
few requests and nothing else. R4's own rest-hook says nothing at all, or sends a resource: then
somebody changed, and the poll finds out who. And numbers come as text in the R4 backport
(Parameters) and in R5 (integer64), and not at all from some servers.

HL7 Subscriptions R5 Backport 1.1: a Bundle whose first entry is the status, as Parameters (R4) or
SubscriptionStatus (R4B, R5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

Kind = Literal["event", "heartbeat", "handshake"]
_KINDS: dict[str, Kind] = {
    "handshake": "handshake",
    "heartbeat": "heartbeat",
    "event-notification": "event",
    "query-status": "heartbeat",
    "query-event": "event",
}
_PATIENT = re.compile(r"(?:.*/)?Patient/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")
# Parameters say with a hyphen what SubscriptionStatus says with a capital.
_NAMES = {
    "events-since-subscription-start": "eventsSinceSubscriptionStart",
    "notification-event": "notificationEvent",
    "event-number": "eventNumber",
    "additional-context": "additionalContext",
}


@dataclass(frozen=True, slots=True, repr=False)
class Notice:
    """What a notice says. `subscription` is "" and the numbers are None where it does not.

    `patient_ids` are the people it names; `is_somebody` that there is an event which names nobody.
    `first` and `last` are the lowest and highest number of its events; in a handshake or heartbeat
    `last` is how many there were since the subscription began, and `first` the one after.
    """

    kind: Kind
    subscription: str = ""
    first: int | None = None
    last: int | None = None
    patient_ids: frozenset[str] = frozenset()
    is_somebody: bool = False


SOMEBODY_CHANGED = Notice("event", is_somebody=True)
"""What every notice says that says nothing more."""


def notice_in(body: bytes | None) -> Notice:
    """What a body says; None for one that was not read. Never raises."""
    try:
        return _notice(_status_in(msgspec.json.decode(body or b"null")))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return SOMEBODY_CHANGED


def _status_in(bundle: Any) -> Mapping[str, Any]:
    """The status that comes first in a notification; {} where there is none."""
    entries = _mappings(bundle.get("entry")) if isinstance(bundle, dict) else []
    resource = entries[0].get("resource") if entries else None
    if not isinstance(resource, dict):
        return {}
    if resource.get("resourceType") == "SubscriptionStatus":
        return resource
    return _folded(resource) if resource.get("resourceType") == "Parameters" else {}


def _folded(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as if they were a SubscriptionStatus."""
    status: dict[str, Any] = {}
    for parameter in _mappings(parameters.get("parameter")):
        name = str(parameter.get("name", ""))
        name = _NAMES.get(name, name)
        parts = _mappings(parameter.get("part"))
        if name in ("notificationEvent", "additionalContext"):
            told = _folded({"parameter": parts}) if parts else _value(parameter)
            status.setdefault(name, []).append(told)
        else:
            status[name] = _value(parameter)
    return status


def _value(parameter: Mapping[str, Any]) -> Any:
    return next((value for key, value in parameter.items() if key.startswith("value")), None)


def _notice(status: Mapping[str, Any]) -> Notice:
    kind = _KINDS.get(str(status.get("type")))
    if kind is None:
        return SOMEBODY_CHANGED
    subscription = _reference(status.get("subscription"))
    total = _number(status.get("eventsSinceSubscriptionStart"))
    if kind != "event":
        first = None if total is None else total + 1
        return Notice(kind, subscription, first, total)
    events = _mappings(status.get("notificationEvent"))
    people = [frozenset(_patients_of(event)) for event in events]
    numbers = [n for n in (_number(e.get("eventNumber")) for e in events) if n is not None]
    return Notice(
        "event",
        subscription,
        min(numbers, default=total),
        max(numbers, default=total),
        frozenset().union(*people),
        is_somebody=not people or not all(people),
    )


def _patients_of(event: Mapping[str, Any]) -> Iterator[str]:
    for named in (event.get("focus"), *_listed(event.get("additionalContext"))):
        if found := _PATIENT.fullmatch(_reference(named)):
            yield found.group(1)


def _reference(value: Any) -> str:
    given = value.get("reference") if isinstance(value, dict) else None
    return given if isinstance(given, str) else ""


def _number(value: Any) -> int | None:
    """A count of events: an integer, or one as text; None for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [item for item in _listed(value) if isinstance(item, dict)]
