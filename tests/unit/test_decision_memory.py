"""What people said, from what the EHR shows into the ledger; and who takes a no back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from service.decision_memory import remember_decisions
from service.ehr.alert_history import AlertHistory
from service.screening.alert import AlertKind, AlertState, PostedAlert, PostedResource
from service.screening.record import Decision, ResourceRef
from service.store.entries import AlertEntry, EntryState
from service.store.ledger import Ledger

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
TASK = ResourceRef("Task", "t1")
NO = Decision("snoozed", date(2026, 9, 1), date(2027, 9, 1), "Task rejected", TASK)
GAP_NO = Decision(
    "snoozed", date(2026, 9, 1), date(2027, 9, 1), "Task rejected", TASK, AlertKind.TREATMENT_GAP
)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", attempts_in_a_run=3) as ledger:
        ledger.migrate()
        yield ledger


@pytest.fixture
def key(ledger):
    return ledger.cohort.register(["p1"], "test", NOW)["p1"]


def shown(status, version="3", ref=TASK, state=AlertState.ACTIVE):
    task = PostedResource(ref, status, version)
    kind, opened = AlertKind.SCREENING, date(2026, 8, 1)
    return AlertHistory((PostedAlert("k", kind, 1, state, opened, "d", None, task),))


def written_by_us(ledger, key, version, status="requested"):
    entry = AlertEntry(
        "k", AlertKind.SCREENING, "p", 1, EntryState.CONFIRMED, date(2026, 8, 1), "d",
        task_id="t1", task_version=version, task_status=status,
    )  # fmt: skip
    ledger.alerts.remember(key, entry, NOW)


def held(ledger, key):
    return ledger.decisions.of([key]).get(key, ())


@pytest.mark.parametrize("no", [NO, GAP_NO])
def test_a_no_to_either_kind_of_alert_is_remembered(ledger, key, no):
    remember_decisions(ledger, key, shown("rejected"), [no], (), NOW)
    assert held(ledger, key) == (no,)


def test_whoever_takes_a_rejected_task_up_again_takes_the_no_back(ledger, key):
    ledger.decisions.remember(key, [NO])
    written_by_us(ledger, key, version="1")
    remember_decisions(ledger, key, shown("in-progress"), (), [NO], NOW)
    assert held(ledger, key) == ()


def test_a_task_that_we_asked_for_again_ourselves_takes_nothing_back(ledger, key):
    ledger.decisions.remember(key, [NO])
    written_by_us(ledger, key, version="3")
    remember_decisions(ledger, key, shown("requested"), (), [NO], NOW)
    assert held(ledger, key) == (NO,)


def test_a_no_whose_task_was_withdrawn_by_a_request_without_an_answer_stands(ledger, key):
    ledger.decisions.remember(key, [NO])
    written_by_us(ledger, key, version="1")
    withdrawn = shown("cancelled", state=AlertState.WITHDRAWN)
    remember_decisions(ledger, key, withdrawn, (), [NO], NOW)
    assert held(ledger, key) == (NO,)


def test_a_no_whose_task_the_ehr_no_longer_shows_stands(ledger, key):
    ledger.decisions.remember(key, [NO])
    remember_decisions(ledger, key, AlertHistory(), (), [NO], NOW)
    assert held(ledger, key) == (NO,)


def test_a_no_whose_task_is_still_rejected_stands(ledger, key):
    remember_decisions(ledger, key, shown("rejected"), [NO], [NO], NOW)
    assert held(ledger, key) == (NO,)


def test_a_no_that_was_said_elsewhere_is_not_taken_back_by_a_task(ledger, key):
    elsewhere = Decision("snoozed", date(2026, 9, 1), date(2027, 9, 1), "limited-time")
    ledger.decisions.remember(key, [elsewhere])
    remember_decisions(ledger, key, shown("requested"), (), [elsewhere], NOW)
    assert held(ledger, key) == (elsewhere,)
