from __future__ import annotations

import pytest

from tests.lib.going_live import approve

from .builders import MINUTE, NOW, begin, create, deliver_one, people, screening


def planned(ledger, run_id, key):
    """How many plans of a person would be sent, and how many stay shadow."""
    ledger.screenings.store(screening(key, run_id, create()), NOW)
    counts = ledger.report.counts().plans
    return counts.get(("planned", "create"), 0), counts.get(("shadow", "create"), 0)


def test_without_an_approval_the_plans_of_a_live_run_stay_shadow(ledger):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    ledger.approvals.end("not yet", NOW)
    assert planned(ledger, run_id, key) == (0, 1)


def test_an_approval_of_another_protocol_lets_nothing_be_sent(ledger):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    approve(ledger, "another digest")
    assert planned(ledger, run_id, key) == (0, 1)


def test_what_was_judged_under_another_protocol_than_the_runs_is_not_sent(ledger):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    other = screening(key, run_id, create(), protocol_digest="another digest")
    ledger.screenings.store(other, NOW)
    assert ledger.report.counts().plans == {("shadow", "create"): 1}


@pytest.mark.parametrize(("member", "expected"), [("p1", (1, 0)), ("p2", (0, 1))])
def test_in_a_canary_only_its_people_are_written(ledger, member, expected):
    keys = dict(zip(("p1", "p2"), people(ledger, "p1", "p2"), strict=True))
    run_id = begin(ledger, list(keys.values()))
    approve(ledger, "digest", stage="canary", canary=[keys["p1"]])
    assert planned(ledger, run_id, keys[member]) == expected


def test_a_plan_is_not_sent_once_its_approval_has_ended(ledger):
    _, _, plan_id = deliver_one(ledger)
    ledger.approvals.end("wrong people", NOW)
    assert not ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)
    assert ledger.outbox.plans_to_send(10, NOW) == []


def test_a_plan_is_not_sent_once_a_canary_without_its_person_took_the_place(ledger):
    _, _, plan_id = deliver_one(ledger)
    (other,) = people(ledger, "p2")
    approve(ledger, "digest", stage="canary", canary=[other])
    assert not ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)


def test_a_plan_is_sent_once_its_protocol_is_approved_again(ledger):
    _, _, plan_id = deliver_one(ledger)
    ledger.approvals.end("a pause", NOW)
    approve(ledger, "digest")
    assert ledger.outbox.mark_sent(plan_id, NOW, NOW + MINUTE)


def test_an_alert_that_became_shadow_before_it_was_sent_is_not_taken_for_an_open_one(ledger):
    key, _, _ = deliver_one(ledger)
    ledger.approvals.end("wrong people", NOW)
    shadow = begin(ledger, [key], mode="shadow")
    ledger.screenings.store(screening(key, shadow, create()), NOW)
    assert ledger.alerts.patients_with_open() == []


def test_the_newest_approval_is_the_only_current_one(ledger):
    approve(ledger, "one", at=NOW)
    second = approve(ledger, "two", at=NOW + MINUTE)
    newest, older = ledger.approvals.newest()
    assert (ledger.approvals.current().id, newest.ended_at) == (second, None)
    assert (older.ended_at, older.ended_why) == (NOW + MINUTE, "another approval took its place")


def test_ending_twice_is_said(ledger):
    approve(ledger, "one")
    assert [ledger.approvals.end("why", NOW) for _ in range(2)] == [True, False]


def test_a_merged_person_stays_in_the_canary(ledger):
    old, new = people(ledger, "p1", "p2")
    run_id = begin(ledger)
    number = approve(ledger, "digest", stage="canary", canary=[new])
    kept = ledger.merges.follow("p1", "p2", NOW, run_id)
    assert ledger.approvals.canary_of(number) == [kept] and kept in (old, new)


def test_the_last_sweep_that_ended_is_found_by_its_protocol(ledger):
    run_id = begin(ledger, mode="shadow")
    ledger.runs.finish(run_id, NOW)
    begin(ledger, mode="shadow")
    assert ledger.runs.newest_sweep(protocol_digest="digest").id == run_id
    assert ledger.runs.newest_sweep(protocol_digest="another") is None


def test_an_approval_is_told_in_the_audit_with_the_name(ledger):
    approve(ledger, "digest", second_approver="Otto")
    (row,) = ledger.audit.rows()
    assert (row.what, row.by_whom, row.detail) == ("golive", "Ada Approver and Otto", "full")
