"""The ledger in numbers for whoever watches, on both databases."""

from __future__ import annotations

from service.store.acts import Act
from service.store.entries import EntryState

from .builders import NOW, SCREENING, TODAY, begin, create, entry, keep, people, screening, take

WORDS = ("due", "due-soon", "satisfied")


def test_an_empty_ledger_is_counted_as_empty(ledger):
    tally = ledger.tallies.take(TODAY, WORDS)
    assert (tally.known, tally.in_cohort, tally.waiting, tally.given_up) == (0, 0, 0, 0)
    assert (tally.judged_last, tally.oldest_waiting, tally.oldest_open_plan) == (None, None, None)
    assert (tally.approval_stage, tally.is_paused, tally.is_cohort_held) == ("none", False, False)


def test_people_are_counted_by_status_and_only_in_the_cohort(ledger):
    first, second, gone = people(ledger, "p1", "p2", "p3")
    run_id = begin(ledger, [first, second, gone])
    for key, status in ((first, "due"), (second, "satisfied"), (gone, "due")):
        ledger.screenings.store(screening(key, run_id, keep(), status=status), NOW)
    take(ledger, ["p1", "p2"], at=NOW)
    tally = ledger.tallies.take(TODAY, WORDS)
    assert tally.people == {("due",): 1, ("satisfied",): 1}
    assert (tally.known, tally.in_cohort, tally.judged_last) == (3, 2, NOW)


def test_who_waits_is_counted_with_the_longest_wait(ledger):
    keys = people(ledger, "p1", "p2")
    begin(ledger, keys)
    tally = ledger.tallies.take(TODAY, WORDS)
    assert (tally.waiting, tally.oldest_waiting) == (2, NOW)


def closed(ledger, reason):
    (key,) = people(ledger, "p1")
    shown = entry("a1", state=EntryState.CLOSED, closed_on=TODAY, closing_reason=reason)
    ledger.alerts.remember(key, shown, NOW)
    return ledger.tallies.take(TODAY, WORDS).closed


def test_of_the_reason_of_a_closing_only_its_known_word_is_taken(ledger):
    told = closed(ledger, "satisfied: DXA of the hip on 2026-10-01, T-score -1.2")
    assert told == {(SCREENING, "satisfied"): 1}


def test_the_longer_of_two_words_is_taken(ledger):
    assert closed(ledger, "due-soon: DXA on 2026-10-01") == {(SCREENING, "due-soon"): 1}


def test_a_reason_that_begins_with_no_known_word_is_other(ledger):
    assert closed(ledger, "declined: Jane Doe wants no scan") == {(SCREENING, "other"): 1}


def test_an_open_plan_is_counted_with_its_age_once_its_run_is_delivered(ledger):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    ledger.screenings.store(screening(key, run_id, create()), NOW)
    before = ledger.tallies.take(TODAY, WORDS)
    ledger.runs.start_delivery(run_id)
    after = ledger.tallies.take(TODAY, WORDS)
    assert before.plans == after.plans == {("planned", "create"): 1}
    assert (before.oldest_open_plan, after.oldest_open_plan) == (None, NOW)


def test_a_held_run_is_counted_and_its_plans_have_no_age(ledger):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    ledger.screenings.store(screening(key, run_id, create()), NOW)
    ledger.runs.hold(run_id, "too many")
    tally = ledger.tallies.take(TODAY, WORDS)
    assert (tally.runs, tally.runs_held) == ({("sweep", "held"): 1}, 1)
    assert tally.oldest_open_plan is None


def test_a_held_run_whose_plans_a_later_sweep_took_over_holds_nothing_up(ledger):
    (key,) = people(ledger, "p1")
    held = begin(ledger, [key])
    ledger.screenings.store(screening(key, held, create()), NOW)
    ledger.runs.hold(held, "too many")
    ledger.screenings.store(screening(key, begin(ledger, [key]), keep()), NOW)
    assert ledger.tallies.take(TODAY, WORDS).runs_held == 0


def test_a_finished_run_is_told_with_its_end(ledger):
    run_id = begin(ledger)
    ledger.runs.start_delivery(run_id)
    ledger.runs.finish(run_id, NOW)
    assert ledger.tallies.take(TODAY, WORDS).finished == {"sweep": NOW}


def test_a_pause_is_told(ledger):
    ledger.switches.pause("upgrade", NOW)
    assert ledger.tallies.take(TODAY, WORDS).is_paused


def test_the_end_of_the_audit_and_what_was_kept_beside_it_are_told(ledger):
    ledger.audit.record([Act("list")], NOW)
    ledger.audit.anchor(NOW)
    ledger.audit.record([Act("list")], NOW)
    tally = ledger.tallies.take(TODAY, WORDS)
    assert tally.audit_head == tally.audit_kept + 1
