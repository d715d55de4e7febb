"""The people of an export as records, in batches of any size.

A newcomer would get two things wrong. A record is as old as its export: `read_at` is the server's
transaction time, not the moment of reading. And it goes through the same parser as a record that
was searched for, with the same idea of unread, so that nothing downstream knows the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from service.ehr.answer import decode
from service.ehr.bulk.intake import NOT_EXPORTED, Exported
from service.ehr.bundle import Resource
from service.ehr.errors import EHRError, EHRMisunderstood, EHRUnavailable
from service.ehr.reader import BuildRecord
from service.ehr.references import (
    MEDICINE_TYPES,
    ReferenceReader,
    is_unnamed,
    medication_id_of,
)
from service.ehr.unread import FAILED, REFUSED
from service.screening.record import REQUIRED_TYPES, PatientRecord
from service.screening.value_sets import DataRequirement

_Lines = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True, repr=False)
class Searched:
    """What a search gave for one patient, instead of the export."""

    resources: Mapping[str, Sequence[Resource]]
    medications: Mapping[str, Resource]
    unread: frozenset[str]


Search = Callable[[Sequence[str], frozenset[str]], Mapping[str, Searched]]
"""Searches for these types of these patients."""


@dataclass(slots=True, repr=False)
class _Chart:
    resources: dict[str, list[Resource]]
    unread: dict[str, str]
    medications: dict[str, Resource] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class Batch:
    """Some people of an export; reading them asks the EHR for nothing but missing Medications."""

    _lines: Mapping[str, _Lines]
    _records: ExportedRecords

    @property
    def patient_ids(self) -> tuple[str, ...]:
        """Who they are."""
        return tuple(self._lines)

    def read_records(
        self, patient_ids: Sequence[str], _needs: Iterable[DataRequirement] = ()
    ) -> Iterator[PatientRecord]:
        """A record for each id of this batch, as a `RecordReader` gives; none for any other id."""
        known = (id_ for id_ in patient_ids if id_ in self._lines)
        return self._records.read({id_: self._lines[id_] for id_ in known})


class ExportedRecords:
    """Builds records. `medications` reads those that the export left out; None: nobody can.

    A needed type without a file may be an empty type. So those without which nobody can be judged
    are searched for, where `search` is given: a few requests for a batch.
    """

    def __init__(
        self,
        exported: Exported,
        build: BuildRecord,
        *,
        base_url: str,
        medications: ReferenceReader | None,
        search: Search | None,
    ) -> None:
        self._exported = exported
        self._build = build
        self._base_url = base_url
        self._medications = medications
        self._search = search

    def batches(self, wanted: Collection[str], size: int) -> Iterator[Batch]:
        """The wanted people who are in the export, in batches of `size` but for the last."""
        people = (
            (patient_id, lines)
            for chart in self._exported.spool.charts()
            for patient_id, lines in chart.items()
            if patient_id in wanted
        )
        while some := dict(islice(people, size)):
            yield Batch(some, self)

    def read(self, lines: Mapping[str, _Lines]) -> Iterator[PatientRecord]:
        """One record after the other, from the lines of the spool by patient."""
        charts = {id_: self._chart(id_, of_patient) for id_, of_patient in lines.items()}
        self._add_medications(charts)
        self._add_searched(charts)
        for id_, chart in charts.items():
            unread = frozenset(chart.unread)
            read_at = self._exported.read_at
            record = self._build(id_, chart.resources, chart.medications, unread, read_at)
            withheld = frozenset(t for t, why in chart.unread.items() if why != NOT_EXPORTED)
            yield replace(record, withheld=withheld) if withheld else record

    def _chart(self, patient_id: str, lines: _Lines) -> _Chart:
        """Each resource once: files that broke off were read again, and types may overlap."""
        unread = dict(self._exported.gaps.of(patient_id))
        found: dict[tuple[str, object], Resource] = {}
        for type_, line in lines:
            try:
                resource = decode(line)
            except EHRMisunderstood:
                unread[type_] = FAILED
                continue
            key = (type_, resource.get("id") or line)
            if key not in self._exported.deleted:
                found[key] = resource
        resources: dict[str, list[Resource]] = {t: [] for t in self._exported.gaps.wanted}
        for (type_, _), resource in found.items():
            resources[type_].append(resource)
        return _Chart(resources, unread)

    def _add_searched(self, charts: Mapping[str, _Chart]) -> None:
        left_out = {t for t, why in self._exported.gaps.everybody.items() if why == NOT_EXPORTED}
        types = REQUIRED_TYPES & left_out
        if self._search is None or not types or not charts:
            return
        for id_, searched in self._search(list(charts), types).items():
            chart = charts[id_]
            chart.medications.update(searched.medications)
            for type_ in types - searched.unread:
                chart.resources[type_] = list(searched.resources.get(type_, ()))
                chart.unread.pop(type_, None)

    def _add_medications(self, charts: Mapping[str, _Chart]) -> None:
        """Those of the export, else those that the EHR gives; what is withheld leaves a gap."""
        wanted = [
            (chart, type_, medicine, id_)
            for chart in charts.values()
            for type_ in MEDICINE_TYPES
            for medicine in chart.resources.get(type_, ())
            if (id_ := medication_id_of(medicine, self._base_url)) is not None
        ]
        shelf = self._exported.medications
        asked = {id_ for *_, id_ in wanted if id_ not in shelf}
        found, unread = self._ask(asked)
        for chart, type_, medicine, id_ in wanted:
            chart.medications.update(shelf.by_reference([id_]))
            reference = f"Medication/{id_}"
            if reference in found:
                chart.medications[reference] = found[reference]
            elif id_ in unread and is_unnamed(medicine):
                chart.unread.setdefault(type_, REFUSED)

    def _ask(self, ids: set[str]) -> tuple[Mapping[str, Resource], Collection[str]]:
        if self._medications is None or not ids:
            return {}, ids
        try:
            answer = self._medications.read(ids)
        except EHRUnavailable:
            raise
        except EHRError:
            return {}, ids
        return answer.by_reference, answer.unread
