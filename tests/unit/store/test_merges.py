"""Two records of one person: nobody is screened or told about twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from service.screening.alert import AlertKind
from service.screening.decision import BY_HOSPITAL
from service.screening.record import NO_END, Decision
from service.store.entries import EntryState, Milestone, Stored

from .builders import NOW, TODAY, begin, create, entry, people, screening, take

LATER = NOW + timedelta(days=1)


def two(ledger):
    """Somebody of long ago and somebody who came later."""
    (older,) = people(ledger, "a")
    ledger.cohort.add(["b"], "code-search", LATER)
    return older, ledger.cohort.keys_of(["b"])["b"]


def test_a_person_goes_on_under_the_new_id_with_the_same_key(ledger):
    (key,) = people(ledger, "a")
    assert ledger.merges.follow("a", "b", LATER, begin(ledger)) == key
    assert ledger.cohort.fhir_ids_of([key]) == {key: "b"}
    assert ledger.cohort.members() == [key]


def test_both_ids_lead_to_one_key(ledger):
    (key,) = people(ledger, "a")
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    assert ledger.cohort.keys_of(["a", "b"]) == {"a": key, "b": key}
    assert ledger.cohort.former_ids_of([key]) == {key: ("a",)}


def test_a_source_that_still_names_the_old_id_brings_no_second_person(ledger):
    (key,) = people(ledger, "a")
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    assert take(ledger, ["a", "b"], at=LATER).came == 0
    assert ledger.cohort.members() == [key]


def test_of_two_keys_the_older_one_keeps_whichever_record_stands(ledger):
    older, younger = two(ledger)
    assert ledger.merges.follow("b", "a", LATER, begin(ledger)) == older
    assert ledger.cohort.fhir_ids_of([older, younger]) == {older: "a"}


def test_the_older_key_takes_over_the_id_of_the_younger_one(ledger):
    older, younger = two(ledger)
    assert ledger.merges.follow("a", "b", LATER, begin(ledger)) == older
    assert ledger.cohort.fhir_ids_of([older, younger]) == {older: "b"}
    assert ledger.cohort.keys_of(["a", "b"]) == {"a": older, "b": older}


def test_a_person_who_is_merged_twice_is_still_one(ledger):
    (key,) = people(ledger, "a")
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    ledger.merges.follow("b", "c", LATER, begin(ledger))
    assert ledger.cohort.keys_of(["a", "b", "c"]) == dict.fromkeys("abc", key)
    assert ledger.cohort.fhir_ids_of([key]) == {key: "c"}


def test_a_record_merged_into_one_that_was_merged_leads_to_the_one_that_stands(ledger):
    people(ledger, "a", "x")
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    kept = ledger.merges.follow("x", "a", LATER, begin(ledger))
    assert ledger.cohort.fhir_ids_of([kept]) == {kept: "b"}
    assert len(ledger.cohort.members()) == 1


def test_a_merge_that_was_corrected_into_the_other_record_is_followed_back(ledger):
    (key,) = people(ledger, "a")
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    run = begin(ledger)
    assert ledger.merges.follow("b", "a", LATER, run) == key
    assert ledger.cohort.fhir_ids_of([key]) == {key: "a"}
    assert ledger.cohort.keys_of(["a", "b"]) == {"a": key, "b": key}
    assert ledger.pending.runs_of([key]) == {key: run}


def test_a_record_that_is_to_stand_for_itself_changes_nothing(ledger):
    (key,) = people(ledger, "a")
    assert ledger.merges.follow("a", "a", LATER, begin(ledger)) is None
    assert ledger.cohort.fhir_ids_of([key]) == {key: "a"}


def test_nobody_is_merged_whom_we_do_not_know(ledger):
    assert ledger.merges.follow("unknown", "b", LATER, begin(ledger)) is None


def test_the_alerts_of_both_stay_known_and_no_episode_is_numbered_twice(ledger):
    older, younger = two(ledger)
    ledger.alerts.remember(older, entry("k1", episode=1), NOW)
    ledger.alerts.remember(younger, entry("k2", episode=1), NOW)
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    known = ledger.alerts.history([older])[older]
    assert [(e.key, e.episode) for e in known] == [("k1", 1), ("k2", 2)]
    assert ledger.alerts.patients_with_open() == [older]


def said_on(ledger, key, code):
    said = Decision("snoozed", TODAY, NO_END, code, code=code)
    ledger.decisions.remember(key, [said])
    return said


def codes_after_a_merge(ledger, older):
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    return [d.code for d in ledger.decisions.of([older])[older]]


def test_the_hospitals_withdrawal_stands_beside_an_answer_about_the_other_record(ledger):
    older, younger = two(ledger)
    said_on(ledger, older, "limited-time")
    said_on(ledger, younger, BY_HOSPITAL)
    assert codes_after_a_merge(ledger, older) == [BY_HOSPITAL]


def test_an_answer_about_the_other_record_replaces_no_withdrawal_by_the_hospital(ledger):
    older, younger = two(ledger)
    said_on(ledger, older, BY_HOSPITAL)
    said_on(ledger, younger, "limited-time")
    assert codes_after_a_merge(ledger, older) == [BY_HOSPITAL]


def test_a_no_that_stands_is_kept_before_one_that_was_taken_back(ledger):
    older, younger = two(ledger)
    back = said_on(ledger, older, "patient-refuses")
    ledger.decisions.take_back(older, [back], NOW)
    said_on(ledger, younger, "limited-time")
    assert codes_after_a_merge(ledger, older) == ["limited-time"]


def test_decisions_about_either_record_stand(ledger):
    older, younger = two(ledger)
    said = Decision("declined", TODAY, TODAY + timedelta(days=90), "no")
    ledger.decisions.remember(older, [said])
    ledger.decisions.remember(younger, [said])
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    assert len(ledger.decisions.of([older])[older]) == 1


def test_what_waits_under_the_given_up_key_waits_no_more(ledger):
    _, younger = two(ledger)
    run = begin(ledger, [younger])
    ledger.screenings.store(screening(younger, run, create()), NOW)
    ledger.pending.mark(begin(ledger), [younger], NOW)
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    assert ledger.pending.runs_of([younger]) == {}
    assert ledger.runs.get(run).open_plans == 0


def test_who_is_left_out_under_one_record_is_left_out(ledger):
    older, _ = two(ledger)
    ledger.cohort.leave_out(["b"], LATER)
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    assert ledger.cohort.left_out() >= {older}
    assert ledger.cohort.members() == []
    assert ledger.pending.count() == 0


def test_a_person_who_goes_on_waits_for_the_run_that_found_the_merge_at_once(ledger):
    older, _ = two(ledger)
    run = begin(ledger)
    ledger.merges.follow("a", "b", LATER, run)
    assert ledger.pending.runs_of([older]) == {older: run}


def test_a_merge_that_another_worker_has_followed_is_no_circle(ledger):
    older, _ = two(ledger)
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    assert ledger.merges.follow("a", "b", LATER, begin(ledger)) == older


def read_as(key, run, *ids, plan=None):
    return replace(screening(key, run, plan or create("k-b")), fhir_ids=frozenset(ids))


def test_who_was_read_under_the_given_up_key_is_not_stored_after_the_merge(ledger):
    older, younger = two(ledger)
    run = begin(ledger, [older, younger])
    late = read_as(younger, run, "b")
    ledger.merges.follow("a", "b", LATER, run)
    ledger.screenings.store(read_as(older, run, "a", "b"), LATER)
    assert ledger.screenings.store(late, LATER) is Stored.OVERTAKEN
    assert ledger.runs.get(run).open_plans == 1


def test_who_was_read_without_the_former_record_goes_on_waiting(ledger):
    older, younger = two(ledger)
    run = begin(ledger, [older, younger])
    late = read_as(older, run, "a")
    ledger.merges.follow("b", "a", LATER, run)
    assert ledger.screenings.store(late, LATER) is Stored.OVERTAKEN
    assert ledger.runs.get(run).open_plans == 0
    assert ledger.runs.get(run).waiting == 1


def test_a_merge_of_one_person_costs_nobody_else_of_the_batch_anything(ledger):
    older, younger = two(ledger)
    (other,) = people(ledger, "c")
    run = begin(ledger, [older, younger, other])
    batch = [read_as(younger, run, "b"), read_as(other, run, "c", plan=create("k-c"))]
    ledger.merges.follow("a", "b", LATER, run)
    assert ledger.screenings.store_all(batch, LATER) == [Stored.OVERTAKEN, Stored.CHANGED]


def test_an_answer_that_comes_after_the_merge_is_written_down_under_the_kept_key(ledger):
    older, younger = two(ledger)
    ledger.alerts.remember(older, entry("k-a", episode=1), NOW)
    run = begin(ledger, [younger])
    ledger.screenings.store(screening(younger, run, create("k-b")), NOW)
    ledger.runs.start_delivery(run)
    (waiting,) = ledger.outbox.plans_to_send(1, NOW)
    ledger.outbox.mark_sent(waiting.id, NOW, LATER)
    ledger.merges.follow("a", "b", LATER, run)
    ledger.outbox.mark_confirmed(waiting.id, entry("k-b", episode=1), LATER)
    known = ledger.alerts.history([older])[older]
    assert [(e.key, e.episode, e.state) for e in known] == [
        ("k-a", 1, EntryState.CONFIRMED),
        ("k-b", 2, EntryState.CONFIRMED),
    ]


def test_a_merge_is_told_in_the_report(ledger):
    (key,) = people(ledger, "a")
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    (move,) = ledger.readings.moves(LATER)
    assert (move.patient_key, move.what) == (key, "merged")


def test_an_alert_that_was_confirmed_stays_confirmed(ledger):
    older, _ = two(ledger)
    ledger.alerts.remember(older, entry("k1", state=EntryState.CONFIRMED), NOW)
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    assert ledger.alerts.open([older])[older][0].state is EntryState.CONFIRMED


def test_the_days_of_both_records_are_the_days_of_one_person(ledger):
    older, younger = two(ledger)
    due = Milestone(AlertKind.SCREENING, TODAY, "due", TODAY)
    ordered = replace(due, what="ordered", on=TODAY + timedelta(days=3))
    for key, days in ((older, [due]), (younger, [due, ordered])):
        found = replace(screening(key, begin(ledger, [key])), milestones=tuple(days))
        ledger.screenings.store(found, NOW)
    ledger.merges.follow("b", "a", LATER, begin(ledger))
    assert sorted(ledger.milestones.everything(), key=lambda day: day[1].on) == [
        (older, due),
        (older, ordered),
    ]
