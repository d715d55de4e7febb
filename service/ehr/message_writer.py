"""Carries an alert plan out by a message or a draft: look where one can look, send once.

A newcomer would get four things wrong.

*Unsearchable is not unsent.* Where a server finds a message neither by identifier nor by patient,
the ledger alone knows. After a request whose outcome is unknown nothing is sent a second time: the
outcome is "unknown", the ledger keeps it so, and an operator looks.

*A 201 is the receipt.* What was just created is not searched for: indexes lag, and a message that
was taken cannot be taken back.

*An open message is not said again.* When what an alert says has changed, a draft is renewed where
nobody has touched it; a message is not sent twice within an episode. An alert that was closed and
is due again is a new message, which names the first.

*Closing may do nothing.* What cannot be closed there is closed in the ledger, and `remains` says
so: the next sweep does not plan it again.

Source: integration notes 1.5 and 3.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from service.ehr.alert_state import Remembered, oldest_first, posted_resource, ref_of, version_of
from service.ehr.alerts import about
from service.ehr.bundle import Stored, instant
from service.ehr.capability import Capability
from service.ehr.client import FHIRClient
from service.ehr.delivery.elements import ALERT_CONTENT_URL, extension_value, objects, part
from service.ehr.delivery.provenance import ProvenanceRecorder
from service.ehr.delivery.service_request import is_closed_by_us
from service.ehr.delivery.told import is_told_elsewhere
from service.ehr.errors import (
    EHRConflict,
    EHRCutShort,
    EHRError,
    EHRNotFound,
    EHRRejected,
    EHRUnavailable,
)
from service.ehr.manners import STANDARD, Manners
from service.ehr.message_history import is_untouched
from service.ehr.message_reader import MessageType
from service.ehr.plan_progress import Did, Outcome
from service.ehr.search import query_string
from service.ehr.subject import patient_id_of, referenced
from service.screening.alert import (
    ALERT_IDENTIFIER_SYSTEM,
    Action,
    Alert,
    AlertKind,
    AlertPlan,
    AlertState,
    PostedResource,
)
from service.screening.record import ResourceRef

_log = structlog.get_logger()
Resource = dict[str, Any]
_NOTHING_REMEMBERED = Remembered()
_DAY = timedelta(days=1)


class MessageForm(Protocol):
    """One kind of message: what is sent, how it is found again, and what can still be changed.

    `status` is that of a message as we send it, `dated_by` the search parameter of its day.
    """

    type: MessageType
    status: str
    dated_by: str

    def carries(self, kind: AlertKind) -> bool:
        """Whether this kind of alert is told in this form."""
        ...

    def new(self, alert: Alert, at: datetime, earlier: ResourceRef | None) -> Resource:
        """A message for an alert; `earlier` is the one of the same episode that was closed."""
        ...

    def is_for(self, resource: Resource, key: str) -> bool:
        """Whether a resource of the EHR is the message of this alert."""
        ...

    def updated(self, current: Resource, alert: Alert, at: datetime) -> Resource | None:
        """The message saying what the alert says now; None where it cannot be changed."""
        ...

    def closed(self, current: Resource, plan: AlertPlan, at: datetime) -> Resource | None:
        """The message taken back; None where it cannot be."""
        ...

    def closing(self, sent: Resource, plan: AlertPlan, at: datetime) -> Resource | None:
        """A message that the matter is over; None where none is wanted."""
        ...


def can_look(capability: Capability, type_: str) -> bool:
    """Whether a message that was sent can be found again without its id."""
    return any(
        capability.can_search(type_, parameter)
        for parameter in ("identifier", "patient", "subject")
    )


class MessageWriter:
    """Carries out plans in one form on one server. `now` gives aware instants."""

    def __init__(
        self,
        client: FHIRClient,
        capability: Capability,
        form: MessageForm,
        *,
        channel: str,
        now: Callable[[], datetime],
        manners: Manners = STANDARD,
        provenance: ProvenanceRecorder | None = None,
    ) -> None:
        self._client = client
        self._capability = capability
        self._form = form
        self._channel = channel
        self._now = now
        self._manners = manners
        self._provenance = provenance

    def apply(self, plan: AlertPlan, remembered: Remembered = _NOTHING_REMEMBERED) -> Outcome:
        """Tell what the plan says, at most once where nobody can look.

        Raises the errors of `service.ehr.errors`; after EHRUnavailable the plan is to be carried
        out again, with `remembered.is_outcome_unknown` where the request may have arrived.
        """
        if plan.action is Action.KEEP:
            return Outcome("left-alone", channel=self._channel)
        if is_told_elsewhere(plan, remembered, self._channel):
            return Outcome("already-there", channel=remembered.channel, remains=True)
        if not self._form.carries(plan.kind):
            return Outcome("already-there", channel=self._channel)
        if plan.alert is None:
            return self._close(plan, remembered)
        posted = plan.posted
        is_again = posted is not None and posted.state is not AlertState.ACTIVE
        if plan.action is Action.CREATE or is_again:
            earlier = posted.message if posted and plan.action is Action.UPDATE else None
            return self._tell(plan.alert, remembered, earlier.ref if earlier else None)
        return self._renew(plan.alert, posted.message if posted else None, remembered)

    def retire(self, duplicates: Iterable[PostedResource]) -> int:
        """Nothing: this channel reads no duplicates, and a message cannot be unsent."""
        return sum(0 for _ in duplicates)

    # Telling

    def _tell(self, alert: Alert, remembered: Remembered, earlier: ResourceRef | None) -> Outcome:
        found = self._look(alert, earlier)
        if found == [] and remembered.is_outcome_unknown:
            # A server may take a message and drop its identifier: then the text tells.
            found = self._look(alert, earlier, by_identifier=False)
        if found:
            return self._there_already(found)
        if found is None and remembered.is_outcome_unknown:
            return Outcome("unknown", channel=self._channel)
        resource = self._form.new(alert, self._now(), earlier)
        try:
            stored = self._client.create(resource, if_none_exist=self._condition(alert, earlier))
        except (EHRConflict, EHRRejected) as error:
            found = self._look(alert, earlier)
            if found:
                return self._there_already(found)
            if not self._is_duplicate(error):
                raise
            _log.info("alert_already_there", type=self._form.type)
            return Outcome("already-there", channel=self._channel)
        if stored.ref is not None and self._provenance is not None:
            self._provenance.record(stored.ref, alert, "CREATE")
        return self._told("created" if stored.is_new else "already-there", stored)

    def _look(
        self, alert: Alert, earlier: ResourceRef | None, *, by_identifier: bool = True
    ) -> list[Resource] | None:
        """Our messages of this alert, the one to go by first; None where nobody can look."""
        type_ = self._form.type
        if not can_look(self._capability, type_):
            return None
        has_patient = self._offers("patient") or self._offers("subject")
        if not by_identifier and not has_patient:
            return []
        params = about(self._capability, type_, [alert.patient.id]) if has_patient else {}
        if by_identifier and self._offers("identifier"):
            params["identifier"] = f"{ALERT_IDENTIFIER_SYSTEM}|{alert.key}"
        elif self._offers(self._form.dated_by):
            # Other people's messages are none of our business: not before the episode began.
            params[self._form.dated_by] = f"ge{alert.since - _DAY}"
        result = self._client.search(type_, params)
        if not result.is_complete:
            raise EHRCutShort(f"Whether our {type_} is there cannot be told: the answer is cut off")
        ours = [
            resource
            for resource in result.matches
            if self._form.is_for(resource, alert.key)
            and patient_id_of(resource) == alert.patient.id
        ]
        return oldest_first(_since(ours, earlier) if earlier else ours)

    def _offers(self, parameter: str) -> bool:
        return self._capability.can_search(self._form.type, parameter)

    def _condition(self, alert: Alert, earlier: ResourceRef | None) -> str | None:
        # A condition would find the message that was closed, and send nothing (notes 1.5).
        if earlier or not self._capability.can_create_conditionally(self._form.type):
            return None
        return query_string({"identifier": f"{ALERT_IDENTIFIER_SYSTEM}|{alert.key}"})

    def _is_duplicate(self, error: EHRError) -> bool:
        codes = self._manners.already_there_codes
        return any(issue.detail_code in codes for issue in error.issues)

    def _there_already(self, found: list[Resource]) -> Outcome:
        if len(found) > 1:
            _log.warning("duplicate_alerts_stay", type=self._form.type, count=len(found))
        # With the status that we gave it, so that the next reading sees what a person made of it.
        message = posted_resource(found[0])
        ours = PostedResource(message.ref, self._form.status, message.version)
        return self._settled("already-there", ours)

    def _told(self, did: Did, stored: Stored) -> Outcome:
        if stored.ref is None:
            return Outcome(did, channel=self._channel)
        return self._settled(did, PostedResource(stored.ref, self._form.status, stored.version))

    def _settled(self, did: Did, message: PostedResource) -> Outcome:
        return Outcome(did, settled=frozenset({"message"}), message=message, channel=self._channel)

    # Changing

    def _renew(
        self, alert: Alert, message: PostedResource | None, remembered: Remembered
    ) -> Outcome:
        """Let a draft say what the alert says now, where nobody has touched it."""
        if remembered.state == "unknown":
            return Outcome("unknown", channel=self._channel)
        untold = Outcome("already-there", channel=self._channel)
        current = self._shown(message)
        if current is None or not self._is_ours(current, remembered, alert):
            return untold
        changed = self._form.updated(current, alert, self._now())
        if changed is None:
            return untold
        try:
            stored = self._client.update(changed, if_match=version_of(current))
        except EHRConflict:  # Somebody works on it at this moment: it is theirs now.
            return untold
        if self._provenance is not None:
            self._provenance.record(ref_of(current), alert, "UPDATE")
        return self._settled("updated", self._as_left(current, stored))

    def _shown(self, message: PostedResource | None) -> Resource | None:
        """The draft as the EHR has it; None where it is gone, or cannot be changed there anyway."""
        type_ = self._form.type
        if message is None or message.ref.type != type_ or not self._capability.can_write(type_):
            return None
        try:
            return self._client.read(type_, message.ref.id).resource
        except EHRNotFound:
            return None

    def _is_ours(
        self, current: Resource, remembered: Remembered, alert: Alert | None = None
    ) -> bool:
        """Whether nobody has touched it.

        A version that the ledger does not know is still ours where it says what the alert says: the
        answer of an earlier attempt got lost.
        """
        if current.get("status") != self._form.status:
            return False
        says = extension_value(current, ALERT_CONTENT_URL)
        is_said_already = alert is not None and says == alert.content_digest
        return is_said_already or is_untouched(current, remembered)

    def _as_left(self, current: Resource, stored: Stored) -> PostedResource:
        shown = stored.resource or current
        version = stored.version or version_of(stored.resource or {})
        return PostedResource(ref_of(current), str(shown.get("status")), version)

    # Closing

    def _close(self, plan: AlertPlan, remembered: Remembered) -> Outcome:
        message = plan.posted.message if plan.posted else None
        current = self._shown(message)
        if current is not None and is_closed_by_us(current):  # The answer got lost, no more.
            return self._settled("already-there", posted_resource(current))
        if current is not None and self._is_ours(current, remembered):
            closed = self._form.closed(current, plan, self._now())
            if closed is not None:
                return self._take_back(current, closed)
        if message is not None and not remembered.is_outcome_unknown:
            self._say_that_it_is_over(plan, message)
        remains = message is not None or remembered.state == "unknown"
        return Outcome("already-there", channel=self._channel, remains=remains)

    def _take_back(self, current: Resource, closed: Resource) -> Outcome:
        try:
            stored = self._client.update(closed, if_match=version_of(current))
        except EHRConflict:  # Somebody works on it at this moment: it is theirs now.
            return Outcome("already-there", channel=self._channel, remains=True)
        return self._settled("updated", self._as_left(closed, stored))

    def _say_that_it_is_over(self, plan: AlertPlan, message: PostedResource) -> None:
        """Send the closing message where one is wanted; at most once, whatever becomes of it."""
        if not self._capability.can_read(self._form.type):
            return
        try:
            sent = self._client.read(self._form.type, message.ref.id).resource
            closing = self._form.closing(sent, plan, self._now()) if sent else None
            if closing is not None:
                self._client.create(closing)
        except EHRUnavailable as error:
            if not error.outcome_unknown:
                raise
            _log.warning("closing_message_unknown", outcome_unknown=True)
        except EHRError as error:
            _log.warning("closing_message_not_sent", status=error.status)


def _since(messages: list[Resource], earlier: ResourceRef) -> list[Resource]:
    """Those that came after the one that was closed: they name it, or are younger than it."""
    closed = next((message for message in messages if ref_of(message) == earlier), {})
    then = _sent_at(closed)
    found = []
    for message in messages:
        at = _sent_at(message)
        names_it = any(referenced(r) == earlier for r in objects(message, "inResponseTo"))
        if names_it or (then is not None and at is not None and at > then):
            found.append(message)
    return found


def _sent_at(message: Resource) -> datetime | None:
    return (
        instant(message.get("sent"))
        or instant(message.get("authoredOn"))
        or instant(part(message, "meta").get("lastUpdated"))
    )
