"""The channels: what each can do, and what it asks of a server."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from service.ehr.alert_state import Remembered
from service.ehr.delivery.channel import AlertReading
from service.ehr.delivery.channels import CHANNELS
from service.ehr.delivery.elements import DeliveryOptions
from service.ehr.strategy import CHANNELS_TRIED
from service.screening.alert import AlertKind, AlertState, PostedResource
from service.screening.record import ResourceRef
from service.settings import Settings
from tests.lib.alerts import ANNA, ON, an_alert, create, resolve, update
from tests.lib.channels import RememberedLine, capability_of, options
from tests.lib.fake_fhir_server import FakeFHIRServer
from tests.lib.wire import Resource, Wire

EVERYTHING = capability_of("Flag", "Task", "Communication", "ServiceRequest")
NOTHING = capability_of()


# A hospital has to want drafts of orders, and cards must be switched on in the EHR first.
ONLY_ASKED_FOR = ("service-request", "cds-hooks")


def test_the_strategy_tries_every_channel_but_those_that_must_be_asked_for() -> None:
    assert tuple(name for name in CHANNELS if name not in ONLY_ASKED_FOR) == CHANNELS_TRIED


def test_every_channel_can_be_wished_for() -> None:
    wishes = get_args(Settings.model_fields["delivery"].annotation)
    assert set(CHANNELS) == set(wishes) - {"auto"}


@pytest.mark.parametrize("name", CHANNELS)
def test_a_server_that_offers_everything_lacks_nothing(name: str) -> None:
    assert CHANNELS[name].needs(EVERYTHING) == ()


@pytest.mark.parametrize("name", sorted(set(CHANNELS) - {"worklist-file", "cds-hooks"}))
def test_a_server_that_offers_nothing_lacks_something_for_all_that_write_to_it(name: str) -> None:
    assert CHANNELS[name].needs(NOTHING)


def test_a_flag_that_can_be_read_and_not_written_is_not_enough() -> None:
    readable = capability_of("Flag", interactions=("read", "search-type"))
    assert CHANNELS["flag"].needs(readable) == ("the server does not offer create of Flag",)


def test_a_task_that_can_be_updated_and_not_created_is_not_enough() -> None:
    updatable = capability_of("Task", interactions=("read", "search-type", "update"))
    assert CHANNELS["task"].needs(updatable) == ("the server does not offer create of Task",)


def test_a_message_that_cannot_be_searched_for_is_sent_at_most_once() -> None:
    unsearchable = capability_of("Communication", parameters=("recipient", "received"))
    traits = CHANNELS["communication"].traits(unsearchable)
    assert traits.at_most_once
    assert not traits.found_again


def test_a_message_can_never_be_closed() -> None:
    traits = CHANNELS["communication"].traits(EVERYTHING)
    assert not traits.can_be_closed
    assert not traits.at_most_once


@pytest.mark.parametrize("name", ["flag", "service-request"])
def test_a_banner_and_a_draft_stand_for_the_screening_alert_alone(name: str) -> None:
    assert CHANNELS[name].traits(EVERYTHING).kinds == {AlertKind.SCREENING}


def test_the_file_needs_its_setting_and_a_folder(tmp_path: Path) -> None:
    lacks = CHANNELS["worklist-file"].lacks
    assert "BONEFLAG_WORKLIST_FILE is not set" in lacks(options())[0]
    assert "does not exist" in lacks(options(worklist=tmp_path / "gone" / "list"))[0]
    assert lacks(options(worklist=tmp_path / "list")) == ()


def test_a_site_without_a_file_yet_can_look_around() -> None:
    wire = Wire(FakeFHIRServer())
    reader = CHANNELS["worklist-file"].reader(wire.client(), NOTHING, options())
    assert reader.read([ANNA.id], {}).histories[ANNA.id].posted == ()
    assert wire.sent == []


def test_messages_need_recipients() -> None:
    assert CHANNELS["communication"].lacks(options(shown=DeliveryOptions()))


# EHRs that drop our extensions, and changes of channel


def _without_extensions(server: FakeFHIRServer) -> None:
    for stored in server.store.values():
        stored.pop("extension", None)


def _line(server: FakeFHIRServer) -> tuple[RememberedLine, AlertReading]:
    client = Wire(server).client()
    channel = CHANNELS["flag-and-task"]
    capability = capability_of("Flag", "Task")
    line = RememberedLine(channel.writer(client, capability, options()))
    return line, channel.reader(client, capability, options())


def test_an_ehr_that_drops_our_extensions_is_not_told_the_same_in_every_sweep() -> None:
    server = FakeFHIRServer()
    line, reader = _line(server)
    line.apply(create())
    _without_extensions(server)
    (found,) = reader.read([ANNA.id], line.memory).histories[ANNA.id].posted
    assert found.content_digest == an_alert().content_digest


def test_a_version_that_the_ledger_does_not_know_shows_nothing_as_said() -> None:
    server = FakeFHIRServer()
    line, reader = _line(server)
    line.apply(create())
    _without_extensions(server)
    server.edit(server.only("Flag"), code={"text": "call me"})
    (found,) = reader.read([ANNA.id], line.memory).histories[ANNA.id].posted
    assert found.content_digest == ""


TOLD_BY_MESSAGE = Remembered(
    episode=1,
    kind=AlertKind.SCREENING,
    state="confirmed",
    channel="communication",
    opened_on=ON,
    content_digest="old",
    message=PostedResource(ResourceRef("Communication", "c1"), "completed", "1"),
)


@pytest.mark.parametrize("name", ["flag-and-task", "task", "flag"])
def test_an_alert_that_was_told_by_message_becomes_no_flag_and_no_task(name: str) -> None:
    server = FakeFHIRServer()
    client = Wire(server).client()
    channel = CHANNELS[name]
    reader = channel.reader(client, EVERYTHING, options())
    memory = {ANNA.id: {an_alert().key: TOLD_BY_MESSAGE}}
    (found,) = reader.read([ANNA.id], memory).histories[ANNA.id].posted
    assert found.state is AlertState.ACTIVE
    writer = channel.writer(client, EVERYTHING, options())
    for plan in (update(an_alert(), found), resolve(found)):
        done = writer.apply(plan, TOLD_BY_MESSAGE)
        assert (done.did, done.channel) == ("already-there", "communication")
    assert server.writes == []


def test_a_hospital_that_wants_it_has_open_alerts_told_again_as_flag_and_task() -> None:
    reader = CHANNELS["flag-and-task"].reader(
        Wire(FakeFHIRServer()).client(), EVERYTHING, options(repeats=True)
    )
    memory = {ANNA.id: {an_alert().key: TOLD_BY_MESSAGE}}
    assert reader.read([ANNA.id], memory).histories[ANNA.id].posted == ()


def test_a_task_without_an_owner_belongs_to_the_first_recipient_who_can_own_it() -> None:
    server = FakeFHIRServer()
    line, _ = _line(server)
    line.apply(create())
    task: Resource = server.only("Task")
    assert task["owner"] == {"reference": "Practitioner/neuro"}
