"""The one place that answers: may this protocol be written now, for whom, and how much at once.

A newcomer would get two things wrong. The setting `live` is not enough: somebody must have approved
exactly this protocol, by its digest, with `boneflag golive`. And the answer is never kept: it is
asked of the ledger when a run opens and again when it is delivered, so that no worker has to be
restarted to hear of a stop. That nobody outside a canary is written is seen to by the store itself
(`store.approvals`), plan by plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from service.store.approvals import Approval
from service.store.entries import Mode, Run, RunKind
from service.store.ledger import Ledger

_log = structlog.get_logger()

FEWEST_ALERTS_FOR_PERCENT = 10
"""A share of the cohort counts from so many new alerts on: of nine people, one is 11 %.

Local decision, unconfirmed.
"""


@dataclass(frozen=True, slots=True)
class Leave:
    """Whether anything may be written under one protocol; `missing` says why not, "" if it may."""

    approval: Approval | None
    missing: str

    @property
    def mode(self) -> Mode:
        """The mode in which a run opens."""
        return "shadow" if self.approval is None else "live"

    def sentence(self) -> str:
        """How it stands, for an operator."""
        if self.approval is None:
            return f"nothing is written: {self.missing}"
        whom = f"a canary of {self.approval.people} people" if self.approval.people else "everybody"
        back = ", a rollback" if self.approval.restores is not None else ""
        return (
            f"live for {whom} since {self.approval.at:%Y-%m-%d %H:%M} UTC, protocol"
            f" {self.approval.protocol_version}, approved by {self.approval.approver}{back}"
        )


def leave_of(mode: Mode, approval: Approval | None, protocol_digest: str) -> Leave:
    """What a current approval, None where there is none, means for one protocol."""
    if mode != "live":
        return Leave(None, "BONEFLAG_MODE is shadow")
    if approval is None:
        return Leave(
            None,
            "BONEFLAG_MODE is live and nobody has approved anything: look at what would be"
            " written with `boneflag golive`",
        )
    if approval.protocol_digest != protocol_digest:
        return Leave(
            None,
            f"what is approved is protocol {approval.protocol_version}, and another one is in"
            " force now: `boneflag golive` shows what would change and lets it be approved,"
            " `boneflag rollback` brings the approved one back",
        )
    return Leave(approval, "")


@dataclass(frozen=True, slots=True)
class Volume:
    """The most that one run may open. `most_percent` of the cohort; None is no share at all."""

    most_new_alerts: int
    most_percent: float | None

    def asked_for(self, number: int | None, percent: float | None) -> Volume:
        """The limits that an approval names, and these where it names none."""
        return Volume(
            self.most_new_alerts if number is None else number,
            self.most_percent if percent is None else percent,
        )

    def why_too_many(self, new_alerts: int, cohort: int) -> str:
        """What is exceeded, as a sentence's beginning; "" where nothing is."""
        if new_alerts > self.most_new_alerts:
            return f"{new_alerts} new alerts, the limit is {self.most_new_alerts}"
        if self.most_percent is None or new_alerts < FEWEST_ALERTS_FOR_PERCENT:
            return ""
        # A cohort of nobody is exceeded by anything: its people left while the run was read.
        percent = 100 * new_alerts / cohort if cohort else 100.0
        if percent <= self.most_percent:
            return ""
        return (
            f"{new_alerts} new alerts are {percent:.0f} % of the cohort of {cohort}, the limit is"
            f" {self.most_percent:g} %"
        )


class GoingLive:
    """What the ledger's approvals say, in a deployment whose setting is `mode`."""

    def __init__(self, ledger: Ledger, mode: Mode) -> None:
        self._ledger = ledger
        self._mode = mode

    def leave(self, protocol_digest: str) -> Leave:
        """Whether this protocol may be written now; asked of the ledger each time."""
        approval = self._ledger.approvals.current() if self._mode == "live" else None
        return leave_of(self._mode, approval, protocol_digest)

    def restored(self) -> int | None:
        """The number of the approval that a rollback brought back; None where none is in force."""
        approval = self._ledger.approvals.current() if self._mode == "live" else None
        return approval.restores if approval is not None else None

    def open_run(self, kind: RunKind, protocol_digest: str, at: datetime) -> int:
        """Begin a run: live where somebody approved this protocol, else shadow."""
        leave = self.leave(protocol_digest)
        if self._mode == "live" and leave.missing:
            _log.warning("run_is_shadow", kind=kind, missing=leave.missing)
        approval_id = leave.approval.id if leave.approval else None
        return self._ledger.runs.open(kind, leave.mode, protocol_digest, at, approval_id)

    def people(self, protocol_digest: str, patient_keys: Sequence[str]) -> set[str]:
        """Those of these people about whom something may be written now."""
        if not patient_keys or self._mode != "live":
            return set()
        return self._ledger.approvals.may_write(protocol_digest, patient_keys)

    def why_held(self, run: Run, approval: Approval, limits: Volume) -> str:
        """Why a run opens too much to be sent, for the operator; "" where it does not."""
        new_alerts = self._ledger.runs.count_new_alerts(run.id)
        if not new_alerts:
            return ""
        cohort = len(self._ledger.cohort.members())
        limits = limits.asked_for(approval.most_new_alerts, approval.most_percent)
        too_many = limits.why_too_many(new_alerts, cohort)
        if not too_many:
            return ""
        return (
            f"{too_many}: nothing was sent. If they are right, `boneflag release {run.id}"
            " --approver NAME` sends them, by another person than the one who approved going live"
        )
