"""Where an alert of ours stands, judged by its Flag, its Task and what the ledger remembers.

A newcomer would get three things wrong. A closed Flag does not say who closed it: we close the
Task first and leave our mark there, so that a Flag that went down while its Task still waits was
taken down by a person. A Task that a person *completed* is not a refusal: the Flag stays until the
scan is seen. And what counts as "written by us" comes from the ledger where it knows; without a
ledger the resources are judged alone, in favour of the person who may have decided something.

The table is `_STATES`; it is what clinicians and reviewers should read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Literal

from service.ehr.bundle import instant
from service.ehr.decision_reason import (
    day_of,
    decider,
    reason_code,
    waits_until,
    was_done_on,
)
from service.ehr.delivery.elements import (
    ALERT_CONTENT_URL,
    ALERT_REASONS_URL,
    AUTHOR_NAME,
    extension_value,
    objects,
    part,
    stands,
)
from service.ehr.delivery.task import closing_of
from service.screening.alert import (
    LOCAL_DECISION,
    NO_REASONS,
    AlertKind,
    AlertState,
    PostedResource,
    Reasons,
)
from service.screening.dates import add_months
from service.screening.record import Decision, ResourceRef

Resource = dict[str, Any]

LedgerState = Literal["", "planned", "sent", "confirmed", "unknown", "closed"]


@dataclass(frozen=True, slots=True, repr=False)
class Remembered:
    """What the ledger remembers of one alert.

    The statuses and versions are those that *we* wrote last and saw confirmed, never what a person
    left; the `sent_` ones are on their way and nobody knows whether they arrived. `state` is how
    sure the ledger is ("" where it is not asked), and `channel` the delivery that told it, "" where
    none has yet. `is_outcome_unknown`: an earlier request of the plan at hand may have arrived.
    """

    episode: int | None = None
    flag_version: str | None = None
    task_version: str | None = None
    flag_status: str | None = None
    task_status: str | None = None
    sent_flag_status: str | None = None
    reasons: Reasons = NO_REASONS
    kind: AlertKind | None = None
    state: LedgerState = ""
    channel: str = ""
    opened_on: date | None = None
    closed_on: date | None = None
    content_digest: str = ""
    message: PostedResource | None = None
    was_withdrawn: bool = False
    is_outcome_unknown: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Pair:
    """The Flag and the Task of one episode; at least one of them is there."""

    key: str
    flag: Resource | None
    task: Resource | None


class End(StrEnum):
    """How one half of an alert ended."""

    ABSENT = "is not there"
    OPEN = "stands"
    OURS = "closed by us"
    TURNED_DOWN = "turned down or put aside by a person"
    FINISHED = "completed by a person"


_STATES = {
    # Flag, Task: state
    (End.ABSENT, End.OPEN): AlertState.ACTIVE,
    (End.ABSENT, End.OURS): AlertState.RESOLVED,
    (End.ABSENT, End.TURNED_DOWN): AlertState.DISMISSED,
    # Without a Flag nothing is left to stand until the facts have changed: it was answered.
    (End.ABSENT, End.FINISHED): AlertState.DISMISSED,
    (End.OPEN, End.ABSENT): AlertState.ACTIVE,
    (End.OPEN, End.OPEN): AlertState.ACTIVE,
    # A closing of ours that was interrupted half way.
    (End.OPEN, End.OURS): AlertState.ACTIVE,
    (End.OPEN, End.TURNED_DOWN): AlertState.DISMISSED,
    (End.OPEN, End.FINISHED): AlertState.CHANGED,
    (End.OURS, End.ABSENT): AlertState.RESOLVED,
    # We took the Flag down while the Task was on hold; somebody has taken it up again.
    (End.OURS, End.OPEN): AlertState.ACTIVE,
    (End.OURS, End.OURS): AlertState.RESOLVED,
    (End.OURS, End.TURNED_DOWN): AlertState.DISMISSED,
    (End.OURS, End.FINISHED): AlertState.RESOLVED,
    (End.TURNED_DOWN, End.ABSENT): AlertState.DISMISSED,
    (End.TURNED_DOWN, End.OPEN): AlertState.DISMISSED,
    (End.TURNED_DOWN, End.TURNED_DOWN): AlertState.DISMISSED,
    (End.TURNED_DOWN, End.FINISHED): AlertState.DISMISSED,
}


def state_of(pair: Pair, known: Remembered | None) -> AlertState:
    """The state of an alert; `known` is None where the ledger has never heard of it."""
    flag_end, task_end = ends_of(pair, known)
    state = _STATES[flag_end, task_end]
    if state is AlertState.RESOLVED and _is_withdrawn(pair):
        return AlertState.WITHDRAWN
    # Words on a Flag that is down keep nobody from showing it again.
    if state is AlertState.ACTIVE and flag_end is End.OPEN and _is_reworded(pair, known):
        return AlertState.CHANGED
    return state


def ends_of(pair: Pair, known: Remembered | None) -> tuple[End, End]:
    """How the Flag and the Task of an alert ended."""
    task_end = _task_end(pair.task)
    return _flag_end(pair.flag, task_end, known), task_end


# Entered in error: a spare copy that we retired, such as the other record's after a merge.
_CLOSED_BY_US = ("completed", "cancelled", "entered-in-error")


def _task_end(task: Resource | None) -> End:
    if task is None:
        return End.ABSENT
    if stands(task):
        return End.OPEN
    if task.get("status") in _CLOSED_BY_US and closing_of(task):
        return End.OURS
    return End.FINISHED if task.get("status") == "completed" else End.TURNED_DOWN


def _flag_end(flag: Resource | None, task_end: End, known: Remembered | None) -> End:
    if flag is None:
        return End.ABSENT
    if stands(flag):
        return End.OPEN
    if task_end is End.OURS:  # We close the Task first, so that this Flag was ours to close.
        return End.OURS
    if known is None:
        return End.TURNED_DOWN if task_end is End.OPEN else End.OURS
    is_ours = flag.get("status") in (known.flag_status, known.sent_flag_status)
    return End.OURS if is_ours else End.TURNED_DOWN


def _is_withdrawn(pair: Pair) -> bool:
    """Our mark on the Task tells it too, for a server that took no Flag entered in error."""
    if pair.flag is not None and pair.flag.get("status") == "entered-in-error":
        return True
    return pair.task is not None and closing_of(pair.task) in ("withdrawn", "duplicate")


def _is_reworded(pair: Pair, known: Remembered | None) -> bool:
    """Whether a person changed our sentence in one of the two places where we wrote it."""
    flag, task = pair.flag, pair.task
    if flag is None or task is None or _digest(flag) != _digest(task):
        return False
    written = (known.flag_version, known.task_version) if known else (None, None)
    # A server that keeps no versions shows none that could be ours: there the words tell.
    if None not in written and written == (version_of(flag), version_of(task)):
        return False
    said, summary = str(part(flag, "code").get("text")), str(task.get("description"))
    return said != summary and not said.startswith(f"{summary}. {LOCAL_DECISION}")


_UNCONFIRMED = ("planned", "sent")


def content_of(pair: Pair, known: Remembered | None) -> str:
    """The digest of what an alert says; "" where it is half closed or half written.

    No plan wants to say nothing, so that an alert in halves is made whole by the next one. An EHR
    that drops our extensions shows no digest: what the ledger confirmed in this very version counts
    as said, or every sweep would say it again. And a half that is missing while the ledger has
    confirmed nothing was never written: the process died, or the EHR failed, between the two.
    """
    if None in (pair.flag, pair.task) and known is not None and known.state in _UNCONFIRMED:
        return ""
    halves = [half for half in (pair.flag, pair.task) if half is not None]
    digests = {_digest(half) or _confirmed_digest(half, known) for half in halves}
    is_half_closed = set(ends_of(pair, known)) == {End.OPEN, End.OURS}
    return "" if is_half_closed or len(digests) > 1 else digests.pop()


def _confirmed_digest(half: Resource, known: Remembered | None) -> str:
    """What the ledger says that we wrote there, "" where that is not what stands there now."""
    if known is None or known.state != "confirmed":
        return ""
    is_flag = half.get("resourceType") == "Flag"
    status = known.flag_status if is_flag else known.task_status
    version = known.flag_version if is_flag else known.task_version
    is_as_written = status is not None and version == version_of(half)
    return known.content_digest if is_as_written else ""


_REASON = re.compile(r"[A-Z]+-[0-9]+\|(major|minor)")


def reasons_of(pair: Pair, known: Remembered | None) -> Reasons:
    """What an alert rests on: what the EHR says, else what the ledger remembers."""
    said = [extension_value(h, ALERT_REASONS_URL) for h in (pair.flag, pair.task) if h is not None]
    shown = frozenset(r for text in said for r in text.split() if _REASON.fullmatch(r))
    return shown or (known.reasons if known is not None else NO_REASONS)


def _digest(resource: Resource) -> str:
    return extension_value(resource, ALERT_CONTENT_URL)


def decision_on(pair: Pair, known: Remembered | None, snooze_months: int) -> Decision | None:
    """A person's no to this alert, standing `snooze_months` calendar months; None without one.

    How long it stands by its reason the protocol says (see `decision_span`). Reason and code are a
    few words of ours: what a clinician typed stays in the EHR.
    """
    flag_end, task_end = ends_of(pair, known)
    if _STATES[flag_end, task_end] is not AlertState.DISMISSED:
        return None
    task = pair.task if task_end in (End.TURNED_DOWN, End.FINISHED) else None
    source = task or pair.flag or {}
    if task is not None:
        made_on = _ended_on(task)
    else:
        made_on = _last_change(source) or day_of(part(source, "period").get("end"))
    made_on = made_on or opened_on(pair)
    code = reason_code(part(source, "statusReason"))
    return Decision(
        kind="snoozed",
        made_on=made_on,
        until=add_months(made_on, snooze_months),
        reason=code or f"{source.get('resourceType')} {source.get('status')}",
        source=ref_of(source),
        code=code,
        decided_by=decider(source),
        given_until=waits_until(source),
        done_on=was_done_on(source),
    )


def _ended_on(task: Resource) -> date | None:
    """The day a person ended a Task.

    Many screens change the status and leave `lastModified` as we wrote it; then only the server's
    own stamp tells.
    """
    modified = instant(task.get("lastModified"))
    notes = [n for n in objects(task, "note") if n.get("authorString") == AUTHOR_NAME]
    written = max(filter(None, (instant(n.get("time")) for n in notes)), default=None)
    if modified and (written is None or modified > written):
        return modified.date()
    return _last_change(task) or day_of(task.get("lastModified"))


def finished_on(pair: Pair) -> date | None:
    """The day a person completed the Task, None where nobody did."""
    task = pair.task
    return _ended_on(task) if task is not None and _task_end(task) is End.FINISHED else None


def opened_on(pair: Pair) -> date:
    """The day the episode opened; date.min where neither half tells."""
    flag, task = pair.flag or {}, pair.task or {}
    return (
        day_of(part(flag, "period").get("start"))
        or day_of(task.get("authoredOn"))
        or _last_change(flag or task)
        or date.min
    )


def closed_on(pair: Pair) -> date | None:
    """The day the alert ended, None where no half tells."""
    flag, task = pair.flag or {}, pair.task or {}
    return (
        day_of(part(flag, "period").get("end"))
        or day_of(task.get("lastModified"))
        or _last_change(flag or task)
    )


def _last_change(resource: Resource) -> date | None:
    return day_of(part(resource, "meta").get("lastUpdated"))


def version_of(resource: Mapping[str, Any]) -> str | None:
    """meta.versionId, None where the server keeps no versions."""
    version = part(resource, "meta").get("versionId")
    return str(version) if version else None


def ref_of(resource: Mapping[str, Any]) -> ResourceRef:
    """The reference of a resource that the EHR holds."""
    return ResourceRef(str(resource.get("resourceType")), str(resource.get("id")))


def posted_resource(resource: Mapping[str, Any]) -> PostedResource:
    """A resource of ours reduced to what a plan needs to know of it."""
    return PostedResource(ref_of(resource), str(resource.get("status")), version_of(resource))


def oldest_first(resources: Iterable[Resource], focus: str | None = None) -> list[Resource]:
    """The same alert several times, the one to keep first; every process sorts alike.

    A person's work comes before age: one that somebody already touched is kept, then a Task that
    points at the Flag we keep (`focus`), then the oldest. What was entered in error comes last.
    """

    def rank(resource: Resource) -> tuple[bool, bool, bool, datetime, datetime, str]:
        status = resource.get("status")
        return (
            status == "entered-in-error",
            status in ("active", "requested"),
            focus is not None and part(resource, "focus").get("reference") != focus,
            instant(resource.get("authoredOn")) or _LATE,
            instant(part(resource, "meta").get("lastUpdated")) or _LATE,
            str(resource.get("id")),
        )

    return sorted(resources, key=rank)


_LATE = datetime.max.replace(tzinfo=UTC)
