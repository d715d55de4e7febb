"""Claims that hold for every chart, tried on random ones."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.ehr.bundle_file import BundleUnreadable
from service.screening.protocol import packaged_protocol
from service.screening.record import REQUIRED_TYPES
from service.screening.value_sets import packaged_vocabulary
from tests.lib import patients
from tests.lib.patients import (
    bmi,
    bundle,
    condition,
    cpt,
    dispensed,
    dxa,
    dxa_order,
    edss,
    height,
    icd,
    loinc,
    ms,
    observation,
    ordered,
    procedure,
    report,
    snomed,
    visit_for_ms,
    vitamin_d,
    weight,
    woman,
)
from tests.spec.book import explain, explain_bytes, found, told

FULL = (
    woman(born="1966-06-01"),
    ms(),
    visit_for_ms("2026-01-05"),
    edss(6.5, on="2026-03-01"),
    bmi(19.0, on="2026-03-01"),
    weight(50, on="2026-03-01"),
    height(165, on="2020-03-01"),
    vitamin_d(19, "ng/mL", on="2026-03-01"),
    dxa(t=-1.8, on="2023-03-01"),
    procedure(cpt("77081"), on="2026-03-01"),
    procedure(snomed("385763009"), on="2020-03-01"),
    report(loinc("38268-9"), on="2023-03-01", contained=[dxa(z=-1.0, on=None)]),
    dxa_order(on="2026-01-01"),
    condition(icd("S72.001A"), onset="2026-01-01"),
    condition(icd("Z99.3"), onset="2026"),
    condition(icd("O80"), recorded="2020-01-01", clinical="resolved"),
    ordered("prednisone 5 mg oral tablet", on="2026-03-01", mg_daily=5, until="2026-07-01"),
    dispensed("alendronate 70 mg oral tablet", on="2025-01-01", days=90),
    patients.given("methylprednisolone 1000 mg injection", on="2026-03-01", mg=1000),
    observation(loinc("82810-3"), on="2020-01-01", valueBoolean=True),
    {"resourceType": "DeviceUseStatement", "status": "active", "device": {"reference": "Device/9"}},
    {"resourceType": "FamilyMemberHistory", "status": "completed"},
)
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEW = settings(max_examples=40, deadline=None)

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 10**400, 1e308, -1e308, 1e-320, 2**63, 6.5]),
    st.sampled_from(["", " ", "9999-12-31", "0001-01-01", "2026-02-30", "2026", "24:00", "\x00"]),
    st.sampled_from(["\ud83d\ude00", "entered-in-error", "Patient/p", "#x", "urn:uuid:1", "مرحبا"]),
    st.text(max_size=8),
    st.sampled_from([[], {}, [[]], [None], {"coding": None}, {"value": "6.5"}, {"reference": 5}]),
)


def places(element: Any, path: tuple = ()) -> list[tuple]:
    """The path of every element of a document."""
    inner = (
        element.items()
        if isinstance(element, dict)
        else enumerate(element)
        if isinstance(element, list)
        else ()
    )
    return [path, *(p for key, value in inner for p in places(value, (*path, key)))]


PLACES = [p for p in places(bundle(*FULL)) if p]


@st.composite
def broken_bundles(draw: st.DrawFn) -> dict[str, Any]:
    document = copy.deepcopy(bundle(*FULL))
    for path in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=6)):
        parent: Any = document
        try:
            for key in path[:-1]:
                parent = parent[key]
            if draw(st.booleans()):
                parent[path[-1]] = draw(STRANGE)
            else:
                del parent[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # An earlier change took this place away.
    return document


@MANY
@given(broken_bundles())
def test_no_broken_bundle_makes_explain_crash(document: dict[str, Any]) -> None:
    try:
        answer = explain_bytes(json.dumps(document).encode())
    except BundleUnreadable:
        assert document.get("resourceType") != "Bundle"
    else:
        # "error" would hide a crash of ours behind an answer.
        assert json.loads(json.dumps(answer))["status"] != "error"


@FEW
@given(st.recursive(STRANGE, lambda inner: st.lists(inner, max_size=3), max_leaves=8))
def test_any_json_is_explained_or_refused(document: Any) -> None:
    raw = json.dumps(document).encode()
    with pytest.raises(BundleUnreadable):
        explain_bytes(raw)


@FEW
@given(st.binary(max_size=40))
def test_any_bytes_that_are_no_bundle_are_refused(raw: bytes) -> None:
    with pytest.raises(BundleUnreadable):
        explain_bytes(raw)


CHART = bundle(*FULL)["entry"]
WHOLE = explain(*FULL)


@FEW
@given(st.integers(), st.lists(st.sampled_from(CHART), max_size=5))
def test_order_and_repetition_of_entries_change_nothing(seed: int, again: list[Any]) -> None:
    entries = [*CHART, *again]
    random.Random(seed).shuffle(entries)
    raw = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()
    assert explain_bytes(raw) == WHOLE


PARTS = st.lists(st.sampled_from(FULL[2:]), max_size=8, unique_by=id)


@FEW
@given(PARTS, st.sampled_from(sorted(REQUIRED_TYPES)))
def test_a_required_type_that_was_refused_opens_nothing(parts: list[Any], kind: str) -> None:
    answer = explain(*FULL[:2], *parts, unread=[kind])
    assert answer["plan"]["action"] == "keep"


OURS = told(*FULL[:2], edss(6.5, on="2026-03-01"), on="2026-11-20", changed="2026-11-20")


@FEW
@given(PARTS, st.sampled_from(sorted(REQUIRED_TYPES)))
def test_a_required_type_that_was_refused_closes_nothing_else(parts: list[Any], kind: str) -> None:
    """What is closed although a type was refused would be closed by what could be read too."""
    chart = (*FULL[:2], *OURS, *parts)
    action = explain(*chart, unread=[kind])["plan"]["action"]
    assert action in ("keep", explain(*chart)["plan"]["action"])
    assert action in ("keep", "resolve")


@FEW
@given(PARTS, st.sampled_from(sorted(REQUIRED_TYPES)))
def test_what_was_not_read_is_never_not_met(parts: list[Any], kind: str) -> None:
    """Each criterion that needs the type is met by other evidence, or unknown."""
    verdicts = found(explain(*FULL[:2], *parts, unread=[kind]))
    needing = {
        entry.number
        for entry in packaged_protocol(packaged_vocabulary()).entries
        if kind in {need.type for need in entry.criterion.needs}
    }
    assert not {number for number in needing if verdicts[number] == "not-met"}


UNRELATED = st.sampled_from(
    [
        {"resourceType": "Immunization", "status": "completed"},
        {"resourceType": "Encounter", "status": "finished"},
        {"resourceType": "AllergyIntolerance"},
        observation(loinc("8867-4"), on="2026-03-01", value=70, unit="/min"),
        observation(loinc("2345-7"), on="2026-03-01", value=5, unit="mmol/L"),
        condition(icd("J06.9"), recorded="2026-03-01"),
        condition(snomed("195967001"), recorded="2026-03-01"),
        procedure(snomed("430193006"), on="2026-03-01"),
        {"resourceType": "Strange", "id": "1"},
        {"resourceType": "Observation", "status": "final"},
    ]
)


@FEW
@given(PARTS, st.lists(UNRELATED, min_size=1, max_size=4))
def test_an_unrelated_resource_changes_no_finding(parts: list[Any], others: list[Any]) -> None:
    chart = (*FULL[:2], edss(2.0, on="2026-05-01"), *parts)
    alone, together = explain(*chart), explain(*chart, *others)
    assert (together["status"], found(together)) == (alone["status"], found(alone))
