"""What the ledger remembers once a plan was carried out."""

from dataclasses import replace

import pytest

from service.alert_memory import entry_after, remembered_from, with_sent
from service.ehr.alert_state import Remembered
from service.ehr.plan_progress import Outcome
from service.screening.alert import (
    Action,
    AlertKind,
    AlertPlan,
    AlertState,
    PostedAlert,
    PostedResource,
)
from service.screening.record import ResourceRef
from service.store.entries import AlertEntry, EntryState
from tests.lib.alerts import ON, an_alert, create, resolve, update, withdraw

FLAG = PostedResource(ResourceRef("Flag", "f1"), "active", "1")
TASK = PostedResource(ResourceRef("Task", "t1"), "requested", "1")
BOTH = frozenset({"Flag", "Task"})
POSTED = PostedAlert("key", AlertKind.SCREENING, 2, AlertState.ACTIVE, ON, "digest", FLAG, TASK)
KNOWN = AlertEntry(
    "key", AlertKind.SCREENING, "ms-bone-health", 2, EntryState.CONFIRMED, ON, "digest",
    "f1", "1", "active", "t1", "1", "requested",
)  # fmt: skip
CLOSED_FLAG = replace(FLAG, status="inactive", version="2")
CLOSED_TASK = replace(TASK, status="completed", version="2")


def test_a_created_alert_is_remembered_with_what_the_ehr_gave_it():
    entry = entry_after(create(), Outcome("created", FLAG, TASK, BOTH), None)

    assert (entry.key, entry.state, entry.opened_on) == (an_alert().key, "confirmed", ON)
    assert (entry.flag_id, entry.flag_version, entry.flag_status) == ("f1", "1", "active")
    assert (entry.task_id, entry.task_version, entry.task_status) == ("t1", "1", "requested")


def test_a_status_that_a_person_left_is_not_remembered_as_ours():
    accepted = replace(TASK, status="accepted", version="7")
    outcome = Outcome("updated", FLAG, accepted, frozenset({"Flag"}))

    entry = entry_after(update(an_alert(), POSTED), outcome, KNOWN)

    assert (entry.task_status, entry.task_version) == ("requested", "1")


def test_a_resolved_alert_is_closed_with_day_and_reason():
    outcome = Outcome("updated", CLOSED_FLAG, CLOSED_TASK, BOTH)

    entry = entry_after(resolve(POSTED), outcome, KNOWN)

    assert (entry.state, entry.closed_on) == (EntryState.CLOSED, ON)
    assert entry.closing_reason.startswith("satisfied")
    assert (entry.flag_status, entry.task_status) == ("inactive", "completed")


def test_a_resolved_alert_is_remembered_with_what_closed_it():
    plan = replace(resolve(POSTED), closed_by=ResourceRef("Observation", "scan"))
    outcome = Outcome("updated", CLOSED_FLAG, CLOSED_TASK, BOTH)

    assert entry_after(plan, outcome, KNOWN).closed_by == "Observation/scan"


def test_a_withdrawn_alert_is_closed():
    withdrawn = replace(FLAG, status="entered-in-error")
    cancelled = replace(TASK, status="cancelled")

    entry = entry_after(withdraw(POSTED), Outcome("updated", withdrawn, cancelled, BOTH), KNOWN)

    assert entry.state is EntryState.CLOSED


def test_an_alert_whose_task_still_waits_is_not_closed_when_its_flag_goes():
    outcome = Outcome("updated", CLOSED_FLAG, TASK, frozenset({"Flag"}))

    entry = entry_after(resolve(POSTED, task_status=None), outcome, KNOWN)

    assert (entry.state, entry.flag_status) == (EntryState.CONFIRMED, "inactive")


def test_an_alert_that_only_has_a_task_is_closed_with_it():
    outcome = Outcome("updated", None, CLOSED_TASK, frozenset({"Task"}))

    assert entry_after(resolve(POSTED), outcome, KNOWN).state is EntryState.CLOSED


