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
    HL7,
    Code,
    Resource,
    bmi,
    bundle,
    concept,
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
from tests.spec.book import every_spec, explain, explain_bytes, thought_about, told

SMOKES = "449868002"
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
    {
        "resourceType": "FamilyMemberHistory",
        "status": "completed",
        "relationship": concept(Code(f"{HL7}/v3-RoleCode", "MTH")),
        "condition": [{"code": concept(icd("S72.0"))}],
    },
    ordered("estradiol 1 mg oral tablet", on="2026-08-01", mg_daily=1, until="2026-11-01"),
    observation(loinc("72166-2"), on="2026-03-01", valueCodeableConcept=concept(snomed(SMOKES))),
    height(170, on="2010-03-01"),
    height(164, on="2026-03-01"),
    condition(icd("M54.50"), onset="2026-09-01"),
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


OF_THE_BOOK = [case.chart for spec in every_spec() for case in spec.cases if not case.unread]


@st.composite
def broken_bundles(draw: st.DrawFn) -> dict[str, Any]:
    chart = draw(st.one_of(st.just(FULL), st.sampled_from(OF_THE_BOOK)))
    document = copy.deepcopy(bundle(*chart))
    whole = [path for path in places(document) if path]
    for path in draw(st.lists(st.sampled_from(whole), min_size=1, max_size=6)):
        parent: Any = document
        try:
            for key in path[:-1]:
                parent = parent[key]
            if draw(st.booleans()):
                parent[path[-1]] = copy.deepcopy(draw(STRANGE))
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


PROTOCOL = packaged_protocol(packaged_vocabulary())
NEEDED_TYPES = sorted({n.type for e in PROTOCOL.entries for n in e.criterion.reads})
UNTOLD = [c for c in OF_THE_BOOK if not {r["resourceType"] for r in c} & {"Flag", "Task"}]
CHARTS = st.one_of(
    st.sampled_from(OF_THE_BOOK),
    st.builds(lambda parts: (*FULL[:2], *parts), PARTS),
)


def seen(
    chart: tuple[Resource, ...], unread: tuple[str, ...] = (), withheld: tuple[str, ...] = ()
) -> tuple:
    """Status, verdict of every criterion, and what would be done."""
    thought, _ = thought_about(*chart, unread=unread, withheld=withheld)
    verdicts = {f.number: (f.verdict, f.grade) for f in thought.assessment.findings}
    gap = thought.gap_plan.action if thought.gap_plan else None
    return thought.assessment.status, verdicts, thought.plan.action, gap


@FEW
@given(PARTS, st.sampled_from(sorted(REQUIRED_TYPES)))
def test_a_required_type_that_was_refused_opens_nothing(parts: list[Any], kind: str) -> None:
    assert seen((*FULL[:2], *parts), (kind,))[2] == "keep"


@MANY
@given(st.sampled_from(OF_THE_BOOK), st.sampled_from(NEEDED_TYPES))
def test_a_type_that_was_refused_makes_nothing_not_met(chart: Any, kind: str) -> None:
    """What was met or unknown before is never answered with no."""
    before, after = seen(chart)[1], seen(chart, (kind,))[1]
    lost = {n for n, (verdict, _) in after.items() if verdict == "not-met" != before[n][0]}
    assert lost == set()


@FEW
@given(CHARTS, st.sampled_from(NEEDED_TYPES))
def test_what_was_not_read_is_never_not_met(chart: Any, kind: str) -> None:
    """Each criterion that needs the type is met by other evidence, or unknown."""
    verdicts = seen(chart, (kind,))[1]
    needing = {
        entry.number
        for entry in PROTOCOL.entries
        if kind in {need.type for need in entry.criterion.needs}
    }
    assert {number for number in needing if verdicts[number][0] == "not-met"} == set()


@MANY
@given(CHARTS, st.sampled_from(NEEDED_TYPES))
def test_a_type_that_was_withheld_opens_no_alert_that_was_not_due(chart: Any, kind: str) -> None:
    """A type that this EHR gives of nobody may: no type that many EHRs lack can be required."""
    before, after = seen(chart), seen(chart, withheld=(kind,))
    assert after[2] in (before[2], "keep", "update")
    assert after[3] in (before[3], None, "keep", "update")


