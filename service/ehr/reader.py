"""Patients and data requirements in, patient records out.

A newcomer would get three things wrong. The searches are derived from what the criteria say that
they need; nobody repeats them here. An answer that did not come, or not in full, is not an empty
answer: its type goes to `unread` for the patients concerned, so that nothing is concluded from what
is absent. And a type that others are read in and this patient is not is `withheld` as well: what it
hides may speak against an alert. Only an EHR that cannot answer now (EHRUnavailable) stops a batch;
the queue brings it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

import structlog

from service.ehr.bundle import Resource
from service.ehr.capability import Capability
from service.ehr.client import FHIRClient
from service.ehr.errors import EHRError, EHRNotFound, EHRUnavailable
from service.ehr.everything import EverythingReader, WholeChart
from service.ehr.manners import STANDARD, Manners
from service.ehr.merged import merged_stub
from service.ehr.patient_search import TELLING_TYPE, Found, PatientSearch
from service.ehr.references import (
    MEDICINE_TYPES,
    ReferenceReader,
    device_id_of,
    is_unnamed,
    medication_id_of,
)
from service.ehr.subject import patient_id_of
from service.ehr.type_search import TypeSearch, searches_for
from service.ehr.unread import (
    CUT_SHORT,
    FAILED,
    MERGED,
    NOT_GRANTED,
    NOT_LISTED,
    REFUSED,
    RESTRICTED,
    why_unread,
)
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement, Vocabulary

_log = structlog.get_logger()


class ReadsRecords(Protocol):
    """What reads charts, however it does: by searches, in one piece, from an export."""

    def read_records(
        self, patient_ids: Sequence[str], needs: Iterable[DataRequirement], build: BuildRecord
    ) -> Iterator[PatientRecord]:
        """One record for each id; see `RecordReader.read_records`."""
        ...  # pragma: no cover (a protocol)

    def why_unread(self, patient_id: str) -> Mapping[str, str]:
        """Why types of a patient are unread, by type; known until the next batch is read."""
        ...  # pragma: no cover (a protocol)


class BuildRecord(Protocol):
    """Makes a record of one patient's resources; `medications` is keyed by "Medication/id"."""

    def __call__(
        self,
        patient_id: str,
        resources: Mapping[str, Sequence[Resource]],
        medications: Mapping[str, Resource],
        unread: frozenset[str],
        read_at: datetime,
    ) -> PatientRecord:
        """Build the record."""
        ...  # pragma: no cover (a protocol)