def test_a_reopened_alert_is_open_again_in_the_same_episode():
    closed = replace(KNOWN, state=EntryState.CLOSED, closed_on=ON, closing_reason="satisfied")
    closed = replace(closed, closed_by="Observation/scan")
    alert = an_alert(episode=2)

    entry = entry_after(update(alert, POSTED), Outcome("updated", FLAG, TASK, BOTH), closed)

    assert (entry.state, entry.episode, entry.closed_on) == (EntryState.CONFIRMED, 2, None)
    assert entry.closed_by == ""


def test_an_alert_that_the_lost_ledger_no_longer_knows_is_remembered_as_it_was_read():
    entry = entry_after(resolve(POSTED), Outcome("updated", CLOSED_FLAG, CLOSED_TASK, BOTH), None)

    assert (entry.key, entry.episode, entry.state) == ("key", 2, EntryState.CLOSED)


def test_there_is_nothing_to_remember_of_a_plan_without_an_alert():
    plan = AlertPlan(AlertKind.SCREENING, Action.KEEP, "nothing to say")

    assert entry_after(plan, Outcome("left-alone"), None) is None


def test_what_an_alert_rests_on_is_remembered():
    reasons = frozenset({"MSO-02|major", "MSO-10|minor"})
    made = create(an_alert(reasons=reasons))
    entry = entry_after(made, Outcome("created", FLAG, TASK, BOTH), None)
    unknown = resolve(replace(POSTED, reasons=reasons))
    read = entry_after(unknown, Outcome("updated", CLOSED_FLAG, CLOSED_TASK, BOTH), None)

    assert [remembered_from(e).reasons for e in (entry, read)] == [reasons, reasons]


def test_what_is_remembered_goes_back_as_it_came():
    remembered = remembered_from(KNOWN)
    assert (remembered.flag_version, remembered.task_version) == ("1", "1")
    assert (remembered.flag_status, remembered.task_status) == ("active", "requested")
    assert (remembered.episode, remembered.kind) == (2, AlertKind.SCREENING)
    assert (remembered.state, remembered.opened_on) == ("confirmed", ON)
    assert remembered.content_digest == "digest"


@pytest.mark.parametrize(
    ("plan", "status"),
    [
        (resolve(POSTED), "inactive"),
        (withdraw(POSTED), "entered-in-error"),
        (create(), None),
    ],
    ids=["resolve", "withdraw", "create"],
)
def test_a_closing_of_which_nobody_knows_whether_it_arrived_may_be_ours(plan, status):
    assert with_sent(Remembered(), plan).sent_flag_status == status


MESSAGE = PostedResource(ResourceRef("Communication", "c1"), "completed", "0")
TOLD = Outcome("created", settled=frozenset({"message"}), message=MESSAGE, channel="communication")


def test_a_message_is_remembered_with_its_channel():
    entry = entry_after(create(), TOLD, None)

    assert (entry.channel, entry.state) == ("communication", EntryState.CONFIRMED)
    assert remembered_from(entry).message == MESSAGE


def test_an_outcome_that_nobody_can_look_up_is_remembered_as_unknown():
    entry = entry_after(create(), Outcome("unknown", channel="communication"), None)

    assert (entry.state, entry.channel) == (EntryState.UNKNOWN, "communication")


def test_an_alert_that_cannot_be_closed_there_is_closed_in_the_ledger_which_says_that_it_stays():
    known = entry_after(create(), TOLD, None)
    outcome = Outcome("already-there", channel="communication", remains=True)

    entry = entry_after(resolve(None), outcome, known)

    assert entry.state is EntryState.CLOSED
    assert entry.closing_reason.endswith("; what was told stays to be seen where it was told")
    assert entry.message_id == "c1"


def test_an_alert_that_was_withdrawn_without_a_change_there_is_remembered_as_withdrawn():
    known = entry_after(create(), TOLD, None)
    posted = replace(POSTED, flag=None, task=None, message=MESSAGE)
    outcome = Outcome("already-there", channel="communication", remains=True)

    assert remembered_from(entry_after(withdraw(posted), outcome, known)).was_withdrawn
    assert not remembered_from(entry_after(resolve(posted), outcome, known)).was_withdrawn


def test_an_alert_that_another_channel_told_keeps_that_channel():
    outcome = Outcome("already-there", channel="worklist-file", remains=True)
    known = replace(KNOWN, channel="worklist-file")

    assert entry_after(update(an_alert(), POSTED), outcome, known).channel == "worklist-file"
