from __future__ import annotations

from datetime import timedelta

from service.store.entries import CohortChange

from .builders import NOW

LATER = NOW + timedelta(days=1)


def test_a_first_reading_of_the_cohort_brings_everybody(ledger):
    change = ledger.cohort.remember(["p1", "p2"], "group", NOW)
    assert change == CohortChange(came=2, stayed=0, left=0)


def test_a_second_reading_tells_who_came_stayed_and_left(ledger):
    ledger.cohort.remember(["p1", "p2"], "group", NOW)
    change = ledger.cohort.remember(["p2", "p3", "p4"], "group", LATER)
    assert change == CohortChange(came=2, stayed=1, left=1)


def test_who_left_is_no_member_and_keeps_their_key(ledger):
    ledger.cohort.remember(["p1", "p2"], "group", NOW)
    keys = ledger.cohort.keys_of(["p1", "p2"])
    ledger.cohort.remember(["p2"], "group", LATER)
    assert ledger.cohort.members() == [keys["p2"]]
    assert ledger.cohort.keys_of(["p1", "p2"]) == keys


def test_who_comes_back_counts_as_come_under_the_old_key(ledger):
    ledger.cohort.remember(["p1"], "group", NOW)
    before = ledger.cohort.keys_of(["p1"])
    ledger.cohort.remember([], "group", LATER)
    assert ledger.cohort.remember(["p1"], "group", LATER).came == 1
    assert ledger.cohort.keys_of(["p1"]) == before


def test_one_source_does_not_send_away_the_people_of_another(ledger):
    ledger.cohort.remember(["p1"], "group", NOW)
    assert ledger.cohort.remember(["p2"], "code-search", NOW).left == 0
    assert len(ledger.cohort.members()) == 2


def test_a_poll_adds_people_and_sends_nobody_away(ledger):
    ledger.cohort.remember(["p1"], "group", NOW)
    assert ledger.cohort.add(["p1", "p2"], "group", LATER) == 1
    assert len(ledger.cohort.members()) == 2


def test_a_person_named_twice_in_one_reading_is_one_person(ledger):
    assert ledger.cohort.remember(["p1", "p1"], "group", NOW).came == 1


def test_registering_somebody_does_not_put_them_into_the_cohort(ledger):
    keys = ledger.cohort.register(["p1"], "screen", NOW)
    assert set(keys) == {"p1"}
    assert ledger.cohort.members() == []


def test_registering_a_member_leaves_them_in_the_cohort(ledger):
    ledger.cohort.remember(["p1"], "group", NOW)
    assert ledger.cohort.register(["p1"], "screen", NOW) == ledger.cohort.keys_of(["p1"])
    assert len(ledger.cohort.members()) == 1


def test_keys_and_fhir_ids_lead_to_each_other(ledger):
    ledger.cohort.remember(["p1", "p2"], "group", NOW)
    keys = ledger.cohort.keys_of(["p1", "p2", "unknown"])
    assert ledger.cohort.fhir_ids_of([*keys.values(), "unknown"]) == {
        key: fhir_id for fhir_id, key in keys.items()
    }


def test_a_key_tells_nothing_about_the_fhir_id(ledger):
    ledger.cohort.remember(["12345"], "group", NOW)
    (key,) = ledger.cohort.members()
    assert len(key) == 32
    assert "12345" not in key
