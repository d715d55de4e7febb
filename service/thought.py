"""Step 4 of the line: from what was read to what would be done, without any door or write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from service.ehr.alert_history import AlertHistory
from service.screening.alert import Action, AlertPlan, AlertState
from service.screening.assess import Assessment, assess, with_decisions
from service.screening.decision_span import settled
from service.screening.plan import History, plan_alert, plan_gap
from service.screening.protocol import Protocol
from service.screening.record import Decision, PatientRecord, ResourceRef


@dataclass(frozen=True, slots=True, repr=False)
class Thought:
    """What the line thinks about one patient before anything is written.

    `record` is what was judged: the chart, with what people decided about our alerts. `said` are
    the decisions that the EHR shows, as they are to be remembered.
    """

    record: PatientRecord
    said: tuple[Decision, ...]
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
    remembered = tuple(decisions)
    shown = sources_in(alerts)
    said = tuple(_as_first_said(d, remembered, protocol) for d in decisions_in(alerts))
    standing = (*(d for d in remembered if d.source is None or d.source not in shown), *said)
    record = with_decisions(record, standing)
    assessment = assess(record, protocol, on)
    history = History(site, alerts.posted, standing)
    return Thought(
        record,
        said,
        assessment,
        plan_alert(assessment, history, protocol, on),
        plan_gap(assessment, history, protocol, on),
    )


def sources_in(alerts: AlertHistory) -> frozenset[ResourceRef]:
    """The Flags and Tasks that the EHR shows: what is said on them is read from them.

    Not messages: one whose alert is over is not looked at any more. And not what was withdrawn: our
    own closing took the place of what a person had left there, and takes nothing back.
    """
    return frozenset(
        resource.ref
        for alert in alerts.posted
        for resource in (alert.flag, alert.task)
        if resource is not None and alert.state is not AlertState.WITHDRAWN
    )


def decisions_in(alerts: AlertHistory) -> tuple[Decision, ...]:
    """What people decided about our alerts, each with the kind that it is about."""
    return tuple(
        replace(decision, about=str(kind))
        for kind, decisions in alerts.decisions.items()
        for decision in decisions
    )


def _as_first_said(
    decision: Decision, remembered: Iterable[Decision], protocol: Protocol
) -> Decision:
    """The decision by the protocol, on the day and by the version on which it was first seen.

    A note that somebody adds to a rejected Task moves the day of its last change, and with it the
    end, and the day from which a fracture is new: the no is the one that was said before.
    """
    for first in remembered:
        is_same = (first.source, first.about) == (decision.source, decision.about)
        is_same = is_same and first.reason == decision.reason and decision.given_until is None
        if is_same and first.made_on <= decision.made_on < first.until:
            by = decision.decided_by or first.decided_by
            decision = replace(decision, made_on=first.made_on, decided_by=by)
            decision = replace(decision, protocol_version=first.protocol_version)
            break
    return settled(decision, protocol)


def blind(thought: Thought) -> Thought:
    """The same thought where our alerts could not be read: nothing is written until they can be."""
    plan = AlertPlan(thought.plan.kind, Action.KEEP, "our alerts in the EHR could not be read")
    return replace(thought, plan=plan, gap_plan=None)
