"""Every example resource of the FHIR specification loads, and unrelated ones change no status.

The examples and what was left out of them: tests/data/README-hl7-examples.md.
"""

from __future__ import annotations

import copy
import gzip
import json
from collections import Counter
from functools import cache
from typing import Any

import pytest

from service.ehr.bundle_file import read_bundle
from service.ehr.glance import Glance
from service.ehr.parse import RecordParser
from service.ehr.resource_types import RESOURCE_TYPES
from service.screening.record import PatientRecord
from service.screening.value_sets import (
    ValueSet,
    Vocabulary,
    fold_code,
    fold_system,
    packaged_vocabulary,
)
from tests.lib.patients import dxa, dxa_order, edss, ms, woman
from tests.lib.source_tree import HOME
from tests.spec.book import explain

Resource = dict[str, Any]
# Types that become parts of a record, with the number of their examples.
READ = {
    "Appointment": 3,
    "Condition": 12,
    "Device": 2,
    "DeviceUseStatement": 1,
    "DiagnosticReport": 6,
    "DocumentReference": 1,
    "FamilyMemberHistory": 2,
    "Medication": 23,
    "MedicationAdministration": 14,
    "MedicationDispense": 31,
    "MedicationRequest": 40,
    "MedicationStatement": 7,
    "Observation": 64,
    "Patient": 22,
    "Procedure": 16,
    "ServiceRequest": 20,
}
# Examples with nothing but text for a code: reported and skipped (of an order nothing is missed).
SKIPPED = {
    "Condition/example2": "no readable code",
    "Observation/decimal": "no readable code",
    "Observation/example-genetics-3": "no readable code",
    "Observation/example-genetics-4": "no readable code",
    "Observation/eye-color": "no readable code",
    "Observation/herd1": "about something that is no patient: not used",
    "Procedure/appendectomy-narrative": "no readable code",
    "ServiceRequest/appendectomy-narrative": "",
}
PARTS = {
    "Condition": "conditions",
    "Observation": "observations",
    "Procedure": "procedures",
    "DiagnosticReport": "reports",
    "ServiceRequest": "orders",
}


@cache
def examples() -> tuple[bytes, ...]:
    packed = (HOME / "tests" / "data" / "hl7-examples.jsonl.gz").read_bytes()
    return tuple(gzip.decompress(packed).splitlines())


def resources(*kinds: str) -> list[Resource]:
    found = [json.loads(raw) for raw in examples()]
    return [r for r in found if not kinds or r["resourceType"] in kinds]


def record_of(raw: bytes, vocabulary: Vocabulary, *, by_glance: bool = False) -> PatientRecord:
    parser = RecordParser(vocabulary)
    chart = read_bundle(raw, Glance(parser.concepts_in) if by_glance else None)
    return parser.record(
        chart.patient_id, chart.resources, chart.medications, reported=chart.problems
    )


@cache
def every_code() -> Vocabulary:
    """A vocabulary to which every code of the examples belongs, so that every part is kept."""
    listed = {
        (fold_system(coding["system"]), coding["code"])
        for resource in resources()
        for coding in _codings(resource)
        if isinstance(coding.get("system"), str) and isinstance(coding.get("code"), str)
    }
    folded = frozenset((system, fold_code(system, code)) for system, code in listed)
    return Vocabulary([ValueSet("any", "Any", "1", tuple(listed), folded, (), ())])


def _codings(element: Any) -> list[Resource]:
    if isinstance(element, list):
        return [found for item in element for found in _codings(item)]
    if not isinstance(element, dict):
        return []
    inner = [found for value in element.values() for found in _codings(value)]
    return [*inner, element] if "system" in element and "code" in element else inner


def test_the_examples_are_those_that_were_counted():
    counted = Counter(r["resourceType"] for r in resources())
    assert {kind: counted[kind] for kind in READ} == READ
    assert len(counted) >= 140


def test_every_type_of_the_examples_is_a_type_of_fhir():
    assert {r["resourceType"] for r in resources()} <= RESOURCE_TYPES


