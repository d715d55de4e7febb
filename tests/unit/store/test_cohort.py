from __future__ import annotations

from datetime import timedelta

from service.store.cohort import Somebody
from service.store.cohort_readings import SourceAnswer
from service.store.entries import CohortChange

from .builders import NOW, begin, create, people, screening, take

LATER = NOW + timedelta(days=1)


def test_a_first_reading_of_the_cohort_brings_everybody(ledger):
    change = take(ledger, ["p1", "p2"])
    assert change == CohortChange(came=2, stayed=0, left=0)


def test_a_second_reading_tells_who_came_stayed_and_left(ledger):
    take(ledger, ["p1", "p2"])
    change = take(ledger, ["p2", "p3", "p4"], at=LATER)
    assert change == CohortChange(came=2, stayed=1, left=1)


def test_who_left_is_no_member_and_keeps_their_key(ledger):
    take(ledger, ["p1", "p2"])
    keys = ledger.cohort.keys_of(["p1", "p2"])
    take(ledger, ["p2"], at=LATER)
    assert ledger.cohort.members() == [keys["p2"]]
    assert ledger.cohort.keys_of(["p1", "p2"]) == keys


def test_who_comes_back_counts_as_come_under_the_old_key(ledger):
    take(ledger, ["p1"])
    before = ledger.cohort.keys_of(["p1"])
    take(ledger, [], at=LATER)
    assert take(ledger, ["p1"], at=LATER).came == 1
    assert ledger.cohort.keys_of(["p1"]) == before


def test_who_leaves_one_of_two_sources_stays_a_member(ledger):
    both = [SourceAnswer("group 1", ["p1"], True), SourceAnswer("group 2", ["p1", "p2"], True)]
    ledger.readings.take(both, NOW)
    one = [SourceAnswer("group 1", [], True), SourceAnswer("group 2", ["p1", "p2"], True)]
    assert ledger.readings.take(one, LATER) == CohortChange(came=0, stayed=2, left=0)


def test_the_people_of_a_source_that_is_no_longer_asked_leave(ledger):
    take(ledger, ["p1", "p2"], "code-search")
    assert take(ledger, ["p2"], "group 1", LATER) == CohortChange(came=0, stayed=1, left=1)


def test_a_source_that_failed_sends_nobody_away(ledger):
    take(ledger, ["p1", "p2"], "group 1")
    failed = SourceAnswer("group 1", (), is_complete=False, problem="refused")
    other = SourceAnswer("group 2", ["p3"], is_complete=True)
    assert ledger.readings.take([failed, other], LATER) == CohortChange(came=1, stayed=2, left=0)


def test_a_source_that_was_cut_short_brings_people_and_sends_nobody_away(ledger):
    take(ledger, ["p1", "p2"], "group 1")
    cut_short = SourceAnswer("group 1", ["p3"], is_complete=False)
    assert ledger.readings.take([cut_short], LATER) == CohortChange(came=1, stayed=2, left=0)


def test_a_person_named_by_two_sources_at_once_is_one_person(ledger):
    both = [SourceAnswer("group 1", ["p1"], True), SourceAnswer("id-file", ["p1"], True)]
    assert ledger.readings.take(both, NOW).came == 1
    assert len(ledger.cohort.members()) == 1


def test_a_poll_adds_people_and_sends_nobody_away(ledger):
    take(ledger, ["p1"])
    assert ledger.cohort.add(["p1", "p2"], "code-search", LATER) == 1
    assert len(ledger.cohort.members()) == 2


def test_a_person_named_twice_in_one_reading_is_one_person(ledger):
    assert take(ledger, ["p1", "p1"]).came == 1


def test_registering_somebody_does_not_put_them_into_the_cohort(ledger):
    keys = ledger.cohort.register(["p1"], "screen", NOW)
    assert set(keys) == {"p1"}
    assert ledger.cohort.members() == []


