"""From JSON in memory to an assessment and its plans, on one core (goal: 2,000 patients a second).

Two kinds of JSON. A Bundle of everything, as an export or `boneflag explain` gives it: most of it
is passed over unread. And the pages of a sweep, in which fifty people's resources of one type come
together and every one was asked for. Measured in CPU time, so that a busy machine does not count.
"""

from __future__ import annotations

import gc
import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import msgspec

from benchmarks.figures import RUNS, cpu_seconds, print_note, print_table
from service.demo_ehr.people import each_person
from service.ehr.alert_history import AlertHistory
from service.ehr.bundle import read_page
from service.ehr.bundle_file import read_bundle
from service.ehr.glance import Glance
from service.ehr.parse import RecordParser
from service.ehr.search import collect
from service.ehr.subject import patient_id_of
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from service.thought import think

PEOPLE = 300
RESOURCES_EACH = 100
BATCH = 50
ON = date(2026, 11, 22)
VOCABULARY = packaged_vocabulary()
PROTOCOL = packaged_protocol(VOCABULARY)
PARSER = RecordParser(VOCABULARY)
NARRATIVE = {"status": "generated", "div": f"<div>{'A generated narrative. ' * 20}</div>"}
Resource = dict[str, Any]


def measure() -> None:
    """Print the time of each stage, and patients a second."""
    for title, is_full in (("plain", False), ("with narrative, meta and identifier", True)):
        people = [_chart(resources, is_full) for resources in _people()]
        _measure_bundles(people, title)
        if not is_full:
            _measure_pages(people)


def _people() -> list[list[Resource]]:
    made = each_person(ON, PEOPLE, resources_per_person=RESOURCES_EACH)
    return [person.resources for person in made]


def _chart(resources: list[Resource], is_full: bool) -> list[Resource]:
    if not is_full:
        return resources
    identifier = [{"system": "urn:oid:1.2.36.146.595.217.0.1", "value": "12345-678-90"}]
    meta = {
        "versionId": "3",
        "lastUpdated": "2026-03-01T10:00:00.000+00:00",
        "profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-clinical-result"],
    }
    more = {"meta": meta, "text": NARRATIVE, "identifier": identifier}
    return [more | resource for resource in resources]


def _bundle(kind: str, resources: list[Resource]) -> bytes:
    entries = [{"resource": r, "search": {"mode": "match"}} for r in resources]
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode()


def _measure_bundles(people: list[list[Resource]], title: str) -> None:
    bundles = [_bundle("collection", resources) for resources in people]
    count = sum(len(resources) for resources in people)
    size = sum(map(len, bundles)) / count
    # What was made to be measured is no part of a worker's memory.
    gc.collect()
    gc.freeze()
    glance = Glance(PARSER.concepts_in)
    charts = [read_bundle(raw, glance) for raw in bundles]
    records = [_record(chart) for chart in charts]
    # What a record has worked out about itself stays with it: each run gets records that have not.
    new = iter([[replace(record) for record in records] for _ in range(RUNS + 1)])
    stages = {
        "msgspec.json.decode alone, for comparison": lambda: _each(msgspec.json.decode, bundles),
        "read the bundle": lambda: _each(lambda raw: read_bundle(raw, glance), bundles),
        "parse the chart": lambda: _each(_record, charts),
        "assess and plan": lambda: _each(_think, next(new)),
        "all three together": lambda: _each(
            lambda raw: _think(_record(read_bundle(raw, glance))), bundles
        ),
        "the same without a glance": lambda: _each(
            lambda raw: _think(_record(read_bundle(raw))), bundles
        ),
    }
    _print_stages(f"One Bundle each, {title}: {size:.0f} bytes a resource", stages, count)


def _print_stages(title: str, stages: dict[str, Any], resources: int) -> None:
    rows = []
    for name, work in stages.items():
        seconds = cpu_seconds(work)
        rows.append(
            (
                name,
                f"{seconds / PEOPLE * 1e6:.0f}",
                f"{seconds / resources * 1e6:.2f}",
                f"{PEOPLE / seconds:.0f}",
            )
        )
    columns = ("CPU time, one core", "µs a patient", "µs a resource", "patients a second")
    print_table(f"{title}, {resources / PEOPLE:.0f} resources each", columns, rows)


def _each(work: Any, items: list[Any]) -> None:
    for item in items:
        work(item)


def _record(chart: Any) -> Any:
    return PARSER.record(
        chart.patient_id, chart.resources, chart.medications, reported=chart.problems
    )


def _think(record: Any) -> Any:
    return think(record, AlertHistory(), PROTOCOL, ON, site="bench")


def _measure_pages(people: list[list[Resource]]) -> None:
    """All that a sweep reads of them, laboratory values included, as a server would page it."""
    asked = {need.type for need in PROTOCOL.needs}
    batches = []
    rest = iter(people)
    while batch := list(islice(rest, BATCH)):
        by_type = defaultdict(list)
        for resource in (r for resources in batch for r in resources):
            if resource["resourceType"] in asked:
                by_type[resource["resourceType"]].append(resource)
        pages = {type_: _bundle("searchset", found) for type_, found in by_type.items()}
        batches.append(([resources[0]["id"] for resources in batch], pages))
    count = sum(r["resourceType"] in asked for resources in people for r in resources)
    gc.collect()
    gc.freeze()
    _print_stages(
        "Pages of fifty people", {"decode to plan": lambda: _each(_screen, batches)}, count
    )
    print_note("A sweep asks for Observations by code, so that fewer than these come.\n")


def _screen(batch: tuple[list[str], dict[str, bytes]]) -> None:
    ids, pages = batch
    charts: dict[str, dict[str, list[Resource]]] = {id_: {t: [] for t in pages} for id_ in ids}
    for type_, raw in pages.items():
        page = read_page(msgspec.json.decode(raw), raw, type_, None)
        for resource in collect([page]).matches:
            charts[str(patient_id_of(resource))][type_].append(resource)
    now = datetime.now(UTC)
    for id_, resources in charts.items():
        _think(PARSER.record(id_, resources, {}, frozenset(), now))
