"""Every number of the protocol, and every example of the specification, has its case in the book.

A number is moved by the smallest step that means something, up and then down. Either way at least
one case of the book must come out differently: then the book has a case on each side of it, and one
at it. A number for which none does is a threshold that nobody has looked at.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from service.ehr.alert_history import alert_history
from service.ehr.bundle_file import read_bundle
from service.ehr.delivery.flag_and_task import Delivery
from service.ehr.parse import RecordParser
from service.explain_file import thought_json
from service.explanation import Outlook, explanation
from service.screening.protocol import Protocol, packaged_document, packaged_protocol, protocol_from
from service.screening.record import PatientRecord, ResourceRef
from service.screening.value_sets import packaged_vocabulary
from service.thought import think
from tests.lib.patients import file_of
from tests.spec.book import AT, SITE, TODAY, Case, every_spec, shown_in, wanted

# By unit; scores by name, for the scale of disability has half steps and scanners print tenths.
STEPS = {
    "kg/m2": 0.1,
    "kg": 0.1,
    "%": 0.1,
    "cm": 0.1,
    "nmol/L": 0.5,
    "mg/d": 0.1,
    "mg/mg": 0.01,
    "{T-score}": 0.1,
    "{Z-score}": 0.1,
    "{score}": 0.5,
}
TENTHS = frozenset({"lowest_score", "highest_score"})
WHOLE = 1.0
UP, DOWN = 1, -1
# Where a step changes nothing for anybody, and why.
WITHOUT_EFFECT = {
    ("decision", "young_below_age", UP): "the same number of domains is needed on both sides of it",
    ("decision", "young_below_age", DOWN): "the same",
    (
        "COHORT",
        "encounter_diagnoses_needed_with_drug",
        DOWN,
    ): "one encounter never has the 30 days between that are needed too",
}
EXAMPLES = {str(number) for number in range(1, 33)}


@dataclass(frozen=True, slots=True, repr=False)
class ReadCase:
    """A case with its chart parsed, since no number of the protocol changes the parsing."""

    case: Case
    record: PatientRecord
    alerts: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def book() -> list[ReadCase]:
    parser = RecordParser(packaged_vocabulary())
    return [_read(case, parser) for spec in every_spec() for case in spec.cases]


def _read(case: Case, parser: RecordParser) -> ReadCase:
    chart = read_bundle(file_of(*case.chart))
    lacking = {*case.unread, *case.withheld}
    record = parser.record(
        chart.patient_id,
        {t: r for t, r in chart.resources.items() if t not in lacking},
        chart.medications,
        unread=lacking,
        reported=chart.problems,
    )
    record = replace(record, withheld=frozenset(case.withheld))
    alerts = {t: [dict(r) for r in chart.resources.get(t, ())] for t in ("Flag", "Task")}
    return ReadCase(case, record, alerts)


def holds_by(protocol: Protocol, read: ReadCase) -> bool:
    """Whether a case comes out as it should by a protocol."""
    alerts = alert_history(
        ResourceRef("Patient", read.record.patient.id),
        [r for found in read.alerts.values() for r in found],
        snooze_months=int(protocol.policies["decision"]["snooze_months"]),
    )
    thought = think(read.record, alerts, protocol, TODAY, site=SITE)
    if read.case.writes != "" or read.case.priority:
        answer = thought_json(thought, Delivery(), read.alerts, AT, Outlook())
    else:  # What would be written is nobody's question, and costs more than all the rest.
        answer = explanation(thought.assessment, thought.plan, thought.gap_plan, [], Outlook())
    return shown_in(answer, read.case) == wanted(read.case)


def numbers() -> Iterator[tuple[str, str]]:
    """Policy or criterion number, and the name of each number."""
    document = packaged_document()
    for name, policy in document["policies"].items():
        yield from ((name, number) for number in policy["numbers"])
    for entry in document["criteria"]:
        yield from ((entry["number"], number) for number in entry.get("numbers", {}))


def moved(where: str, name: str, direction: int) -> Protocol:
    """The packaged protocol with one number moved by its step; its digest is left alone."""
    document = copy.deepcopy(dict(packaged_document()))
    entries = {entry["number"]: entry for entry in document["criteria"]}
    number = (document["policies"].get(where) or entries[where])["numbers"][name]
    step = 0.1 if name in TENTHS else STEPS.get(number["unit"], WHOLE)
    number["value"] = round(number["value"] + direction * step, 6)
    vocabulary = packaged_vocabulary()
    return replace(protocol_from(document, vocabulary), digest=packaged_protocol(vocabulary).digest)


def likely_first(where: str, name: str, book: list[ReadCase]) -> list[ReadCase]:
    """The cases about a number before the others: only for speed, all are asked if need be."""
    entries = packaged_protocol(packaged_vocabulary()).entries
    users = {e.number for e in entries if f"{where}.{name}" in e.criterion.parameters} | {where}
    return sorted(book, key=lambda read: users.isdisjoint(read.case.finds))


def test_every_case_of_the_book_holds_by_the_packaged_protocol(book):
    protocol = packaged_protocol(packaged_vocabulary())
    assert [read.case.who for read in book if not holds_by(protocol, read)] == []


@pytest.mark.heavy
@pytest.mark.parametrize("where, name", list(numbers()))
def test_a_number_that_moves_changes_a_case_in_either_direction(where, name, book):
    likely = likely_first(where, name, book)
    for direction in (UP, DOWN):
        protocol = moved(where, name, direction)
        has_effect = not all(holds_by(protocol, read) for read in likely)
        assert has_effect is ((where, name, direction) not in WITHOUT_EFFECT)


def test_every_example_of_the_specification_is_a_case():
    assert {case.example for spec in every_spec() for case in spec.cases} - {""} == EXAMPLES
