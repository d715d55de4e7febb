"""What the resources of an alert share: identifier, extensions, options, careful reading.

A newcomer would get one thing wrong. A resource that we read back is the EHR's, not ours: people
and other systems add notes, codings, tags and owners to it. Everything here that reads takes what
it can use from any JSON, and everything that changes keeps what it does not own.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.ehr.delivery.recipients import NO_RECIPIENTS, Recipients
from service.screening.alert import (
    ALERT_CODE_SYSTEM,
    ALERT_IDENTIFIER_SYSTEM,
    CANONICAL_BASE,
    OPEN_TASK_STATUSES,
    Alert,
    AlertKind,
)
from service.screening.record import ResourceRef

PROTOCOL_DIGEST_URL = f"{CANONICAL_BASE}/StructureDefinition/protocol-digest"
ALERT_CONTENT_URL = f"{CANONICAL_BASE}/StructureDefinition/alert-content"
ALERT_REASONS_URL = f"{CANONICAL_BASE}/StructureDefinition/alert-reasons"
TASK_INPUT_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/task-input"
TASK_OUTPUT_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/task-output"
CLOSING_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/alert-closing"
AUTHOR_NAME = "BoneFlag"

# In the words of people; the codes are those of `AlertKind`.
TITLES = {
    AlertKind.SCREENING: "Bone health review in multiple sclerosis",
    AlertKind.TREATMENT_GAP: "Osteoporosis without visible treatment",
}


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """What a hospital may choose about its alerts.

    `author` (who wrote it: Flag.author, Task.requester, Communication.sender) and `owner` are
    references such as `Device/boneflag`; `performer` is the role that should take the Task, as
    (system, code, display). `recipients` are told by messages, and own the Task where no owner is
    given. `profiles` names our profiles in meta.profile: off by default, since some servers refuse
    profiles that they do not hold.
    """

    author: str | None = None
    owner: str | None = None
    performer: tuple[str, str, str] | None = None
    profiles: bool = False
    recipients: Recipients = NO_RECIPIENTS


# What may stand in `reasonReference` (R4, Communication and ServiceRequest alike).
_REASON_TYPES = frozenset({"Condition", "Observation", "DiagnosticReport", "DocumentReference"})


def identifier_of(key: str) -> dict[str, str]:
    """The business identifier that ties what we write to one episode."""
    return {"system": ALERT_IDENTIFIER_SYSTEM, "value": key}


def key_in(resource: Mapping[str, Any]) -> str | None:
    """The alert key that a resource carries, None where it is not one of ours."""
    for identifier in objects(resource, "identifier"):
        value = identifier.get("value")
        if identifier.get("system") == ALERT_IDENTIFIER_SYSTEM and isinstance(value, str):
            return value or None
    return None


_ALERT_LINE = re.compile(r"BoneFlag alert ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def key_told_in(text: str) -> str | None:
    """The alert key of the last line of our texts, None where a text has no such line."""
    found = _ALERT_LINE.search(text)
    return found.group(1) if found else None


def objects(resource: Mapping[str, Any], element: str) -> list[dict[str, Any]]:
    """The objects of a repeating element; whatever else stands there is left out."""
    found = resource.get(element)
    return [o for o in found if isinstance(o, dict)] if isinstance(found, list) else []


def part(resource: Mapping[str, Any], element: str) -> dict[str, Any]:
    """A single complex element, {} where it is missing or something else."""
    found = resource.get(element)
    return found if isinstance(found, dict) else {}


def has_coding(concept: Mapping[str, Any], system: str, code: str | None = None) -> bool:
    """Whether a CodeableConcept has a coding of a system (and with that code, where given)."""
    return any(
        coding.get("system") == system and code in (None, coding.get("code"))
        for coding in objects(concept, "coding")
    )


def extension_value(resource: Mapping[str, Any], url: str) -> str:
    """The valueString of one of our extensions, "" where it is missing."""
    for extension in objects(resource, "extension"):
        if extension.get("url") == url:
            return str(extension.get("valueString") or "")
    return ""


def own_extensions(alert: Alert) -> list[dict[str, Any]]:
    """Which protocol spoke, a digest of what it said, and the risk factors that it rests on."""
    own = [
        {"url": PROTOCOL_DIGEST_URL, "valueString": alert.protocol_digest},
        {"url": ALERT_CONTENT_URL, "valueString": alert.content_digest},
    ]
    if alert.reasons:
        own.append({"url": ALERT_REASONS_URL, "valueString": " ".join(sorted(alert.reasons))})
    return own


def with_own_extensions(current: Mapping[str, Any], alert: Alert) -> list[dict[str, Any]]:
    """The extensions of others as they are, and ours renewed behind them."""
    own = own_extensions(alert)
    urls = {PROTOCOL_DIGEST_URL, ALERT_CONTENT_URL, ALERT_REASONS_URL}
    return [e for e in objects(current, "extension") if e.get("url") not in urls] + own


def stands(resource: Mapping[str, Any]) -> bool:
    """Whether a Flag is up, or a Task waits for somebody.

    A Task on hold does not: somebody put it aside, and that is an answer.
    """
    status = resource.get("status")
    return status == "active" or (status in OPEN_TASK_STATUSES and status != "on-hold")


def protocol_of(alert: Alert) -> str:
    """The canonical of the protocol that spoke, with its version."""
    return f"{CANONICAL_BASE}/PlanDefinition/{alert.protocol_id}|{alert.protocol_version}"


def alert_coding(kind: AlertKind) -> dict[str, str]:
    """The kind of an alert, as a coding of ours."""
    return {"system": ALERT_CODE_SYSTEM, "code": kind.value, "display": TITLES[kind]}


def references_to(refs: Iterable[ResourceRef]) -> list[dict[str, str]]:
    """FHIR References, each once."""
    return [{"reference": str(ref)} for ref in dict.fromkeys(refs)]


def is_reason(ref: ResourceRef) -> bool:
    """Whether this evidence may be named as a reason, and not only as what it is about."""
    return ref.type in _REASON_TYPES


def markdown_of(text: str) -> str:
    """Plain lines as markdown, where a line ends only after two blanks."""
    return "  \n".join(line.rstrip() for line in text.strip().splitlines())


def without_empty(body: Mapping[str, Any]) -> dict[str, Any]:
    """The elements that say something: FHIR allows no empty ones."""
    return {name: value for name, value in body.items() if value not in ([], None, "")}


def copy_of(current: Mapping[str, Any]) -> dict[str, Any]:
    """The EHR's resource to be changed, without a narrative that the change would make untrue."""
    body = copy.deepcopy(dict(current))
    if part(body, "text").get("status") in ("generated", "extensions"):
        del body["text"]
    return body


def stamp(at: datetime) -> str:
    """A dateTime with its zone, to the second; ValueError without a zone."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.isoformat(timespec="seconds")
