"""Reading back what became of messages, drafts and rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.ehr.alert_state import LedgerState, Remembered
from service.ehr.message_reader import MessageReader, MessageType, RowReader
from service.screening.alert import AlertKind, AlertState, PostedAlert, PostedResource
from service.screening.record import ResourceRef
from tests.lib.alerts import ANNA, ON, an_alert
from tests.lib.channels import capability_of
from tests.lib.wire import Chart, Resource, Wire, answer, outcome

KEY = an_alert().key
TOLD = Remembered(
    episode=1,
    kind=AlertKind.SCREENING,
    state="confirmed",
    channel="communication",
    opened_on=ON,
    content_digest="said",
    message=PostedResource(ResourceRef("Communication", "c1"), "completed", "1"),
)
DRAFTED = replace(
    TOLD,
    channel="service-request",
    message=PostedResource(ResourceRef("ServiceRequest", "s1"), "draft", "1"),
)


def a_reader(
    wire: Wire, type_: MessageType = "Communication", *, at_most_once: bool = False,
    repeats: bool = False,
) -> MessageReader:  # fmt: skip
    channel = "communication" if type_ == "Communication" else "service-request"
    return MessageReader(
        wire.client(),
        capability_of(type_),
        type_,
        channel=channel,
        snooze_months=12,
        at_most_once=at_most_once,
        repeats=repeats,
    )


def message(status: str = "completed", version: str = "1") -> Resource:
    meta = {"versionId": version, "lastUpdated": "2026-11-23T10:00:00Z"}
    return {"resourceType": "Communication", "id": "c1", "status": status, "meta": meta}


def posted(wire: Wire, known: Remembered, *, at_most_once: bool = False) -> list[PostedAlert]:
    read = a_reader(wire, at_most_once=at_most_once).read([ANNA.id], {ANNA.id: {KEY: known}})
    return list(read.histories[ANNA.id].posted)


def test_nobody_without_an_open_alert_costs_a_request() -> None:
    wire = Wire(Chart())
    closed = replace(TOLD, state="closed")
    read = a_reader(wire).read(["bea", ANNA.id], {ANNA.id: {KEY: closed}})
    assert wire.sent == []
    assert set(read.histories) == {"bea", ANNA.id}


def test_an_open_message_is_read_by_its_id() -> None:
    wire = Wire(Chart(message()))
    (found,) = posted(wire, TOLD)
    assert wire.sent == ["GET /Communication/c1"]
    assert (found.state, found.content_digest) == (AlertState.ACTIVE, "said")


def test_a_message_in_a_later_version_is_still_as_we_sent_it() -> None:
    (found,) = posted(Wire(Chart(message(version="4"))), TOLD)
    assert found.state is AlertState.ACTIVE


@pytest.mark.parametrize("status", ["stopped", "not-done", "entered-in-error"])
def test_a_message_that_a_person_ended_is_a_no(status: str) -> None:
    (found,) = posted(Wire(Chart(message(status))), TOLD)
    assert found.state is AlertState.DISMISSED
    assert found.closed_on is not None
    assert found.closed_on.isoformat() == "2026-11-23"


def test_a_message_that_is_gone_was_told_all_the_same() -> None:
    (found,) = posted(Wire(Chart()), TOLD)
    assert found.state is AlertState.ACTIVE


def test_a_message_that_must_not_be_read_was_told_all_the_same() -> None:
    wire = Wire(lambda _: answer(outcome("error", "forbidden"), 403))
    (found,) = posted(wire, TOLD)
    assert found.state is AlertState.ACTIVE


def test_nobody_writes_about_somebody_whose_draft_cannot_be_read() -> None:
    wire = Wire(lambda _: answer(outcome("error", "forbidden"), 403))
    read = a_reader(wire, "ServiceRequest").read([ANNA.id], {ANNA.id: {KEY: DRAFTED}})
    assert read.unreadable == {ANNA.id}
    assert read.histories == {}


def test_a_planned_alert_was_not_told() -> None:
    assert posted(Wire(Chart()), replace(TOLD, state="planned")) == []


@pytest.mark.parametrize(("at_most_once", "number"), [(True, 1), (False, 0)])
def test_a_request_on_its_way_counts_as_told_where_nobody_can_look(
    at_most_once: bool, number: int
) -> None:
    sent = replace(TOLD, state="sent", message=None)
    assert len(posted(Wire(Chart()), sent, at_most_once=at_most_once)) == number


@pytest.mark.parametrize(
    ("state", "expected"),
    [("confirmed", AlertState.ACTIVE), ("closed", AlertState.RESOLVED)],
)
def test_what_another_channel_told_counts_as_told(state: LedgerState, expected: AlertState) -> None:
    elsewhere = replace(TOLD, channel="worklist-file", state=state, message=None)
    (found,) = posted(Wire(Chart()), elsewhere)
    assert found.state is expected


def test_a_hospital_that_wants_it_has_open_alerts_told_again_by_a_new_channel() -> None:
    elsewhere = replace(TOLD, channel="worklist-file", message=None)
    read = a_reader(Wire(Chart()), repeats=True).read([ANNA.id], {ANNA.id: {KEY: elsewhere}})
    assert read.histories[ANNA.id].posted == ()


ROW = replace(TOLD, channel="worklist-file", message=None)


def row(known: Remembered, keys: frozenset[str]) -> PostedAlert:
    reader = RowReader(lambda: keys, channel="worklist-file")
    (found,) = reader.read([ANNA.id], {ANNA.id: {KEY: known}}).histories[ANNA.id].posted
    return found


def test_a_row_that_is_there_says_what_the_ledger_remembers() -> None:
    assert row(ROW, frozenset({KEY})).content_digest == "said"


def test_a_row_that_is_missing_is_said_again() -> None:
    assert row(ROW, frozenset()).content_digest == ""


def test_a_row_of_an_alert_that_another_channel_told_is_not_missed() -> None:
    assert row(replace(ROW, channel="flag"), frozenset()).content_digest == "said"
