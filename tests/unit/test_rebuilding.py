"""What a rebuilt ledger remembers leads to the judgement that was made without one."""

from datetime import UTC, datetime

import pytest

from service.alert_memory import remembered_from
from service.ehr.alert_history import alert_history
from service.ehr.delivery.flag_and_task import Delivery
from service.ehr.delivery.task import closed_task
from service.rebuilding import entry_from
from service.screening.record import ResourceRef
from service.store.entries import EntryState
from tests.lib.alerts import ANNA, AT, an_alert

LATER = datetime(2026, 12, 24, 10, tzinfo=UTC)
BOTH = Delivery()


def flag(status="active", **elements):
    meta = {"versionId": "2", "lastUpdated": "2026-12-24T10:00:00Z"}
    return BOTH.new("Flag", an_alert(), AT) | {"id": "f", "meta": meta, "status": status} | elements


def task(status="requested"):
    meta = {"versionId": "2", "lastUpdated": "2026-12-24T10:00:00Z"}
    return BOTH.new("Task", an_alert(), AT, "Flag/f") | {"id": "t", "meta": meta, "status": status}


def closed(status="completed", closing="resolved"):
    return closed_task(task(), status, closing, "done", LATER)


def judged(resources, memory=None):
    history = alert_history(ANNA, resources, snooze_months=12, remembered=memory or {})
    (posted,) = history.posted
    return posted, history.decisions


CHARTS = {
    "open": (flag(), task()),
    "accepted": (flag(), task("accepted")),
    "completed by a person": (flag(), task("completed")),
    "rejected, flag still up": (flag(), task("rejected")),
    "rejected, flag taken down by us": (flag("inactive"), task("rejected")),
    "on hold, flag taken down by us": (flag("inactive"), task("on-hold")),
    "flag taken down by a person": (flag("inactive"), task()),
    "flag called an error by a person": (flag("entered-in-error"), task("accepted")),
    "resolved": (flag("inactive"), closed()),
    "withdrawn": (flag("entered-in-error"), closed("cancelled", "withdrawn")),
    "half closed": (flag(), closed()),
    "reworded": (flag(code={**flag()["code"], "text": "mine"}), task()),
    "a flag alone": (flag(),),
    "a closed flag alone": (flag("inactive"),),
    "a task alone": (task(),),
    "a rejected task alone": (task("rejected"),),
}


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_an_alert_stands_with_the_rebuilt_ledger_where_it_stood_without_one(chart):
    alone, said = judged(chart)
    entry = entry_from(alone, "ms-bone-health", "flag-and-task")

    again, said_again = judged(chart, {entry.key: remembered_from(entry)})

    assert (again, said_again) == (alone, said)


def test_what_closed_an_alert_is_found_again_on_its_task():
    scan = ResourceRef("Observation", "scan")
    done = closed_task(task(), "completed", "resolved", "done", LATER, scan)
    posted, _ = judged((flag("inactive"), done))
    assert entry_from(posted, "ms-bone-health", "flag-and-task").closed_by == "Observation/scan"


@pytest.mark.parametrize(
    ("chart", "state"),
    [
        ("open", EntryState.CONFIRMED),
        ("rejected, flag still up", EntryState.CONFIRMED),
        ("rejected, flag taken down by us", EntryState.CLOSED),
        ("on hold, flag taken down by us", EntryState.CONFIRMED),
        ("flag taken down by a person", EntryState.CONFIRMED),
        ("resolved", EntryState.CLOSED),
        ("withdrawn", EntryState.CLOSED),
        ("reworded", EntryState.CONFIRMED),
    ],
)
def test_an_alert_of_which_something_is_left_to_be_watched_is_open_in_the_ledger(chart, state):
    posted, _ = judged(CHARTS[chart])

    assert entry_from(posted, "ms-bone-health", "flag-and-task").state == state


def test_the_protocol_that_told_an_alert_is_known_again():
    posted, _ = judged(CHARTS["open"])

    assert entry_from(posted, "ms-bone-health", "task").protocol_digest == "abc123"
