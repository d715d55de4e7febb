"""Taking alerts back through the channel that told them, alert by alert."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from service.alert_memory import entry_after
from service.ehr.alert_state import Remembered
from service.ehr.delivery.channels import CHANNELS
from service.ehr.delivery.opened_channel import OpenedChannel
from service.ehr.errors import EHRUnavailable
from service.screening.alert import AlertKind
from service.screening.decision import BY_HOSPITAL
from service.screening.record import NO_END
from service.store.entries import EntryState
from service.store.ledger import Ledger
from service.store.selected_alerts import Selection
from service.withdrawing import NOT_FOUND, NOT_THERE, REMAINS, Withdrawing
from service.withdrawing_for_good import keep_quiet
from tests.lib.alerts import ANNA, create
from tests.lib.channels import capability_of, options
from tests.lib.fake_fhir_server import FakeFHIRServer
from tests.lib.wire import Wire, answer, outcome

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
EVERYTHING = capability_of("Flag", "Task", "Communication", "ServiceRequest")


class Site:
    """Anna with an alert that one channel told, and what the hospital does about it."""

    def __init__(self, ledger, channel="flag-and-task"):
        self.ledger = ledger
        self.server = FakeFHIRServer()
        self.slept = []
        self.channel = channel
        self.key = ledger.cohort.register([ANNA.id], "test", NOW)[ANNA.id]
        told = self.opened(channel).apply(create(), Remembered())
        entry = entry_after(create(), told, None)
        ledger.alerts.remember(self.key, entry, NOW)

    def opened(self, name):
        channel = CHANNELS[name or self.channel]
        parts = Wire(self.server).client(), EVERYTHING, options()
        return OpenedChannel(channel.name, channel.reader(*parts), channel.writer(*parts))

    def entry(self):
        (entry,) = self.ledger.alerts.history([self.key])[self.key]
        return entry

    def open(self):
        withdrawals = self.ledger.withdrawals
        return withdrawals.get(withdrawals.open(Selection(), "wrong", "A. Admin", NOW))

    def take_back(self, withdrawal=None):
        """Carry it out; the withdrawal as it stands then."""
        withdrawal = withdrawal or self.open()
        Withdrawing(
            self.ledger, withdrawal, self.opened, now=lambda: NOW, wait=self.slept.append
        ).carry_out()
        return self.ledger.withdrawals.get(withdrawal.id)

    def statuses(self):
        return {r["resourceType"]: r["status"] for r in self.server.store.values()}


@pytest.fixture
def ledger(tmp_path):
    with Ledger(f"sqlite:///{tmp_path}/ledger.db", attempts_in_a_run=5) as ledger:
        ledger.migrate()
        yield ledger


def test_a_flag_is_entered_in_error_and_a_task_cancelled(ledger):
    site = Site(ledger)

    done = site.take_back()

    assert site.statuses() == {"Flag": "entered-in-error", "Task": "cancelled"}
    assert (dict(done.counts), done.finished_at) == ({"done": 1}, NOW)
    assert (site.entry().state, site.entry().flag_status) == ("closed", "entered-in-error")


def test_where_no_flag_may_be_an_error_it_becomes_inactive(ledger):
    site = Site(ledger)
    site.server.before = lambda request: (
        answer(outcome("error", "value"), 422) if b"entered-in-error" in request.content else None
    )

    done = site.take_back()

    assert site.statuses() == {"Flag": "inactive", "Task": "cancelled"}
    assert dict(done.counts) == {"done": 1}


def test_an_alert_whose_closing_was_lost_with_the_process_is_taken_back_once(ledger):
    site = Site(ledger)
    withdrawal = site.open()
    before = site.entry()
    site.take_back(withdrawal)
    writes = list(site.server.writes)
    (item,) = [withdrawal_item(ledger, withdrawal, site)]
    ledger.withdrawals.settle(item, "todo", "", "A. Admin", NOW, before)

    site.take_back(withdrawal)

    assert site.server.writes == writes
    assert (site.entry().state, site.entry().flag_status) == ("closed", "entered-in-error")


def withdrawal_item(ledger, withdrawal, site):
    from service.store.withdrawals import Item

    return Item(withdrawal.id, site.entry().key, site.key, None)


def test_an_outage_leaves_the_rest_to_do(ledger):
    site = Site(ledger)
    withdrawal = site.open()

    def gone(request):
        raise httpx.ConnectError("gone", request=request)

    site.server.before = gone
    with pytest.raises(EHRUnavailable):
        site.take_back(withdrawal)

    assert dict(ledger.withdrawals.get(withdrawal.id).counts) == {"todo": 1}
    site.server.before = lambda request: None
    assert dict(site.take_back(withdrawal).counts) == {"done": 1}


def test_a_refusal_costs_its_own_alert_and_keeps_the_withdrawal_open(ledger):
    site = Site(ledger)
    site.server.before = lambda r: answer(outcome("error", "x"), 403) if r.method == "PUT" else None

    failed = site.take_back()

    assert dict(failed.problems) == {"the EHR refused: ask its team": 1}
    assert failed.finished_at is None
    assert site.entry().state == EntryState.CONFIRMED


def test_a_person_who_is_faster_three_times_makes_it_fail_with_a_reason(ledger):
    site = Site(ledger)
    site.server.before = lambda r: answer({}, 412) if r.method == "PUT" else None

    assert dict(site.take_back().problems) == {"somebody works on it at this moment": 1}


def test_a_person_who_is_faster_once_is_overridden_on_the_version_that_they_made(ledger):
    site = Site(ledger)
    edits = iter([True])

    def somebody_accepts(request):
        if request.method == "PUT" and next(edits, False):
            site.server.edit(site.server.only("Task"), status="accepted")

    site.server.before = somebody_accepts

    site.take_back()

    assert site.statuses() == {"Flag": "entered-in-error", "Task": "cancelled"}


def test_what_is_gone_from_the_ehr_is_left_and_closed_in_the_ledger(ledger):
    site = Site(ledger)
    site.server.store.clear()

    assert dict(site.take_back().problems) == {NOT_THERE: 1}
    assert site.entry().state == EntryState.CLOSED


def test_a_message_that_was_sent_stays_to_be_seen_and_is_closed_in_the_ledger(ledger):
    site = Site(ledger, "communication")

    assert dict(site.take_back().problems) == {REMAINS: 1}
    assert (site.entry().state, site.entry().closing_reason) == (
        EntryState.CLOSED,
        "withdrawn by the hospital",
    )


def test_a_draft_that_nobody_touched_is_entered_in_error(ledger):
    site = Site(ledger, "service-request")

    assert dict(site.take_back().counts) == {"done": 1}
    assert site.statuses() == {"ServiceRequest": "entered-in-error"}


def test_a_draft_that_somebody_made_an_order_of_is_theirs(ledger):
    site = Site(ledger, "service-request")
    site.server.edit(site.server.only("ServiceRequest"), status="active")

    assert dict(site.take_back().problems) == {REMAINS: 1}
    assert site.statuses() == {"ServiceRequest": "active"}


def test_an_alert_of_another_channel_than_todays_is_taken_back_by_its_own(ledger):
    site = Site(ledger, "task")
    site.channel = "communication"

    assert dict(site.take_back().counts) == {"done": 1}
    assert site.statuses() == {"Task": "cancelled"}


def test_somebody_who_must_not_be_looked_at_has_what_the_ledger_remembers_taken_back(ledger):
    site = Site(ledger)
    ledger.cohort.leave_out([ANNA.id], NOW)

    assert dict(site.take_back().counts) == {"done": 1}
    assert site.statuses() == {"Flag": "entered-in-error", "Task": "cancelled"}


def test_what_can_neither_be_looked_for_nor_is_known_fails(ledger):
    site = Site(ledger)
    bare = {"flag_id": None, "task_id": None, "channel": ""}
    ledger.alerts.remember(
        site.key, replace(site.entry(), state=EntryState.SENT, flag_status=None, **bare), NOW
    )
    site.server.before = lambda r: answer(outcome("error", "x"), 403)

    assert dict(site.take_back().problems) == {NOT_FOUND: 1}


def test_a_request_on_its_way_is_waited_for_before_anything_is_looked_at(ledger):
    site = Site(ledger)
    withdrawal = site.open()
    with ledger._database.writing() as connection:
        later = (NOW + timedelta(seconds=90)).replace(tzinfo=None).isoformat(sep=" ")
        connection.exec_driver_sql(f"UPDATE withdrawal_items SET not_before = '{later}'")

    site.take_back(withdrawal)

    assert site.slept == [90]


# What keeps it quiet afterwards


def test_a_decision_about_one_person_stands_until_it_is_taken_back(ledger):
    site = Site(ledger)

    keep_quiet(ledger, Selection(patient_key=site.key), "A. Admin", NOW, NOW.date())

    said = ledger.decisions.of([site.key])[site.key]
    assert {(d.about, d.kind, d.until, d.code) for d in said} == {
        (kind, "declined", NO_END, BY_HOSPITAL) for kind in AlertKind
    }
    assert {d.decided_by for d in said} == {"A. Admin"}
