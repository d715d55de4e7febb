"""What a Subscription's notice says, in R4's backport, in R4B and R5, and in none of them."""

from __future__ import annotations

import json

import pytest

from service.notice import SOMEBODY_CHANGED, Notice, notice_in

OURS = "https://ehr.example/fhir/Subscription/admission"


def parameters(kind, *events, total="3"):
    """The status as the R4 backport writes it: numbers as text, names with hyphens."""
    parts = [
        {"name": "subscription", "valueReference": {"reference": OURS}},
        {"name": "status", "valueCode": "active"},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": total},
        *({"name": "notification-event", "part": event} for event in events),
    ]
    return bundle({"resourceType": "Parameters", "parameter": parts})


def event(number, focus=None, context=None):
    parts = [{"name": "event-number", "valueString": number}]
    if focus:
        parts.append({"name": "focus", "valueReference": {"reference": focus}})
    if context:
        parts.append({"name": "additional-context", "valueReference": {"reference": context}})
    return parts


def status(kind, *events, total=3):
    return bundle(
        {
            "resourceType": "SubscriptionStatus",
            "status": "active",
            "type": kind,
            "eventsSinceSubscriptionStart": total,
            "subscription": {"reference": OURS},
            "notificationEvent": list(events),
        }
    )


def bundle(first, *others):
    entries = [{"resource": r} for r in (first, *others)]
    return json.dumps({"resourceType": "Bundle", "type": "history", "entry": entries}).encode()


def test_a_handshake_says_how_many_events_there_were():
    assert notice_in(parameters("handshake", total="0")) == Notice("handshake", OURS, 1, 0)


def test_a_heartbeat_says_how_many_events_there_were():
    assert notice_in(status("heartbeat", total=7)) == Notice("heartbeat", OURS, 8, 7)


def test_an_event_about_a_patient_names_them():
    told = notice_in(
        parameters("event-notification", event("3", "https://ehr.example/fhir/Patient/p1"))
    )
    assert told == Notice("event", OURS, 3, 3, frozenset({"p1"}))


def test_an_event_about_another_resource_may_name_the_patient_beside_it():
    told = notice_in(parameters("event-notification", event("3", "Condition/c1", "Patient/p1")))
    assert (told.patient_ids, told.is_somebody) == ({"p1"}, False)


def test_the_patient_beside_it_is_read_in_r5_too():
    context = [{"reference": "Patient/p1/_history/2"}]
    given = {"eventNumber": "3", "focus": {"reference": "Condition/c1"}}
    told = notice_in(status("event-notification", {**given, "additionalContext": context}))
    assert (told.patient_ids, told.first, told.last) == ({"p1"}, 3, 3)


def test_an_event_about_another_resource_alone_says_that_somebody_changed():
    told = notice_in(parameters("event-notification", event("3", "Condition/c1")))
    assert (told.patient_ids, told.is_somebody) == (frozenset(), True)


def test_one_of_two_events_without_a_patient_says_that_somebody_changed():
    events = (event("2", "Patient/p1"), event("3", "Condition/c1"))
    told = notice_in(parameters("event-notification", *events))
    assert (told.patient_ids, told.is_somebody) == ({"p1"}, True)


def test_several_events_tell_the_lowest_and_the_highest_number():
    events = (event("5", "Patient/p2"), event("4", "Patient/p1"))
    told = notice_in(parameters("event-notification", *events))
    assert (told.first, told.last) == (4, 5)


def test_an_empty_payload_counts_by_the_total():
    told = notice_in(parameters("event-notification", total="9"))
    assert (told.first, told.last, told.is_somebody) == (9, 9, True)


def test_a_full_payload_is_not_looked_at():
    chart = {"resourceType": "Patient", "id": "p9", "birthDate": "1970-01-01"}
    told = json.loads(parameters("event-notification", event("3", "Condition/c1")))
    told["entry"].append({"fullUrl": "https://ehr.example/fhir/Patient/p9", "resource": chart})
    assert notice_in(json.dumps(told).encode()).patient_ids == frozenset()


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"resourceType": "Patient", "id": "p1"}',
        b'{"entry": [{"resource": "text"}]}',
        b'{"entry": "text"}',
        bundle({"resourceType": "Parameters", "parameter": [{"name": "type", "valueCode": "?"}]}),
        bundle({"resourceType": "Observation"}),
        b"[" * 100_000,
    ],
)
def test_whatever_is_no_notification_says_that_somebody_changed(body):
    assert notice_in(body) == SOMEBODY_CHANGED


@pytest.mark.parametrize("number", ["-1", "1.5", "many", "٣", "9" * 30, None, True])
def test_a_number_that_is_none_is_left_out(number):
    given = {"eventNumber": number, "focus": {"reference": "Patient/p1"}}
    told = notice_in(status("event-notification", given, total=None))
    assert (told.first, told.last) == (None, None)


@pytest.mark.parametrize(
    "reference", ["Patient/", "Patient/a b", "Patient?identifier=1", "Group/Patient", 7, None]
)
def test_a_reference_that_names_no_patient_names_nobody(reference):
    given = {"eventNumber": "3", "focus": {"reference": reference}}
    told = notice_in(status("event-notification", given))
    assert (told.patient_ids, told.is_somebody) == (frozenset(), True)


def test_nobody_can_be_told_from_how_it_prints():
    assert "p1" not in repr(Notice("event", patient_ids=frozenset({"p1"})))
