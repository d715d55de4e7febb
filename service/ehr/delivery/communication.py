"""An alert as a Communication: a message to a practitioner, a role or a group.

A newcomer would get three things wrong. A message cannot be unsaid: what was sent is neither
changed nor closed, so that the ledger alone knows that the matter is over, and a closing message
tells it where the hospital wants one. Servers drop what they do not know, so that the text itself
holds all that must not be lost: the findings with their sources, what was unknown, the protocol,
and the alert's key. And the status is always `completed`: that says that it was sent, and nothing
about what was done.

Fields that a server takes: `message_style`. Shape: integration notes 3.1; wording: criteria 3.4.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from service.ehr.delivery.checks import built
from service.ehr.delivery.elements import (
    TITLES,
    DeliveryOptions,
    identifier_of,
    is_reason,
    key_in,
    key_told_in,
    objects,
    own_extensions,
    part,
    protocol_of,
    references_to,
    stamp,
    without_empty,
)
from service.ehr.delivery.message_style import STANDARD_STYLE, MessageStyle
from service.ehr.delivery.recipients import type_of
from service.screening.alert import CANONICAL_BASE, LOCAL_DECISION, Alert, AlertKind, AlertPlan
from service.screening.record import ResourceRef

Resource = dict[str, Any]
COMMUNICATION_PROFILE = f"{CANONICAL_BASE}/StructureDefinition/boneflag-communication"
CLOSING_IDENTIFIER_SYSTEM = f"{CANONICAL_BASE}/sid/alert-closing"
SENT_STATUS = "completed"
_CATEGORY = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/communication-category",
            "code": "notification",
        }
    ]
}
_PLAIN_TEXT = "text/plain;charset=utf-8"


def new_communication(
    alert: Alert,
    at: datetime,
    options: DeliveryOptions,
    style: MessageStyle = STANDARD_STYLE,
    earlier: ResourceRef | None = None,
) -> Resource:
    """A message for an alert, ready to be created; `earlier` is the one that it takes up again.

    EHRRejected where nobody is named who could receive it.
    """
    topic = f"{TITLES[alert.kind]}: consider review"
    body = _message(topic, text_of(alert), alert.kind, alert.patient, options, style)
    body["priority"] = alert.priority
    if not style.is_bare:
        body |= {
            "extension": own_extensions(alert),
            "identifier": [identifier_of(alert.key)],
            "instantiatesCanonical": [protocol_of(alert)],
            "inResponseTo": references_to([earlier] if earlier else []),
            "about": references_to(alert.evidence),
            "reasonReference": references_to(filter(is_reason, alert.evidence)),
            "sent": stamp(at),
        }
        if options.profiles:
            body["meta"] = {"profile": [COMMUNICATION_PROFILE]}
    return _built(body)


def text_of(alert: Alert) -> str:
    """All that is said, as plain text: the line, the findings with their sources, and the key."""
    return f"{alert.summary}\n\n{alert.detail.strip()}\n\nBoneFlag alert {alert.key}"


def closing_communication(
    sent: Mapping[str, Any],
    plan: AlertPlan,
    at: datetime,
    options: DeliveryOptions,
    style: MessageStyle = STANDARD_STYLE,
) -> Resource | None:
    """A message that an earlier one is over, to whom that one went; None where it names nobody.

    It carries no alert identifier: nothing must take it for an alert.
    """
    patient = part(sent, "subject").get("reference")
    receivers = [
        {"reference": str(receiver["reference"])}
        for receiver in objects(sent, "recipient")
        if type_of(str(receiver.get("reference", ""))) in style.recipient_types
    ]
    if not isinstance(patient, str) or not receivers or plan.posted is None:
        return None
    key = plan.posted.key
    text = f"Nothing is asked for any more: {plan.reason}.\n{LOCAL_DECISION}\nBoneFlag alert {key}"
    topic = f"{TITLES[plan.kind]}: closed"
    about = ResourceRef(*patient.split("/")[-2:])
    body = _message(topic, text, plan.kind, about, options, style)
    body |= {"recipient": receivers, "priority": "routine"}
    if not style.is_bare:
        body |= {
            "identifier": [{"system": CLOSING_IDENTIFIER_SYSTEM, "value": key}],
            "inResponseTo": [{"reference": f"Communication/{sent.get('id')}"}],
            "sent": stamp(at),
        }
    return _built(body)


def _message(
    topic: str,
    text: str,
    kind: AlertKind,
    patient: ResourceRef,
    options: DeliveryOptions,
    style: MessageStyle,
) -> Resource:
    receivers = [r for r in options.recipients.of(kind) if type_of(r) in style.recipient_types]
    return {
        "resourceType": "Communication",
        "status": SENT_STATUS,
        "category": [_CATEGORY],
        "subject": {"reference": str(patient)},
        "topic": {"text": topic},
        "recipient": [{"reference": receiver} for receiver in receivers],
        "sender": {"reference": options.author} if options.author else None,
        "payload": [_payload(text, style)],
    }


def _payload(text: str, style: MessageStyle) -> dict[str, Any]:
    if not style.as_attachment:
        return {"contentString": text}
    encoded = base64.b64encode(text.encode()).decode()
    return {"contentAttachment": {"contentType": _PLAIN_TEXT, "data": encoded}}


def _built(body: Resource) -> Resource:
    from fhir.resources.R4B.communication import (  # Importing costs what reading never pays.
        Communication,
    )

    return built(Communication, without_empty(body))


def is_message_of(resource: Mapping[str, Any], key: str) -> bool:
    """Whether a Communication is the alert of this key, also where the server took only its text.

    A closing message names the key in its text as well, and is none.
    """
    if key_in(resource) is not None:
        return key_in(resource) == key
    return not _is_closing(resource) and any(key in text for text in _texts_in(resource))


def told_key_in(resource: Mapping[str, Any]) -> str | None:
    """The key of the alert that a Communication tells, None where it tells none of ours."""
    if key_in(resource) is not None or _is_closing(resource):
        return key_in(resource)
    return next(filter(None, map(key_told_in, _texts_in(resource))), None)


def closed_key_in(resource: Mapping[str, Any]) -> str | None:
    """The key of the alert of which a Communication says that it is over, None otherwise."""
    if key_in(resource) is not None or not _is_closing(resource):
        return None
    return next(filter(None, map(key_told_in, _texts_in(resource))), None)


def _is_closing(resource: Mapping[str, Any]) -> bool:
    systems = (i.get("system") for i in objects(resource, "identifier"))
    has_closing_topic = str(part(resource, "topic").get("text", "")).endswith(": closed")
    return CLOSING_IDENTIFIER_SYSTEM in systems or has_closing_topic


def _texts_in(resource: Mapping[str, Any]) -> Iterator[str]:
    for payload in objects(resource, "payload"):
        yield str(payload.get("contentString", ""))
        encoded = part(payload, "contentAttachment").get("data")
        if isinstance(encoded, str):
            try:
                yield base64.b64decode(encoded).decode(errors="replace")
            except binascii.Error:
                continue


def refusals(options: DeliveryOptions, style: MessageStyle) -> Iterator[str]:
    """What the settings lack for messages on this server, in sentences."""
    if not options.recipients.all:
        yield (
            "BONEFLAG_ALERT_RECIPIENTS is not set: name the practitioners, roles or groups who are"
            " to be told, such as Practitioner/123"
        )
    untold = {type_of(r) for r in options.recipients.all} - style.recipient_types
    if untold:
        yield (
            f"BONEFLAG_ALERT_RECIPIENTS names a {sorted(untold)[0]}, and this EHR takes messages to"
            f" {' or '.join(sorted(style.recipient_types))} only"
        )
    for kind in AlertKind:
        if options.recipients.all and not options.recipients.of(kind):
            yield (
                f"BONEFLAG_ALERT_RECIPIENTS names nobody for {kind}: add a recipient without a kind"
            )
    if style.sender_types and type_of(options.author or "") not in style.sender_types:
        yield (
            "BONEFLAG_ALERT_AUTHOR must name the sender of messages, who has to be a"
            f" {' or '.join(sorted(style.sender_types))} in this EHR"
        )
