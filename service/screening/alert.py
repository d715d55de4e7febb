"""Alerts: what we would say, what the EHR already shows, and what to do about the difference.

Types only; `plan` decides and `service.ehr` carries out. One patient has at most one open alert of
each kind. The key is made of site, patient, protocol id, kind and episode, never of the protocol's
version, so that an upgrade keeps the episode.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import takewhile
from typing import Literal

from service.screening.record import ResourceRef

CANONICAL_BASE = "https://boneflag.example/fhir"
"""A reserved name until the owner has a domain. Every canonical URL and identifier hangs on it."""

ALERT_IDENTIFIER_SYSTEM = f"{CANONICAL_BASE}/sid/alert"
ALERT_CODE_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/alert"

LOCAL_DECISION = "A local decision: no MS-specific national guideline is adopted."
"""Stands in every text that a clinician reads (specification 3.4)."""

NOT_KNOWN = "Not known:"
SOURCE = "Source: "
"""How `wording` marks two kinds of lines in the detail, so that they can be told one by one."""

_KEY_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, ALERT_IDENTIFIER_SYSTEM)


class AlertKind(StrEnum):
    """The code of an alert in our CodeSystem."""

    SCREENING = "ms-bone-health-review"
    TREATMENT_GAP = "osteoporosis-treatment-gap"


class Action(StrEnum):
    """What a plan does to the EHR. KEEP does nothing."""

    CREATE = "create"
    UPDATE = "update"
    RESOLVE = "resolve"
    WITHDRAW = "withdraw"
    KEEP = "keep"


class AlertState(StrEnum):
    """Where an alert that we once posted stands now."""

    ACTIVE = "active"
    RESOLVED = "resolved by us"
    DISMISSED = "dismissed by a person"
    CHANGED = "changed by a person"
    WITHDRAWN = "withdrawn"


def alert_key(site: str, patient: ResourceRef, protocol: str, kind: AlertKind, episode: int) -> str:
    """The business identifier of one episode: the same input always gives the same UUID."""
    return str(uuid.uuid5(_KEY_NAMESPACE, f"{site}|{patient}|{protocol}|{kind}|{episode}"))


def content_digest(kind: AlertKind, reasons: tuple[str, ...], evidence: tuple[str, ...]) -> str:
    """A digest of what an alert says: which criteria, in which grade, on which resources.

    Words and running numbers are left out on purpose: a mean dose that moves every night must not
    rewrite the alert every night.
    """
    text = "\n".join([kind, *sorted(reasons), "", *sorted(evidence)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


Reasons = frozenset[str]
"""The risk factors that an alert rests on, each as number and grade: `MSO-02|major`."""
NO_REASONS: Reasons = frozenset()


@dataclass(frozen=True, slots=True, repr=False)
class Alert:
    """What we want the EHR to say about one patient.

    `summary` is one line; `detail` is plain text with a line for each finding; `since` is the day
    this episode opened; `reasons` are the risk factors that it rests on, those too that have become
    unknown since.
    """

    key: str
    kind: AlertKind
    episode: int
    patient: ResourceRef
    priority: Literal["routine", "urgent"]
    summary: str
    detail: str
    evidence: tuple[ResourceRef, ...]
    since: date
    protocol_id: str
    protocol_version: str
    protocol_digest: str
    content_digest: str
    reasons: Reasons = NO_REASONS

    @property
    def unknown(self) -> tuple[str, ...]:
        """What was not known when the alert was made, a line for each; for those who read rows."""
        lines = iter(self.detail.splitlines())
        for line in lines:
            if line == NOT_KNOWN:
                break
        return tuple(
            line.removeprefix("- ") for line in takewhile(lambda line: line.startswith("- "), lines)
        )

    @property
    def citations(self) -> tuple[str, ...]:
        """The source of each criterion that is met, once each, as the detail names it."""
        lines = (line.strip() for line in self.detail.splitlines())
        found = (line.removeprefix(SOURCE) for line in lines if line.startswith(SOURCE))
        return tuple(dict.fromkeys(found))

    @property
    def banner(self) -> str:
        """The summary for a Flag, which has no room for the detail; "" without a summary."""
        if not self.summary.strip():
            return ""
        version = f"{self.protocol_id} {self.protocol_version}"
        return f"{self.summary}. {LOCAL_DECISION} Protocol {version}"


@dataclass(frozen=True, slots=True)
class PostedResource:
    """A Flag, Task, Communication or ServiceRequest as the EHR holds it.

    `version` is None where the server gives none.
    """

    ref: ResourceRef
    status: str
    version: str | None


@dataclass(frozen=True, slots=True, repr=False)
class PostedAlert:
    """An alert of ours as the EHR (and, where it knows more, the ledger) shows it.

    `reasons` are empty where neither can say what it rests on. `closed_by` is what closed it, as
    its Task points at it. `message` is a Communication or a
    ServiceRequest; a row of a worklist file has none of the three. `protocol_digest` is ""
    where the EHR does not show which protocol told it.
    """

    key: str
    kind: AlertKind
    episode: int
    state: AlertState
    opened_on: date
    content_digest: str
    flag: PostedResource | None = None
    task: PostedResource | None = None
    closed_on: date | None = None
    reasons: Reasons = NO_REASONS
    message: PostedResource | None = None
    protocol_digest: str = ""
    closed_by: ResourceRef | None = None

    @property
    def has_open_task(self) -> bool:
        """Whether the Task still waits for somebody."""
        return self.task is not None and self.task.status in OPEN_TASK_STATUSES


OPEN_TASK_STATUSES = frozenset(
    {"draft", "requested", "received", "accepted", "ready", "in-progress", "on-hold"}
)


@dataclass(frozen=True, slots=True, repr=False)
class AlertPlan:
    """What to do about one kind of alert of one patient, and why.

    `alert` is given for CREATE and UPDATE; `posted` for everything that touches an existing one.
    `task_status` is the status that a closing gives the Task, None where the Task is left alone.
    `closed_by` is what closed the gap (the scan, the medicine, the decision), None where nothing
    that can be referenced did.
    """

    kind: AlertKind
    action: Action
    reason: str
    alert: Alert | None = None
    posted: PostedAlert | None = None
    task_status: Literal["completed", "cancelled"] | None = None
    closed_on: date | None = None
    closed_by: ResourceRef | None = None
