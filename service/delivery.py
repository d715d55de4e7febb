"""The last step of the line: from the outbox into the EHR, within the limits of a run.

A newcomer would get three things wrong. Whether a run may be written is asked of the ledger now,
not remembered from its opening (`going_live.leave`). A plan is marked sent *before* its request
leaves, so that after any crash the next attempt looks before it writes. And one plan that cannot be
carried out, for whatever reason, must not stand in the way of those behind it: only an EHR that is
away ends the delivery, for now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from service.alert_memory import entry_after, remembered_from, with_sent
from service.ehr.alert_state import Remembered
from service.ehr.connection import EHRConnection
from service.ehr.errors import (
    EHRConflict,
    EHRCutShort,
    EHRError,
    EHRLoginRefused,
    EHRMisunderstood,
    EHRUnavailable,
)
from service.ehr.plan_progress import Outcome
from service.going_live.leave import GoingLive, Volume
from service.screening.alert import AlertPlan
from service.store.approvals import Approval
from service.store.entries import AlertEntry, Mode, OutboxPlan, Run, RunState
from service.store.errors import StoreConflict
from service.store.ledger import Ledger

_log = structlog.get_logger()
_RETRY_AFTER = timedelta(minutes=2)
_MOST_ATTEMPTS = 5
_MOST_DOUBLINGS = 5
_PLANS_AT_A_TIME = 100
_RUNS_LOOKED_BACK_AT = 1000
# After these the EHR holds something else than we thought: look again before giving the plan up.
_LOOK_AGAIN = (EHRConflict, EHRCutShort, EHRMisunderstood)


class Delivery:
    """Sends what the ledger's outbox holds. `passing` are exceptions that are no plan's fault."""

    def __init__(
        self,
        ehr: EHRConnection,
        ledger: Ledger,
        *,
        mode: Mode,
        limits: Volume,
        now: Callable[[], datetime],
        passing: tuple[type[Exception], ...],
    ) -> None:
        self._ehr = ehr
        self._ledger = ledger
        self._going_live = GoingLive(ledger, mode)
        self._limits = limits
        self._now = now
        self._passing = passing

    def deliver(self, only_run: int | None = None) -> None:
        """Send the plans of every run (or of one) that has reported and stays within its limits."""
        for run in self._ledger.runs.to_deliver():
            if only_run is not None and run.id != only_run:
                continue
            if self._may_deliver(run):
                self._send_plans(run.id)
            self._ledger.runs.finish(run.id, self._now())

    def _may_deliver(self, run: Run) -> bool:
        if run.mode != "live":
            return False
        leave = self._going_live.leave(run.protocol_digest)
        if leave.approval is None:
            if run.open_plans:
                _log.warning("delivery_waits_for_approval", run=run.id, missing=leave.missing)
            return False
        # Only before anything was sent: a run that an operator released goes on whatever it opens.
        if run.state is RunState.OPEN and not self._is_within_limits(run, leave.approval):
            return False
        return self._ledger.runs.start_delivery(run.id)

    def _is_within_limits(self, run: Run, approval: Approval) -> bool:
        new_alerts = self._ledger.runs.count_new_alerts(run.id)
        if run.kind == "poll" and new_alerts and self._is_one_held():
            # People move to newer runs: what is held back must not leave by ones and twos.
            _log.warning("delivery_waits_for_a_held_run", run=run.id, new_alerts=new_alerts)
            return False
        why = self._going_live.why_held(run, approval, self._limits)
        if why:
            self._ledger.runs.hold(run.id, why)
            _log.error("run_held", run=run.id, new_alerts=new_alerts, reason=why)
        return not why

    def _is_one_held(self) -> bool:
        """Whether a run waits for an operator and still has plans of its own."""
        return any(
            other.state is RunState.HELD and other.open_plans
            for other in self._ledger.runs.newest(_RUNS_LOOKED_BACK_AT)
        )

    def _send_plans(self, run_id: int) -> None:
        """Send until nothing is left whose turn has come; an outage ends it for now."""
        at = self._now()
        while plans := self._ledger.outbox.plans_to_send(_PLANS_AT_A_TIME, at, run_id):
            for waiting in plans:
                # Looked at before every plan: whoever pauses wants the next one not to leave.
                if self._ledger.switches.paused() is not None:
                    _log.warning("delivery_paused", run=run_id)
                    return
                if not self._send(waiting):
                    return

    def _send(self, waiting: OutboxPlan) -> bool:
        """One plan, once; False when the EHR cannot be reached and the rest should wait."""
        at = self._now()
        if not self._ledger.outbox.mark_sent(waiting.id, at, at + _RETRY_AFTER):
            return True
        known = self._entry(waiting.patient_key, waiting.plan)
        try:
            outcome = self._carry_out(waiting, known)
        except EHRUnavailable as error:
            self._postpone(waiting, error)
            return False
        except EHRLoginRefused as error:
            self._wait_for_login(waiting, error)
            return False
        except self._passing:
            raise
        except Exception as error:
            self._look_again_or_give_up(waiting, error)
            return True
        try:
            self._settle(waiting, outcome, known)
        except StoreConflict as error:
            # As after a merge of two records while the request was on its way: the EHR did what it
            # did, and what the ledger holds instead is for the next reading to sort out.
            self._look_again_or_give_up(waiting, error)
        return True

    def _settle(self, waiting: OutboxPlan, outcome: Outcome, known: AlertEntry | None) -> None:
        is_ours = outcome.did != "left-alone"
        entry = entry_after(waiting.plan, outcome, known) if is_ours else None
        if outcome.did == "unknown":
            # Nobody can look whether it arrived: a second message is worse than one to look for.
            self._ledger.outbox.mark_left_unknown(waiting.id, entry, self._now())
            _log.error("alert_outcome_unknown", run=waiting.run_id)
        else:
            self._ledger.outbox.mark_confirmed(waiting.id, entry, self._now())

    def _carry_out(self, waiting: OutboxPlan, known: AlertEntry | None) -> Outcome:
        remembered = remembered_from(known) if known else Remembered()
        if waiting.is_outcome_unknown:
            remembered = with_sent(remembered, waiting.plan)
        outcome: Outcome = self._ehr.apply(waiting.plan, remembered)
        return outcome

    def _postpone(self, waiting: OutboxPlan, error: EHRUnavailable) -> None:
        at = self._now()
        later = at + timedelta(seconds=error.retry_after_seconds or 0) + _RETRY_AFTER
        if error.outcome_unknown:
            self._ledger.outbox.mark_unknown(waiting.id, "no answer", later)
        else:
            self._ledger.outbox.mark_unsent(waiting.id, "EHR unavailable", at, later)
        _log.warning("delivery_postponed", outcome_unknown=error.outcome_unknown)

    def _wait_for_login(self, waiting: OutboxPlan, error: EHRLoginRefused) -> None:
        """An expired key says nothing about the plan: it waits, longer each time, up to an hour.

        What was refused for its login was surely not carried out, and the next attempt looks first.
        """
        at = self._now()
        later = at + _RETRY_AFTER * 2 ** min(waiting.attempts, _MOST_DOUBLINGS)
        self._ledger.outbox.mark_unsent(waiting.id, "login refused", at, later)
        _log.error("delivery_waits_for_login", status=error.status)

    def _look_again_or_give_up(self, waiting: OutboxPlan, error: Exception) -> None:
        """A refusal is final; a conflict, or a fault of ours, is tried again from the beginning."""
        is_final = isinstance(error, EHRError) and not isinstance(error, _LOOK_AGAIN)
        if is_final or waiting.attempts >= _MOST_ATTEMPTS:
            self._ledger.outbox.mark_failed(waiting.id, type(error).__name__)
            status = error.status if isinstance(error, EHRError) else None
            _log.error("plan_given_up", status=status, error=type(error).__name__)
        else:
            self._ledger.outbox.mark_unknown(waiting.id, type(error).__name__, self._now())
            _log.warning("plan_tried_again", error=type(error).__name__)

    def _entry(self, patient_key: str, plan: AlertPlan) -> AlertEntry | None:
        key = plan.alert.key if plan.alert else plan.posted.key if plan.posted else ""
        entries = self._ledger.alerts.history([patient_key]).get(patient_key, ())
        return next((entry for entry in entries if entry.key == key), None)
