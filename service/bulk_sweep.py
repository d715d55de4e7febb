"""A sweep whose charts come by bulk export: over hours, in steps, each of which may be the last.

    start ──> kick off ──> ask … ask ──> download ──> screen everybody ──> delete, close
                 ^           │ the server has forgotten it, or its files have expired (once)
                 └───────────┘

A newcomer would get four things wrong. A step is idempotent: a process that dies in its middle
costs a second download and nothing else, because whoever was screened waits no longer. An export is
old when it comes: who was judged meanwhile, on newer facts, is left alone, or a poll's newer answer
would be undone by it. Everybody is kept out of the queue while this process works through the
export, and who is not in it is given back to the queue afterwards. And an EHR that answers nothing
is waited for, up to a limit; only what it says is taken for an answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from service.ehr.bulk.download import Downloads, FileExpired
from service.ehr.bulk.export import BulkExport, Running
from service.ehr.bulk.gaps import Gaps
from service.ehr.bulk.intake import Exported, Intake
from service.ehr.bulk.manifest import Manifest
from service.ehr.bulk.order import ExportOrder
from service.ehr.bulk.records import Batch, ExportedRecords, Searched
from service.ehr.bulk.spool import Spool, SpoolUnusable
from service.ehr.bundle import Resource
from service.ehr.cohort.code_search import SOURCE as CODE_SEARCH
from service.ehr.cohort.group import SOURCE as GROUP
from service.ehr.cohort.members import CohortMembers, CohortRead
from service.ehr.errors import EHRError, EHRNotFound, EHRRejected, EHRUnavailable
from service.ehr.reader import BuildRecord
from service.ehr.references import MEDICINE_TYPES, ReferenceReader
from service.pipeline import WATERMARK, Pipeline
from service.screening.record import PatientRecord, ResourceRef
from service.store.bulk_jobs import BulkJob

_log = structlog.get_logger()

SOURCE = "bulk-group"
_HELD_FOR = timedelta(minutes=10)
_HELD_ELSEWHERE_SECONDS = 60.0
_USUAL_WAIT_SECONDS, _SHORTEST_WAIT_SECONDS, _LONGEST_PAUSE_SECONDS = 30.0, 1.0, 600.0
_OUTAGE_PAUSE_SECONDS, _OUTAGE_PAUSES = 60.0, 10
# A lasting fault of the export itself: the EHR answers "internal error" again and again.
_FAULT, _FAULTS_BEFORE_A_RESTART, _MOST_RESTARTS = 500, 5, 1
_OUT_OF_THE_QUEUE = timedelta(days=1)
# Without these by search nobody outside the export can be judged.
_SEARCHED_TYPES = ("Patient", "Condition", "Observation", "MedicationRequest")


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """How exports are used here. `patience` is how long one export may take in all."""

    order: ExportOrder
    patience: timedelta
    batch_size: int
    spool_directory: str | None = None


FindCohort = Callable[[Exported], CohortMembers | CohortRead]


def exported_members(exported: Exported) -> CohortMembers:
    """Everybody whose Patient came: the members of the Group that was exported.

    A sweep writes them down under the name by which a search for charts knows that Group.
    """
    is_complete = bool(exported.patients) and exported.is_whole("Patient")
    return CohortMembers(tuple(sorted(exported.patients)), SOURCE, is_complete)


def diagnosed_members(exported: Exported) -> CohortMembers:
    """Everybody with a Condition of the disease: for the export of a whole hospital."""
    is_complete = bool(exported.coded) and exported.is_whole("Patient", "Condition")
    return CohortMembers(tuple(sorted(exported.coded)), CODE_SEARCH, is_complete)


class BulkSweep:
    """Sweeps of one site by bulk export; one process at a time works on one.

    `build` makes the records, `has_diagnosis` tells whether a Condition is of the disease, and
    `find_cohort` is one of the two functions above, or asks the sources of the cohort. `is_chosen`
    tells whether charts are read this way at this EHR; it may ask the EHR.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        build: BuildRecord,
        options: BulkOptions,
        *,
        has_diagnosis: Callable[[Resource], bool],
        find_cohort: FindCohort,
        is_chosen: Callable[[], bool],
        now: Callable[[], datetime],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pipeline = pipeline
        self._ledger = pipeline.ledger
        self._client = pipeline.ehr.client
        self._export = BulkExport(pipeline.ehr.client)
        self._build = build
        self._options = options
        self._has_diagnosis = has_diagnosis
        self._find_cohort = find_cohort
        self.is_chosen = is_chosen
        self._now = now
        self._pause = pause

    def has_to_come_first(self) -> bool:
        """Whether polls have nothing to compare with yet, and must not begin a search for it."""
        return self._ledger.watermarks.get(WATERMARK) is None and self.is_chosen()

    def start(self) -> int:
        """Begin a sweep; its run, or that of the export that is under way already."""
        job = self._ledger.bulk_jobs.current()
        if job is not None:
            return job.run_id
        run_id = self._pipeline.open_sweep()
        if not self._ledger.bulk_jobs.open(run_id, self._now()):
            self._ledger.runs.fail(run_id, "another bulk export was begun at the same moment")
        return run_id

    def step(self) -> float | None:
        """Do what can be done now; seconds until the next step is worth it, None for no export.

        EHRError passes through when it ends the run: a refusal at the kick-off, an export that
        cannot be read. An EHR that is away ends nothing.
        """
        job = self._ledger.bulk_jobs.current()
        if job is None:
            return None
        now = self._now()
        if job.not_before is not None and job.not_before > now:
            return (job.not_before - now).total_seconds()
        if not self._ledger.bulk_jobs.hold(job.id, now, now + _HELD_FOR):
            return _HELD_ELSEWHERE_SECONDS
        try:
            self._advance(job)
        except EHRUnavailable as error:
            self._postpone(job, error)
        except (EHRError, SpoolUnusable) as error:
            self._give_up(job, str(error))
            raise
        finally:
            self._ledger.bulk_jobs.let_go(job.id)
        return self._seconds_left()

    def _seconds_left(self) -> float | None:
        job = self._ledger.bulk_jobs.current()
        if job is None:
            return None
        wait = (job.not_before - self._now()).total_seconds() if job.not_before else 0.0
        return max(wait, 0.0)

    # The export

    def _advance(self, job: BulkJob) -> None:
        if self._now() - job.opened_at > self._options.patience:
            hours = self._options.patience.total_seconds() / 3600
            self._give_up(job, f"the bulk export was not ready within {hours:.0f} hours")
        elif not job.status_url:
            self._kick_off(job)
        else:
            self._ask(job)

    def _kick_off(self, job: BulkJob) -> None:
        at = self._now()
        started = self._export.kick_off(self._order())
        jobs = self._ledger.bulk_jobs
        jobs.store_kick_off(job.id, started.status_url, at, self._after(started.wait_seconds))
        _log.info("bulk_export_begun", run=job.run_id, kind=self._options.order.level)

    def _order(self) -> ExportOrder:
        """Every needed type that the server lists, and the Medications that records point to."""
        capability = self._pipeline.ehr.capability()
        wanted = self._wanted()
        if wanted & set(MEDICINE_TYPES):
            wanted |= {"Medication"}
        listed = capability.types.keys() or wanted
        types = sorted((wanted & listed) - capability.ungranted)
        return replace(self._options.order, types=tuple(types))

    def _wanted(self) -> set[str]:
        return {"Patient", *(need.type for need in self._pipeline.protocol.needs)}

    def _ask(self, job: BulkJob) -> None:
        try:
            found = self._export.ask(job.status_url, job.asked_at or job.opened_at)
        except (EHRNotFound, EHRRejected) as error:
            self._begin_again(job, error)
            return
        if isinstance(found, Running):
            self._ledger.bulk_jobs.store_running(job.id, self._after(found.wait_seconds))
            return
        try:
            self._take(job, found)
        except FileExpired as error:
            self._begin_again(job, error)

    def _begin_again(self, job: BulkJob, error: EHRError) -> None:
        if job.restarts >= _MOST_RESTARTS:
            raise error
        _log.warning("bulk_export_begins_again", run=job.run_id, status=error.status)
        self._export.delete(job.status_url)
        self._ledger.bulk_jobs.restart(job.id, self._after(None))

    def _postpone(self, job: BulkJob, error: EHRUnavailable) -> None:
        is_fault = error.status == _FAULT and job.failures + 1 >= _FAULTS_BEFORE_A_RESTART
        if is_fault and job.status_url and job.restarts < _MOST_RESTARTS:
            self._begin_again(job, error)
            return
        if is_fault and job.status_url:
            self._give_up(job, "the EHR reports a fault of its own for the bulk export")
            return
        grown = min(_USUAL_WAIT_SECONDS * 2**job.failures, _LONGEST_PAUSE_SECONDS)
        wait = max(error.retry_after_seconds or 0, grown)
        self._ledger.bulk_jobs.store_failure(job.id, self._now() + timedelta(seconds=wait))
        _log.warning("bulk_export_postponed", run=job.run_id, status=error.status)

    def _give_up(self, job: BulkJob, reason: str) -> None:
        if job.status_url:
            self._export.delete(job.status_url)
        waiting = self._ledger.pending.waiting_for(job.run_id)
        self._ledger.pending.give_up(job.run_id, waiting, "the bulk export failed")
        self._ledger.runs.fail(job.run_id, reason)
        self._ledger.bulk_jobs.close(job.id)
        _log.error("bulk_export_given_up", run=job.run_id, patients=len(waiting))

    def _after(self, wait_seconds: float | None) -> datetime:
        """When to ask next; a wait that the server asks for is an hour at most."""
        wait = _USUAL_WAIT_SECONDS if wait_seconds is None else wait_seconds
        return self._now() + timedelta(seconds=max(wait, _SHORTEST_WAIT_SECONDS))

    # Its people

    def _take(self, job: BulkJob, manifest: Manifest) -> None:
        """Download, screen everybody, and end the job."""
        self._ledger.bulk_jobs.store_ready(job.id, manifest.transaction_time)
        with Spool(self._options.spool_directory) as spool:
            gaps = Gaps(frozenset(self._wanted()))
            exported = Exported(spool, gaps, manifest.transaction_time)
            intake = Intake(
                exported,
                Downloads(self._client, needs_token=manifest.needs_token, pause=self._pause),
                has_diagnosis=self._has_diagnosis,
                expired_is_final=job.restarts >= _MOST_RESTARTS,
                still_here=lambda: self._hold_on(job),
            )
            intake.take(manifest, self._order().types)
            self._screen(job, exported)
        self._export.delete(job.status_url)
        self._ledger.bulk_jobs.close(job.id)

    def _hold_on(self, job: BulkJob) -> None:
        self._ledger.bulk_jobs.keep(job.id, self._now() + _HELD_FOR)

    def _screen(self, job: BulkJob, exported: Exported) -> None:
        run = self._ledger.runs.get(job.run_id)
        if run is not None and not run.is_reading_done:
            members = self._named(self._find_cohort(exported))
            out_until = self._now() + _OUT_OF_THE_QUEUE
            self._pipeline.await_cohort(job.run_id, members, exported.read_at, out_until)
        keys = self._ledger.pending.waiting_for(job.run_id)
        key_of = {i: key for key, i in self._ledger.cohort.fhir_ids_of(keys).items()}
        records = ExportedRecords(
            exported,
            self._build,
            base_url=self._client.base_url,
            medications=self._medications(),
            search=self._search,
        )
        wanted = key_of.keys() & exported.patients
        for batch in records.batches(wanted, self._options.batch_size):
            self._hold_on(job)
            self._screen_batch(job, batch, [key_of[i] for i in batch.patient_ids], exported.read_at)
        self._let_others_go(job)

    def _named(self, members: CohortMembers | CohortRead) -> CohortMembers | CohortRead:
        """The same under the label of their source: with another one everybody seems to move."""
        group_id = self._options.order.group_id
        if isinstance(members, CohortRead) or members.source != SOURCE or not group_id:
            return members
        name = GROUP if GROUP in self._pipeline.ehr.strategy.sources else SOURCE
        return replace(members, source=f"{name} {group_id}")

    def _medications(self) -> ReferenceReader | None:
        """Reads the Medications that an export left out, where the EHR gives single ones."""
        is_given = self._pipeline.ehr.capability().can_read("Medication")
        return ReferenceReader(self._client, "Medication") if is_given else None

    def _search(self, patient_ids: Sequence[str], types: frozenset[str]) -> dict[str, Searched]:
        found: dict[str, Searched] = {}

        def keep(
            patient_id: str,
            resources: Mapping[str, Sequence[Resource]],
            medications: Mapping[str, Resource],
            unread: frozenset[str],
            read_at: datetime,
        ) -> PatientRecord:
            found[patient_id] = Searched(resources, medications, unread)
            return PatientRecord(ResourceRef("Patient", patient_id), read_at=read_at)

        needs = [need for need in self._pipeline.protocol.needs if need.type in types]
        for _ in self._pipeline.ehr.search_records(patient_ids, needs, keep):
            pass
        return found

    def _screen_batch(
        self, job: BulkJob, batch: Batch, keys: Sequence[str], read_at: datetime
    ) -> None:
        """Screen a batch, waiting where our own alerts cannot be read back just now."""
        latest = self._ledger.screenings.latest(keys)
        overtaken = [key for key, entry in latest.items() if entry.at > read_at]
        self._ledger.pending.forget(job.run_id, overtaken)
        keys = self._ledger.pending.take(job.run_id, keys, self._now())
        for pauses_left in reversed(range(_OUTAGE_PAUSES)):
            try:
                self._pipeline.screen(keys, batch.read_records)
            except EHRUnavailable:
                if not pauses_left:
                    raise
                self._hold_on(job)
                self._pause(_OUTAGE_PAUSE_SECONDS)
            else:
                return

    def _let_others_go(self, job: BulkJob) -> None:
        """Whoever is left: to the queue, to be searched for; or given up where nobody can be."""
        keys = self._ledger.pending.waiting_for(job.run_id)
        capability = self._pipeline.ehr.capability()
        if all(capability.can_search(type_) for type_ in _SEARCHED_TYPES):
            self._ledger.pending.put_off(job.run_id, keys, self._now())
        else:
            self._ledger.pending.give_up(job.run_id, keys, "not in the bulk export")
        if keys:
            _log.warning("not_in_the_bulk_export", run=job.run_id, patients=len(keys))
