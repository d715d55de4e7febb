"""An alert as a proposed order."""

from __future__ import annotations

from typing import Any

from service.ehr.delivery.elements import ALERT_CONTENT_URL, extension_value, key_in
from service.ehr.delivery.service_request import (
    closed_service_request,
    is_closed_by_us,
    new_service_request,
    scan_codes,
    updated_service_request,
)
from service.screening.record import ResourceRef
from service.screening.value_sets import CPT, packaged_vocabulary
from tests.lib.alerts import AT, an_alert
from tests.lib.channels import SCAN_CODES, TELLS


def proposal(**changes: Any) -> dict[str, Any]:
    return new_service_request(an_alert(**changes), AT, TELLS, SCAN_CODES)


def test_it_is_never_more_than_a_draft_of_a_proposal() -> None:
    made = proposal()
    assert (made["status"], made["intent"]) == ("draft", "proposal")


def test_it_asks_for_a_scan_by_the_code_of_the_value_set() -> None:
    assert {"system": "http://loinc.org", "code": "38269-7"} in proposal()["code"]["coding"]


def test_every_code_that_is_sent_is_in_the_value_set_of_central_scans() -> None:
    scans = packaged_vocabulary()["dxa-central"]
    assert set(scan_codes(scans)) <= set(scans.listed)
    assert CPT in {system for system, _ in scan_codes(scans)}


def test_without_a_licence_no_cpt_number_is_sent() -> None:
    codes = scan_codes(packaged_vocabulary(use_cpt=False)["dxa-central"])
    assert codes
    assert CPT not in {system for system, _ in codes}


def test_evidence_stands_where_its_type_may_stand() -> None:
    made = proposal(evidence=(ResourceRef("Condition", "c"), ResourceRef("MedicationRequest", "m")))
    assert made["reasonReference"] == [{"reference": "Condition/c"}]
    assert made["supportingInfo"] == [{"reference": "MedicationRequest/m"}]


def test_the_note_holds_the_detail_and_the_key() -> None:
    (note,) = proposal()["note"]
    assert "No central DXA visible" in note["text"]
    assert an_alert().key in note["text"]


def test_an_update_keeps_what_others_added() -> None:
    others = {"text": "patient prefers mornings"}
    current = {**proposal(), "id": "s1", "note": [*proposal()["note"], others]}
    changed = updated_service_request(current, an_alert(content_digest="ff"), AT, TELLS, SCAN_CODES)
    assert changed["note"][0] == others
    assert len(changed["note"]) == 2
    assert extension_value(changed, ALERT_CONTENT_URL) == "ff"
    assert key_in(changed) == an_alert().key


def test_what_we_close_carries_our_mark_and_why() -> None:
    closed = closed_service_request({**proposal(), "id": "s1"}, "resolved", "DXA seen", AT)
    assert closed["status"] == "revoked"
    assert is_closed_by_us(closed)
    assert closed["note"][-1]["text"] == "DXA seen"


def test_what_is_withdrawn_is_entered_in_error() -> None:
    closed = closed_service_request({**proposal(), "id": "s1"}, "withdrawn", "no MS", AT)
    assert closed["status"] == "entered-in-error"


def test_what_a_person_revoked_does_not_carry_our_mark() -> None:
    assert not is_closed_by_us({**proposal(), "status": "revoked"})