def test_registering_a_member_leaves_them_in_the_cohort(ledger):
    take(ledger, ["p1"])
    assert ledger.cohort.register(["p1"], "screen", NOW) == ledger.cohort.keys_of(["p1"])
    assert len(ledger.cohort.members()) == 1


def test_keys_and_fhir_ids_lead_to_each_other(ledger):
    take(ledger, ["p1", "p2"])
    keys = ledger.cohort.keys_of(["p1", "p2", "unknown"])
    assert ledger.cohort.fhir_ids_of([*keys.values(), "unknown"]) == {
        key: fhir_id for fhir_id, key in keys.items()
    }


def test_a_key_tells_nothing_about_the_fhir_id(ledger):
    take(ledger, ["12345"])
    (key,) = ledger.cohort.members()
    assert len(key) == 32
    assert "12345" not in key


def test_who_an_id_stands_for_is_told_with_whether_they_were_judged(ledger):
    (key,) = people(ledger, "p1")
    assert ledger.cohort.find("p1") == Somebody(key, may_be_read=True, is_judged=False)
    ledger.screenings.store(screening(key, begin(ledger, [key])), NOW)
    assert ledger.cohort.find("p1") == Somebody(key, may_be_read=True, is_judged=True)
    assert ledger.cohort.find("unknown") is None


def test_a_merged_id_stands_for_the_person_who_goes_on(ledger):
    (key,) = people(ledger, "a")
    ledger.screenings.store(screening(key, begin(ledger, [key])), NOW)
    ledger.merges.follow("a", "b", LATER, begin(ledger))
    found = [ledger.cohort.find(fhir_id) for fhir_id in ("a", "b")]
    assert found == [Somebody(key, may_be_read=True, is_judged=True)] * 2


def test_who_is_left_out_is_found_and_may_not_be_read(ledger):
    (key,) = people(ledger, "p1")
    ledger.cohort.leave_out(["p1"], LATER)
    assert ledger.cohort.find("p1") == Somebody(key, may_be_read=False, is_judged=False)


# People who are left out


def test_who_is_left_out_is_no_member_and_gives_no_id_to_read_by(ledger):
    (key,) = people(ledger, "p1")
    ledger.cohort.leave_out(["p1"], LATER)
    assert ledger.cohort.members() == []
    assert ledger.cohort.fhir_ids_of([key]) == {}


def test_who_is_left_out_does_not_come_back_by_a_source_that_names_them(ledger):
    ledger.cohort.leave_out(["p1"], NOW)
    assert take(ledger, ["p1", "p2"], at=LATER).came == 1
    assert ledger.cohort.add(["p1"], "code-search", LATER) == 0


def test_who_is_left_out_waits_for_no_screening_and_is_sent_nothing(ledger):
    (key,) = people(ledger, "p1")
    run = begin(ledger, [key])
    ledger.screenings.store(screening(key, run, create()), NOW)
    ledger.pending.mark(begin(ledger), [key], NOW)
    ledger.cohort.leave_out(["p1"], LATER)
    assert ledger.pending.count() == 0
    assert ledger.runs.get(run).open_plans == 0
    assert ledger.alerts.history([key]) == {}


def test_who_is_no_longer_left_out_can_be_read_again(ledger):
    (key,) = people(ledger, "p1")
    ledger.cohort.leave_out(["p1"], NOW)
    ledger.cohort.leave_out([], LATER)
    assert ledger.cohort.fhir_ids_of([key]) == {key: "p1"}
    assert take(ledger, ["p1"], at=LATER).came == 1


# Record numbers


def test_an_identifier_that_was_looked_up_is_remembered_with_its_newest_answer(ledger):
    ledger.cohort.remember_identifiers({"d1": "p1", "d2": "p2"}, NOW)
    ledger.cohort.remember_identifiers({"d1": "p9"}, LATER)
    assert ledger.cohort.identifiers() == {"d1": "p9", "d2": "p2"}
