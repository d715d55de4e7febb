"""Step 4 of the line: from what was read to what would be done, without any door or write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from service.ehr.alert_history import AlertHistory
from service.screening.alert import Action, AlertPlan
from service.screening.assess import Assessment, assess, with_decisions
from service.screening.plan import History, plan_alert, plan_gap
from service.screening.protocol import Protocol
from service.screening.record import Decision, PatientRecord


@dataclass(frozen=True, slots=True, repr=False)
class Thought:
    """What the line thinks about one patient before anything is written.

    `record` is what was judged: the chart, with what people decided about our alerts.
    """

    record: PatientRecord
    assessment: Assessment
    plan: AlertPlan
    gap_plan: AlertPlan | None

    @property
    def plans(self) -> tuple[AlertPlan, ...]:
        """One plan for each kind of alert that there is something to say about."""
        return (self.plan,) if self.gap_plan is None else (self.plan, self.gap_plan)


def think(
    record: PatientRecord,
    alerts: AlertHistory,
    protocol: Protocol,
    on: date,
    *,
    site: str,
    decisions: Iterable[Decision] = (),
) -> Thought:
    """Step 4 of the line, without any door: the record, what the EHR shows of us, and the date.

    `decisions` are those that the ledger remembers. One whose Flag or Task the EHR still shows is
    taken from there: whoever takes a rejected Task up again takes the no back.
    """
    shown = {r.ref for alert in alerts.posted for r in (alert.flag, alert.task) if r is not None}
    remembered = (d for d in decisions if d.source is None or d.source not in shown)
    said = (*remembered, *decisions_in(alerts))
    record = with_decisions(record, said)
    assessment = assess(record, protocol, on)
    history = History(site, alerts.posted, said)
    return Thought(
        record,
        assessment,
        plan_alert(assessment, history, protocol, on),
        plan_gap(assessment, history, protocol, on),
    )


def decisions_in(alerts: AlertHistory) -> tuple[Decision, ...]:
    """What people decided about our alerts, each with the kind that it is about."""
    return tuple(
        replace(decision, about=str(kind))
        for kind, decisions in alerts.decisions.items()
        for decision in decisions
    )


def blind(thought: Thought) -> Thought:
    """The same thought where our alerts could not be read: nothing is written until they can be."""
    plan = AlertPlan(thought.plan.kind, Action.KEEP, "our alerts in the EHR could not be read")
    return replace(thought, plan=plan, gap_plan=None)
