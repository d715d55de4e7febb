"""The straight line: read the records, assess, plan, and later write.

Every door goes through here. Three things are easily got wrong. Screening tells nobody anything: it
stores assessments and plans in the ledger, and `deliver` sends them once every batch of the run has
reported and the run's limits hold; all that a live screening writes is that a spare copy of our own
alert was entered in error. The order around the watermark: people are marked pending in the ledger
first, only then does the watermark advance, so that a crash costs a second look and never a person.
And whose fault something is: a chart that cannot be judged costs its own person one attempt, while
an EHR or a ledger that is away is nobody's fault and goes up, or the batch is postponed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog

from service.alert_memory import remembered_from
from service.delivery import Delivery
from service.ehr.alert_history import AlertHistory
from service.ehr.alerts import AlertsRead
from service.ehr.cohort.code_search import SOURCE as CODE_SEARCH
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRError, EHRUnavailable
from service.explanation import findings_json, reported_json
from service.measure import age_band
from service.screening.alert import AlertKind
from service.screening.assess import Assessment
from service.screening.person import youngest_age
from service.screening.protocol import Protocol
from service.screening.record import Decision, PatientRecord
from service.store.entries import AssessmentEntry, Mode, RunState, Screening
from service.store.errors import StoreConflict, StoreError
from service.store.ledger import Ledger
from service.thought import blind, decisions_in, think

_log = structlog.get_logger()
WATERMARK = "changes"
_RETRY_AFTER = timedelta(minutes=2)
# Longer than any task may take: a run that still reads its cohort then has lost its process.
_ABANDONED_AFTER = timedelta(hours=1)
_RUNS_LOOKED_BACK_AT = 50


@dataclass(frozen=True, slots=True)
class Limits:
    """What keeps a mistake small."""

    max_new_alerts_per_run: int
    batch_size: int


class Pipeline:
    """One site's line. `now` gives aware instants, `today` the hospital's date.

    `admits_newcomers`: whether a new diagnosis makes somebody a member of the cohort; False where
    the hospital lists its cohort itself. `stops_for` are the exceptions by which a door ends work
    in its middle, such as a time limit: they are nobody's fault and always pass through.
    """

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
        admits_newcomers: bool,
        stops_for: tuple[type[Exception], ...] = (),
    ) -> None:
        self.ehr = ehr
        self.ledger = ledger
        self.protocol = protocol
        self.mode = mode
        self._site = site
        self._limits = limits
        self._now = now
        self._today = today
        self._admits_newcomers = admits_newcomers
        self._passing: tuple[type[Exception], ...] = (StoreError, *stops_for)
        self._nobodys_chart: tuple[type[Exception], ...] = (EHRError, *self._passing)
        self._delivery = Delivery(
            ehr,
            ledger,
            mode=mode,
            max_new_alerts_per_run=limits.max_new_alerts_per_run,
            now=now,
            passing=self._passing,
        )

    # Who is to be screened

    def start_sweep(self) -> int:
        """Read the cohort and mark everybody pending, people with open alerts included.

        Returns the run. EHRError passes through after the run has been given up: half a cohort is
        no cohort.
        """
        started = self._now()
        self._give_up_abandoned_runs(started)
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
        if self._admits_newcomers:
            # Under the sweep's own source, so that a sweep that no longer names them lets them go.
            self.ledger.cohort.add(sorted(changes.newcomers), CODE_SEARCH, now)
        keys = self._watched(changes.patient_ids)
        run_id = None
        if keys:
            run_id = self.ledger.runs.open("poll", self.mode, self.protocol.digest, now)
            self._mark_pending(run_id, keys, now)
        self.ledger.watermarks.advance(WATERMARK, changes.watermark)
        _log.info("poll_done", changed=len(keys), newcomers=len(changes.newcomers))
        return run_id

    def start_screening(self, fhir_id: str) -> tuple[int, str]:
        """Mark one patient pending, whether or not the cohort holds them; the run and their key."""
        now = self._now()
        key = self.ledger.cohort.register([fhir_id], "asked for", now)[fhir_id]
        run_id = self.ledger.runs.open("screen", self.mode, self.protocol.digest, now)
        self.ledger.pending.mark(run_id, [key], now)
        self.ledger.runs.finish_reading(run_id)
        return run_id, key

    def _give_up_abandoned_runs(self, at: datetime) -> None:
        """Runs whose process died while it read the cohort: nothing of theirs can be delivered."""
        for run in self.ledger.runs.newest(_RUNS_LOOKED_BACK_AT):
            is_reading = run.state is RunState.OPEN and not run.is_reading_done
            if is_reading and run.started_at < at - _ABANDONED_AFTER:
                self.ledger.runs.fail(run.id, "it never finished reading the cohort")
                _log.warning("run_abandoned", run=run.id)

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

        EHRUnavailable is not an answer: everybody left stays pending and is tried again later. Any
        other EHRError says that nobody can be read, and passes through.
        """
        runs = self.ledger.pending.runs_of(keys)
        fhir_ids = self.ledger.cohort.fhir_ids_of(list(runs))
        if not fhir_ids:
            return 0
        waiting = set(fhir_ids)
        screenings: list[Screening] = []
        try:
            alerts = self._read_alerts(fhir_ids)
            decisions = self.ledger.decisions.of(list(fhir_ids))
            for key, record in self._records(fhir_ids):
                said = decisions.get(key, ())
                screening = self._screen_one(record, key, runs[key], alerts, said)
                waiting.discard(key)
                if screening is not None:
                    screenings.append(screening)
        except EHRUnavailable as error:
            self._postpone(waiting, runs, error)
        except self._nobodys_chart:
            raise
        except Exception as error:
            return self._screen_alone(keys, runs, error)
        if screenings:
            self._store(screenings)
            self._retire_duplicates(alerts)
        return len(screenings)

    def _records(self, fhir_ids: Mapping[str, str]) -> Iterator[tuple[str, PatientRecord]]:
        key_of = {fhir_id: key for key, fhir_id in fhir_ids.items()}
        for record in self.ehr.read_records(list(key_of), self.protocol.needs):
            yield key_of[record.patient.id], record

    def _screen_alone(self, keys: Sequence[str], runs: Mapping[str, int], error: Exception) -> int:
        """A chart broke the reading of its whole batch: each person again, by themselves."""
        if len(runs) > 1:
            _log.warning("batch_taken_apart", patients=len(runs), error=type(error).__name__)
            return sum(self.screen([key]) for key in keys)
        for key, run_id in runs.items():
            self._fail(key, run_id, error)
        return 0

    def _postpone(
        self, waiting: Iterable[str], runs: Mapping[str, int], error: EHRUnavailable
    ) -> None:
        wait_seconds = max(error.retry_after_seconds or 0, _RETRY_AFTER.total_seconds())
        later = self._now() + timedelta(seconds=wait_seconds)
        keys = sorted(waiting)
        for key in keys:
            self.ledger.pending.store_failure(key, runs[key], "EHR unavailable", later)
        _log.warning("batch_postponed", patients=len(keys), status=error.status)

    def _fail(self, key: str, run_id: int, error: Exception) -> None:
        later = self._now() + _RETRY_AFTER
        self.ledger.pending.store_failure(key, run_id, type(error).__name__, later)
        _log.error("patient_could_not_be_judged", run=run_id, error=type(error).__name__)

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
        if self.mode != "live":
            return
        try:
            self.ehr.retire(spare)
        except EHRError as error:
            # What was judged is stored; the next reading finds the duplicates again.
            _log.warning("duplicates_stay", status=error.status, error=type(error).__name__)

    def _screen_one(
        self,
        record: PatientRecord,
        key: str,
        run_id: int,
        alerts: AlertsRead,
        said: Iterable[Decision],
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
                decisions=said,
            )
            if history is None:
                thought = blind(thought)
            else:
                self._remember_decisions(key, decisions_in(history))
            entry = self._assessment_entry(thought.assessment, record)
            return Screening(key, run_id, entry, thought.plans)
        except self._passing:
            raise
        except Exception as error:
            # One bad patient never costs a batch.
            self._fail(key, run_id, error)
            return None

    def _remember_decisions(self, key: str, decisions: Iterable[Decision]) -> None:
        """Write down what people said to the screening alert.

        The ledger does not keep which alert a decision was about: a no to the treatment gap would
        come back as a no to screening.
        """
        said = [d for d in decisions if d.about == AlertKind.SCREENING]
        if said:
            self.ledger.decisions.remember(key, said)

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
            sex=record.sex,
            age_band=age_band(youngest_age(record, assessment.on)),
            reported=reported_json(assessment),
            notes=assessment.notes,
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

    def deliver(self, only_run: int | None = None) -> None:
        """Send the plans of every run (or of one) that has reported and stays within its limits."""
        self._delivery.deliver(only_run)
