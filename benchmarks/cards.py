"""How long a card takes with 10,000 people in the ledger, from the parsed call to the cards.

The verification of the token and the JSON on the wire are not in it; the audit of each call is.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import print_table
from service.assessment_entry import entry_of
from service.cards.call import Call
from service.cards.line import CardLine
from service.demo_ehr.people import each_person
from service.ehr.card_channel import CARDS
from service.ehr.parse import RecordParser
from service.screening.alert import AlertKind
from service.screening.assess import Status, assess
from service.screening.plan import alert_for
from service.screening.protocol import Protocol
from service.settings import Settings
from service.store.approvals import NewApproval
from service.store.entries import AlertEntry, EntryState, Screening
from service.store.ledger import Ledger
from service.wiring import ledger_for, protocol_for, vocabulary_for
from service.wiring.cards import card_line_for

PEOPLE = 10_000
CALLS = 1_000
_AT_ONCE = 500
Charts = dict[str, dict[str, list[dict[str, Any]]]]


def measure() -> None:
    """Print the median and the 99th percentile, with and without a prefetch."""
    with _ledger_of(PEOPLE) as (line, charts):
        ids = list(charts)[:CALLS]
        rows = []
        for name, with_prefetch in (("without prefetch", False), ("with a whole chart", True)):
            calls = [_call(id_, charts[id_] if with_prefetch else {}) for id_ in ids]
            middle, late = _milliseconds(line, calls)
            rows.append((name, f"{middle:.1f}", f"{late:.1f}"))
    print_table(f"A card, {PEOPLE} people in the ledger, ms", ("", "median", "99 %"), rows)


def _milliseconds(line: CardLine, calls: list[Call]) -> tuple[float, float]:
    taken = []
    for call in calls:
        before = time.perf_counter()
        line.answer(call)
        taken.append((time.perf_counter() - before) * 1e3)
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


def _call(id_: str, chart: dict[str, list[dict[str, Any]]]) -> Call:
    return Call("patient-view", id_, "Practitioner/neuro", prefetch_of(chart), {})


def prefetch_of(chart: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What an EHR that answers every template brings of a chart; {} of none."""
    prefetch: dict[str, Any] = {
        type_: {"resourceType": "Bundle", "entry": [{"resource": r} for r in found]}
        for type_, found in chart.items()
        if type_ != "Patient"
    }
    if chart:
        prefetch["Patient"] = chart["Patient"][0]
    return prefetch


@contextmanager
def _ledger_of(people: int) -> Iterator[tuple[CardLine, Charts]]:
    """A ledger in which as many people are judged, and those who are due told by cards."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            mode="live",
            fhir_base_url="https://ehr.example/fhir",
            delivery="cds-hooks",
            cds_hooks_url="https://boneflag.example",
            database_url=f"sqlite:///{Path(folder) / 'ledger.sqlite3'}",
        )
        with ledger_for(settings) as ledger:
            charts = fill(settings, ledger, people)
            yield card_line_for(settings, ledger), charts


def fill(settings: Settings, ledger: Ledger, people: int) -> Charts:
    """Judge so many people, tell those who are due by cards, let it go live; their charts."""
    protocol, now = protocol_for(settings), datetime.now(UTC)
    on = now.date()
    ledger.approvals.record(
        NewApproval("full", "benchmark", protocol.id, protocol.version, protocol.digest, "", ""),
        now,
    )
    types = [need.type for need in protocol.needs]
    charts: Charts = {}
    for person in each_person(on, people):
        chart: dict[str, list[dict[str, Any]]] = {type_: [] for type_ in types}
        for resource in person.resources:
            chart.setdefault(resource["resourceType"], []).append(resource)
        charts[chart["Patient"][0]["id"]] = chart
    ledger.cohort.add(charts, "benchmark", now)
    keys = ledger.cohort.keys_of(list(charts))
    run = ledger.runs.open("sweep", "live", protocol.digest, now)
    parser = RecordParser(vocabulary_for(settings))
    judged = [
        _judged(protocol, parser, settings.site_id, id_, keys[id_], run, chart, on)
        for id_, chart in charts.items()
    ]
    for start in range(0, len(judged), _AT_ONCE):
        ledger.screenings.store_all([s for s, _ in judged[start : start + _AT_ONCE]], now)
    for screening, entry in judged:
        if entry is not None:
            ledger.alerts.remember(screening.patient_key, entry, now)
    return charts


def _judged(
    protocol: Protocol,
    parser: RecordParser,
    site: str,
    id_: str,
    key: str,
    run: int,
    chart: Any,
    on: date,
) -> tuple[Screening, AlertEntry | None]:
    record = parser.record(id_, chart)
    found = assess(record, protocol, on)
    screening = Screening(key, run, entry_of(found, record, datetime.now(UTC)), ())
    if found.status is not Status.DUE:
        return screening, None
    alert = alert_for(AlertKind.SCREENING, found, site, protocol, 1, on)
    told = AlertEntry(
        key=alert.key,
        kind=alert.kind,
        protocol_id=alert.protocol_id,
        episode=1,
        state=EntryState.CONFIRMED,
        opened_on=on,
        content_digest=alert.content_digest,
        channel=CARDS,
    )
    return screening, told
