"""One person's chart, reduced to what the survey counts.

A newcomer would get one thing wrong: codes that are not ours are gone once a chart is a record, so
they are taken from the resources while the reader builds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from service.ehr.bundle import Resource
from service.ehr.codes import CodeReader
from service.ehr.parse import RecordParser
from service.screening.assess import assess
from service.screening.criterion import Verdict
from service.screening.prednisone_equivalents import POLICY as PREDNISONE_EQUIVALENTS
from service.screening.prednisone_equivalents import equivalents_of
from service.screening.protocol import Protocol
from service.screening.record import PatientRecord
from service.screening.value_sets import Vocabulary
from service.survey.codes import Seen, codes_not_ours
from service.survey.sights import sights_of
from service.survey.steroids import steroid_records


@dataclass(frozen=True, slots=True, repr=False)
class RawSight:
    """What is seen before a chart becomes a record: which types hold anything, and which codes."""

    types: frozenset[str]
    codes: frozenset[Seen]


class ChartReading:
    """Builds records for the reader, and keeps what it saw of each chart until it is asked for."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._parser = RecordParser(vocabulary)
        self._codes = CodeReader(vocabulary)
        self._kept: dict[str, RawSight] = {}

    def __call__(
        self,
        patient_id: str,
        resources: Mapping[str, Sequence[Resource]],
        medications: Mapping[str, Resource],
        unread: frozenset[str],
        read_at: datetime,
    ) -> PatientRecord:
        """The record, as everywhere else."""
        self._kept[patient_id] = RawSight(
            types=frozenset(type_ for type_, held in resources.items() if held),
            codes=codes_not_ours(resources, medications, self._codes),
        )
        return self._parser.record(patient_id, resources, medications, unread, read_at)

    def seen(self, record: PatientRecord) -> RawSight:
        """What was seen in the chart of a record; once for each."""
        return self._kept.pop(record.patient.id)

    def forget(self) -> None:
        """Let go of what a batch left behind."""
        self._kept.clear()


@dataclass(frozen=True, slots=True, repr=False)
class Surveyed:
    """One person. `unread` maps a type to why it could not be read; `verdicts` are by number.

    `with_evidence` are the numbers of the criteria that found anything at all, `problems` the kinds
    of what was reported about the chart, `steroids` records by what can be told of their dose.
    """

    types: frozenset[str]
    codes: frozenset[Seen]
    unread: Mapping[str, str]
    sights: frozenset[str]
    steroids: Counter[str]
    verdicts: Mapping[str, Verdict]
    with_evidence: frozenset[str]
    problems: frozenset[str]
    is_unreadable: bool


def surveyed(
    record: PatientRecord,
    raw: RawSight,
    why_unread: Mapping[str, str],
    protocol: Protocol,
    on: date,
) -> Surveyed:
    """Look at one record with the protocol in force."""
    assessment = assess(record, protocol, on)
    equivalents = equivalents_of(protocol.policies[PREDNISONE_EQUIVALENTS])
    return Surveyed(
        types=raw.types,
        codes=raw.codes,
        unread={type_: why_unread.get(type_, "failed") for type_ in record.unread},
        sights=sights_of(record, protocol.entry("central-dxa").parameters, on),
        steroids=steroid_records(record, equivalents, on),
        verdicts={f.number: f.verdict for f in assessment.findings},
        with_evidence=frozenset(f.number for f in assessment.findings if f.evidence),
        problems=frozenset(p.problem for p in assessment.reported),
        is_unreadable=record.is_unreadable,
    )
