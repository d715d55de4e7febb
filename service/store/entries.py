"""What goes into the ledger and comes out of it.

A newcomer would get two things wrong. `patient_key` is never a FHIR id: it is our own opaque
number for a person, the only one that may travel through a queue. And every instant is aware;
a naive one is refused at the border, because SQLite would forget what it meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from service.screening.alert import AlertKind, AlertPlan
from service.screening.record import ResourceRef

RunKind = Literal["sweep", "poll", "screen"]
Mode = Literal["shadow", "live"]


@dataclass(frozen=True, slots=True)
class CohortChange:
    """How many people a reading of the cohort brought, kept and lost.

    Where `is_held` it moved too much: nothing was changed, and the numbers are what it would do.
    """

    came: int
    stayed: int
    left: int
    is_held: bool = False


class RunState(StrEnum):
    """How far a run has come. Only the plans of a DELIVERING run may be sent."""

    OPEN = "open"
    HELD = "held"
    DELIVERING = "delivering"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Run:
    """One sweep, poll or single screening, from reading the cohort to the last delivery.

    `waiting` people are still to be screened for it, `given_up` people failed too often in it,
    `open_plans` are planned or sent and not yet confirmed. `counts` is empty until it is done.
    `approval_id` is the approval under which it was opened, None for a shadow run; `released_by`
    who let it go after it was held, "" where nobody had to.
    """

    id: int
    kind: RunKind
    mode: Mode
    protocol_digest: str
    state: RunState
    is_reading_done: bool
    started_at: datetime
    finished_at: datetime | None
    held_reason: str
    counts: Mapping[str, int]
    waiting: int
    given_up: int
    open_plans: int
    approval_id: int | None = None
    released_by: str = ""
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PendingBatch:
    """People to be screened together, all for the same run."""

    run_id: int
    patient_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class AssessmentEntry:
    """An assessment as the ledger keeps it.

    `findings` and `unread` are plain JSON (dicts, lists, strings, numbers, None): statements and
    references, never resources. `at` is when the record was read, `on` the day it was judged for.
    `sex` is FHIR's administrative-gender and `age_band` a band of years, for the report only; those
    of the latest assessment alone are kept. `reported` is what in the chart could not be used, each
    with `source` and `problem`, and `notes` are sentences for whoever reads about this person.
    `in_short` is what the programme counts of it, as `service.in_short` writes it.
    """

    status: str
    due_on: date | None
    on: date
    at: datetime
    protocol_id: str
    protocol_version: str
    protocol_digest: str
    findings: Sequence[Mapping[str, Any]]
    unread: Sequence[str]
    sex: str = "unknown"
    age_band: str = "unknown"
    reported: Sequence[Mapping[str, str]] = ()
    notes: Sequence[str] = ()
    in_short: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Judged:
    """One person of the cohort in the latest assessment, as far as the report counts them.

    `on` is the day of judgement. `in_short` are the words of `service.in_short`.
    """

    status: str
    sex: str
    age_band: str
    on: date
    protocol_digest: str
    in_short: frozenset[str]
    patient_key: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class ToldAlert:
    """One alert that the EHR has, or had: told on `opened_on`, in its `episode`."""

    patient_key: str
    kind: str
    episode: int
    opened_on: date
    is_closed: bool


@dataclass(frozen=True, slots=True, repr=False)
class SaidNo:
    """A person's no that was not taken back; `kind` is declined or snoozed."""

    patient_key: str
    about: str
    kind: str
    code: str
    made_on: date


@dataclass(frozen=True, slots=True)
class EndedSweep:
    """A sweep that came to its end, and what it counted (see `store.runs`)."""

    ended_at: datetime
    protocol_digest: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, repr=False)
