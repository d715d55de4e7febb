"""An alert as a Flag, as a Task, or as both that point at each other.

A newcomer would get two things wrong. Which types are used is the hospital's and the server's
choice, but a treatment gap is never a Flag: it is work for somebody and no banner. And `revised`
is the whole truth about a change: it answers None where the EHR already holds what the plan wants,
so that a plan carried out twice changes nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from service.ehr.delivery.elements import (
    ALERT_CONTENT_URL,
    PROTOCOL_DIGEST_URL,
    DeliveryOptions,
    extension_value,
    key_in,
    part,
    stands,
)
from service.ehr.delivery.flag import closed_flag, new_flag, updated_flag, withdrawn_flag
from service.ehr.delivery.task import closed_task, new_task, updated_task
from service.ehr.subject import referenced
from service.screening.alert import OPEN_TASK_STATUSES, Action, Alert, AlertKind, AlertPlan

Resource = dict[str, Any]
AlertType = Literal["Flag", "Task"]

# The order of creation: the Task points at the Flag.
ALERT_TYPES: tuple[AlertType, ...] = ("Flag", "Task")

# A withdrawal leaves alone what is already as dead as it would make it (criteria 3.5: an ended
# Task keeps its reason).
_DEAD_TASK_STATUSES = frozenset({"cancelled", "rejected", "failed", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """How alerts are shown at one hospital; `types` is a subset of Flag and Task."""

    types: frozenset[AlertType] = frozenset(ALERT_TYPES)
    options: DeliveryOptions = field(default_factory=DeliveryOptions)

    def types_for(self, kind: AlertKind) -> tuple[AlertType, ...]:
        """The resource types that carry this kind of alert, in the order of their creation."""
        return tuple(
            t
            for t in ALERT_TYPES
            if t in self.types and not (t == "Flag" and kind is AlertKind.TREATMENT_GAP)
        )

    def new(
        self, type_: AlertType, alert: Alert, at: datetime, focus: str | None = None
    ) -> Resource:
        """A resource for a new alert; `focus` is the Flag that the Task points at."""
        if type_ == "Flag":
            return new_flag(alert, self.options)
        return new_task(alert, at, self.options, focus)

    def revised(
        self, current: Resource, plan: AlertPlan, at: datetime, focus: str | None = None
    ) -> Resource | None:
        """What the EHR's Flag or Task should become; None where it should stay as it is."""
        if plan.action in (Action.CREATE, Action.UPDATE) and plan.alert is not None:
            return self._updated(current, plan.alert, at, focus)
        if plan.action is Action.RESOLVE:
            return _resolved(current, plan, at)
        if plan.action is Action.WITHDRAW:
            return _withdrawn(current, plan, at)
        return None

    def _updated(
        self, current: Resource, alert: Alert, at: datetime, focus: str | None
    ) -> Resource | None:
        if says_already(current, alert, focus):
            return None
        if current["resourceType"] == "Flag":
            return updated_flag(current, alert, self.options)
        return updated_task(current, alert, at, self.options, focus)

    def rendered(
        self, plan: AlertPlan, current: Iterable[Resource], at: datetime
    ) -> tuple[Resource, ...]:
        """Every resource that carrying out the plan would write, without asking anybody.

        `current` are the Flags and Tasks of the plan's alert as they were read.
        """
        found = {resource["resourceType"]: resource for resource in current}
        written: list[Resource] = []
        for type_ in self.types_for(plan.kind):
            focus = _focus(plan, found.get("Flag"), self.types_for(plan.kind))
            if type_ in found:
                changed = self.revised(found[type_], plan, at, focus)
                written += [changed] if changed else []
            elif plan.action in (Action.CREATE, Action.UPDATE) and plan.alert is not None:
                written.append(self.new(type_, plan.alert, at, focus))
        return tuple(written)


def says_already(current: Mapping[str, Any], alert: Alert, focus: str | None = None) -> bool:
    """Whether a Flag or Task stands open and says what the alert says, under the same protocol."""
    return (
        stands(current)
        and extension_value(current, ALERT_CONTENT_URL) == alert.content_digest
        and extension_value(current, PROTOCOL_DIGEST_URL) == alert.protocol_digest
        and key_in(current) == alert.key
        and (focus is None or _points_at(current, focus))
    )


def _points_at(current: Mapping[str, Any], focus: str) -> bool:
    """Servers write a reference in several ways: relative, absolute, with a version."""
    if current["resourceType"] == "Flag":
        return True
    return referenced(part(current, "focus")) == referenced({"reference": focus})


def _resolved(current: Resource, plan: AlertPlan, at: datetime) -> Resource | None:
    if current["resourceType"] == "Flag":
        if current.get("status") != "active":
            return None
        return closed_flag(current, plan.closed_on or at.date())
    if plan.task_status is None or current.get("status") not in OPEN_TASK_STATUSES:
        return None
    return closed_task(current, plan.task_status, "resolved", plan.reason, at, plan.closed_by)


def _withdrawn(current: Resource, plan: AlertPlan, at: datetime) -> Resource | None:
    if current["resourceType"] == "Flag":
        return None if current.get("status") == "entered-in-error" else withdrawn_flag(current)
    if current.get("status") in _DEAD_TASK_STATUSES:
        return None
    return closed_task(current, plan.task_status or "cancelled", "withdrawn", plan.reason, at)


def temporary_url(key: str, type_: AlertType) -> str:
    """The fullUrl of a resource that a transaction is about to create."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{key}/{type_}").urn


def _focus(
    plan: AlertPlan, flag: Mapping[str, Any] | None, types: Iterable[AlertType]
) -> str | None:
    if flag is not None and flag.get("id"):
        return f"Flag/{flag['id']}"
    if plan.alert is None or "Flag" not in types:
        return None
    return temporary_url(plan.alert.key, "Flag")
