"""A sweep by bulk export on the demo EHR: asked for, waited for, read, and written down."""

from collections import Counter
from datetime import timedelta

import pytest

from service.bulk_sweep import exported_members
from service.inline import run_bulk_inline, run_inline
from tests.lib.bulk import bulk_sweep
from tests.lib.demo_site import due, fine

pytestmark = pytest.mark.heavy


def exporting(ward, line):
    return bulk_sweep(line, ward.name, now=ward.clock.now, find_cohort=exported_members)


def sweep(ward):
    line = ward.line()
    bulk = exporting(ward, line)
    return line, run_bulk_inline(line, bulk, lambda seconds: ward.clock.advance(seconds=seconds))


@pytest.fixture
def people(ward):
    return ward.admit(due), ward.admit(fine)


def test_somebody_who_is_due_gets_an_alert_and_somebody_else_none(ward, people):
    due_id, fine_id = people

    _, run = sweep(ward)

    assert run.state == "done"
    assert ward.shown(due_id) == ["Flag active", "Task requested"]
    assert ward.shown(fine_id) == []


def test_bulk_and_search_judge_everybody_alike(ward, people):
    sweep(ward)
    by_bulk = [ward.status(i) for i in people]
    line = ward.line()
    run_inline(line, line.start_sweep)

    assert [ward.status(i) for i in people] == by_bulk


def test_nobody_moves_between_sources_when_bulk_and_search_take_turns(ward, people):
    line, _ = sweep(ward)
    line.start_sweep()
    sweep(ward)

    moves = line.ledger.readings.moves(ward.clock.now() - timedelta(days=1))
    assert [move.what for move in moves] == ["came"] * len(people)


def test_a_second_sweep_opens_nothing_twice(ward, people):
    sweep(ward)
    ward.clock.advance(days=1)

    sweep(ward)

    assert ward.shown(people[0]) == ["Flag active", "Task requested"]


def test_the_export_is_deleted_when_it_was_read(ward, people):
    sweep(ward)

    deleted = [r for r in ward.proxy.requests if r.method == "DELETE"]
    assert [(r.path.split("/")[0], r.status) for r in deleted] == [("bulk-status", 202)]


def test_charts_are_not_searched_for_where_the_export_holds_them(ward, people):
    sweep(ward)

    searched = Counter(r.path.split("/")[0] for r in ward.proxy.searches)
    assert searched["Observation"] == 0
    # Once, before our alerts are read: it shows how this server takes patients' ids.
    assert searched["Condition"] == 1


def test_a_process_that_died_is_followed_by_one_that_goes_on_with_the_same_export(ward, people):
    first = exporting(ward, ward.line())
    first.start()
    first.step()
    line = ward.line()
    second = exporting(ward, line)
    ward.clock.advance(minutes=20)

    run_bulk_inline(line, second, lambda seconds: ward.clock.advance(seconds=seconds))

    assert len([r for r in ward.proxy.requests if r.path.endswith("$export")]) == 1
    assert ward.shown(people[0]) == ["Flag active", "Task requested"]


def test_somebody_who_left_the_group_with_an_open_alert_is_read_by_search(ward, people):
    sweep(ward)
    ward.discharge(people[0])
    ward.clock.advance(days=1)

    _, run = sweep(ward)

    assert run.state == "done"
    assert ward.status(people[0]) == "due"
    assert ward.shown(people[0]) == ["Flag active", "Task requested"]
