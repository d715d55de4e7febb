"""The two forms of a message for `message_writer`: a Communication, and a draft ServiceRequest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from service.ehr.delivery.communication import (
    SENT_STATUS,
    closing_communication,
    is_message_of,
    new_communication,
)
from service.ehr.delivery.elements import DeliveryOptions, key_in
from service.ehr.delivery.message_style import MessageStyle
from service.ehr.delivery.service_request import (
    DRAFT,
    Code,
    closed_service_request,
    new_service_request,
    updated_service_request,
)
from service.ehr.delivery.task import Closing
from service.ehr.message_reader import MessageType
from service.screening.alert import Action, Alert, AlertKind, AlertPlan
from service.screening.record import ResourceRef

Resource = dict[str, Any]


class CommunicationForm:
    """A message: sent once, never changed; `says_closing` adds one that the matter is over."""

    type: MessageType = "Communication"
    status = SENT_STATUS
    dated_by = "sent"

    def __init__(
        self, options: DeliveryOptions, style: MessageStyle, *, says_closing: bool
    ) -> None:
        self._options = options
        self._style = style
        self._says_closing = says_closing

    def carries(self, kind: AlertKind) -> bool:
        """Every kind for which somebody is named."""
        return bool(self._options.recipients.of(kind))

    def new(self, alert: Alert, at: datetime, earlier: ResourceRef | None) -> Resource:
        """See `new_communication`."""
        return new_communication(alert, at, self._options, self._style, earlier)

    def is_for(self, resource: Resource, key: str) -> bool:
        """See `is_message_of`."""
        return is_message_of(resource, key)

    def updated(self, current: Resource, alert: Alert, at: datetime) -> Resource | None:  # noqa: ARG002 - MessageForm
        """A message that was sent stays as it is."""
        return None

    def closed(self, current: Resource, plan: AlertPlan, at: datetime) -> Resource | None:  # noqa: ARG002 - MessageForm
        """A message that was sent stays as it is."""
        return None

    def closing(self, sent: Resource, plan: AlertPlan, at: datetime) -> Resource | None:
        """See `closing_communication`; None where the hospital wants none."""
        if not self._says_closing:
            return None
        return closing_communication(sent, plan, at, self._options, self._style)


class ServiceRequestForm:
    """A draft of a proposal to order a scan: changed and revoked while nobody has touched it."""

    type: MessageType = "ServiceRequest"
    status = DRAFT
    dated_by = "authored"

    def __init__(self, options: DeliveryOptions, codes: tuple[Code, ...]) -> None:
        self._options = options
        self._codes = codes

    def carries(self, kind: AlertKind) -> bool:
        """The screening alert alone: no scan answers a known osteoporosis without treatment."""
        return kind is AlertKind.SCREENING

    def new(self, alert: Alert, at: datetime, earlier: ResourceRef | None) -> Resource:  # noqa: ARG002 - MessageForm
        """See `new_service_request`. A draft that was revoked is not named by the new one."""
        return new_service_request(alert, at, self._options, self._codes)

    def is_for(self, resource: Resource, key: str) -> bool:
        """By the identifier, or by our note where the server dropped that."""
        notes = resource.get("note")
        is_noted = isinstance(notes, list) and any(
            isinstance(note, dict) and key in str(note.get("text")) for note in notes
        )
        return key_in(resource) == key or (key_in(resource) is None and is_noted)

    def updated(self, current: Resource, alert: Alert, at: datetime) -> Resource | None:
        """See `updated_service_request`."""
        return updated_service_request(current, alert, at, self._options, self._codes)

    def closed(self, current: Resource, plan: AlertPlan, at: datetime) -> Resource | None:
        """See `closed_service_request`."""
        closing: Closing = "withdrawn" if plan.action is Action.WITHDRAW else "resolved"
        return closed_service_request(current, closing, plan.reason, at)

    def closing(self, sent: Resource, plan: AlertPlan, at: datetime) -> Resource | None:  # noqa: ARG002 - MessageForm
        """Nobody was written to, so that nobody has to be told."""
        return None
