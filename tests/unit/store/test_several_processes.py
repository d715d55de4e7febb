"""What must hold when several real processes work on one ledger."""

from __future__ import annotations

from collections import Counter

import pytest

from . import at_once as work
from .builders import MINUTE, NOW, begin, create, keep, people, screening

pytestmark = pytest.mark.heavy  # Processes that are started for each test.


def test_processes_that_migrate_at_once_leave_one_ledger(empty_url, at_once):
    assert at_once(work.migrate, empty_url) == ["migrated"] * 3


def test_a_person_gets_one_key_when_several_processes_read_the_cohort(url, ledger, at_once):
    came = at_once(work.remember, url)
    assert sorted(came) == [0, 0, 300]
    assert len(ledger.cohort.members()) == 300


def test_a_person_screened_by_several_workers_has_one_open_plan(url, ledger, at_once):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    at_once(work.store_the_same, url, key, run_id)
    assert ledger.report.counts().plans == {("planned", "create"): 1}
    assert len(ledger.alerts.history([key])[key]) == 1


def test_of_two_records_of_one_person_judged_at_once_one_alert_is_planned(url, ledger, at_once):
    ledger.cohort.add(["a"], "code-search", NOW)
    ledger.cohort.add(["b"], "code-search", NOW + MINUTE)
    keys = ledger.cohort.keys_of(["a", "b"])
    run = begin(ledger, list(keys.values()))
    pair = [keys["a"], keys["b"]]
    answers = [a for some in at_once(work.judge_one_of_two_records, url, pair, run) for a in some]
    assert "StoreConflict" not in answers
    assert ledger.runs.get(run).open_plans == 1
    assert ledger.runs.get(run).waiting == 0


def test_a_plan_is_sent_by_one_of_several_deliveries(url, ledger, at_once):
    keys = people(ledger, *(f"p{n}" for n in range(40)))
    run_id = begin(ledger, keys)
    ledger.screenings.store_all([screening(k, run_id, create(f"alert-{k}")) for k in keys], NOW)
    ledger.runs.start_delivery(run_id)
    won = Counter(plan for plans in at_once(work.send_all, url) for plan in plans)
    assert len(won) == 40
    assert set(won.values()) == {1}


def test_a_person_is_handed_out_to_one_of_several_refills(url, ledger, at_once):
    keys = people(ledger, *(f"p{n}" for n in range(100)))
    begin(ledger, keys)
    got = Counter(key for answer in at_once(work.hand_out_all, url) for key in answer)
    assert set(got) == set(keys)
    assert set(got.values()) == {1}


def test_polls_workers_and_deliveries_never_block_one_another_for_good(url, ledger, at_once):
    keys = people(ledger, *(f"p{n}" for n in range(30)))
    run_id = begin(ledger, keys)
    ledger.screenings.store_all([screening(key, run_id, keep()) for key in keys], NOW)
    ledger.runs.start_delivery(run_id)
    assert at_once(work.do_everything, url, keys, run_id) == [[], [], []]


def test_people_whom_all_of_them_touch_keep_one_open_plan_and_one_alert(url, ledger, at_once):
    keys = people(ledger, *(f"p{n}" for n in range(10)))
    run_id = begin(ledger, keys)
    at_once(work.do_everything, url, keys, run_id)
    history = ledger.alerts.history(keys)
    assert all(len(entries) == 1 for entries in history.values())
    assert ledger.runs.get(run_id).open_plans <= 10
