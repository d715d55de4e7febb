"""An alert as a Task."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fhir.resources.R4B.task import Task

from service.ehr.delivery.checks import handed_back
from service.ehr.delivery.elements import DeliveryOptions
from service.ehr.delivery.task import (
    closed_by_in,
    closed_task,
    closing_of,
    new_task,
    updated_task,
)
from service.ehr.errors import EHRRejected
from service.screening.alert import AlertKind
from service.screening.record import ResourceRef
from tests.lib.alerts import AT, an_alert

PLAIN = DeliveryOptions()
LATER = AT + timedelta(days=3)
SCAN = ResourceRef("Observation", "scan")
THEIRS = {"type": {"text": "report"}, "valueReference": {"reference": "DocumentReference/1"}}


def a_task(**changes: Any) -> dict[str, Any]:
    task = new_task(an_alert(), AT, PLAIN, "Flag/f1") | {"id": "t1", "meta": {"versionId": "1"}}
    return {name: value for name, value in (task | changes).items() if value is not None}


def test_a_new_task_asks_and_orders_nothing() -> None:
    task = a_task()
    assert (task["status"], task["intent"]) == ("requested", "proposal")
    assert task["for"] == {"reference": "Patient/anna"}
    assert task["focus"] == {"reference": "Flag/f1"}


def test_a_new_task_names_the_protocol_and_its_version() -> None:
    assert a_task()["instantiatesCanonical"] == (
        "https://boneflag.example/fhir/PlanDefinition/ms-bone-health|1.0.0"
    )


def test_a_new_task_links_each_piece_of_evidence_once() -> None:
    ref = ResourceRef("Observation", "edss-1")
    task = new_task(an_alert(evidence=(ref, ref)), AT, PLAIN)
    (linked,) = task["input"]
    assert linked["valueReference"] == {"reference": "Observation/edss-1"}
    assert linked["type"]["text"] == "evidence"


def test_a_task_without_evidence_has_no_empty_list() -> None:
    assert "input" not in new_task(an_alert(evidence=()), AT, PLAIN)


def test_the_detail_keeps_its_lines_in_markdown() -> None:
    (note,) = a_task()["note"]
    assert note["authorString"] == "BoneFlag"
    assert note["text"] == "EDSS 6.5 on 2026-09-01  \nNo central DXA visible"


def test_an_urgent_alert_makes_an_urgent_task() -> None:
    assert new_task(an_alert(priority="urgent"), AT, PLAIN)["priority"] == "urgent"


def test_a_treatment_gap_has_its_own_code() -> None:
    task = new_task(an_alert(kind=AlertKind.TREATMENT_GAP), AT, PLAIN)
    assert task["code"]["coding"][0]["code"] == "osteoporosis-treatment-gap"
    assert "focus" not in task


def test_the_hospital_chooses_requester_owner_role_and_profile() -> None:
    role = ("http://snomed.info/sct", "56397003", "Neurologist")
    options = DeliveryOptions("Device/b", "Organization/o", role, profiles=True)
    task = new_task(an_alert(), AT, options)
    assert task["meta"]["profile"][0].endswith("/StructureDefinition/boneflag-task")
    assert task["requester"] == {"reference": "Device/b"}
    assert task["owner"] == {"reference": "Organization/o"}
    assert task["performerType"][0]["coding"][0]["code"] == "56397003"


def test_a_task_is_never_modified_before_it_was_authored() -> None:
    before = a_task(authoredOn="2026-11-25T08:00:00Z", lastModified="2026-11-25T08:00:00Z")
    task = closed_task(before, "completed", "resolved", "done", AT)
    assert task["lastModified"] == "2026-11-25T08:00:00+00:00"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        new_task(an_alert(), datetime(2026, 11, 22), PLAIN)


def test_every_form_of_a_task_is_valid_fhir() -> None:
    for task in (
        a_task(),
        updated_task(a_task(), an_alert(summary="Other"), LATER, PLAIN),
        closed_task(a_task(), "completed", "resolved", "central DXA on 2026-11-20", LATER),
        closed_task(a_task(), "cancelled", "withdrawn", "", LATER),
        closed_task(a_task(), "completed", "resolved", "done", LATER, SCAN),
    ):
        Task.model_validate(task)


def test_a_closing_of_ours_says_why_and_that_it_was_us() -> None:
    task = closed_task(a_task(), "completed", "resolved", "central DXA on 2026-11-20", LATER)
    assert task["status"] == "completed"
    assert task["statusReason"]["text"] == "central DXA on 2026-11-20"
    assert task["lastModified"] == "2026-11-25T08:30:00+00:00"
    assert closing_of(task) == "resolved"


def test_a_closed_task_points_at_what_closed_it() -> None:
    task = closed_task(a_task(), "completed", "resolved", "done", LATER, SCAN)
    (output,) = task["output"]
    assert output["valueReference"] == {"reference": "Observation/scan"}
    assert output["type"]["coding"][0]["code"] == "closed-by"
    assert closed_by_in(task) == SCAN


def test_what_people_put_out_stays_before_what_closed_the_gap() -> None:
    task = closed_task(a_task(output=[THEIRS]), "completed", "resolved", "done", LATER, SCAN)
    assert task["output"][0] == THEIRS
    assert closed_by_in(task) == SCAN


def test_closing_anew_points_at_the_new_scan_alone() -> None:
    once = closed_task(a_task(), "completed", "resolved", "done", LATER, SCAN)
    newer = ResourceRef("Procedure", "newer")
    again = closed_task(once, "completed", "resolved", "done", LATER, newer)
    assert [o["valueReference"]["reference"] for o in again["output"]] == ["Procedure/newer"]


def test_a_task_that_is_asked_for_again_points_at_no_closing() -> None:
    before = closed_task(a_task(output=[THEIRS]), "completed", "resolved", "done", LATER, SCAN)
    assert updated_task(before, an_alert(), LATER, PLAIN)["output"] == [THEIRS]


def test_what_fhir_allows_nobody_to_reference_is_not_pointed_at() -> None:
    odd = ResourceRef("Observation", "a_b")
    assert "output" not in closed_task(a_task(), "completed", "resolved", "done", LATER, odd)


def test_an_output_of_a_person_is_not_taken_for_what_closed_the_gap() -> None:
    assert closed_by_in(a_task(output=[THEIRS])) is None


def test_a_task_that_a_person_ended_bears_no_mark_of_ours() -> None:
    ended = a_task(status="cancelled", statusReason={"text": "Resolved by BoneFlag"})
    assert closing_of(ended) is None
    theirs = {"coding": [{"system": "urn:hospital", "code": "resolved"}]}
    assert closing_of(a_task(status="cancelled", statusReason=theirs)) is None


@pytest.mark.parametrize("status", ["requested", "received", "accepted", "ready", "in-progress"])
def test_an_update_leaves_the_status_of_whoever_works_on_the_task(status: str) -> None:
    task = updated_task(a_task(status=status), an_alert(summary="Other"), LATER, PLAIN)
    assert (task["status"], task["description"]) == (status, "Other")


@pytest.mark.parametrize("status", ["completed", "cancelled", "on-hold"])
def test_reopening_asks_again_and_forgets_the_reason_of_the_ending(status: str) -> None:
    ended = a_task(status=status, statusReason={"text": "because"})
    task = updated_task(ended, an_alert(), LATER, PLAIN)
    assert task["status"] == "requested"
    assert "statusReason" not in task


def test_an_update_keeps_what_others_wrote_into_a_task() -> None:
    their_note = {"authorReference": {"reference": "Practitioner/1"}, "text": "Rang her"}
    their_input = {"type": {"text": "letter"}, "valueString": "x"}
    local = {"system": "urn:hospital", "code": "T9"}
    before = a_task(owner={"reference": "Practitioner/1"}, businessStatus={"text": "rang"})
    before["note"].append(their_note)
    before["input"].append(their_input)
    before["code"]["coding"].append(local)
    after = updated_task(before, an_alert(detail="Now this"), LATER, PLAIN)
    assert [n["text"] for n in after["note"]] == ["Rang her", "Now this"]
    assert their_input in after["input"]
    assert len(after["input"]) == 3
    assert local in after["code"]["coding"]
    assert after["owner"] == {"reference": "Practitioner/1"}
    assert after["businessStatus"] == {"text": "rang"}


def test_an_update_without_evidence_takes_the_old_links_away() -> None:
    assert "input" not in updated_task(a_task(), an_alert(evidence=()), LATER, PLAIN)


def test_a_task_that_the_ehr_made_an_order_can_still_be_closed() -> None:
    closed = closed_task(a_task(intent="order"), "completed", "resolved", "", LATER)
    assert closed["statusReason"]["text"] == "Resolved by BoneFlag"


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("status", "nonsense"),
        ("status", "active"),
        ("lastModified", "2026-11-21T08:30:00+00:00"),
    ],
)
def test_a_state_that_the_models_let_pass_is_refused_here(element: str, value: str) -> None:
    Task.model_validate(a_task(**{element: value}))
    with pytest.raises(EHRRejected):
        handed_back(a_task(**{element: value}))


def test_a_priority_that_is_no_code_is_refused() -> None:
    with pytest.raises(EHRRejected, match="priority"):
        new_task(an_alert(priority="now"), AT, PLAIN)


def test_a_broken_reference_in_the_evidence_is_refused() -> None:
    evidence = (ResourceRef("Observation", "a b"),)
    with pytest.raises(EHRRejected):
        new_task(an_alert(evidence=evidence), AT, PLAIN)


def test_the_refusal_of_a_model_names_the_element_and_no_value() -> None:
    with pytest.raises(EHRRejected) as refused:
        new_task(an_alert(), AT, DeliveryOptions(performer=("s", "secret code ", "d")))
    assert "performerType" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_lines_written_in_other_zones_are_compared_as_instants() -> None:
    task = a_task(authoredOn="2026-11-22T09:30:00+01:00")
    closed = closed_task(
        task, "completed", "resolved", "", datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
    )
    assert closed["lastModified"] == "2026-11-22T08:30:00+00:00"
