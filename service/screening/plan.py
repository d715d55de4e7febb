"""What to do about an alert: one table, from status and what the EHR already shows.

Everything that keeps an alert quiet is here. Unknown neither opens nor closes, also where the risk
factor on which an alert rests has become unknown beside others that are not met; a person's no is
respected until it lapses or a break-through holds (then the status is `due` again); one episode a
year, reopened rather than repeated; and what a person edited is not overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeGuard

from service.screening import wording
from service.screening.alert import (
    NO_REASONS,
    Action,
    Alert,
    AlertKind,
    AlertPlan,
    AlertState,
    PostedAlert,
    alert_key,
    content_digest,
)
from service.screening.assess import Assessment, Status
from service.screening.closure import close_reason, closing_ref, source_of
from service.screening.criteria.dxa_ordered import CRITERION, NOT_DONE
from service.screening.criterion import Evidence, Grade, Verdict, Weight
from service.screening.dates import add_months
from service.screening.protocol import Protocol
from service.screening.record import Decision
from service.screening.weighing import reason_of, unknown_since

Situation = Literal["none", "open", "dismissed"]
Step = Literal["open", "keep", "resolve", "silence", "withdraw"]


@dataclass(frozen=True, slots=True, repr=False)
class History:
    """All alerts that we ever posted about one patient in this site, and what people said."""

    site: str
    alerts: tuple[PostedAlert, ...] = ()
    decisions: tuple[Decision, ...] = ()

    def latest(self, kind: AlertKind) -> PostedAlert | None:
        """The alert of one kind that speaks now: an open one, else the one that opened last.

        Not the highest number: an alert under a key that we would not make today (another site id,
        a lost ledger) is numbered after the others, however old it is. One that was withdrawn, as a
        spare one is, should never have been there and speaks only where there is no other.
        """
        alerts = [a for a in self.alerts if a.kind is kind]

        def rank(alert: PostedAlert) -> tuple[bool, bool, date, int]:
            is_open = alert.state in (AlertState.ACTIVE, AlertState.CHANGED)
            was_real = alert.state is not AlertState.WITHDRAWN
            return is_open, was_real, alert.opened_on, alert.episode

        return max(alerts, key=rank, default=None)

    def rejected_with_a_flag(self, kind: AlertKind) -> PostedAlert | None:
        """The first alert of one kind that a person ended and whose Flag still stands.

        Of two records that were merged both may have one, and it need not be the one that speaks.
        """
        ended = (a for a in self.alerts if a.kind is kind and _situation(a) == "dismissed")
        return next(filter(_shows_a_flag, ended), None)

    def next_episode(self, kind: AlertKind) -> int:
        """A number that no episode of this kind has."""
        return max((a.episode for a in self.alerts if a.kind is kind), default=0) + 1


# Status: what to do with no alert open, with ours open, with one that a person dismissed.
TABLE: dict[Status, tuple[Step, Step, Step]] = {
    Status.DUE: ("open", "open", "open"),
    Status.ORDERED_WAITING: ("keep", "keep", "keep"),
    Status.COULD_NOT_DETERMINE: ("keep", "keep", "keep"),
    Status.ERROR: ("keep", "keep", "keep"),
    Status.SATISFIED: ("keep", "resolve", "keep"),
    Status.DUE_SOON: ("keep", "resolve", "keep"),
    Status.NOT_AT_RISK: ("keep", "resolve", "keep"),
    Status.EXCLUDED: ("keep", "resolve", "keep"),
    Status.RESULT_NEEDS_ACTION: ("keep", "resolve", "keep"),
    Status.SNOOZED: ("keep", "silence", "keep"),
    Status.DECLINED: ("keep", "silence", "keep"),
    Status.NOT_IN_COHORT: ("keep", "keep", "keep"),
}
_ORDERED = CRITERION.id
_UNKNOWN = (Status.COULD_NOT_DETERMINE, Status.ERROR)
_COLUMN: dict[Situation, int] = {"none": 0, "open": 1, "dismissed": 2}


def plan_alert(assessment: Assessment, history: History, protocol: Protocol, on: date) -> AlertPlan:
    """The plan for the screening alert."""
    return _plan(AlertKind.SCREENING, assessment.status, assessment, history, protocol, on)


def plan_gap(
    assessment: Assessment, history: History, protocol: Protocol, on: date
) -> AlertPlan | None:
    """The plan for the treatment gap (GAP-01); None where there is neither gap nor alert."""
    status = gap_status(assessment)
    if status is not Status.DUE and history.latest(AlertKind.TREATMENT_GAP) is None:
        return None
    return _plan(AlertKind.TREATMENT_GAP, status, assessment, history, protocol, on)


def gap_status(assessment: Assessment) -> Status:
    """The assessment read as an answer to "is a known osteoporosis untreated?"."""
    no = assessment.gap_decision
    if no is not None:
        return Status.DECLINED if no.kind == "declined" else Status.SNOOZED
    if assessment.status is Status.RESULT_NEEDS_ACTION:
        return Status.DUE
    if assessment.status in (
        Status.NOT_IN_COHORT,
        Status.EXCLUDED,
        Status.ERROR,
        Status.COULD_NOT_DETERMINE,
    ):
        return assessment.status
    if assessment.finding("treatment-gap").verdict is not Verdict.NOT_MET:
        # A gap that is met and yet not acted upon waits for an exclusion to become known.
        return Status.COULD_NOT_DETERMINE
    # Only a therapy completes the Task; a diagnosis that is gone was not treated.
    is_treated = assessment.finding("osteoporosis-therapy").is_met
    return Status.SATISFIED if is_treated else Status.NOT_AT_RISK


def _plan(
    kind: AlertKind,
    status: Status,
    assessment: Assessment,
    history: History,
    protocol: Protocol,
    on: date,
) -> AlertPlan:
    posted = history.latest(kind)
    situation = _situation(posted)
    step = TABLE[status][_COLUMN[situation]]
    is_refuted = kind in assessment.refuted and status not in _UNKNOWN
    if is_refuted and (situation == "open" or _was_called_wrong(assessment, posted)):
        step = "withdraw"
    is_open = situation == "open" and kind is AlertKind.SCREENING
    if is_open and (status is Status.NOT_AT_RISK or _came_after_a_no(assessment, posted)):
        held = _held_up_by_unknown(assessment, posted)
        if held:
            return AlertPlan(kind, Action.KEEP, f"{held}: unknown closes nothing", posted=posted)
    ended = history.rejected_with_a_flag(kind)
    if ended is not None and status not in _UNKNOWN and step != "withdraw":
        # Whoever rejected the Task left the Flag up: it goes first, whatever comes next.
        return _silence(kind, assessment, ended, on)
    if step == "open":
        return _open(kind, assessment, history, protocol, on)
    if posted is None or step == "keep":
        return AlertPlan(kind, Action.KEEP, _keep_reason(status, situation), posted=posted)
    if step == "withdraw":
        why = _why_withdrawn(assessment)
        return AlertPlan(kind, Action.WITHDRAW, why, None, posted, "cancelled", on)
    if step == "silence":
        return _silence(kind, assessment, posted, on)
    is_done = status in (Status.SATISFIED, Status.DUE_SOON)
    task_status: Literal["completed", "cancelled"] = "completed" if is_done else "cancelled"
    return AlertPlan(
        kind,
        Action.RESOLVE,
        close_reason(assessment),
        posted=posted,
        task_status=task_status,
        closed_on=on,
        closed_by=closing_ref(assessment),
    )


def _why_withdrawn(assessment: Assessment) -> str:
    if assessment.decision is not None:
        return "a person said that the diagnosis of MS is wrong"
    is_cohort = assessment.status is Status.NOT_IN_COHORT
    what = "the diagnosis of MS" if is_cohort else "its evidence"
    return f"{what} was refuted or entered in error"


def _was_called_wrong(assessment: Assessment, posted: PostedAlert | None) -> bool:
    """Whoever rejected the Task with that reason left the Flag up: it was never right."""
    return assessment.decision is not None and _shows_a_flag(posted)


def _held_up_by_unknown(assessment: Assessment, posted: PostedAlert | None) -> str:
    """The numbers of risk factors that the alert rests on and that nobody can tell any more, where
    they would still make somebody due; "" where the alert does not hang on them."""
    unknown = unknown_since(assessment.findings, posted.reasons if posted else NO_REASONS)
    grades = [(f.domain, Grade(reason.partition("|")[2])) for reason, f in unknown.items()]
    if not assessment.weighing.with_also(grades).is_reached:
        return ""
    return ", ".join(sorted(f.number for f in unknown.values()))


def _came_after_a_no(assessment: Assessment, posted: PostedAlert | None) -> bool:
    """Whether the no that stands is older than the alert, which then broke through it."""
    decision = assessment.decision
    return decision is not None and posted is not None and decision.made_on < posted.opened_on


def _shows_a_flag(posted: PostedAlert | None) -> TypeGuard[PostedAlert]:
    return posted is not None and posted.flag is not None and posted.flag.status == "active"


def _situation(posted: PostedAlert | None) -> Situation:
    if posted is None or posted.state in (AlertState.RESOLVED, AlertState.WITHDRAWN):
        return "none"
    return "dismissed" if posted.state is AlertState.DISMISSED else "open"


def _open(
    kind: AlertKind, assessment: Assessment, history: History, protocol: Protocol, on: date
) -> AlertPlan:
    """Create, reopen, update or keep: the row of the table for `due`."""
    posted = history.latest(kind)
    if posted is None:
        return _create(kind, assessment, history, protocol, on, "newly due")
    # The key of what stands there is kept, even where another version of us made it.
    alert = replace(
        alert_for(kind, assessment, history.site, protocol, posted.episode, posted.opened_on),
        key=posted.key,
    )
    if _situation(posted) == "open":
        carried = unknown_since(assessment.findings, posted.reasons) if posted.reasons else {}
        alert = replace(alert, reasons=alert.reasons | frozenset(carried))
    numbers = protocol.policies["decision"]
    if posted.state is AlertState.CHANGED:
        if _was_not_done_since(kind, assessment, protocol, posted):
            why = f"{NOT_DONE}: told once more"
            return AlertPlan(kind, Action.UPDATE, why, alert, posted)
        return AlertPlan(kind, Action.KEEP, "changed by a person: not overwritten", posted=posted)
    if posted.state is AlertState.ACTIVE:
        if posted.content_digest == alert.content_digest:
            return AlertPlan(kind, Action.KEEP, "already told", posted=posted)
        return AlertPlan(kind, Action.UPDATE, "what it says changed", alert, posted)
    if posted.state is AlertState.DISMISSED:
        if not _is_answered(kind, history):
            return AlertPlan(kind, Action.KEEP, "dismissed by a person", posted=posted)
        if posted.has_open_task:
            return AlertPlan(kind, Action.UPDATE, "due again after a no", alert, posted)
        why = "due again: the no has lapsed or was broken through"
        return _create(kind, assessment, history, protocol, on, why)
    within_a_year = on < add_months(posted.opened_on, numbers["reopen_within_months"])
    if posted.state is AlertState.RESOLVED and within_a_year:
        return AlertPlan(kind, Action.UPDATE, "due again within a year: reopened", alert, posted)
    why = "due again: a new episode"
    return _create(kind, assessment, history, protocol, on, why)


def _is_answered(kind: AlertKind, history: History) -> bool:
    """Whether it is known what was said to a dismissed alert: then the status has weighed it."""
    return kind is AlertKind.SCREENING or any(d.about == kind for d in history.decisions)


def _was_not_done_since(
    kind: AlertKind, assessment: Assessment, protocol: Protocol, posted: PostedAlert
) -> bool:
    """Whether a person completed the Task while an order waited that is too old by now.

    Only once: whoever completes it again has seen the order that was not done.
    """
    if kind is not AlertKind.SCREENING or posted.closed_on is None:
        return False
    months = protocol.entry(_ORDERED).parameters["window_months"]
    waited_until = [add_months(e.date, months) for e in _not_done(assessment) if e.date is not None]
    return any(posted.closed_on <= day for day in waited_until)


def _not_done(assessment: Assessment) -> list[Evidence]:
    """The orders that are too old and without a scan."""
    evidence = assessment.finding(_ORDERED).evidence
    return [e for e in evidence if e.weight is Weight.SEEN and e.statement.endswith(NOT_DONE)]


def _create(
    kind: AlertKind,
    assessment: Assessment,
    history: History,
    protocol: Protocol,
    on: date,
    why: str,
) -> AlertPlan:
    episode = history.next_episode(kind)
    alert = alert_for(kind, assessment, history.site, protocol, episode, on)
    return AlertPlan(kind, Action.CREATE, why, alert)


def _silence(kind: AlertKind, assessment: Assessment, posted: PostedAlert, on: date) -> AlertPlan:
    """After a no the Flag goes and the Task stays as the person left it.

    A no that was said elsewhere also ends a Task or a message that nobody has taken up.
    """
    decision = _decision_on(kind, assessment)
    is_elsewhere = decision is not None and decision.source is None
    is_untouched = is_elsewhere and posted.state is AlertState.ACTIVE
    ends_task = is_untouched and posted.task is not None and posted.task.status == "requested"
    ends_message = is_untouched and posted.message is not None
    if not (_shows_a_flag(posted) or ends_task or ends_message):
        return AlertPlan(kind, Action.KEEP, f"{assessment.status}: nothing shown", posted=posted)
    why = "ended by a person" if decision is None else f"{decision.kind}: {decision.reason}"
    task_status: Literal["cancelled"] | None = "cancelled" if ends_task else None
    closed_by = source_of(decision)
    return AlertPlan(kind, Action.RESOLVE, why, None, posted, task_status, on, closed_by)


def _decision_on(kind: AlertKind, assessment: Assessment) -> Decision | None:
    is_gap = kind is AlertKind.TREATMENT_GAP
    return assessment.gap_decision if is_gap else assessment.decision


def alert_for(
    kind: AlertKind,
    assessment: Assessment,
    site: str,
    protocol: Protocol,
    episode: int,
    since: date,
) -> Alert:
    """What one episode says of this assessment, whatever became of it so far."""
    reasons = wording.reasons_of(assessment, kind)
    evidence = tuple(dict.fromkeys(e.source for f in reasons for e in f.counting))
    said = tuple(reason_of(f) for f in reasons)
    told = [*map(str, evidence)]
    if kind is AlertKind.SCREENING:
        # What is ordered and not done is news, once; what is on its way is not.
        told += [f"{e.source} {NOT_DONE}" for e in _not_done(assessment)]
    return Alert(
        key=alert_key(site, assessment.patient, protocol.id, kind, episode),
        kind=kind,
        episode=episode,
        patient=assessment.patient,
        priority="urgent" if kind is AlertKind.SCREENING and assessment.is_urgent else "routine",
        summary=wording.summary(assessment, kind),
        detail=wording.detail(assessment, protocol, kind),
        # What cannot be referenced is still told in words, and must not keep the alert from going.
        evidence=tuple(ref for ref in evidence if ref.is_valid),
        since=since,
        protocol_id=protocol.id,
        protocol_version=protocol.version,
        protocol_digest=protocol.digest,
        content_digest=content_digest(kind, said, tuple(told)),
        reasons=frozenset(said) if kind is AlertKind.SCREENING else NO_REASONS,
    )


def _keep_reason(status: Status, situation: Situation) -> str:
    if situation == "dismissed":
        return "dismissed by a person"
    if situation == "open":
        return f"{status}: an open alert stays as it is"
    return f"{status}: nothing to say"