class WatchedPerson:
    """One person whom we watch, at a glance, without what was found.

    `assessment` is the id of the assessment that stands, `judged_on` the day on which it was last
    confirmed; both are None where nobody has judged them yet. `given_up` is why the last attempts
    to judge them failed, a fixed phrase or the name of an error, "" where they did not;
    `given_up_since` the instant from which they wait.
    """

    patient_key: str
    fhir_id: str
    assessment: str | None
    judged_on: date | None
    has_open_alert: bool
    given_up: str = ""
    given_up_since: datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class KnownPerson:
    """Somebody whom the ledger knows. `left_on` is the day they left the cohort, None for others.

    Nobody may look at somebody who `is_left_out` at the hospital's wish.
    """

    patient_key: str
    fhir_id: str
    in_cohort: bool
    left_on: date | None
    is_left_out: bool


Reached = Literal["due", "seen", "ordered", "done", "treated", "ended"]
"""What an episode of a gap may come to; "ended" says that it is over for any other reason."""


@dataclass(frozen=True, slots=True, repr=False)
class Milestone:
    """One day of one episode of a gap, which began on `starts_on`.

    `source` is what in the EHR says so, None where nothing does.
    """

    kind: AlertKind
    starts_on: date
    what: Reached
    on: date
    source: ResourceRef | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Screening:
    """The result for one person in one run: the assessment, and one plan for each kind of alert.

    KEEP plans belong in `plans` too: they take an unsent plan of their kind out of the outbox.
    `fhir_ids` are the ids under which the person was read, those of today and of former records:
    a screening is not stored where a merge has changed them since. Empty: nobody compares.
    `types_asked_for` are the resource types of the chart that the EHR was asked for. `milestones`
    are the days of episodes that this judgement brings.
    """

    patient_key: str
    run_id: int
    assessment: AssessmentEntry
    plans: tuple[AlertPlan, ...]
    fhir_ids: frozenset[str] = frozenset()
    types_asked_for: tuple[str, ...] = ()
    milestones: tuple[Milestone, ...] = ()


class Stored(StrEnum):
    """What became of a screening that was handed in."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    OVERTAKEN = "overtaken"
    """A newer run has stored one for this person, or a merge moved them: nothing was written."""


@dataclass(frozen=True, slots=True, repr=False)
class OutboxPlan:
    """A plan that waits to be carried out.

    `is_outcome_unknown`: an earlier request for this alert may have reached the EHR. Look for
    the alert's identifier before anything is sent. `attempts` counts the requests before now.
    """

    id: int
    patient_key: str
    run_id: int
    plan: AlertPlan
    is_outcome_unknown: bool
    attempts: int


class EntryState(StrEnum):
    """How sure we are of an alert.

    PLANNED was never sent; SENT may or may not be in the EHR, and the next attempt looks. UNKNOWN
    may or may not be there for ever: nobody can look, and it is not sent a second time.
    """

    PLANNED = "planned"
    SENT = "sent"
    CONFIRMED = "confirmed"
    UNKNOWN = "unknown"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, repr=False)
class AlertEntry:
    """One episode of one alert, as we last wrote it.

    The statuses and versions are those of our own last write: where the EHR shows others, a
    person or another system was there. `closing_reason` is ours, empty while the alert is open.
    `reasons` are the risk factors that it rests on, separated by blanks. `channel` is the delivery
    by which it was told, "" before that. `closed_by` is the reference of what closed the gap, ""
    where nothing that can be referenced did. The message is a Communication or a ServiceRequest.
    `protocol_digest` is of the protocol that told it last, "" where nobody knows.
    """

    key: str
    kind: AlertKind
    protocol_id: str
    episode: int
    state: EntryState
    opened_on: date
    content_digest: str
    flag_id: str | None = None
    flag_version: str | None = None
    flag_status: str | None = None
    task_id: str | None = None
    task_version: str | None = None
    task_status: str | None = None
    closed_on: date | None = None
    closing_reason: str = ""
    reasons: str = ""
    channel: str = ""
    message_type: str | None = None
    message_id: str | None = None
    message_version: str | None = None
    message_status: str | None = None
    protocol_digest: str = ""
    closed_by: str = ""
