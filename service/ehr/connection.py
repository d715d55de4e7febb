"""The one face of the EHR that other rooms see.

A newcomer would get one thing wrong: what is asked of the EHR goes through here and nowhere else,
so that the pipeline knows neither searches nor resources, and so that shadow mode has one place
where writing is switched off: a connection without a writer cannot write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from service.ehr.alert_history import Memory
from service.ehr.alert_state import Remembered
from service.ehr.alerts import AlertsRead
from service.ehr.bundle import Resource
from service.ehr.capability import Capability, capability_from, read_statement
from service.ehr.changes import Changes, changed_since
from service.ehr.client import FHIRClient
from service.ehr.cohort.members import CohortRead, LeftOut
from service.ehr.cohort.source import Asking, CohortSource, ReadLeftOut, read_cohort
from service.ehr.delivery.channel import AlertReading, AlertWriting
from service.ehr.errors import EHRError, EHRNotAsked, EHRRefused, EHRUnsuitable
from service.ehr.manners import STANDARD
from service.ehr.plan_progress import Outcome
from service.ehr.politeness import Standstill
from service.ehr.reader import BuildRecord, RecordReader
from service.ehr.smart.scopes import Grant
from service.ehr.strategy import Fault, Strategy
from service.ehr.vendors import vendor_of
from service.ehr.vendors.vendor import Vendor
from service.screening.alert import AlertPlan, PostedResource
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement, Vocabulary

NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({})
NOTHING_REMEMBERED = Remembered()
_MOST_ONE_BY_ONE = 15
Choose = Callable[[Capability, Vendor | None], Strategy]
OpenReading = Callable[["EHRConnection"], AlertReading]
OpenWriting = Callable[["EHRConnection"], AlertWriting]


class EHRConnection:
    """Reads one EHR; writes to it where it was given what writes.

    `cohort_sources` are all that the settings give what they need; the strategy chooses among them
    by name, and without one all are asked. `left_out` reads whom nobody may look at. `choose` makes
    the strategy of what the server says; without it the standard's manners hold and nothing is
    refused.
    `open_reading` makes what reads our alerts back, `open_writing` what writes them: there is none
    in shadow mode. Raises the errors of `service.ehr.errors`.
    """

    def __init__(
        self,
        client: FHIRClient,
        vocabulary: Vocabulary,
        build: BuildRecord,
        *,
        cohort_sources: Sequence[CohortSource],
        left_out: ReadLeftOut | None = None,
        choose: Choose | None = None,
        batch_size: int = 60,
        page_size: int = 500,
        prefer_post: bool = True,
        open_reading: OpenReading | None = None,
        open_writing: OpenWriting | None = None,
    ) -> None:
        self.client = client
        self._vocabulary = vocabulary
        self._build = build
        self._cohort_sources = tuple(cohort_sources)
        self._read_left_out = left_out
        self._choose = choose
        self._batch_size = batch_size
        self._page_size = page_size
        self._prefer_post = prefer_post
        self._open_reading = open_reading
        self._open_writing = open_writing

    def capability(self) -> Capability:
        """What the server says that it can do; asked once for each process."""
        return self._capability

    def grant(self) -> Grant | None:
        """What SMART lets us do of what is needed; None for another login."""
        return self.client.grant()

    def standstill(self) -> Standstill | None:
        """Why no work should be begun now; asks a server that failed whether it is back."""
        politeness = self.client.politeness
        if politeness is None:
            return None
        if politeness.standstill() is None and politeness.look().is_probe_due:
            with suppress(EHRError):  # The answer, whatever it is, is told to `politeness`.
                self.client.get_json("metadata")
        return politeness.standstill()

    def require_way(self) -> None:
        """EHRNotAsked where no work should be begun now: before anything is opened for it."""
        standstill = self.standstill()
        if standstill is not None:
            raise EHRNotAsked(str(standstill), retry_after_seconds=standstill.seconds)

    def ignore_pause(self) -> None:
        """Ask although BoneFlag is paused: for an operator who asks by hand."""
        if self.client.politeness is not None:
            self.client.politeness.ignore_pause()

    def _require_login(self) -> None:
        """EHRRefused where the login server refuses us.

        Each search would raise it too, but a refused search is taken for a type that is closed to
        us, and a chart in which everything is closed for one that nobody can judge.
        """
        self.client.grant()

    @cached_property
    def _capability(self) -> Capability:
        capability = capability_from(self._statement)
        if vendor := self.vendor:
            capability = capability.without_parameters(vendor.unusable_search)
            capability = capability.within((), vendor.never_writes)
            if vendor.client_id_header:
                self.client.show_client_id(vendor.client_id_header)
        grant = self.client.grant()
        return capability if grant is None else capability.within(grant.unread, grant.unwritable)

    @cached_property
    def vendor(self) -> Vendor | None:
        """The product, None for one that nobody knows."""
        return vendor_of(self._statement)

    @cached_property
    def _statement(self) -> Resource:
        return read_statement(self.client)

    @cached_property
    def strategy(self) -> Strategy:
        """How to work with this EHR; RuntimeError where nobody was told to choose."""
        if self._choose is None:
            raise RuntimeError("This connection was made without a choice of strategy")
        return self._choose(self._capability, self.vendor)

    def require_workable(self) -> None:
        """EHRRefused or EHRUnsuitable, with every reason, where a sweep cannot do its job."""
        _refuse(self.strategy.faults if self._choose else ())

    def most_at_a_time(self) -> int:
        """How many people one piece of work may hold, so that it ends within its time limit.

        Read one at a time and slowly (2 requests a second, integration notes 1.4), sixty people
        take longer than a task may. An EHR that cannot be asked now is not asked for this.
        """
        with suppress(EHRError):
            if self._choose and self.strategy.reading.what in ("per-patient", "everything"):
                return min(self._batch_size, _MOST_ONE_BY_ONE)
        return self._batch_size

    @cached_property
    def _reader(self) -> RecordReader:
        grant = self.client.grant()
        manners = self.strategy.manners if self._choose else STANDARD
        return RecordReader(
            self.client,
            self._capability,
            self._vocabulary,
            batch_size=self._batch_size,
            page_size=self._page_size,
            prefer_post=self._prefer_post and not manners.searches_by_get,
            manners=manners,
            uses_everything=bool(self._choose) and self.strategy.reading.what == "everything",
            restricted=grant.restricted if grant else (),
        )

    def cohort(self, known: Mapping[str, str] = NOTHING_KNOWN) -> CohortRead:
        """Everybody whom a source names. Where it is incomplete, nobody may be taken to have left.

        `known` gives the Patient id for the digest of an identifier that was looked up before.
        EHRError where every source fails, or whom to leave out cannot be told.
        """
        sources = self._cohort_sources
        if self._choose:
            _refuse([fault for fault in self.strategy.faults if fault.kind == "settings"])
            chosen = self.strategy.sources
            sources = tuple(source for source in sources if source.name in chosen)
        return read_cohort(sources, self._asking(known), self._read_left_out)

    def left_out(self, known: Mapping[str, str] = NOTHING_KNOWN) -> LeftOut | None:
        """Whom nobody may look at; None where the hospital lists nobody. EHRError as above."""
        return None if self._read_left_out is None else self._read_left_out(self._asking(known))

    def _asking(self, known: Mapping[str, str]) -> Asking:
        return Asking(self.client, self._vocabulary, self.capability, known)

    def read_records(
        self, patient_ids: Sequence[str], needs: Iterable[DataRequirement]
    ) -> Iterator[PatientRecord]:
        """One record for each id; see `RecordReader.read_records`."""
        self._require_login()
        return self._reader.read_records(patient_ids, needs, self._build)

    def search_records(
        self, patient_ids: Sequence[str], needs: Iterable[DataRequirement], build: BuildRecord
    ) -> Iterator[PatientRecord]:
        """The same, built in another way: for what an export left out."""
        self._require_login()
        return self._reader.read_records(patient_ids, needs, build)

    def why_unread(self, patient_id: str) -> Mapping[str, str]:
        """Why types of the record that was read last are unread; see `RecordReader.why_unread`."""
        return self._reader.why_unread(patient_id)

    def changed_since(self, needs: Iterable[DataRequirement], since: datetime) -> Changes:
        """Who changed; see `changes.changed_since`. A server that never tells is not asked."""
        needs = tuple(needs)
        if self._choose and self.strategy.changes.what == "never":
            nobody: frozenset[str] = frozenset()
            return Changes(nobody, nobody, since, frozenset(need.type for need in needs))
        self._require_login()
        return changed_since(
            self.client,
            self._capability,
            self._vocabulary,
            needs,
            since,
            page_size=self._page_size,
        )

    def read_alerts(
        self, patient_ids: Iterable[str], remembered: Mapping[str, Memory] | None = None
    ) -> AlertsRead:
        """Our alerts as the EHR and the ledger show them; RuntimeError without a channel."""
        reading = self._reading
        self._require_login()
        return reading.read(patient_ids, remembered)

    def apply(self, plan: AlertPlan, remembered: Remembered = NOTHING_REMEMBERED) -> Outcome:
        """Carry out a plan; RuntimeError in shadow mode, where no writer is wired."""
        return self._writing.apply(plan, remembered)

    def retire(self, duplicates: Iterable[PostedResource]) -> int:
        """Mark spare resources of ours as entered in error; RuntimeError in shadow mode."""
        return self._writing.retire(duplicates)

    # One of each for the connection: they learn how the server wants to be asked.

    @cached_property
    def _reading(self) -> AlertReading:
        if self._open_reading is None:
            raise RuntimeError("This connection was made without a reader of alerts")
        return self._open_reading(self)

    @cached_property
    def _writing(self) -> AlertWriting:
        if self._open_writing is None:
            raise RuntimeError("This connection cannot write: BoneFlag runs in shadow mode")
        return self._open_writing(self)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        kind = EHRRefused if any(f.kind == "refused" for f in faults) else EHRUnsuitable
        raise kind("; ".join(fault.says for fault in faults))
