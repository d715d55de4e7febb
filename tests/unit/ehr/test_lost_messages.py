"""Messages, drafts and rows that no ledger knows: what is found of them, and how they stand."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from service.ehr.delivery.communication import closing_communication, new_communication
from service.ehr.delivery.service_request import closed_service_request, new_service_request
from service.ehr.delivery.worklist_file import row_of
from service.ehr.lost_messages import LostMessages, LostRows, can_find
from service.screening.alert import Action, AlertKind, AlertPlan, AlertState, PostedAlert
from tests.lib.alerts import ANNA, AT, ON, an_alert, key_of
from tests.lib.channels import SCAN_CODES, TELLS, capability_of
from tests.lib.wire import Wire, answer, bundle, outcome, parameters_of

LATER = datetime.fromisoformat("2027-01-05T10:00:00+00:00")
STAMP = "2026-11-22T08:30:30Z"


def stored(resource, id_="m1", version="1", at=STAMP):
    return resource | {"id": id_, "meta": {"versionId": version, "lastUpdated": at}}


def message(alert=None, id_="m1", at=AT):
    return stored(new_communication(alert or an_alert(), at, TELLS), id_)


def bare(resource):
    """As a server keeps it that drops what it does not know."""
    return {n: v for n, v in resource.items() if n not in ("identifier", "extension", "sent")}


def closing(sent, alert=None, at=LATER):
    alert = alert or an_alert()
    posted = PostedAlert(alert.key, alert.kind, alert.episode, AlertState.ACTIVE, ON, "")
    plan = AlertPlan(alert.kind, Action.RESOLVE, "satisfied", posted=posted)
    return stored(closing_communication(sent, plan, at, TELLS), "closing", at=at.isoformat())


def draft(id_="s1", **about):
    return stored(new_service_request(an_alert(), AT, TELLS, SCAN_CODES), id_, **about)


def server(*resources):
    """Answers searches by patient or subject, and by the system of an identifier."""

    def handle(request):
        asked = parameters_of(request)
        system = asked.get("identifier", "").removesuffix("|")
        person = asked.get("patient") or asked["subject"].removeprefix("Patient/")
        return answer(
            bundle(
                *(
                    r
                    for r in resources
                    if r["subject"]["reference"] == f"Patient/{person}"
                    and (not system or system in {i["system"] for i in r.get("identifier", ())})
                )
            )
        )

    return handle


def read(*resources, type_="Communication", parameters=("patient", "identifier")):
    wire = Wire(server(*resources))
    messages = LostMessages(
        wire.client(),
        capability_of(type_, parameters=parameters),
        type_,
        key_of=key_of,
        snooze_months=12,
    )
    return messages.read([ANNA.id]).histories[ANNA.id]


def one(*resources, **options):
    (posted,) = read(*resources, **options).posted
    return posted


def test_a_message_is_found_as_it_was_told():
    found = one(message())

    assert (found.key, found.kind, found.episode) == (an_alert().key, AlertKind.SCREENING, 1)
    assert (found.state, found.opened_on) == (AlertState.ACTIVE, ON)
    assert (found.content_digest, found.protocol_digest) == (an_alert().content_digest, "abc123")
    assert str(found.message.ref) == "Communication/m1"


@pytest.mark.parametrize("parameters", [("patient", "identifier"), ("patient",), ("subject",)])
def test_a_message_of_which_the_server_kept_the_text_alone_is_found(parameters):
    assert one(bare(message()), parameters=parameters).key == an_alert().key


def test_a_message_of_a_treatment_gap_is_known_as_one():
    gap = an_alert(kind=AlertKind.TREATMENT_GAP)
    assert one(message(gap)).kind is AlertKind.TREATMENT_GAP


def test_of_a_merged_record_and_ours_the_message_that_opened_last_is_the_open_one():
    merged = an_alert(key="00000000-0000-5000-8000-000000000001")
    long_ago = datetime.fromisoformat("2025-03-01T10:00:00+00:00")
    found = read(message(merged, "m0", long_ago), message()).posted
    states = {alert.key: (alert.state, alert.closed_on) for alert in found}
    assert states[an_alert().key] == (AlertState.ACTIVE, None)
    assert states[merged.key] == (AlertState.RESOLVED, ON)


def test_a_message_of_another_site_id_keeps_its_kind_and_gets_a_number_of_its_own():
    foreign = an_alert(key="00000000-0000-5000-8000-000000000001", kind=AlertKind.TREATMENT_GAP)
    own = an_alert(kind=AlertKind.TREATMENT_GAP)

    found = read(message(foreign), message(own, "m2")).posted

    assert sorted((a.key == own.key, a.kind, a.episode) for a in found) == [
        (False, AlertKind.TREATMENT_GAP, 2),
        (True, AlertKind.TREATMENT_GAP, 1),
    ]


def test_other_peoples_letters_are_passed_over():
    letter = {"resourceType": "Communication", "id": "x", "status": "completed"}
    letter |= {"subject": {"reference": "Patient/anna"}, "payload": [{"contentString": "Hello"}]}
    assert read(letter).posted == ()


def test_a_message_of_which_another_one_says_that_it_is_over_is_closed():
    sent = message()
    found = one(sent, closing(sent))
    assert (found.state, found.closed_on) == (AlertState.RESOLVED, date(2027, 1, 5))


def test_what_was_told_once_more_after_its_closing_stands_open():
    sent, again = message(), message(id_="m2", at=datetime.fromisoformat("2027-02-01T10:00+00:00"))
    found = one(sent, closing(sent), again)
    assert (found.state, str(found.message.ref)) == (AlertState.ACTIVE, "Communication/m2")


@pytest.mark.parametrize(
    ("closed_at", "told_again_at", "state"),
    [
        ("10:00:00.100", "10:00:00.900", AlertState.ACTIVE),
        ("10:00:00.900", "10:00:00.100", AlertState.RESOLVED),
    ],
)
def test_within_one_second_the_stamp_of_the_server_tells_what_came_last(
    closed_at, told_again_at, state
):
    sent = message()
    over = closing(sent) | {"meta": {"lastUpdated": f"2027-01-05T{closed_at}Z"}}
    again = message(id_="m2", at=LATER) | {"meta": {"lastUpdated": f"2027-01-05T{told_again_at}Z"}}

    assert one(sent, over, again).state is state


def test_of_two_episodes_the_newest_alone_is_open():
    second = message(an_alert(episode=2), "m2", LATER)
    states = {a.episode: (a.state, a.closed_on) for a in read(message(), second).posted}
    assert states == {
        1: (AlertState.RESOLVED, date(2027, 1, 5)),
        2: (AlertState.ACTIVE, None),
    }


def test_a_message_that_a_person_stopped_is_their_no():
    found = read(message() | {"status": "stopped"})
    assert [a.state for a in found.posted] == [AlertState.DISMISSED]
    assert [d.made_on for d in found.decisions[AlertKind.SCREENING]] == [ON]


def test_a_draft_is_found_untouched_in_the_version_that_the_server_stamped_with_ours():
    found = one(draft(), type_="ServiceRequest")
    assert (found.state, found.message.version) == (AlertState.ACTIVE, "1")


def test_a_draft_that_was_changed_later_than_we_wrote_is_somebody_elses():
    found = one(draft(version="2", at="2026-11-23T09:00:00Z"), type_="ServiceRequest")
    assert found.state is AlertState.CHANGED


def test_a_draft_whose_identifier_was_dropped_is_known_by_our_note():
    assert one(bare(draft()), type_="ServiceRequest").key == an_alert().key


@pytest.mark.parametrize(
    ("mark", "state"), [("resolved", AlertState.RESOLVED), ("withdrawn", AlertState.WITHDRAWN)]
)
def test_a_draft_that_we_took_back_is_closed(mark, state):
    found = one(
        stored(closed_service_request(draft(), mark, "over", LATER), at=LATER.isoformat()),
        type_="ServiceRequest",
    )
    assert (found.state, found.closed_on) == (state, LATER.date())


def test_whose_messages_are_refused_is_unreadable_and_nobody_else():
    wire = Wire(lambda _: answer(outcome("error", "forbidden"), 403))
    messages = LostMessages(
        wire.client(),
        capability_of("Communication"),
        "Communication",
        key_of=key_of,
        snooze_months=12,
    )
    assert messages.read([ANNA.id]).unreadable == {ANNA.id}


@pytest.mark.parametrize(
    ("parameters", "can"), [(("patient",), True), (("subject",), True), (("identifier",), False)]
)
def test_messages_are_looked_for_by_patient(parameters, can):
    assert can_find(capability_of("Communication", parameters=parameters), "Communication") is can


# Rows of a file


def rows(*found):
    return LostRows(lambda: {row["alert_key"]: row for row in found}, key_of=key_of)


def test_a_row_is_found_with_all_that_a_ledger_would_remember():
    alert = an_alert(reasons=frozenset({"MSO-02|major"}))
    (found,) = rows(row_of(alert, "")).read([ANNA.id]).histories[ANNA.id].posted

    assert (found.state, found.opened_on, found.episode) == (AlertState.ACTIVE, ON, 1)
    assert (found.content_digest, found.reasons) == (alert.content_digest, alert.reasons)


def test_an_answer_that_was_cut_short_tells_nothing_about_anybody():
    letter = message()
    whole = bundle(letter) | {"total": 2}
    wire = Wire(lambda _: answer(whole))
    messages = LostMessages(
        wire.client(),
        capability_of("Communication"),
        "Communication",
        key_of=key_of,
        snooze_months=12,
    )
    assert messages.read([ANNA.id]).histories == {}


def test_everybody_with_a_row_is_known_by_it():
    assert rows(row_of(an_alert(), "")).people() == {ANNA.id}


@pytest.mark.parametrize("broken", [{"kind": "nonsense"}, {"since": "soon"}, {"since": None}])
def test_a_row_that_somebody_broke_is_passed_over(broken):
    assert rows(row_of(an_alert(), "") | broken).people() == frozenset()
