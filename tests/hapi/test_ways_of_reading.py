"""One hospital read in four ways: whatever the way, everybody is judged the same.

It stands after the straight line and writes nothing but a Group of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.bulk_sweep import exported_members
from service.ehr.bulk.download import Downloads
from service.ehr.bulk.export import BulkExport, Running
from service.ehr.bulk.gaps import Gaps
from service.ehr.bulk.intake import Exported, Intake
from service.ehr.bulk.order import ExportOrder, observation_filters
from service.ehr.bulk.records import ExportedRecords, Searched
from service.ehr.bulk.spool import Spool
from service.ehr.capability import read_capability
from service.ehr.client import FHIRClient
from service.ehr.manners import Manners
from service.ehr.parse import RecordParser
from service.ehr.reader import RecordReader
from service.ehr.references import ReferenceReader
from service.inline import run_bulk_inline, run_inline
from service.pipeline import Pipeline
from service.screening.assess import assess
from service.screening.record import PatientRecord, ResourceRef
from service.store.entries import Run
from service.wiring import pipeline_for, protocol_for, vocabulary_for
from tests.hapi.conftest import Hospital
from tests.lib.bulk import bulk_sweep

GROUP = "people-to-compare"
PEOPLE = 60
DRUG = "medicationReference"
LONGEST_EXPORT_SECONDS = 120
WAYS = {
    "per-patient": {"manners": Manners(one_at_a_time=True)},
    "everything": {"uses_everything": True},
}


@pytest.fixture(scope="module")
def some(hospital: Hospital) -> tuple[str, ...]:
    """Some of the cohort, in a Group that the hospital made; all who have a drug by reference."""
    every = len(hospital.people) // PEOPLE
    pointing = [p for p in hospital.people if any(DRUG in r for r in p.resources)]
    assert pointing
    chosen = dict.fromkeys(person.id for person in [*pointing, *hospital.people[::every]])
    ids = tuple(chosen)[:PEOPLE]
    hospital.a_group(GROUP, ids)
    return ids


@pytest.fixture(scope="module")
def client(hospital: Hospital) -> Iterator[FHIRClient]:
    with closing(FHIRClient(hospital.server.base_url)) as client:
        yield client


@pytest.fixture(scope="module")
def batched(hospital: Hospital, client: FHIRClient, some: tuple[str, ...]) -> dict[str, Any]:
    """What everybody's chart leads to when it is read with the others'."""
    return judged(hospital, searched(hospital, client, some))


def searched(
    hospital: Hospital, client: FHIRClient, ids: tuple[str, ...], **way: Any
) -> Iterator[PatientRecord]:
    vocabulary = vocabulary_for(hospital.settings)
    reader = RecordReader(client, read_capability(client), vocabulary, **way)
    needs = protocol_for(hospital.settings).needs
    return reader.read_records(ids, needs, RecordParser(vocabulary).record)


def judged(hospital: Hospital, records: Iterable[PatientRecord]) -> dict[str, Any]:
    """Status, and of each finding the verdict, its evidence and what was missing, by patient."""
    protocol = protocol_for(hospital.settings)
    found = {}
    for record in records:
        assessment = assess(record, protocol, hospital.today)
        found[record.patient.id] = {
            "status": assessment.status,
            **{
                f.criterion: (f.verdict, {(e.statement, e.weight) for e in f.evidence}, f.missing)
                for f in assessment.findings
            },
        }
    return found


def different(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """What is judged otherwise, by patient."""
    assert found.keys() == expected.keys()
    wrong = {
        id_: [(name, f, expected[id_][name]) for name, f in own.items() if f != expected[id_][name]]
        for id_, own in found.items()
    }
    return {id_: faults for id_, faults in wrong.items() if faults}


def without_gaps(found: dict[str, Any]) -> dict[str, Any]:
    """Only what was judged on types that came: an export has no file for an empty type."""
    return {
        id_: {name: f for name, f in own.items() if name == "status" or not f[2]}
        for id_, own in found.items()
    }


@pytest.mark.parametrize("way", WAYS)
def test_people_are_judged_the_same_however_their_charts_are_searched(
    hospital: Hospital, client: FHIRClient, some: tuple[str, ...], batched: dict[str, Any], way: str
) -> None:
    found = judged(hospital, searched(hospital, client, some, **WAYS[way]))
    assert len(batched) == PEOPLE
    assert different(found, batched) == {}


@pytest.mark.parametrize("level", ["group", "patient"])
def test_people_are_judged_the_same_by_a_bulk_export(
    hospital: Hospital,
    client: FHIRClient,
    some: tuple[str, ...],
    batched: dict[str, Any],
    level: Any,
) -> None:
    order = ExportOrder(level, GROUP if level == "group" else "", *_asked(hospital))
    with Spool() as spool:
        exported = _exported(hospital, client, order, spool)
        if level == "group":
            assert exported.patients == set(some)
        found = judged(hospital, _records(hospital, client, exported, some))
    assert different(without_gaps(found), batched) == {}


def test_a_sweep_by_bulk_leaves_the_cohort_and_everybody_where_a_sweep_by_search_does(
    hospital: Hospital, some: tuple[str, ...], tmp_path: Path
) -> None:
    by_search = swept(hospital, tmp_path / "search.sqlite3", swept_by_search)
    by_bulk = swept(hospital, tmp_path / "bulk.sqlite3", swept_by_bulk)
    assert set(by_search.statuses) == set(some)
    assert len(set(by_search.statuses.values())) > 1
    assert by_bulk == by_search


@dataclass(frozen=True)
class Swept:
    """Where a sweep left everybody, and which sources named them."""

    statuses: dict[str, str]
    sources: dict[str, int]


def swept(hospital: Hospital, ledger: Path, sweep: Callable[[Pipeline], Run | None]) -> Swept:
    """A sweep of the Group in shadow mode, into a ledger of its own."""
    settings = hospital.settings.model_copy(
        update={
            "mode": "shadow",
            "database_url": f"sqlite:///{ledger}",
            "cohort_group_ids": GROUP,
        }
    )
    line = pipeline_for(settings)
    run = sweep(line)
    assert run is not None
    assert (run.waiting, run.given_up) == (0, 0)
    ids = line.ledger.cohort.fhir_ids_of(line.ledger.cohort.members())
    latest = line.ledger.screenings.latest(list(ids))
    (reading,) = line.ledger.readings.newest()
    return Swept(
        {ids[key]: entry.status for key, entry in latest.items()},
        {source: found["members"] for source, found in reading.sources.items()},
    )


def swept_by_search(line: Pipeline) -> Run | None:
    return run_inline(line, line.start_sweep)


def swept_by_bulk(line: Pipeline) -> Run | None:
    """HAPI asks for two minutes between questions: they pass on the clock of the sweep alone."""
    passed = timedelta()

    def pause(seconds: float) -> None:
        nonlocal passed
        passed += timedelta(seconds=seconds)
        assert passed < timedelta(hours=2), "the export was never ready"
        time.sleep(0.5)

    bulk = bulk_sweep(
        line, GROUP, now=lambda: datetime.now(UTC) + passed, find_cohort=exported_members
    )
    return run_bulk_inline(line, bulk, pause)


def test_the_server_says_that_it_offers_exports_and_subscriptions(client: FHIRClient) -> None:
    capability = read_capability(client)
    assert [level for level in ("group", "patient", "system") if capability.can_export(level)]
    assert capability.has_everything
    assert capability.has_subscriptions


def _asked(hospital: Hospital) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The types and filters of the protocol; and Medication, which HAPI refuses (HAPI-0512)."""
    needs = protocol_for(hospital.settings).needs
    types = tuple(sorted({need.type for need in needs} | {"Medication"}))
    return types, observation_filters(needs, vocabulary_for(hospital.settings))


