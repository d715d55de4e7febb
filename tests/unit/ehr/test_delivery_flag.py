"""An alert as a Flag."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B.flag import Flag

from service.ehr.delivery.elements import DeliveryOptions
from service.ehr.delivery.flag import closed_flag, new_flag, updated_flag, withdrawn_flag
from service.ehr.errors import EHRRejected
from service.screening.alert import Alert
from tests.lib.alerts import ON, an_alert

PLAIN = DeliveryOptions()


def a_flag(**changes: Any) -> dict[str, Any]:
    flag = new_flag(an_alert(), PLAIN) | {"id": "f1", "meta": {"versionId": "1"}}
    return {name: value for name, value in (flag | changes).items() if value is not None}


def test_a_new_flag_says_one_line_about_one_patient_since_a_day() -> None:
    alert = an_alert()
    flag = new_flag(alert, PLAIN)
    assert flag["status"] == "active"
    assert flag["code"]["text"] == alert.banner
    assert flag["code"]["coding"][0]["code"] == "ms-bone-health-review"
    assert flag["subject"] == {"reference": "Patient/anna"}
    assert flag["period"] == {"start": "2026-11-22"}
    assert flag["category"][0]["coding"][0]["code"] == "clinical"


def test_a_new_flag_is_found_again_by_the_key_of_its_episode() -> None:
    alert = an_alert()
    identifier = new_flag(alert, PLAIN)["identifier"]
    assert identifier == [
        {"system": "https://boneflag.example/fhir/sid/alert", "value": alert.key},
    ]


def test_a_new_flag_carries_protocol_and_content_so_that_a_change_can_be_told() -> None:
    values = {e["url"].rsplit("/")[-1]: e["valueString"] for e in a_flag()["extension"]}
    assert values == {"protocol-digest": "abc123", "alert-content": "0011223344556677"}


def test_a_flag_names_profile_and_author_only_where_the_hospital_wants_them() -> None:
    assert "meta" not in new_flag(an_alert(), PLAIN)
    assert "author" not in new_flag(an_alert(), PLAIN)
    flag = new_flag(an_alert(), DeliveryOptions(author="Device/boneflag", profiles=True))
    assert flag["author"] == {"reference": "Device/boneflag"}
    assert flag["meta"]["profile"] == [
        "https://boneflag.example/fhir/StructureDefinition/boneflag-flag"
    ]


def test_every_form_of_a_flag_is_valid_fhir() -> None:
    for flag in (
        a_flag(),
        updated_flag(a_flag(), an_alert(summary="Other"), PLAIN),
        closed_flag(a_flag(), ON),
        withdrawn_flag(a_flag()),
    ):
        Flag.model_validate(flag)


def test_closing_a_flag_sets_its_end_and_nothing_else() -> None:
    before = a_flag()
    after = closed_flag(before, date(2026, 12, 1))
    assert after["status"] == "inactive"
    assert after["period"] == {"start": "2026-11-22", "end": "2026-12-01"}
    ours = ("status", "period")
    assert {k: v for k, v in after.items() if k not in ours} == {
        k: v for k, v in before.items() if k not in ours
    }


@pytest.mark.parametrize("start", ["2026-11-22", "2026-11-22T23:30:00+01:00"])
def test_a_flag_never_ends_before_it_starts(start: str) -> None:
    flag = closed_flag(a_flag(period={"start": start}), date(2026, 11, 20))
    assert flag["period"]["end"] == "2026-11-22"


def test_a_flag_whose_start_a_person_removed_can_still_be_closed() -> None:
    assert closed_flag(a_flag(period=None), ON)["period"] == {"end": "2026-11-22"}


def test_withdrawing_a_flag_marks_it_as_entered_in_error() -> None:
    assert withdrawn_flag(a_flag())["status"] == "entered-in-error"


def test_reopening_a_flag_takes_its_end_away() -> None:
    flag = updated_flag(closed_flag(a_flag(), ON), an_alert(), PLAIN)
    assert (flag["status"], flag["period"]) == ("active", {"start": "2026-11-22"})


def test_an_update_keeps_what_others_wrote_into_a_flag() -> None:
    local = {"system": "urn:hospital", "code": "B7"}
    theirs = {"url": "urn:hospital:colour", "valueCode": "red"}
    before = a_flag(
        encounter={"reference": "Encounter/1"},
        somethingNew={"deep": [1]},
        language="de",
    )
    before["code"]["coding"].append(local)
    before["extension"].append(theirs)
    after = updated_flag(before, an_alert(summary="New words", content_digest="ff"), PLAIN)
    assert after["code"]["text"].startswith("New words. A local decision: ")
    assert local in after["code"]["coding"]
    assert theirs in after["extension"]
    assert after["encounter"] == {"reference": "Encounter/1"}
    assert after["somethingNew"] == {"deep": [1]}
    assert after["meta"] == {"versionId": "1"}


def test_an_update_does_not_repeat_our_own_parts() -> None:
    after = updated_flag(a_flag(), an_alert(content_digest="ff"), PLAIN)
    assert len(after["code"]["coding"]) == len(after["category"]) == 1
    assert [e["valueString"] for e in after["extension"]] == ["abc123", "ff"]


def test_an_update_does_not_keep_reasons_that_have_gone() -> None:
    before = updated_flag(a_flag(), an_alert(reasons=frozenset({"MSO-02|major"})), PLAIN)
    after = updated_flag(before, an_alert(content_digest="ff"), PLAIN)
    assert before["extension"][-1]["valueString"] == "MSO-02|major"
    assert [e["valueString"] for e in after["extension"]] == ["abc123", "ff"]


def test_an_update_puts_our_category_back_beside_the_one_of_a_person() -> None:
    theirs = {"text": "Safety"}
    after = updated_flag(a_flag(category=[theirs]), an_alert(), PLAIN)
    assert after["category"][0] == theirs
    assert after["category"][1]["coding"][0]["code"] == "clinical"


def test_an_update_drops_a_generated_narrative_that_would_now_be_untrue() -> None:
    generated = {"status": "generated", "div": "<div>old</div>"}
    assert "text" not in updated_flag(a_flag(text=generated), an_alert(), PLAIN)
    written = {"status": "additional", "div": "<div>by hand</div>"}
    assert updated_flag(a_flag(text=written), an_alert(), PLAIN)["text"] == written


def test_changing_a_flag_leaves_the_one_that_was_read_as_it_was() -> None:
    before = a_flag()
    closed_flag(before, ON)
    updated_flag(before, an_alert(summary="Other"), PLAIN)
    assert before == a_flag()


@pytest.mark.parametrize(
    "alert",
    [
        an_alert(summary=" "),
        an_alert(summary="bell \x07"),
        an_alert(key=""),
        an_alert(patient=type(an_alert().patient)("Patient", "x" * 65)),
        an_alert(patient=type(an_alert().patient)("Group", "g1")),
    ],
)
def test_a_flag_that_no_server_should_get_is_not_built(alert: Alert) -> None:
    with pytest.raises(EHRRejected):
        new_flag(alert, PLAIN)


def test_the_refusal_of_a_flag_holds_no_word_of_the_alert() -> None:
    with pytest.raises(EHRRejected) as refused:
        new_flag(an_alert(summary="secret \x07", key=""), PLAIN)
    assert "secret" not in str(refused.value)
    assert "anna" not in str(refused.value)


def test_a_flag_says_that_it_is_a_local_decision_and_whose_protocol_made_it() -> None:
    text = new_flag(an_alert(summary="Consider a scan"), PLAIN)["code"]["text"]
    assert text.startswith("Consider a scan. A local decision: no MS-specific national guideline")
    assert text.endswith("Protocol ms-bone-health 1.0.0")