@pytest.mark.parametrize("by_glance", [False, True], ids=["decoded", "at a glance"])
def test_every_example_loads(by_glance):
    unreadable = [
        raw[:80]
        for raw in examples()
        if record_of(raw, packaged_vocabulary(), by_glance=by_glance).is_unreadable
    ]
    assert not unreadable


def test_a_glance_changes_nothing_that_is_kept_of_an_example():
    vocabulary = packaged_vocabulary()
    for raw in examples():
        whole = record_of(raw, vocabulary)
        glanced = record_of(raw, vocabulary, by_glance=True)
        assert (whole.conditions, whole.observations, whole.reports, whole.documents) == (
            glanced.conditions,
            glanced.observations,
            glanced.reports,
            glanced.documents,
        ), raw[:80]


@pytest.mark.parametrize("kind", PARTS)
def test_every_example_of_a_coded_type_becomes_a_part_or_is_named_as_skipped(kind):
    lost = {}
    for resource in resources(kind):
        record = record_of(json.dumps(resource).encode(), every_code())
        if resource["id"] not in {part.ref.id for part in getattr(record, PARTS[kind])}:
            lost[f"{kind}/{resource['id']}"] = ", ".join(p.problem for p in record.reported)
    assert lost == {name: why for name, why in SKIPPED.items() if name.startswith(f"{kind}/")}


def test_the_dxa_report_of_the_specification_is_recognised():
    (report,) = [r for r in resources("DiagnosticReport") if r["id"] == "102"]
    (density,) = [r for r in resources("Observation") if r["id"] == "bmd"]
    person = woman(born="1974-02-10", id="pat2")
    answer = explain(person, report, density, {**ms(), "subject": {"reference": "Patient/pat2"}})
    (done,) = [f for f in answer["findings"] if f["number"] == "DONE-1"]
    (evidence,) = done["evidence"]
    # The density says nothing of its date and has that of the report; its unit is "g/cm-2".
    assert evidence["statement"].startswith(
        "central DXA, 2008-06-17, bone density without a score (interval"
    )


ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))
MARA = (woman(born="1986-06-01"), ms(), edss(2.0, on="2026-03-01"))
CHARTS = {
    "due": ANNA,
    "not-at-risk": MARA,
    "satisfied": (*ANNA, dxa(t=-0.5, on="2026-05-01")),
    "ordered-waiting": (*ANNA, dxa_order(on="2026-11-01")),
}


def about_p(resource: Resource, number: int) -> Resource:
    """The same as if it were in the chart of our patient, under an id of its own."""
    moved = copy.deepcopy(resource) | {"id": f"example-{number}"}
    if moved["resourceType"] != "Bundle":
        for element in ("subject", "patient", "for", "beneficiary"):
            if element in moved:
                moved[element] = {"reference": "Patient/p"}
    return moved


@cache
def unrelated() -> tuple[Resource, ...]:
    """Examples of the types that no criterion reads; bundles hold charts of other people."""
    others = [r for r in resources() if r["resourceType"] not in {*READ, "Bundle"}]
    return tuple(about_p(resource, number) for number, resource in enumerate(others))


@pytest.mark.parametrize("status", CHARTS)
def test_all_unrelated_examples_together_change_no_status(status):
    assert explain(*CHARTS[status])["status"] == status
    assert explain(*CHARTS[status], *unrelated())["status"] == status


@pytest.mark.heavy
def test_no_unrelated_example_alone_changes_a_finding():
    before = explain(*ANNA)
    for resource in unrelated():
        after = explain(*ANNA, resource)
        assert (after["status"], after["findings"]) == (before["status"], before["findings"]), (
            resource["resourceType"]
        )


def test_all_examples_of_the_types_we_read_together_are_judged():
    mixed = [
        about_p(r, n) for n, r in enumerate(resources(*READ)) if r["resourceType"] != "Patient"
    ]
    assert explain(*ANNA, *mixed)["status"] not in ("error", "not-in-cohort")
