"""The history of alerts told by a message or a row: the ledger's memory, and what we read.

A newcomer would get three things wrong. A message is looked at one by one and only while its alert
is open: a search for everything that was ever written about a patient would read other people's
letters. What the ledger holds of another channel counts as told, so that a change of channel tells
nobody the same thing twice within an episode. And a draft of ours that somebody took up (active,
on hold, completed) is neither ours any more nor refused: it is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from service.ehr.alert_history import AlertHistory, Memory
from service.ehr.alert_state import (
    Remembered,
    posted_resource,
    ref_of,
    version_of,
)
from service.ehr.decision_reason import day_of, reason_code
from service.ehr.delivery.communication import SENT_STATUS
from service.ehr.delivery.elements import part
from service.ehr.delivery.service_request import DRAFT, is_closed_by_us, status_reason_of
from service.screening.alert import AlertKind, AlertState, PostedAlert
from service.screening.dates import add_months
from service.screening.record import Decision

Resource = dict[str, Any]

_ENDED_BY_PERSON = {
    "Communication": frozenset({"stopped", "not-done", "on-hold", "entered-in-error"}),
    "ServiceRequest": frozenset({"revoked", "entered-in-error"}),
}
WRITTEN_STATUSES = {"Communication": SENT_STATUS, "ServiceRequest": DRAFT}


def message_history(
    memory: Memory, shown: Mapping[str, Resource], *, snooze_months: int, counts_sent: bool
) -> AlertHistory:
    """Every alert that the ledger knows of, with what the EHR shows of it by its key.

    `counts_sent`: whether a request of which nobody knows whether it arrived counts as told; so it
    must where nobody can look.
    """
    posted: list[PostedAlert] = []
    decisions: dict[AlertKind, tuple[Decision, ...]] = {}
    for key, known in memory.items():
        alert = remembered_alert(key, known, counts_sent=counts_sent)
        if alert is None:
            continue
        resource = shown.get(key)
        if resource is not None:
            alert = _as_shown(alert, resource, known)
            if alert.state is AlertState.DISMISSED:
                decision = _decision_on(resource, alert, snooze_months)
                alert = replace(alert, closed_on=decision.made_on)
                decisions[alert.kind] = (*decisions.get(alert.kind, ()), decision)
        posted.append(alert)
    posted.sort(key=lambda alert: (alert.kind, alert.episode))
    return AlertHistory(tuple(posted), (), decisions)


def told_elsewhere(memory: Memory, channel: str, seen: Iterable[str]) -> list[PostedAlert]:
    """Alerts that another channel told and that this one does not see, by the ledger alone."""
    seen = set(seen)
    found = (
        remembered_alert(key, known, counts_sent=True)
        for key, known in memory.items()
        if key not in seen and known.channel not in ("", channel)
    )
    return [alert for alert in found if alert is not None]


def remembered_alert(key: str, known: Remembered, *, counts_sent: bool) -> PostedAlert | None:
    """An alert as the ledger remembers it; None where it was never told."""
    is_told = known.state in ("confirmed", "unknown", "closed")
    if not is_told and not (counts_sent and known.state == "sent"):
        return None
    if known.kind is None or known.episode is None or known.opened_on is None:
        return None
    state = AlertState.ACTIVE
    if known.state == "closed":
        state = AlertState.WITHDRAWN if known.was_withdrawn else AlertState.RESOLVED
    return PostedAlert(
        key=key,
        kind=known.kind,
        episode=known.episode,
        state=state,
        opened_on=known.opened_on,
        content_digest=known.content_digest,
        closed_on=known.closed_on,
        reasons=known.reasons,
        message=known.message,
    )


def _as_shown(alert: PostedAlert, resource: Resource, known: Remembered) -> PostedAlert:
    return replace(alert, state=state_shown(resource, known), message=posted_resource(resource))


def state_shown(resource: Mapping[str, Any], known: Remembered) -> AlertState:
    """Where an alert stands whose message the ledger calls open."""
    type_, status = str(resource.get("resourceType")), resource.get("status")
    if is_closed_by_us(resource):  # Our closing arrived, its answer did not.
        withdrawn = status == "entered-in-error"
        return AlertState.WITHDRAWN if withdrawn else AlertState.RESOLVED
    if status in _ENDED_BY_PERSON.get(type_, ()):
        return AlertState.DISMISSED
    if status == WRITTEN_STATUSES.get(type_) and (
        type_ == "Communication" or is_untouched(resource, known)
    ):
        return AlertState.ACTIVE
    return AlertState.CHANGED


def is_untouched(resource: Mapping[str, Any], known: Remembered) -> bool:
    """Whether it stands in the version that we wrote, as far as versions are kept."""
    version = version_of(resource)
    written = known.message.version if known.message else None
    return version is None or written is None or version == written


def _decision_on(resource: Resource, alert: PostedAlert, snooze_months: int) -> Decision:
    """The person's no, in a few words of ours: what somebody typed stays in the EHR."""
    code = reason_code(status_reason_of(resource) or part(resource, "statusReason"))
    made_on: date = day_of(part(resource, "meta").get("lastUpdated")) or alert.opened_on
    return Decision(
        kind="snoozed",
        made_on=made_on,
        until=add_months(made_on, snooze_months),
        reason=code or f"{resource.get('resourceType')} {resource.get('status')}",
        source=ref_of(resource),
        code=code,
    )
