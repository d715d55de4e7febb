"""What is generated says what the protocol and the code say: criteria, plan, measure, examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from importlib import import_module
from typing import Any

import pytest

from service import measure
from service.ehr.decision_reason import NON_ADHERENCE_SYSTEM
from service.screening.assess import GAP_CODES, Status
from service.screening.criterion import Role
from service.screening.protocol import Protocol

Resource = dict[str, Any]


def _concepts(system: Resource) -> dict[str, Resource]:
    return {concept["code"]: concept for concept in system["concept"]}


def _properties(concept: Resource, code: str) -> list[str]:
    return [p["valueString"] for p in concept["property"] if p["code"] == code]


def _every(name: str, node: Any) -> Iterator[Any]:
    """Every value of an element of this name, wherever it stands."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield value
            yield from _every(name, value)
    elif isinstance(node, list):
        for item in node:
            yield from _every(name, item)


# --- Criteria and statuses ------------------------------------------------------------------------


def test_every_criterion_of_the_protocol_has_its_code(
    by_name: Mapping[str, Resource], protocol: Protocol
) -> None:
    concepts = _concepts(by_name["CodeSystem-criterion"])
    titles = {code: concept["display"] for code, concept in concepts.items()}
    assert titles == {entry.number: entry.title for entry in protocol.entries}


def test_a_criterion_carries_grade_domain_certainty_and_citation(
    by_name: Mapping[str, Resource],
) -> None:
    severe = _concepts(by_name["CodeSystem-criterion"])["MSO-02"]
    assert _properties(severe, "grade") == ["major"]
    assert _properties(severe, "domain") == ["disability"]
    assert _properties(severe, "certainty") == ["V-abs"]
    assert "Danish registers" in _properties(severe, "citation")[0]


def test_a_criterion_carries_every_number_with_its_unit_and_source(
    by_name: Mapping[str, Resource], protocol: Protocol
) -> None:
    concepts = _concepts(by_name["CodeSystem-criterion"])
    for entry in protocol.entries:
        told = _properties(concepts[entry.number], "number")
        own = [
            f"{name} = {number.value:g} {number.unit} ({number.source}; {number.certainty})"
            for name, number in entry.numbers.items()
        ]
        assert told[: len(own)] == own
        assert len(told) == len(entry.parameters)


def test_a_number_that_criteria_share_is_told_with_each(by_name: Mapping[str, Resource]) -> None:
    concepts = _concepts(by_name["CodeSystem-criterion"])
    for number in ("DONE-3", "GAP-01"):
        told = _properties(concepts[number], "number")
        assert any(text.startswith("therapy-windows.denosumab_months = 7 mo (") for text in told)


def test_a_local_decision_is_cited_as_nothing_more(
    by_name: Mapping[str, Resource], protocol: Protocol
) -> None:
    concepts = _concepts(by_name["CodeSystem-criterion"])
    local = [e.number for e in protocol.entries if e.certainty == "local"]
    assert local
    for number in local:
        assert _properties(concepts[number], "citation") == ["local decision, unconfirmed"]


def test_every_status_has_its_code(by_name: Mapping[str, Resource]) -> None:
    assert set(_concepts(by_name["CodeSystem-status"])) == {str(s) for s in Status}


def test_the_map_to_gap_statuses_is_the_table_of_the_code(by_name: Mapping[str, Resource]) -> None:
    elements = by_name["ConceptMap-status-to-gap-status"]["group"][0]["element"]
    mapped = {e["code"]: e["target"][0]["code"] for e in elements}
    assert mapped == {str(status): code for status, code in GAP_CODES.items()}


def test_an_inexact_map_says_what_the_difference_is(by_name: Mapping[str, Resource]) -> None:
    targets = list(
        _every("target", by_name["ConceptMap-status-to-gap-status"]["group"][0]["element"])
    )
    inexact = [t for (t,) in targets if t["equivalence"] == "inexact"]
    assert len(inexact) == 4
    assert all(t["comment"] for t in inexact)


# --- Reasons for a no -----------------------------------------------------------------------------


def test_a_refusal_of_the_patient_leads_to_declined(by_name: Mapping[str, Resource]) -> None:
    elements = by_name["ConceptMap-decline-reason-to-status"]["group"][0]["element"]
    led = {e["code"]: e["target"][0]["code"] for e in elements}
    assert (led["patient-refuses"], led["action-completed"]) == ("declined", "snoozed")
    assert set(led.values()) == {"declined", "snoozed"}


def test_every_reason_says_how_many_months_it_stands_but_for_those_without_an_end(
    by_name: Mapping[str, Resource],
) -> None:
    include, _ = by_name["ValueSet-decline-reason"]["compose"]["include"]
    spans = {
        c["code"]: c["extension"][0]["valueDuration"]["value"] if "extension" in c else None
        for c in include["concept"]
    }
    assert include["system"] == NON_ADHERENCE_SYSTEM
    assert (spans["patient-refuses"], spans["limited-time"]) == (12, 3)
    endless = {code for code, months in spans.items() if months is None}
    assert endless == {"patient-ineligible", "expert-contradicts", "patient-contraindication"}


def test_the_span_follows_the_protocol(by_name: Mapping[str, Resource], protocol: Protocol) -> None:
    refusals = import_module("fhir_package.refusals")
    task = by_name["Task-review-open-task"]
    numbers = {**protocol.policies["decision"], "declined_months": 3}
    shorter = replace(protocol, policies={**protocol.policies, "decision": numbers})
    assert refusals.standing_of("patient-refuses", task, shorter) == refusals.Standing(
        "declined", 3
    )


