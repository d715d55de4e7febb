"""Patients and data requirements in, patient records out.

A newcomer would get two things wrong. The searches are derived from what the criteria say that they
need; nobody repeats them here. And an answer that did not come, or not in full, is not an empty
answer: its type goes to `unread` for the patients concerned, so that nothing is concluded from what
is absent. Only an EHR that cannot answer now (EHRUnavailable) stops a batch; the queue brings it
again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import structlog

from service.ehr.bundle import Resource
from service.ehr.capability import Capability
from service.ehr.client import FHIRClient
from service.ehr.errors import EHRError, EHRNotFound, EHRUnavailable
from service.ehr.medication_refs import (
    MEDICINE_TYPES,
    MedicationReader,
    is_unnamed,
    medication_id_of,
)
from service.ehr.patient_search import (
    CUT_SHORT,
    FAILED,
    REFUSED,
    Found,
    PatientSearch,
    TypeSearch,
    searches_for,
    why_unread,
)
from service.ehr.subject import patient_id_of
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement, Vocabulary

_log = structlog.get_logger()

NOT_LISTED = "not in the capability statement"


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


class RecordReader:
    """Reads records in batches, at most `client.max_connections` searches at a time."""

    def __init__(
        self,
        client: FHIRClient,
        capability: Capability,
        vocabulary: Vocabulary,
        *,
        batch_size: int = 60,
        page_size: int = 500,
        prefer_post: bool = True,
    ) -> None:
        self._client = client
        self._capability = capability
        self._vocabulary = vocabulary
        self._batch_size = batch_size
        self._search = PatientSearch(client, page_size=page_size, prefer_post=prefer_post)
        self._medications = MedicationReader(client)
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
        searches = searches_for(needs, self._vocabulary, self._capability)
        self._medications.forget()
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
        with ThreadPoolExecutor(self._client.max_connections) as threads:
            answers = threads.map(lambda search: self._find(search, ids), searches)
            for search, found in zip(searches, answers, strict=True):
                _file(charts, search.type, found)
        self._read_missing_patients(charts)
        medications = self._read_medications(charts)
        self._why = {id_: chart.why for id_, chart in charts.items()}
        for id_, chart in charts.items():
            yield build(id_, chart.resources, medications, frozenset(chart.unread), read_at)

    def _find(self, search: TypeSearch, ids: Sequence[str]) -> Found:
        if not self._capability.can_search(search.type):
            return Found(unread=set(ids), why=dict.fromkeys(ids, NOT_LISTED))
        found = self._search.find(search, ids)
        if search.is_extra:
            # A server that does not take it after all hides only what nobody else would see.
            cut_short = {i for i in found.unread if found.why.get(i) == CUT_SHORT}
            found.unread.intersection_update(cut_short)
        return found

    def _read_missing_patients(self, charts: Mapping[str, _Chart]) -> None:
        """Read alone whoever the search did not give; deleted or refused means unread.

        A search that was tried and failed is not followed by fifty reads: a refusal stands.
        """
        was_tried = self._capability.can_search("Patient")
        for id_, chart in charts.items():
            if chart.resources.get("Patient") != [] or (was_tried and "Patient" in chart.unread):
                continue
            try:
                patient = self._client.read("Patient", id_).resource
            except EHRUnavailable:
                raise
            except EHRError as error:
                missing = isinstance(error, EHRNotFound)
                _log.warning("patient_unread", status=error.status, missing=missing)
                patient, chart.why["Patient"] = None, why_unread(error)
            if patient is None or patient_id_of(patient) != id_:
                chart.unread.add("Patient")
            else:
                chart.resources["Patient"] = [patient]
                chart.unread.discard("Patient")

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
                chart.unread.add(type_)
                chart.why.setdefault(type_, REFUSED)
        return found.by_reference


def _file(charts: Mapping[str, _Chart], type_: str, found: Found) -> None:
    for key, resource in found.resources.items():
        chart = charts.get(patient_id_of(resource) or "")
        if chart is not None and (type_, key) not in chart.seen:
            chart.seen.add((type_, key))
            chart.resources[type_].append(resource)
    for id_ in found.unread:
        charts[id_].unread.add(type_)
        charts[id_].why[type_] = found.why.get(id_, FAILED)
    if found.dropped:
        _log.warning("resources_of_others_dropped", type=type_, resources=found.dropped)
