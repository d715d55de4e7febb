"""Alerts told by cards: nothing is sent, the ledger alone knows."""

from __future__ import annotations

from dataclasses import replace

from service.ehr.card_channel import CardReader, CardWriter
from service.ehr.delivery.channels import CHANNELS
from service.screening.alert import AlertPlan, AlertState
from tests.lib.alerts import ANNA, an_alert, create, resolve, update
from tests.lib.channels import RememberedLine, capability_of, options
from tests.lib.fake_fhir_server import FakeFHIRServer
from tests.lib.wire import Wire


def posted(line: RememberedLine, **reading: bool):
    histories = CardReader(**reading).read([ANNA.id], line.memory).histories
    return histories[ANNA.id].posted


def test_a_card_that_may_be_shown_counts_as_told() -> None:
    line = RememberedLine(CardWriter())
    line.apply(create())
    (found,) = posted(line)
    assert (found.state, found.content_digest) == (AlertState.ACTIVE, an_alert().content_digest)


def test_a_card_says_what_the_alert_says_now() -> None:
    line = RememberedLine(CardWriter())
    line.apply(create())
    line.apply(update(an_alert(content_digest="other"), posted(line)[0]))
    assert posted(line)[0].content_digest == "other"


def test_a_card_that_is_over_is_over() -> None:
    line = RememberedLine(CardWriter())
    line.apply(create())
    line.apply(resolve(posted(line)[0]))
    assert posted(line)[0].state is AlertState.RESOLVED


def test_a_plan_that_keeps_changes_nothing() -> None:
    line = RememberedLine(CardWriter())
    line.apply(create())
    before = line.entry
    line.apply(AlertPlan(an_alert().kind, resolve(None).action.KEEP, "already told"))
    assert line.entry == before


def test_an_alert_that_a_flag_tells_does_not_become_a_card() -> None:
    line = RememberedLine(CardWriter())
    line.apply(create())
    line.entry = replace(line.entry, channel="flag")
    outcome = line.apply(update(an_alert(content_digest="other"), posted(line)[0]))
    assert (outcome.did, outcome.channel) == ("already-there", "flag")


def test_after_a_change_of_channel_the_hospital_may_want_open_alerts_told_again() -> None:
    line = RememberedLine(CardWriter())
    line.apply(create())
    line.entry = replace(line.entry, channel="flag")
    assert len(posted(line)) == 1
    assert posted(line, repeats=True) == ()


def test_nothing_is_sent_to_the_ehr() -> None:
    wire = Wire(FakeFHIRServer())
    channel = CHANNELS["cds-hooks"]
    writer = channel.writer(wire.client(), capability_of(), options())
    channel.reader(wire.client(), capability_of(), options()).read([ANNA.id], {})
    writer.apply(create())
    assert writer.retire([]) == 0
    assert wire.sent == []


def test_cards_need_the_address_at_which_they_are_asked_for() -> None:
    lacks = CHANNELS["cds-hooks"].lacks
    assert "BONEFLAG_CDS_HOOKS_URL is not set" in lacks(options())[0]
    assert lacks(options(serves_cards=True)) == ()
