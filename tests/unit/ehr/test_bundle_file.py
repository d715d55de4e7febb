"""A file with one patient's resources, as any export gives it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.ehr.bundle_file import BundleUnreadable, FileChart, read_bundle
from tests.lib.patients import bundle, edss, ms, ordered, woman

ANNA = woman(born="1986-06-01") | {"id": "anna"}


def read(document: Any) -> FileChart:
    return read_bundle(json.dumps(document).encode())


def entries(*given: Any, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": list(given)} | more


def about(resource: dict[str, Any], who: str = "Patient/anna", own: str = "1") -> dict[str, Any]:
    return resource | {"id": own, "subject": {"reference": who}}


def problems(chart: FileChart) -> list[str]:
    return [p.problem for p in chart.problems]


def test_resources_are_sorted_by_type():
    chart = read(bundle(woman(born="1986-06-01"), ms(), edss(6.5, on="2026-01-01")))
    assert {k: len(v) for k, v in chart.resources.items()} == {
        "Patient": 1,
        "Condition": 1,
        "Observation": 1,
    }


def test_a_list_of_resources_and_a_single_one_are_read_too():
    assert read([ANNA, about(ms())]).resources.keys() == {"Patient", "Condition"}
    assert read(ANNA).patient_id == "anna"


def test_bundles_in_bundles_are_read():
    inner = entries({"resource": about(ms())})
    assert "Condition" in read(entries({"resource": ANNA}, {"resource": inner})).resources


def test_bundles_in_bundles_end_somewhere():
    document = entries({"resource": ANNA})
    for _ in range(20):
        document = entries({"resource": document})
    assert read(document).resources == {}


def test_a_byte_order_mark_is_passed_over():
    assert read_bundle(b"\xef\xbb\xbf" + json.dumps(ANNA).encode()).patient_id == "anna"


@pytest.mark.parametrize(
    "raw",
    [b"", b"x", b"{", b"5", b'"x"', b"[]", b"[null]", b"{}", b'{"resourceType": "Nonsense"}',
     b'{"resourceType": "Bundle", "id": "\xe9"}', b"[" * 100_000],
)  # fmt: skip
def test_what_holds_no_resource_is_refused(raw):
    with pytest.raises(BundleUnreadable):
        read_bundle(raw)


def test_an_empty_bundle_is_a_patient_of_whom_nothing_is_known():
    assert read(entries()).patient_id == "unknown"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (None, "entry is not an object"),
        ("x", "entry is not an object"),
        ({}, "entry holds no resource"),
        ({"resource": []}, "entry holds no resource"),
        ({"resource": {"resourceType": "Spaceship"}}, "unknown resource type"),
        ({"resource": {"resourceType": 5}}, "unknown resource type"),
        ({"resource": {}}, "unknown resource type"),
    ],
)
def test_a_broken_entry_costs_only_itself(entry, problem):
    chart = read(entries(entry, {"resource": ANNA}))
    assert (chart.patient_id, problems(chart)) == ("anna", [problem])


def test_entries_that_are_no_list_are_reported():
    assert problems(read({"resourceType": "Bundle", "entry": {"a": 1}})) == [
        "not a list of entries"
    ]


def test_references_by_urn_are_resolved_wherever_they_stand():
    person = {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient"}}
    drug = {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "Medication"}}
    order = ordered("x", on="2026-01-01") | {
        "id": "o",
        "subject": {"reference": "urn:uuid:1"},
        "basedOn": [{"reference": "urn:uuid:2"}],
    }
    chart = read(entries(person, drug, {"resource": order}))
    (kept,) = chart.resources["MedicationRequest"]
    assert kept["subject"]["reference"] == "Patient/1"
    assert kept["basedOn"] == [{"reference": "Medication/2"}]
    assert set(chart.medications) == {"Medication/2", "urn:uuid:2"}


def test_a_reference_that_lies_too_deep_is_left_alone():
    deep: Any = {"reference": "urn:uuid:1"}
    for _ in range(80):
        deep = {"x": deep}
    person = {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient"}}
    assert read(entries(person, {"resource": about(ms()) | {"deep": deep}})).patient_id == "1"


def test_of_several_versions_the_newest_counts_in_any_order():
    old = about(edss(3.0, on="2026-01-01")) | {"meta": {"lastUpdated": "2026-01-01T00:00:00Z"}}
    new = about(edss(6.5, on="2026-01-01")) | {"meta": {"lastUpdated": "2026-02-01T00:00:00Z"}}
    for order in ([old, new], [new, old]):
        (kept,) = read(entries(*({"resource": r} for r in order))).resources["Observation"]
        assert kept["valueQuantity"]["value"] == 6.5


def test_versions_count_as_numbers():
    versions = [about(edss(n / 2, on="2026-01-01")) | {"meta": {"versionId": str(n)}}
                for n in (9, 10)]  # fmt: skip
    (kept,) = read(entries(*({"resource": r} for r in versions))).resources["Observation"]
    assert kept["valueQuantity"]["value"] == 5.0


def test_what_was_deleted_is_not_there():
    gone = {"request": {"method": "DELETE", "url": "Observation/1"}}
    chart = read(entries(gone, {"resource": ANNA}, {"resource": about(edss(6.5, on="2026-01-01"))}))
    assert "Observation" not in chart.resources


def test_what_was_restored_after_its_deletion_is_there():
    gone = {"request": {"method": "DELETE", "url": "Observation/1"}}
    chart = read(entries({"resource": about(edss(6.5, on="2026-01-01"))}, gone))
    assert "Observation" in chart.resources


def test_a_resource_about_another_patient_is_reported_and_not_used():
    chart = read(entries({"resource": ANNA}, {"resource": about(ms())},
                         {"resource": about(ms(), "Patient/ben", "2")}))  # fmt: skip
    assert len(chart.resources["Condition"]) == 1
    assert problems(chart) == ["about another patient: not used"]


@pytest.mark.parametrize("reference", ["Group/anna", "https://ehr.example/fhir/Device/anna"])
def test_a_resource_about_a_group_or_a_device_with_her_id_is_reported_and_not_used(reference):
    chart = read(entries({"resource": ANNA}, {"resource": about(ms(), reference)}))
    assert "Condition" not in chart.resources
    assert problems(chart) == ["about something that is no patient: not used"]


def test_a_urn_that_leads_to_a_group_is_about_no_patient():
    group = {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Group", "id": "anna"}}
    chart = read(entries({"resource": ANNA}, group, {"resource": about(ms(), "urn:uuid:1")}))
    assert "Condition" not in chart.resources


def test_a_urn_that_leads_nowhere_is_about_the_patient_of_the_file():
    chart = read(entries({"resource": ANNA}, {"resource": about(ms(), "urn:uuid:1")}))
    assert len(chart.resources["Condition"]) == 1


def test_what_names_its_patient_only_by_an_identifier_is_about_the_patient_of_the_file():
    condition = about(ms()) | {"subject": {"type": "Patient", "identifier": {"value": "7"}}}
    chart = read(entries({"resource": ANNA}, {"resource": condition}))
    assert len(chart.resources["Condition"]) == 1


def test_a_task_for_a_group_with_her_id_is_not_used():
    task = {"resourceType": "Task", "id": "t", "for": {"reference": "Group/anna"}}
    assert "Task" not in read(entries({"resource": ANNA}, {"resource": task})).resources


def test_of_two_patients_the_one_with_more_resources_is_meant():
    ben = {"resourceType": "Patient", "id": "ben"}
    chart = read(entries({"resource": ben}, {"resource": ANNA}, {"resource": about(ms())}))
    assert chart.patient_id == "anna"


def test_without_a_patient_the_one_who_is_named_most_is_meant():
    assert read(entries({"resource": about(ms())})).patient_id == "anna"


def test_a_task_is_about_the_one_it_is_for():
    task = {"resourceType": "Task", "id": "t", "for": {"reference": "Patient/ben"}}
    chart = read(entries({"resource": ANNA}, {"resource": task}, {"resource": about(ms())}))
    assert "Task" not in chart.resources


def test_an_error_of_the_exporting_server_is_reported():
    issues = [{"severity": "error"}, {"severity": "information"}]
    outcome = {"resourceType": "OperationOutcome", "issue": issues}
    chart = read(entries({"resource": ANNA}, {"resource": outcome}))
    assert problems(chart) == ["the export reports an error of the server"]


def test_a_group_is_about_nobody_in_particular():
    group = {"resourceType": "Group", "id": "g", "subject": {"reference": "Patient/ben"}}
    assert problems(read(entries({"resource": ANNA}, {"resource": group}))) == []