def test_the_span_of_a_no_is_the_extension_that_the_profile_defines(
    by_name: Mapping[str, Resource], profiles: Mapping[str, Resource]
) -> None:
    include, _ = by_name["ValueSet-decline-reason"]["compose"]["include"]
    url = next(c["extension"][0]["url"] for c in include["concept"] if "extension" in c)
    assert profiles["StructureDefinition-decision-span"]["url"] == url


# --- The plan -------------------------------------------------------------------------------------


def test_the_plan_is_the_one_that_every_task_instantiates(by_name: Mapping[str, Resource]) -> None:
    plan = by_name["PlanDefinition-ms-bone-health"]
    tasks = [r for name, r in by_name.items() if name.startswith("Task-")]
    assert len(tasks) == 4
    assert {t["instantiatesCanonical"] for t in tasks} == {f"{plan['url']}|{plan['version']}"}


def test_the_plan_has_an_action_for_every_risk_factor(
    by_name: Mapping[str, Resource], protocol: Protocol
) -> None:
    screening = by_name["PlanDefinition-ms-bone-health"]["action"][0]
    numbers = [action["prefix"] for action in screening["action"]]
    assert numbers == [e.number for e in protocol.entries if e.criterion.role is Role.RISK_FACTOR]


@pytest.mark.parametrize("name", ["PlanDefinition-ms-bone-health", "Measure-ms-bone-health"])
def test_no_condition_pretends_to_be_a_program(by_name: Mapping[str, Resource], name: str) -> None:
    assert list(_every("language", by_name[name])) == []
    reasons = {node["extension"][0]["valueCode"] for node in _every("_language", by_name[name])}
    assert reasons == {"not-applicable"}


def test_only_what_was_seen_is_cited(by_name: Mapping[str, Resource], protocol: Protocol) -> None:
    plan = by_name["PlanDefinition-ms-bone-health"]
    cited = {artifact["label"] for artifact in plan["relatedArtifact"]}
    assert cited == {e.number for e in protocol.entries if e.certainty in ("V", "V-abs")}


def test_the_plan_is_triggered_by_every_type_it_reads_and_by_the_days_that_pass(
    by_name: Mapping[str, Resource], protocol: Protocol
) -> None:
    for action in by_name["PlanDefinition-ms-bone-health"]["action"]:
        changed, periodic = action["trigger"]
        assert {d["type"] for d in changed["data"]} == {need.type for need in protocol.needs}
        assert periodic["type"] == "periodic"


def test_no_requirement_has_two_filters_that_no_code_could_meet(
    by_name: Mapping[str, Resource],
) -> None:
    requirements = by_name["Library-ms-bone-health"]["dataRequirement"]
    assert max(len(r.get("codeFilter", ())) for r in requirements) == 1


def test_the_library_depends_on_every_value_set(
    by_name: Mapping[str, Resource], packaged: Mapping[str, Resource]
) -> None:
    artifacts = by_name["Library-ms-bone-health"]["relatedArtifact"]
    assert {a["resource"] for a in artifacts} == {
        f"{r['url']}|{r['version']}" for r in packaged.values()
    }


def test_the_notices_of_every_licensed_code_system_stand_on_the_plan(
    by_name: Mapping[str, Resource],
) -> None:
    notice = by_name["PlanDefinition-ms-bone-health"]["copyright"]
    assert all(word in notice for word in ("SNOMED", "LOINC", "American Medical", "Apache"))


# --- The measure ----------------------------------------------------------------------------------


def test_the_measure_has_the_populations_and_strata_of_the_report(
    by_name: Mapping[str, Resource],
) -> None:
    made = by_name["Measure-ms-bone-health"]
    (group,) = made["group"]
    assert made["url"] == measure.MEASURE_URL
    codes = [p["code"]["coding"][0]["code"] for p in group["population"]]
    assert codes == [p.code for p in measure.POPULATIONS]
    strata = [s["code"]["coding"][0]["code"] for s in group["stratifier"]]
    assert strata == [s.code for s in measure.STRATIFIERS]


# --- The examples ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Flag-review-open-flag", "active"),
        ("Task-review-open-task", "requested"),
        ("Flag-review-closed-flag", "inactive"),
        ("Task-review-closed-task", "completed"),
        ("Task-gap-open-task", "requested"),
        ("Task-gap-closed-task", "completed"),
    ],
)
def test_an_example_stands_as_its_name_says(
    by_name: Mapping[str, Resource], name: str, status: str
) -> None:
    assert by_name[name]["status"] == status


def test_a_treatment_gap_has_no_flag(by_name: Mapping[str, Resource]) -> None:
    assert [name for name in by_name if name.startswith("Flag-gap")] == []


def test_an_example_task_points_at_its_flag(by_name: Mapping[str, Resource]) -> None:
    assert by_name["Task-review-open-task"]["focus"]["reference"] == "Flag/review-open-flag"


def test_everything_that_an_example_alert_points_at_is_an_example(package: Any) -> None:
    held = {f"{r['resourceType']}/{r['id']}" for r in package.examples}
    alerts = [r for r in package.examples if r["resourceType"] in ("Flag", "Task")]
    pointed = {ref for ref in _every("reference", alerts) if isinstance(ref, str)}
    assert pointed
    assert pointed - held == set()


def test_the_example_report_is_of_our_measure(by_name: Mapping[str, Resource]) -> None:
    report = by_name["MeasureReport-programme"]
    made = by_name["Measure-ms-bone-health"]
    assert report["measure"] == f"{made['url']}|{made['version']}"
    assert date.fromisoformat(report["period"]["end"][:10])