def _exported(hospital: Hospital, client: FHIRClient, order: ExportOrder, spool: Spool) -> Exported:
    asked_at = datetime.now(UTC)
    wanted = {need.type for need in protocol_for(hospital.settings).needs}
    exported = Exported(spool, Gaps(frozenset(wanted)), asked_at)
    export = BulkExport(client)
    started = export.kick_off(order)
    give_up = time.monotonic() + LONGEST_EXPORT_SECONDS
    # HAPI asks for two minutes between questions, however small the export.
    while isinstance(manifest := export.ask(started.status_url, asked_at), Running):
        assert time.monotonic() < give_up, "the export was never ready"
        time.sleep(0.5)
    downloads = Downloads(client, needs_token=manifest.needs_token)
    intake = Intake(exported, downloads, has_diagnosis=lambda _: True, expired_is_final=True)
    intake.take(manifest, order.types)
    export.delete(started.status_url)
    return exported


def _records(
    hospital: Hospital, client: FHIRClient, exported: Exported, ids: tuple[str, ...]
) -> Iterator[PatientRecord]:
    vocabulary = vocabulary_for(hospital.settings)
    needs = protocol_for(hospital.settings).needs
    reader = RecordReader(client, read_capability(client), vocabulary)

    def search(patient_ids: Sequence[str], types: frozenset[str]) -> dict[str, Searched]:
        """HAPI gives no file for a type of which there is nothing."""
        found: dict[str, Searched] = {}

        def keep(id_: str, resources: Any, medications: Any, unread: Any, read_at: Any) -> Any:
            found[id_] = Searched(resources, medications, unread)
            return PatientRecord(ResourceRef("Patient", id_), read_at=read_at)

        list(reader.read_records(patient_ids, [n for n in needs if n.type in types], keep))
        return found

    records = ExportedRecords(
        exported,
        RecordParser(vocabulary).record,
        base_url=client.base_url,
        medications=ReferenceReader(client, "Medication"),
        search=search,
    )
    for batch in records.batches(set(ids), PEOPLE):
        yield from batch.read_records(batch.patient_ids)
