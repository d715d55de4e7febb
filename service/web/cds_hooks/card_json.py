"""Cards as JSON: nothing null and nothing empty but the list of cards itself.

A newcomer would get two things wrong. The id of a card is the key of its alert's episode, so that
one episode has one card, however often it is shown. And no card is ever `critical`: this is a
reminder, and nobody is in danger this hour.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from service.cards.call import Card
from service.ehr.decision_reason import NON_ADHERENCE_SYSTEM
from service.ehr.delivery.elements import alert_coding, markdown_of
from service.reason_words import OFFERED
from service.screening.alert import Alert
from service.screening.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a card leads; "" is nowhere.

    `source` is the hospital's page about the programme, `pages` where our own begin. Where they are
    opened by SMART launch, the EHR tells them which patient it is.
    """

    source: str = ""
    pages: str = ""
    are_launched: bool = False


def answer(cards: Iterable[Card], protocol: Protocol, addresses: Addresses) -> dict[str, Any]:
    """The answer to a call."""
    return {"cards": [_card(card, protocol, addresses) for card in cards]}


def suggestion_id(card: str) -> str:
    """The id of a card's one suggestion, the same whenever it is shown."""
    return str(uuid.uuid5(uuid.UUID(card), "order"))


def _card(card: Card, protocol: Protocol, addresses: Addresses) -> dict[str, Any]:
    alert = card.alert
    made: dict[str, Any] = {
        "uuid": alert.key,
        "summary": alert.summary,
        "detail": markdown_of(alert.detail),
        "indicator": "warning" if alert.priority == "urgent" else "info",
        "source": _source(alert, addresses.source),
        "overrideReasons": _reasons(protocol),
    }
    if card.order is not None:
        made["suggestions"] = [_suggestion(alert, card.order)]
        made["selectionBehavior"] = "at-most-one"
    if addresses.pages:
        made["links"] = [_link(card.patient_key, addresses)]
    return made


def _link(patient_key: str, addresses: Addresses) -> dict[str, str]:
    says = {"label": "Timeline, findings and what would change them"}
    if addresses.are_launched:
        return {**says, "url": f"{addresses.pages}/launch", "type": "smart"}
    return {**says, "url": f"{addresses.pages}/patients/{patient_key}", "type": "absolute"}


def _source(alert: Alert, source_url: str) -> dict[str, Any]:
    label = f"BoneFlag, protocol {alert.protocol_id} {alert.protocol_version}"
    link = {"url": source_url} if source_url else {}
    return {"label": label, **link, "topic": alert_coding(alert.kind)}


def _suggestion(alert: Alert, order: Mapping[str, Any]) -> dict[str, Any]:
    says = "Propose a bone density scan (central DXA)"
    return {
        "label": says,
        "uuid": suggestion_id(alert.key),
        "isRecommended": True,
        "actions": [{"type": "create", "description": f"{says}, as a draft", "resource": order}],
    }


def _reasons(protocol: Protocol) -> list[dict[str, str]]:
    return [
        {"system": NON_ADHERENCE_SYSTEM, "code": code, "display": display}
        for code, display in OFFERED.items()
        if code in protocol.reasons
    ]
