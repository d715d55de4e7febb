"""A writer without a memory: what a simple nightly job would do, and why it is not enough.

It creates an alert for whoever is due and shows none, writes its own text over what stands for
whoever is due and shows one, and takes alerts down from whoever is not due. It does not look before
it sends, keeps no ledger of what it sent, asks for no conditional create, sends no If-Match, and
does not care who changed what. It is no part of the product: the fault run is driven with it once,
to prove that the run can fail.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from service import thought
from service.ehr.alert_state import Remembered
from service.ehr.plan_progress import Outcome
from service.ehr.writer import Writer
from service.screening import plan as product
from service.screening.alert import Action, AlertKind, AlertPlan, PostedAlert, PostedResource
from service.screening.assess import Assessment, Status
from service.screening.plan import History
from service.screening.protocol import Protocol

_LET_BE = (Status.COULD_NOT_DETERMINE, Status.ERROR, Status.ORDERED_WAITING)


def forget_everything() -> None:
    """Put this writer and its plan in the place of the product's, in this process."""
    thought.plan_alert = _plan_what_is_due  # type: ignore[assignment] # on purpose
    Writer.apply = _apply  # type: ignore[method-assign] # on purpose
    Writer.retire = _retire  # type: ignore[method-assign] # on purpose


def _plan_what_is_due(
    assessment: Assessment, history: History, protocol: Protocol, on: date
) -> AlertPlan:
    kind, posted = AlertKind.SCREENING, history.latest(AlertKind.SCREENING)
    is_a_no = assessment.status in (Status.SNOOZED, Status.DECLINED)
    if assessment.status is Status.DUE or is_a_no:
        alert = product.alert_for(kind, assessment, history.site, protocol, 1, on)
        if posted is not None:
            alert = replace(alert, key=posted.key, episode=posted.episode)
        action = Action.CREATE if posted is None else Action.UPDATE
        return AlertPlan(kind, action, "due", alert, posted)
    if posted is None or assessment.status in _LET_BE:
        return AlertPlan(kind, Action.KEEP, "nothing to say", posted=posted)
    return AlertPlan(kind, Action.RESOLVE, "not due", None, posted, "completed", on)


def _apply(self: Writer, plan: AlertPlan, _: Remembered = Remembered()) -> Outcome:  # noqa: B008 - the signature that is replaced
    if plan.action is Action.KEEP:
        return Outcome("left-alone")
    types = self._delivery.types_for(plan.kind)
    sent = {type_: _send(self, type_, plan) for type_ in types}
    return Outcome(
        "updated" if plan.posted else "created",
        flag=sent.get("Flag"),
        task=sent.get("Task"),
        settled=frozenset(types),
    )


def _send(writer: Writer, type_: Any, plan: AlertPlan) -> PostedResource | None:
    posted = _half(plan.posted, type_)
    if plan.alert is not None:
        resource = writer._delivery.new(type_, plan.alert, writer._now(), None)
    elif posted is not None:
        resource = dict(writer._client.read(posted.ref.type, posted.ref.id).resource or {})
        resource["status"] = "inactive" if type_ == "Flag" else "completed"
    else:
        return None
    if posted is None:
        stored = writer._client.create(resource)
    else:
        stored = writer._client.update({**resource, "id": posted.ref.id})
    return None if stored.ref is None else PostedResource(stored.ref, resource["status"], None)


def _half(posted: PostedAlert | None, type_: str) -> PostedResource | None:
    if posted is None:
        return None
    return posted.flag if type_ == "Flag" else posted.task


def _retire(_: Writer, duplicates: Iterable[PostedResource]) -> int:
    return sum(0 for _ in duplicates)