DUE = [chart for chart in UNTOLD if "create" in seen(chart)[2:]]
TELLING_DAY = "2026-11-22"


@MANY
@given(st.sampled_from(DUE), st.sampled_from(NEEDED_TYPES), st.booleans())
def test_a_type_that_was_refused_closes_no_alert_that_rests_on_the_same_chart(
    chart: Any, kind: str, is_withheld: bool
) -> None:
    ours = told(*chart, on=TELLING_DAY, changed=TELLING_DAY)
    unread, withheld = ((), (kind,)) if is_withheld else ((kind,), ())
    assert {*seen((*chart, *ours), unread, withheld)[2:]} <= {"keep", "update", None}


OURS = told(*FULL[:2], edss(6.5, on="2026-03-01"), on="2026-11-20", changed="2026-11-20")


@FEW
@given(PARTS, st.sampled_from(sorted(REQUIRED_TYPES)))
def test_a_required_type_that_was_refused_closes_nothing_else(parts: list[Any], kind: str) -> None:
    """What is closed although a type was refused would be closed by what could be read too."""
    chart = (*FULL[:2], *OURS, *parts)
    action = seen(chart, (kind,))[2]
    assert action in ("keep", seen(chart)[2])
    assert action in ("keep", "resolve")


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
        report(loinc("57698-3"), on="2026-03-01"),
        {"resourceType": "Strange", "id": "1"},
        {"resourceType": "Observation", "status": "final"},
    ]
)


@MANY
@given(CHARTS, st.lists(UNRELATED, min_size=1, max_size=4))
def test_an_unrelated_resource_changes_no_finding(chart: Any, others: list[Any]) -> None:
    numbered = bundle(*chart)["entry"]
    apart = [{**other, "id": f"unrelated-{n}"} for n, other in enumerate(others)]
    alone = tuple(entry["resource"] for entry in numbered)
    assert seen((*alone, *apart)) == seen(alone)


@MANY
@given(st.sampled_from(OF_THE_BOOK), st.integers())
def test_order_and_repetition_change_no_answer_of_the_book(chart: Any, seed: int) -> None:
    resources = [entry["resource"] for entry in bundle(*chart)["entry"]]
    again = [*resources, *random.Random(seed).choices(resources, k=3)]
    random.Random(seed).shuffle(again)
    assert seen(tuple(again)) == seen(tuple(resources))


# By UCUM code: what the same quantity is called too, and the factor to it.
THE_SAME = {
    "mg": (("g", 1 / 1000), ("ug", 1000)),
    "g": (("mg", 1000),),
    "ng/mL": (("nmol/L", 2.5), ("ug/L", 1)),
    "nmol/L": (("ng/mL", 1 / 2.5),),
    "kg": (("g", 1000), ("[lb_av]", 1 / 0.45359237)),
    "cm": (("m", 1 / 100), ("[in_i]", 1 / 2.54)),
    "m": (("cm", 100),),
}


def in_other_units(element: Any, choice: int) -> Any:
    """The same with every quantity in another unit, where there is one."""
    if isinstance(element, list):
        return [in_other_units(part, choice) for part in element]
    if not isinstance(element, dict):
        return element
    changed = {key: in_other_units(value, choice) for key, value in element.items()}
    code, value = changed.get("code", changed.get("unit")), changed.get("value")
    if isinstance(code, str) and code in THE_SAME and isinstance(value, int | float):
        others = THE_SAME[code]
        other, factor = others[choice % len(others)]
        changed["value"] = value * factor
        changed |= {key: other for key in ("code", "unit") if key in changed}
    return changed


MEASURED = [c for c in OF_THE_BOOK if in_other_units(list(c), 0) != list(c)]


@MANY
@given(st.sampled_from(MEASURED), st.integers(min_value=0, max_value=1))
def test_another_unit_of_the_same_quantity_changes_nothing(chart: Any, choice: int) -> None:
    """Thresholds included: 20 ng/mL and 50 nmol/L are both not low, 57 kg in pounds as well."""
    assert seen(tuple(in_other_units(list(chart), choice))) == seen(chart)
