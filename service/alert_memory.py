"""Between the ledger's entries and what the EHR rooms call remembered and written.

`service.ehr` and `service.store` never import each other; where their words meet is here.
"""

from __future__ import annotations

from dataclasses import replace

from service.ehr.alert_state import Remembered
from service.ehr.plan_progress import Outcome
from service.screening.alert import OPEN_TASK_STATUSES, Action, AlertPlan, PostedResource
from service.screening.record import ResourceRef
from service.store.entries import AlertEntry, EntryState

_REMAINS = "; what was told stays to be seen where it was told"


def remembered_from(entry: AlertEntry) -> Remembered:
    """What the ledger knows of one alert, in the words of the room that judges it."""
    return Remembered(
        episode=entry.episode,
        flag_version=entry.flag_version,
        task_version=entry.task_version,
        flag_status=entry.flag_status,
        task_status=entry.task_status,
        reasons=frozenset(entry.reasons.split()),
        kind=entry.kind,
        state=entry.state.value,
        channel=entry.channel,
        opened_on=entry.opened_on,
        closed_on=entry.closed_on,
        content_digest=entry.content_digest,
        message=_message_of(entry),
        was_withdrawn="entered-in-error" in (entry.flag_status, entry.message_status),
    )


def _message_of(entry: AlertEntry) -> PostedResource | None:
    if entry.message_type is None or entry.message_id is None:
        return None
    ref = ResourceRef(entry.message_type, entry.message_id)
    return PostedResource(ref, entry.message_status or "", entry.message_version)


def with_sent(remembered: Remembered, plan: AlertPlan) -> Remembered:
    """The same, with the Flag status of a request of which nobody knows whether it arrived."""
    on_its_way = {Action.RESOLVE: "inactive", Action.WITHDRAW: "entered-in-error"}
    return replace(
        remembered, sent_flag_status=on_its_way.get(plan.action), is_outcome_unknown=True
    )


def entry_after(plan: AlertPlan, outcome: Outcome, known: AlertEntry | None) -> AlertEntry | None:
    """What to remember once a plan was carried out; None where there is nothing to remember it by.

    Only what stands as the plan wanted it was written by us: a status that a person left is not
    taken for our own.
    """
    if plan.alert is not None:
        alert = plan.alert
        entry = AlertEntry(
            key=alert.key,
            kind=alert.kind,
            protocol_id=alert.protocol_id,
            episode=alert.episode,
            state=EntryState.CONFIRMED,
            opened_on=alert.since,
            content_digest=alert.content_digest,
            reasons=" ".join(sorted(alert.reasons)),
            protocol_digest=alert.protocol_digest,
        )
        if known is not None:
            entry = _with_resources(entry, known)
    elif known is not None:
        entry = known
    elif plan.posted is not None:
        # An alert that a lost ledger no longer knows: what was read is all there is to keep.
        entry = AlertEntry(
            key=plan.posted.key,
            kind=plan.posted.kind,
            protocol_id="",
            episode=plan.posted.episode,
            state=EntryState.CONFIRMED,
            opened_on=plan.posted.opened_on,
            content_digest=plan.posted.content_digest,
            reasons=" ".join(sorted(plan.posted.reasons)),
            protocol_digest=plan.posted.protocol_digest,
        )
    else:
        return None
    if outcome.channel:
        entry = replace(entry, channel=outcome.channel)
    if "Flag" in outcome.settled and outcome.flag is not None:
        entry = _flag(entry, outcome.flag)
    if "Task" in outcome.settled and outcome.task is not None:
        entry = _task(entry, outcome.task)
    if "message" in outcome.settled and outcome.message is not None:
        entry = _message(entry, outcome.message)
    if outcome.did == "unknown":
        return replace(entry, state=EntryState.UNKNOWN)
    if plan.action in (Action.RESOLVE, Action.WITHDRAW) and not _is_task_open(outcome):
        entry = replace(
            entry,
            state=EntryState.CLOSED,
            closed_on=plan.closed_on,
            closing_reason=plan.reason + (_REMAINS if outcome.remains else ""),
            closed_by=str(plan.closed_by) if plan.closed_by else "",
        )
        if plan.action is Action.WITHDRAW and outcome.flag is None and outcome.task is None:
            # What was told may not be changeable: then the ledger alone knows of it.
            entry = replace(entry, message_status="entered-in-error")
    return entry


def _with_resources(entry: AlertEntry, known: AlertEntry) -> AlertEntry:
    return replace(
        entry,
        flag_id=known.flag_id,
        flag_version=known.flag_version,
        flag_status=known.flag_status,
        task_id=known.task_id,
        task_version=known.task_version,
        task_status=known.task_status,
        channel=known.channel,
        message_type=known.message_type,
        message_id=known.message_id,
        message_version=known.message_version,
        message_status=known.message_status,
    )


def _is_task_open(outcome: Outcome) -> bool:
    """After a refusal the Flag goes and the Task stays as the person left it: still to be watched,
    also when the person leaves the cohort."""
    return outcome.task is not None and outcome.task.status in OPEN_TASK_STATUSES


def _flag(entry: AlertEntry, flag: PostedResource) -> AlertEntry:
    return replace(entry, flag_id=flag.ref.id, flag_version=flag.version, flag_status=flag.status)


def _task(entry: AlertEntry, task: PostedResource) -> AlertEntry:
    return replace(entry, task_id=task.ref.id, task_version=task.version, task_status=task.status)


def _message(entry: AlertEntry, message: PostedResource) -> AlertEntry:
    return replace(
        entry,
        message_type=message.ref.type,
        message_id=message.ref.id,
        message_version=message.version,
        message_status=message.status,
    )