@dataclass(slots=True, repr=False)
class _Chart:
    resources: dict[str, list[Resource]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    why: dict[str, str] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def lacks(self, type_: str, why: str) -> None:
        """The type did not come in full; the first reason stands."""
        self.unread.add(type_)
        self.why.setdefault(type_, why)


class RecordReader:
    """Reads records in batches, at most `client.max_connections` searches at a time.

    `uses_everything` asks for whole charts first, and searches for whoever does not come so.
    `restricted` are types that our access token covers in part only: what comes counts, and
    nothing is concluded from what does not.
    """

    def __init__(
        self,
        client: FHIRClient,
        capability: Capability,
        vocabulary: Vocabulary,
        *,
        batch_size: int = 60,
        page_size: int = 500,
        prefer_post: bool = True,
        manners: Manners = STANDARD,
        uses_everything: bool = False,
        restricted: Iterable[str] = (),
    ) -> None:
        self._client = client
        self._capability = capability
        self._vocabulary = vocabulary
        self._batch_size = batch_size
        self._manners = manners
        self._restricted = frozenset(restricted)
        self._search = PatientSearch(
            client, page_size=page_size, prefer_post=prefer_post, manners=manners
        )
        self._everything = EverythingReader(client, manners, page_size) if uses_everything else None
        self._medications = ReferenceReader(client, "Medication")
        self._devices = ReferenceReader(client, "Device")
        self._why: dict[str, dict[str, str]] = {}

    def read_records(
        self, patient_ids: Sequence[str], needs: Iterable[DataRequirement], build: BuildRecord
    ) -> Iterator[PatientRecord]:
        """One record for each id, in the order given, an id that comes twice only once.

        A patient who is not there any more still gets a record, with Patient unread. Raises
        EHRUnavailable where the server cannot answer now; records of earlier batches have then
        been given already.
        """
        ids = list(dict.fromkeys(patient_ids))
        searches = searches_for(needs, self._vocabulary, self._capability, self._manners)
        for start in range(0, len(ids), self._batch_size):
            yield from self._read_batch(ids[start : start + self._batch_size], searches, build)

    def why_unread(self, patient_id: str) -> Mapping[str, str]:
        """Why types of a patient are unread, by type; known until the next batch is read."""
        return self._why.get(patient_id, {})

    def _read_batch(
        self, ids: Sequence[str], searches: Sequence[TypeSearch], build: BuildRecord
    ) -> Iterator[PatientRecord]:
        read_at = datetime.now(UTC)
        charts = {i: _Chart({search.type: [] for search in searches}) for i in ids}
        came = self._read_whole_charts(charts, searches)
        self._search_for({i: chart for i, chart in charts.items() if i not in came}, searches)
        self._read_missing_patients(charts)
        medications = self._read_medications(charts)
        self._read_devices(charts)
        self._why = {id_: chart.why for id_, chart in charts.items()}
        for id_, chart in charts.items():
            unread = frozenset(chart.unread)
            record = build(id_, chart.resources, medications, unread, read_at)
            withheld = self._withheld(chart) if unread else unread
            yield replace(record, withheld=withheld) if withheld else record

    def _withheld(self, chart: _Chart) -> frozenset[str]:
        answers = self._search.answers
        return frozenset(t for t in chart.unread if answers.is_withheld(t, chart.why[t]))

    # Whole charts

    def _read_whole_charts(
        self, charts: Mapping[str, _Chart], searches: Sequence[TypeSearch]
    ) -> frozenset[str]:
        """Fill the charts that come in one piece; whose did, or was refused."""
        if self._everything is None:
            return frozenset()
        listed = [t for t in dict.fromkeys(s.type for s in searches) if self._is_listed(t)]
        found = self._everything.read(list(charts), listed)
        for id_, whole in found.items():
            chart = charts[id_]
            for type_ in chart.resources:
                if type_ not in listed:
                    chart.lacks(type_, self._why_not_asked(type_))
                elif isinstance(whole, WholeChart):
                    chart.resources[type_] = list(whole.resources[type_])
                    self._search.answers.came(type_)
                else:
                    chart.lacks(type_, REFUSED)
                if type_ in self._restricted:
                    chart.lacks(type_, RESTRICTED)
            for resource in whole.shared if isinstance(whole, WholeChart) else ():
                is_drug = resource.get("resourceType") == "Medication"
                (self._medications if is_drug else self._devices).keep(resource)
        return frozenset(found)

    def _is_listed(self, type_: str) -> bool:
        return type_ in self._capability.types and type_ not in self._capability.ungranted

    def _why_not_asked(self, type_: str) -> str:
        return NOT_GRANTED if type_ in self._capability.ungranted else NOT_LISTED

    # Type by type

    def _search_for(self, charts: Mapping[str, _Chart], searches: Sequence[TypeSearch]) -> None:
        ids = list(charts)
        if not ids:
            return
        if self._search.is_learning:
            searches = self._learn_from(charts, searches)
        with ThreadPoolExecutor(self._client.max_connections) as threads:
            answers = threads.map(lambda search: self._find(search, ids), searches)
            for search, found in zip(searches, answers, strict=True):
                _file(charts, search.type, found)

    def _learn_from(
        self, charts: Mapping[str, _Chart], searches: Sequence[TypeSearch]
    ) -> Sequence[TypeSearch]:
        """Read the type that tells how this server takes ids, before the others; those are given.

        Beside it, what the others find would be believed or not by chance.
        """
        ids = list(charts)
        telling = [s for s in searches if s.type == TELLING_TYPE]
        answers = [self._find(search, ids) for search in telling]
        is_silent = telling and not any(found.resources for found in answers)
        if is_silent and self._search.wants_typed_ids(telling[0], ids):
            answers = [self._find(search, ids) for search in telling]
        for search, found in zip(telling, answers, strict=True):
            _file(charts, search.type, found)
        return [search for search in searches if search.type != TELLING_TYPE]

    def _find(self, search: TypeSearch, ids: Sequence[str]) -> Found:
        if not self._capability.can_search(search.type):
            found = Found()
            found.lacks(ids, self._why_not_asked(search.type))
            return found
        found = self._search.find(search, ids)
        if search.is_extra:
            # A server that does not take it after all hides only what nobody else would see.
            cut_short = {i for i in found.unread if found.why.get(i) == CUT_SHORT}
            found.unread.intersection_update(cut_short)
        if search.type in self._restricted:
            found.lacks(ids, RESTRICTED)
        return found

    def _read_missing_patients(self, charts: Mapping[str, _Chart]) -> None:
        """Read alone whoever the search did not give; deleted or refused means unread.

        A search that was tried and failed is not followed by fifty reads: a refusal stands.
        """
        was_tried = self._capability.can_search("Patient")
        for id_, chart in charts.items():
            is_settled = was_tried or chart.why.get("Patient") == REFUSED
            if chart.resources.get("Patient") != [] or (is_settled and "Patient" in chart.unread):
                continue
            self._read_missing_patient(id_, chart)

    def _read_missing_patient(self, id_: str, chart: _Chart) -> None:
        why = FAILED
        try:
            stored = self._client.read("Patient", id_)
        except EHRUnavailable:
            raise
        except EHRError as error:
            missing = isinstance(error, EHRNotFound)
            _log.warning("patient_unread", status=error.status, missing=missing)
            why = why_unread(error, self._manners)
        else:
            patient = stored.resource or {}
            found_id = patient_id_of(patient)
            if found_id == id_:
                chart.resources["Patient"] = [patient]
                chart.unread.discard("Patient")
                chart.why.pop("Patient", None)
                return
            if found_id is not None and stored.was_led_on:
                # Somebody else's record without being led there is a fault, and never a merge.
                chart.resources["Patient"] = [merged_stub(id_, found_id)]
                why = MERGED
        chart.unread.add("Patient")
        chart.why["Patient"] = why

    # What charts point to

    def _read_medications(self, charts: Mapping[str, _Chart]) -> Mapping[str, Resource]:
        """Resolve references; a medicine whose drug is withheld leaves its type unread."""
        wanted = [
            (chart, type_, medicine, id_)
            for chart in charts.values()
            for type_ in MEDICINE_TYPES
            for medicine in chart.resources.get(type_, ())
            if (id_ := medication_id_of(medicine, self._client.base_url)) is not None
        ]
        found = self._medications.read(id_ for *_, id_ in wanted)
        for chart, type_, medicine, id_ in wanted:
            if id_ in found.unread and is_unnamed(medicine):
                chart.lacks(type_, REFUSED)
        return found.by_reference

    def _read_devices(self, charts: Mapping[str, _Chart]) -> None:
        """Statements of use name a Device that may be assigned to nobody, and so was not found."""
        for id_, chart in charts.items():
            known = {device.get("id") for device in chart.resources.get("Device", ())}
            named = {
                device_id
                for statement in chart.resources.get("DeviceUseStatement", ())
                if (device_id := device_id_of(statement, self._client.base_url)) is not None
            }
            if named <= known:
                continue
            found = self._devices.read(named - known)
            if found.unread:
                chart.lacks("DeviceUseStatement", REFUSED)
            # One that is assigned to somebody else says nothing of what this patient uses.
            chart.resources.setdefault("Device", []).extend(
                device
                for device in found.by_reference.values()
                if patient_id_of(device) in (None, id_)
            )


def _file(charts: Mapping[str, _Chart], type_: str, found: Found) -> None:
    for key, resource in found.resources.items():
        chart = charts.get(patient_id_of(resource) or "")
        if chart is not None and (type_, key) not in chart.seen:
            chart.seen.add((type_, key))
            chart.resources[type_].append(resource)
    for id_ in found.unread:
        charts[id_].lacks(type_, found.why.get(id_, FAILED))
    if found.dropped:
        _log.warning("resources_of_others_dropped", type=type_, resources=found.dropped)
