"""The straight line: read the records, assess, plan, and later write.

Every door goes through here. Two things are easily got wrong. Screening writes nothing: it stores
assessments and plans in the ledger, and `deliver` sends them once every batch of the run has
reported and the run's limits hold. And the order around the watermark: people are marked pending in
the ledger first, only then does the watermark advance, so that a crash costs a second look and
never a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import structlog

from service.alert_memory import entry_after, remembered_from, with_sent
from service.ehr.alert_history import AlertHistory
from service.ehr.alert_state import Remembered
from service.ehr.alerts import AlertsRead
from service.ehr.connection import EHRConnection
from service.ehr.errors import (
    EHRConflict,
    EHRCutShort,
    EHRError,
    EHRMisunderstood,
    EHRUnavailable,
)
from service.explanation import findings_json
from service.screening.alert import Action, AlertPlan
from service.screening.assess import Assessment
from service.screening.protocol import Protocol
from service.screening.record import Decision, PatientRecord
from service.store.entries import (
    AlertEntry,
    AssessmentEntry,
    Mode,
    OutboxPlan,
    Run,
    RunState,
    Screening,
)
from service.store.errors import StoreConflict
from service.store.ledger import Ledger
from service.thought import decisions_in, think

_log = structlog.get_logger()
WATERMARK = "changes"
_RETRY_AFTER = timedelta(minutes=2)
_MOST_ATTEMPTS = 5
# After these the EHR holds something else than we thought: look again before giving the plan up.
_LOOK_AGAIN = (EHRConflict, EHRCutShort, EHRMisunderstood)


@dataclass(frozen=True, slots=True)
class Limits:
    """What keeps a mistake small."""

    max_new_alerts_per_run: int
    batch_size: int


class Pipeline:
    """One site's line. `now` gives aware instants, `today` the hospital's date."""

    def __init__(
        self,
        ehr: EHRConnection,
        ledger: Ledger,
        protocol: Protocol,
        *,
        site: str,
        mode: Mode,
        limits: Limits,
        now: Callable[[], datetime],
        today: Callable[[], date],
    ) -> None:
        self.ehr = ehr
        self.ledger = ledger
        self.protocol = protocol
        self.mode = mode
        self._site = site
        self._limits = limits
        self._now = now
        self._today = today

    # Who is to be screened

    def start_sweep(self) -> int:
        """Read the cohort and mark everybody pending, people with open alerts included.

        Returns the run. EHRError passes through after the run has been given up: half a cohort is
        no cohort.
        """
        started = self._now()
        run_id = self.ledger.runs.open("sweep", self.mode, self.protocol.digest, started)
        try:
            members = self.ehr.cohort()
        except EHRError as error:
            self.ledger.runs.fail(run_id, f"the cohort could not be read: {type(error).__name__}")
            raise
        if members.is_complete:
            change = self.ledger.cohort.remember(members.ids, members.source, started)
            _log.info("cohort_read", came=change.came, stayed=change.stayed, left=change.left)
        else:
            # Nobody may be taken to have left by an answer that was cut short.
            self.ledger.cohort.add(members.ids, members.source, started)
            _log.warning("cohort_incomplete", patients=len(members.ids))
        keys = {*self.ledger.cohort.members(), *self.ledger.alerts.patients_with_open()}
        self._mark_pending(run_id, keys, started)
        if self.ledger.watermarks.get(WATERMARK) is None:
            self.ledger.watermarks.advance(WATERMARK, started)
        _log.info("sweep_started", run=run_id, patients=len(keys))
        return run_id

    def start_poll(self) -> int | None:
        """Ask who changed and mark those pending whom we watch; None where nobody did.

        Without a watermark there is nothing to compare with: a sweep starts instead.
        """
        since = self.ledger.watermarks.get(WATERMARK)
        if since is None:
            return self.start_sweep()
        changes = self.ehr.changed_since(self.protocol.needs, since)
        if not changes.is_possible:
            _log.info("poll_is_partial", types=len(changes.unseen_types))
        now = self._now()
        self.ledger.cohort.add(sorted(changes.newcomers), "poll", now)
        keys = self._watched(changes.patient_ids | changes.newcomers)
        run_id = None
        if keys:
            run_id = self.ledger.runs.open("poll", self.mode, self.protocol.digest, now)
            self._mark_pending(run_id, keys, now)
        self.ledger.watermarks.advance(WATERMARK, changes.watermark)
        _log.info("poll_done", changed=len(keys), newcomers=len(changes.newcomers))
        return run_id

    def start_screening(self, fhir_id: str) -> int:
        """Mark one patient pending, whether or not the cohort holds them."""
        now = self._now()
        keys = self.ledger.cohort.register([fhir_id], "asked for", now)
        run_id = self.ledger.runs.open("screen", self.mode, self.protocol.digest, now)
        self._mark_pending(run_id, keys.values(), now)
        return run_id

    def _watched(self, fhir_ids: Iterable[str]) -> set[str]:
        """The keys of those whom we watch: cohort members and people with an open alert."""
        known = set(self.ledger.cohort.keys_of(sorted(fhir_ids)).values())
        return known & {*self.ledger.cohort.members(), *self.ledger.alerts.patients_with_open()}

    def _mark_pending(self, run_id: int, keys: Iterable[str], at: datetime) -> None:
        self.ledger.pending.mark(run_id, keys, at)
        self.ledger.pending.take_over(run_id, at)
        self.ledger.runs.finish_reading(run_id)

    def hand_out(
        self, limit: int, *, queue_is_empty: bool, forgotten_after: timedelta
    ) -> list[tuple[str, ...]]:
        """The next batches of patient keys; whoever was handed out lately is left out."""
        now = self._now()
        before = now if queue_is_empty else now - forgotten_after
        batches = self.ledger.pending.hand_out(self._limits.batch_size, limit, now, before)
        return [batch.patient_keys for batch in batches]

    # Read and think

    def screen(self, keys: Sequence[str]) -> int:
        """Screen a batch and store what follows; how many people were judged.

        EHRUnavailable is not an answer: everybody left stays pending and is tried again later.
        """
        runs = self.ledger.pending.runs_of(keys)
        fhir_ids = self.ledger.cohort.fhir_ids_of(list(runs))
        if not fhir_ids:
            return 0
        key_of = {fhir_id: key for key, fhir_id in fhir_ids.items()}
        waiting = set(fhir_ids)
        try:
            alerts = self._read_alerts(fhir_ids)
            decisions = self.ledger.decisions.of(list(fhir_ids))
            screenings = []
            for record in self.ehr.read_records(list(key_of), self.protocol.needs):
                key = key_of[record.patient.id]
                screening = self._screen_one(record, key, runs[key], alerts, decisions)
                waiting.discard(key)
                if screening is not None:
                    screenings.append(screening)
        except EHRUnavailable as error:
            later = self._now() + timedelta(
                seconds=max(error.retry_after_seconds or 0, _RETRY_AFTER.total_seconds())
            )
            for key in waiting:
                self.ledger.pending.store_failure(key, runs[key], "EHR unavailable", later)
            _log.warning("batch_postponed", patients=len(waiting), status=error.status)
            return 0
        self._store(screenings)
        self._retire_duplicates(alerts)
        return len(screenings)

    def _store(self, screenings: Sequence[Screening]) -> None:
        """All at once; one by one where a conflict of one person's would cost the batch."""
        try:
            self.ledger.screenings.store_all(screenings, self._now())
        except StoreConflict:
            for screening in screenings:
                try:
                    self.ledger.screenings.store(screening, self._now())
                except StoreConflict:
                    later = self._now() + _RETRY_AFTER
                    self.ledger.pending.store_failure(
                        screening.patient_key, screening.run_id, "conflict in the ledger", later
                    )
                    _log.error("screening_conflict")

    def _retire_duplicates(self, alerts: AlertsRead) -> None:
        """Mark spare Flags and Tasks of one key as entered in error; shadow mode only counts."""
        spare = [d for history in alerts.histories.values() for d in history.duplicates]
        if not spare:
            return
        _log.warning("duplicates_found", duplicates=len(spare), mode=self.mode)
        if self.mode == "live":
            self.ehr.retire(spare)

    def _screen_one(
        self,
        record: PatientRecord,
        key: str,
        run_id: int,
        alerts: AlertsRead,
        decisions: Mapping[str, tuple[Decision, ...]],
    ) -> Screening | None:
        """One person; a fault of ours costs this person one attempt and nobody else anything."""
        try:
            history = alerts.histories.get(record.patient.id)
            thought = think(
                record,
                history or AlertHistory(),
                self.protocol,
                self._today(),
                site=self._site,
                decisions=decisions.get(key, ()),
            )
            if history is None:
                # What the EHR shows of us could not be read: nobody writes blindly.
                thought = replace(thought, plan=_blind(thought.plan), gap_plan=None)
            else:
                self.ledger.decisions.remember(key, decisions_in(history))
            entry = self._assessment_entry(thought.assessment, record)
            return Screening(key, run_id, entry, thought.plans)
        except Exception as error:
            # The one place that catches everything: one bad patient never costs a batch.
            later = self._now() + _RETRY_AFTER
            self.ledger.pending.store_failure(key, run_id, type(error).__name__, later)
            _log.error("patient_could_not_be_judged", error=type(error).__name__)
            return None

    def _assessment_entry(self, assessment: Assessment, record: PatientRecord) -> AssessmentEntry:
        return AssessmentEntry(
            status=str(assessment.status),
            due_on=assessment.due_on,
            on=assessment.on,
            at=record.read_at or self._now(),
            protocol_id=assessment.protocol_id,
            protocol_version=assessment.protocol_version,
            protocol_digest=assessment.protocol_digest,
            findings=findings_json(assessment),
            unread=sorted(assessment.unread),
        )

    def _read_alerts(self, fhir_ids: Mapping[str, str]) -> AlertsRead:
        entries = self.ledger.alerts.history(list(fhir_ids))
        remembered = {
            fhir_ids[key]: {entry.key: remembered_from(entry) for entry in of_patient}
            for key, of_patient in entries.items()
        }
        read: AlertsRead = self.ehr.read_alerts(list(fhir_ids.values()), remembered)
        return read

    # Write

    def deliver(self) -> None:
        """Send the plans of every run that has reported and stays within its limits."""
        for run in self.ledger.runs.to_deliver():
            if self._may_deliver(run):
                self._send_plans(run.id)
            self.ledger.runs.finish(run.id, self._now())

    def _may_deliver(self, run: Run) -> bool:
        if run.mode != "live" or self.mode != "live":
            return False
        new_alerts = self.ledger.runs.count_new_alerts(run.id)
        limit = self._limits.max_new_alerts_per_run
        if run.state is RunState.OPEN and new_alerts > limit:
            reason = (
                f"{new_alerts} new alerts, the limit is {limit}: nothing was sent. Look at"
                " `boneflag report`; raise BONEFLAG_MAX_NEW_ALERTS_PER_RUN if they are right"
            )
            self.ledger.runs.hold(run.id, reason)
            _log.error("run_held", run=run.id, new_alerts=new_alerts, limit=limit)
            return False
        return self.ledger.runs.start_delivery(run.id)

    def _send_plans(self, run_id: int) -> None:
        """Send until nothing is left whose turn has come; an outage ends it for now."""
        at = self._now()
        while plans := self.ledger.outbox.plans_to_send(100, at, run_id):
            for waiting in plans:
                if not self._send(waiting):
                    return

    def _send(self, waiting: OutboxPlan) -> bool:
        """One plan, once; False when the EHR cannot be reached and the rest should wait."""
        plan_id, patient_key, plan = waiting.id, waiting.patient_key, waiting.plan
        attempts = waiting.attempts
        at = self._now()
        if not self.ledger.outbox.mark_sent(plan_id, at, at + _RETRY_AFTER):
            return True
        known = self._entry(patient_key, plan)
        remembered = remembered_from(known) if known else Remembered()
        if waiting.is_outcome_unknown:
            remembered = with_sent(remembered, plan)
        try:
            outcome = self.ehr.apply(plan, remembered)
        except EHRUnavailable as error:
            later = self._now() + timedelta(seconds=error.retry_after_seconds or 0) + _RETRY_AFTER
            if error.outcome_unknown:
                self.ledger.outbox.mark_unknown(plan_id, "no answer", later)
            else:
                self.ledger.outbox.mark_unsent(plan_id, "EHR unavailable", self._now(), later)
            _log.warning("delivery_postponed", outcome_unknown=error.outcome_unknown)
            return False
        except EHRError as error:
            if isinstance(error, _LOOK_AGAIN) and attempts < _MOST_ATTEMPTS:
                self.ledger.outbox.mark_unknown(plan_id, type(error).__name__, self._now())
            else:
                self.ledger.outbox.mark_failed(plan_id, type(error).__name__)
                _log.error("plan_refused", status=error.status, error=type(error).__name__)
            return True
        entry = entry_after(plan, outcome, known) if outcome.did != "left-alone" else None
        self.ledger.outbox.mark_confirmed(plan_id, entry, self._now())
        return True

    def _entry(self, patient_key: str, plan: AlertPlan) -> AlertEntry | None:
        key = plan.alert.key if plan.alert else plan.posted.key if plan.posted else ""
        entries = self.ledger.alerts.history([patient_key]).get(patient_key, ())
        return next((entry for entry in entries if entry.key == key), None)


def _blind(plan: AlertPlan) -> AlertPlan:
    """The plan of somebody whose alerts could not be read: nothing, until they can be."""
    return AlertPlan(plan.kind, Action.KEEP, "our alerts in the EHR could not be read")
