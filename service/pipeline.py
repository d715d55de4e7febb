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

from service import merged_people
from service.abandoned_runs import give_up_abandoned_runs
from service.assessment_entry import entry_of
from service.cohort_intake import honour_left_out, read_cohort, take_cohort
from service.decision_memory import remember_decisions
from service.delivery import Delivery
from service.ehr.alert_history import AlertHistory
from service.ehr.alerts import AlertsRead
from service.ehr.cohort.code_search import SOURCE as CODE_SEARCH
from service.ehr.cohort.members import CohortMembers, CohortRead
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRError, EHRUnavailable
from service.going_live.leave import GoingLive, Volume
from service.known_changes import known_until
from service.milestones import reached
from service.screening.protocol import Protocol
from service.screening.record import Decision, PatientRecord
from service.screening.value_sets import DataRequirement
from service.spare_alerts import retire_spare, spare_in
from service.store.entries import Milestone, Mode, Screening
from service.store.errors import StoreConflict, StoreError
from service.store.ledger import Ledger
from service.thought import blind, think

_log = structlog.get_logger()
ReadRecords = Callable[[Sequence[str], Iterable[DataRequirement]], Iterable[PatientRecord]]
WATERMARK = "changes"
_RETRY_AFTER = timedelta(minutes=2)
# Another worker had the same person, as after a merge of two records: it is over in a moment.
_AFTER_A_CONFLICT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Limits:
    """What keeps a mistake small.

    `cohort_alarm_percent`: a reading that would move more of the cohort waits for a person; None
    holds nothing up. So does None for `max_new_alerts_percent`, the share of the cohort about whom
    one run may open alerts; an approval may name other limits for new alerts.
    """

    max_new_alerts_per_run: int
    batch_size: int
    cohort_alarm_percent: int | None = None
    max_new_alerts_percent: float | None = None


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
        self._types = tuple(sorted({need.type for need in protocol.needs}))
        self.mode = mode
        self.going_live = GoingLive(ledger, mode)
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
            limits=Volume(limits.max_new_alerts_per_run, limits.max_new_alerts_percent),
            now=now,
            passing=self._passing,
        )

    # Who is to be screened

    def start_sweep(self) -> int:
        """Read the cohort and mark everybody pending, people with open alerts included.

        Returns the run. EHRError passes through after the run has been given up: half a cohort is
        no cohort. EHRNotAsked, before one is opened, where BoneFlag is paused or keeps still.
        """
        self.ehr.require_way()
        started = self._now()
        run_id = self.open_sweep()
        try:
            self.ehr.require_workable()
            members = read_cohort(self.ehr, self.ledger)
        except EHRError as error:
            self.ledger.runs.fail(run_id, f"the cohort could not be read: {type(error).__name__}")
            raise
        self.await_cohort(run_id, members, started)
        return run_id

    def open_sweep(self) -> int:
        """Begin a sweep whose cohort is not known yet; the run."""
        started = self._now()
        give_up_abandoned_runs(self.ledger, started)
        return self.going_live.open_run("sweep", self.protocol.digest, started)

    def await_cohort(
        self,
        run_id: int,
        members: CohortRead | CohortMembers,
        started: datetime,
        not_before: datetime | None = None,
    ) -> None:
        """Write the cohort of a sweep down and mark everybody pending for it.

        Polls begin at `started`: before the first fact was read. `not_before` keeps everybody out
        of the queue until then, for a run that reads them itself.
        """
        percent = self._limits.cohort_alarm_percent
        take_cohort(self.ehr, self.ledger, members, started, alarm_percent=percent)
        merged_people.follow_who_left(self.ehr, self.ledger, run_id, started)
        keys = self._everybody_watched()
        self._mark_pending(run_id, keys, started, not_before)
        if self.ledger.watermarks.get(WATERMARK) is None:
            self.ledger.watermarks.advance(WATERMARK, started)
        _log.info("sweep_started", run=run_id, patients=len(keys))

    def start_poll(self) -> int | None:
        """Ask who changed and mark those pending whom we watch; None where nobody did.

        Without a watermark there is nothing to compare with: a sweep starts instead, and also where
        it lies ahead. EHRNotAsked where BoneFlag is paused or keeps still.
        """
        self.ehr.require_way()
        since = known_until(self.ledger, WATERMARK, self._now())
        if since is None:
            return self.start_sweep()
        changes = self.ehr.changed_since(self.protocol.needs, since)
        if not changes.is_possible:
            _log.info("poll_is_partial", types=len(changes.unseen_types))
        now = self._now()
        honour_left_out(self.ehr, self.ledger, now)
        if self._admits_newcomers and not self.ledger.readings.is_held():
            # Under the sweep's own source, so that a sweep that no longer names them lets them go.
            self.ledger.cohort.add(sorted(changes.newcomers), CODE_SEARCH, now)
        keys = self._watched(changes.patient_ids)
        run_id = None
        if keys:
            run_id = self.going_live.open_run("poll", self.protocol.digest, now)
            self._mark_pending(run_id, keys, now)
        self.ledger.watermarks.advance(WATERMARK, changes.watermark)
        _log.info("poll_done", changed=len(keys), newcomers=len(changes.newcomers))
        return run_id

    def start_screening(self, fhir_id: str) -> tuple[int, str]:
        """Mark one patient pending, whether or not the cohort holds them; the run and their key.

        Somebody whom the hospital leaves out is not: the run is then over at once.
        """
        self.ehr.require_way()
        now = self._now()
        honour_left_out(self.ehr, self.ledger, now)
        key = self.ledger.cohort.register([fhir_id], "asked for", now)[fhir_id]
        run_id = self.going_live.open_run("screen", self.protocol.digest, now)
        if self.ledger.cohort.fhir_ids_of([key]):
            self.ledger.pending.mark(run_id, [key], now)
        self.ledger.runs.finish_reading(run_id)
        return run_id, key

    def _watched(self, fhir_ids: Iterable[str]) -> set[str]:
        """The keys of those whom we watch: cohort members and people with an open alert."""
        known = set(self.ledger.cohort.keys_of(sorted(fhir_ids)).values())
        return known & self._everybody_watched()

    def _everybody_watched(self) -> set[str]:
        """Members of the cohort and people with an open alert, but for those who are left out."""
        keys = {*self.ledger.cohort.members(), *self.ledger.alerts.patients_with_open()}
        return keys - self.ledger.cohort.left_out()

    def _mark_pending(
        self,
        run_id: int,
        keys: Iterable[str],
        at: datetime,
        not_before: datetime | None = None,
    ) -> None:
        self.ledger.pending.mark(run_id, keys, at, not_before)
        self.ledger.pending.take_over(run_id, at)
        self.ledger.runs.finish_reading(run_id)

    def stands_still(self) -> bool:
        """Whether no work should be begun: paused, or the EHR is not to be asked for a while."""
        standstill = self.ehr.standstill()
        if standstill is not None:
            _log.warning("work_waits", reason=standstill.reason, seconds=standstill.seconds)
        return standstill is not None

    def hand_out(
        self, limit: int, *, queue_is_empty: bool, forgotten_after: timedelta
    ) -> list[tuple[str, ...]]:
        """The next batches of patient keys; whoever was handed out lately is left out.

        None while the pipeline stands still: people who were handed out in vain lose an attempt.
        """
        if self.stands_still():
            return []
        now = self._now()
        before = now if queue_is_empty else now - forgotten_after
        size = min(self._limits.batch_size, self.ehr.most_at_a_time())
        batches = self.ledger.pending.hand_out(size, limit, now, before)
        return [batch.patient_keys for batch in batches]

    # Read and think

    def screen(
        self,
        keys: Sequence[str],
        read: ReadRecords | None = None,
        led_from: frozenset[str] = frozenset(),
    ) -> int:
        """Screen a batch and store what follows; how many people were judged.

        `read` gives the records of people who were read already, and whoever gives it waits for an
        EHR that is away; without it they are searched for. `led_from`: see `follow_merges`.

        EHRUnavailable is not an answer: everybody left stays pending and is tried again later. Any
        other EHRError says that nobody can be read, and passes through.
        """
        runs = self.ledger.pending.runs_of(keys)
        fhir_ids = self.ledger.cohort.fhir_ids_of(list(runs))
        if not fhir_ids:
            return 0
        waiting = set(fhir_ids)
        screenings: list[Screening] = []
        merged: dict[str, PatientRecord] = {}
        try:
            former = merged_people.former_ids(self.ledger, fhir_ids)
            alerts = merged_people.read_alerts(self.ehr, self.ledger, fhir_ids, former)
            decisions = self.ledger.decisions.of(list(fhir_ids))
            milestones = self.ledger.milestones.of(list(fhir_ids))
            for key, record in self._records(fhir_ids, read or self.ehr.read_records):
                said = decisions.get(key, ())
                if merged_people.is_merged(record):
                    waiting.discard(key)
                    merged[key] = record
                    continue
                before = milestones.get(key, ())
                screening = self._screen_one(record, key, runs[key], alerts, said, before)
                waiting.discard(key)
                if screening is not None:
                    screenings.append(merged_people.as_read(screening, fhir_ids[key], former))
        except EHRUnavailable as error:
            if read is not None:
                raise
            self._postpone(waiting, runs, error)
        except self._nobodys_chart:
            raise
        except Exception as error:
            return self._screen_alone(keys, runs, error, read, led_from)
        if screenings:
            self._store(screenings)
            spare = spare_in(alerts, fhir_ids, runs)
            writable = self.going_live.people(self.protocol.digest, [s.patient_key for s in spare])
            retire_spare(self.ehr, self.ledger, spare, self._now(), writable)
        at = self._now()
        again, astray = merged_people.follow_merges(self.ledger, merged, runs, at, led_from)
        for key in astray:
            self._fail(key, runs[key], merged_people.MergedInACircle())
        led_from |= {record.patient.id for record in merged.values()}
        return len(screenings) + (self.screen(again, read, led_from) if again else 0)

    def _records(
        self, fhir_ids: Mapping[str, str], read: ReadRecords
    ) -> Iterator[tuple[str, PatientRecord]]:
        key_of = {fhir_id: key for key, fhir_id in fhir_ids.items()}
        for record in read(list(key_of), self.protocol.needs):
            yield key_of[record.patient.id], record

    def _screen_alone(
        self,
        keys: Sequence[str],
        runs: Mapping[str, int],
        error: Exception,
        read: ReadRecords | None,
        led_from: frozenset[str],
    ) -> int:
        """A chart broke the reading of its whole batch: each person again, by themselves."""
        if len(runs) > 1:
            _log.warning("batch_taken_apart", patients=len(runs), error=type(error).__name__)
            return sum(self.screen([key], read, led_from) for key in keys)
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
                    later = self._now() + _AFTER_A_CONFLICT
                    self.ledger.pending.store_failure(
                        screening.patient_key, screening.run_id, "conflict in the ledger", later
                    )
                    _log.error("screening_conflict")

    def _screen_one(
        self,
        record: PatientRecord,
        key: str,
        run_id: int,
        alerts: AlertsRead,
        said: Sequence[Decision],
        before: Sequence[Milestone],
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
                remember_decisions(self.ledger, key, history, thought.said, said, self._now())
            posted = history.posted if history else ()
            return Screening(
                key,
                run_id,
                entry_of(thought.assessment, record, self._now()),
                thought.plans,
                types_asked_for=self._types,
                milestones=reached(thought.assessment, posted, thought.said, before),
            )
        except self._passing:
            raise
        except Exception as error:
            # One bad patient never costs a batch.
            self._fail(key, run_id, error)
            return None

    # Write

    def deliver(self, only_run: int | None = None) -> None:
        """Send the plans of every run (or of one) that has reported and stays within its limits."""
        self._delivery.deliver(only_run)
