"""How far one plan has come on its way into the EHR, and what is told about it in the end.

A newcomer would get one thing wrong: that something is as the plan wants it does not mean that we
made it so. A Flag that a person took down before the plan was made is not in `settled`, or the
ledger would take that person's no for our own closing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from service.ehr.alert_state import Remembered, posted_resource, ref_of
from service.ehr.delivery.elements import stands
from service.ehr.delivery.flag_and_task import AlertType
from service.screening.alert import Action, AlertPlan, PostedResource

Resource = dict[str, Any]
Did = Literal["created", "updated", "already-there", "left-alone", "unknown"]
Settled = Literal["Flag", "Task", "message"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan.

    `flag` and `task` are as the EHR holds them now, whoever left them so. Only those whose type is
    in `settled` stand as the plan wants them: only their status and version may be remembered as
    written by us. "left-alone" means that a person ended the matter after the plan was made; the
    next reading tells how. "unknown" means that an earlier request may have arrived, that nobody
    can look, and that nothing was sent now. `channel` is the delivery by which the alert stands
    told; `remains` says that a closed alert is still to be seen there.
    """

    did: Did
    flag: PostedResource | None = None
    task: PostedResource | None = None
    settled: frozenset[Settled] = frozenset()
    duplicates_retired: int = 0
    message: PostedResource | None = None
    channel: str = ""
    remains: bool = False


class PlanProgress:
    """One plan on its way through the writer: what was found, and what was done."""

    def __init__(self, plan: AlertPlan, remembered: Remembered) -> None:
        self.plan = plan
        self.key = plan.alert.key if plan.alert else plan.posted.key if plan.posted else ""
        self.found: dict[AlertType, Resource | None] = {}
        self.settled: set[AlertType] = set()
        self.left_alone: set[AlertType] = set()
        self.did_create = False
        self.did_update = False
        self.duplicates_retired = 0
        self._remembered = remembered

    def posted(self, type_: AlertType) -> PostedResource | None:
        """The Flag or Task as it was read when the plan was made."""
        if self.plan.posted is None or self.plan.posted.key != self.key:
            return None
        return self.plan.posted.flag if type_ == "Flag" else self.plan.posted.task

    def focus_for(self, type_: AlertType) -> str | None:
        """What a resource of this type points at: the Task at the Flag, where there is one."""
        flag = self.found.get("Flag")
        return str(ref_of(flag)) if flag is not None and type_ == "Task" else None

    def is_ended_by_person(self, type_: AlertType, current: Resource) -> bool:
        """Whether it is closed although the plan, made before, wants it to stand.

        The plan may know that it is closed and want it to stand again: then the status is the one
        that was read.
        """
        if self.plan.alert is None or stands(current):
            return False
        posted = self.posted(type_)
        return posted is None or posted.status != current.get("status")

    def is_our_doing(self, type_: AlertType, current: Resource) -> bool:
        """Whether what already is as the plan wants it can have become so by this plan.

        An earlier attempt whose answer was lost looks like this; a status that was there when the
        plan was made does not.
        """
        posted = self.posted(type_)
        if self.plan.alert is not None or posted is None:
            return True
        return posted.status != current.get("status")

    def leave_what_a_person_ended(self, types: Iterable[AlertType]) -> bool:
        """Whether the alert is to be left alone altogether, since one of its halves was ended."""
        for type_ in types:
            current = self.found[type_]
            if current is not None and self.is_ended_by_person(type_, current):
                self.left_alone.add(type_)
        return bool(self.left_alone)

    def was_deleted(self, type_: AlertType) -> bool:
        """Whether the EHR once held it for certain: then somebody deleted it, and meant it."""
        known = self._remembered
        return bool(known.flag_status if type_ == "Flag" else known.task_status)

    def outcome(self, channel: str = "") -> Outcome:
        """What is to be told about it."""
        return Outcome(
            did=self._did(),
            flag=self._now_posted("Flag"),
            task=self._now_posted("Task"),
            settled=frozenset(self.settled),
            duplicates_retired=self.duplicates_retired,
            channel=channel,
        )

    def _did(self) -> Did:
        if self.left_alone or self.plan.action is Action.KEEP:
            return "left-alone"
        if self.did_create:
            return "created"
        return "updated" if self.did_update else "already-there"

    def _now_posted(self, type_: AlertType) -> PostedResource | None:
        if type_ not in self.found:  # Not looked at: as it was read.
            return self.posted(type_)
        current = self.found[type_]
        return posted_resource(current) if current is not None else None
