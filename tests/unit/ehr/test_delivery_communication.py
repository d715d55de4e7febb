"""An alert as a message."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from service.ehr.delivery.communication import (
    closing_communication,
    is_message_of,
    new_communication,
    refusals,
)
from service.ehr.delivery.elements import (
    ALERT_CONTENT_URL,
    PROTOCOL_DIGEST_URL,
    DeliveryOptions,
    extension_value,
    key_in,
)
from service.ehr.delivery.message_style import STANDARD_STYLE, MessageStyle
from service.ehr.delivery.recipients import recipients_from
from service.ehr.errors import EHRRejected
from service.screening.alert import AlertKind, AlertState, PostedAlert
from tests.lib.alerts import AT, ON, an_alert, resolve
from tests.lib.channels import TELLS

BARE = MessageStyle(
    is_bare=True,
    as_attachment=True,
    sender_types=frozenset({"Practitioner"}),
    recipient_types=frozenset({"Practitioner", "Group"}),
)


def sent(**changes: Any) -> dict[str, Any]:
    return new_communication(an_alert(**changes), AT, TELLS)


def test_a_message_says_who_is_told_by_whom_about_whom() -> None:
    message = sent()
    assert message["recipient"] == [{"reference": "Practitioner/neuro"}]
    assert message["sender"] == {"reference": "Practitioner/boneflag"}
    assert message["subject"] == {"reference": "Patient/anna"}


def test_a_treatment_gap_goes_to_its_own_recipients() -> None:
    message = sent(kind=AlertKind.TREATMENT_GAP)
    assert message["recipient"] == [{"reference": "Group/bones"}]


def test_a_message_carries_identifier_digests_protocol_and_evidence() -> None:
    message = sent()
    assert key_in(message) == an_alert().key
    assert extension_value(message, PROTOCOL_DIGEST_URL) == "abc123"
    assert extension_value(message, ALERT_CONTENT_URL) == an_alert().content_digest
    assert message["instantiatesCanonical"][0].endswith("/ms-bone-health|1.0.0")
    assert [r["reference"] for r in message["about"]] == ["Observation/edss-1", "Condition/ms-1"]


def test_evidence_that_is_no_reason_is_named_as_what_it_is_about_alone() -> None:
    from service.screening.record import ResourceRef

    message = sent(evidence=(ResourceRef("MedicationRequest", "m1"),))
    assert "reasonReference" not in message
    assert message["about"] == [{"reference": "MedicationRequest/m1"}]


def test_the_text_holds_the_finding_and_the_key() -> None:
    text = sent()["payload"][0]["contentString"]
    assert "EDSS 6.5 on 2026-09-01" in text
    assert text.endswith(f"BoneFlag alert {an_alert().key}")


def test_a_bare_message_has_no_field_but_those_that_such_a_server_takes() -> None:
    message = new_communication(an_alert(), AT, TELLS, BARE)
    assert set(message) == {
        "resourceType", "status", "category", "priority", "subject", "topic", "recipient",
        "sender", "payload",
    }  # fmt: skip


def test_a_bare_message_holds_its_text_as_an_attachment() -> None:
    message = new_communication(an_alert(), AT, TELLS, BARE)
    attachment = message["payload"][0]["contentAttachment"]
    assert attachment["contentType"] == "text/plain;charset=utf-8"
    assert an_alert().key in base64.b64decode(attachment["data"]).decode()


def test_a_recipient_whom_the_server_cannot_tell_is_left_out() -> None:
    shown = replace(TELLS, recipients=recipients_from("PractitionerRole/x, Practitioner/y"))
    message = new_communication(an_alert(), AT, shown, BARE)
    assert message["recipient"] == [{"reference": "Practitioner/y"}]


def test_a_message_to_nobody_is_not_sent() -> None:
    with pytest.raises(EHRRejected, match="nobody is to receive it"):
        new_communication(an_alert(), AT, DeliveryOptions())


@pytest.mark.parametrize("style", [STANDARD_STYLE, BARE], ids=["full", "bare"])
def test_a_message_is_known_again_by_identifier_or_text(style: MessageStyle) -> None:
    message = new_communication(an_alert(), AT, TELLS, style)
    assert is_message_of(message, an_alert().key)
    assert not is_message_of(message, an_alert(episode=2).key)


POSTED = PostedAlert(an_alert().key, AlertKind.SCREENING, 1, AlertState.ACTIVE, ON, "d")


@pytest.mark.parametrize("style", [STANDARD_STYLE, BARE], ids=["full", "bare"])
def test_a_closing_message_is_taken_for_no_alert(style: MessageStyle) -> None:
    first = {**sent(), "id": "c1"}
    closing = closing_communication(first, resolve(POSTED), AT, TELLS, style)
    assert closing is not None
    assert key_in(closing) is None
    assert not is_message_of(closing, an_alert().key)


def test_a_closing_message_goes_to_those_who_got_the_first() -> None:
    first = {**sent(), "id": "c1", "recipient": [{"reference": "Practitioner/then"}]}
    closing = closing_communication(first, resolve(POSTED), AT, TELLS)
    assert closing is not None
    assert closing["recipient"] == [{"reference": "Practitioner/then"}]
    assert closing["inResponseTo"] == [{"reference": "Communication/c1"}]


def test_a_message_that_names_no_patient_is_answered_by_none() -> None:
    assert closing_communication({"id": "c1"}, resolve(POSTED), AT, TELLS) is None


def test_the_settings_are_complete_for_a_bare_server() -> None:
    assert list(refusals(TELLS, BARE)) == []


def test_without_recipients_the_setting_to_make_is_named() -> None:
    (lack,) = refusals(DeliveryOptions(), STANDARD_STYLE)
    assert lack.startswith("BONEFLAG_ALERT_RECIPIENTS is not set")


def test_a_server_that_wants_a_practitioner_as_sender_is_told_of_no_device() -> None:
    shown = replace(TELLS, author="Device/boneflag")
    (lack,) = refusals(shown, BARE)
    assert lack.startswith("BONEFLAG_ALERT_AUTHOR must name the sender")


def test_a_recipient_of_a_type_that_the_server_does_not_take_is_named_by_its_type_alone() -> None:
    shown = replace(TELLS, recipients=recipients_from("CareTeam/bones-1"))
    (lack,) = refusals(shown, BARE)
    assert "names a CareTeam" in lack
    assert "bones-1" not in lack


def test_a_kind_of_alert_without_recipients_is_a_fault() -> None:
    shown = replace(TELLS, recipients=recipients_from("ms-bone-health-review=Practitioner/1"))
    (lack,) = refusals(shown, STANDARD_STYLE)
    assert "names nobody for osteoporosis-treatment-gap" in lack
