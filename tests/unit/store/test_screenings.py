from __future__ import annotations

from datetime import timedelta

import pytest

from service.store.entries import Stored
from service.store.errors import StoreConflict

from .builders import NOW, TODAY, begin, create, entry, keep, people, screening

DAY = timedelta(days=1)


@pytest.fixture
def key(ledger):
    return people(ledger, "p1")[0]


def test_a_first_assessment_is_the_latest_and_opens_the_history(ledger, key):
    run_id = begin(ledger, [key])
    assert ledger.screenings.store(screening(key, run_id), NOW) is Stored.CHANGED
    latest = ledger.screenings.latest([key])[key]
    assert latest.status == "due"
    assert latest.findings == [{"number": "MSO-02", "verdict": "met", "evidence": []}]
    assert [past.status for past in ledger.screenings.history(key)] == ["due"]


def test_a_night_without_a_change_writes_no_history_and_is_remembered(ledger, key):
    ledger.screenings.store(screening(key, begin(ledger)), NOW)
    again = screening(key, begin(ledger), on=TODAY + DAY, at=NOW + DAY)
    assert ledger.screenings.store(again, NOW + DAY) is Stored.UNCHANGED
    assert len(ledger.screenings.history(key)) == 1
    assert ledger.screenings.latest([key])[key].at == NOW + DAY
    assert ledger.screenings.latest([key])[key].on == TODAY + DAY


@pytest.mark.parametrize(
    "change",
    [
        {"status": "satisfied"},
        {"due_on": TODAY},
        {"protocol_digest": "another"},
        {"findings": []},
        {"unread": ["Observation"]},
        {"reported": [{"source": "Condition/1", "problem": "no readable code"}]},
        {"notes": ["Palliative care is on file"]},
    ],
)
def test_a_change_of_what_was_found_is_added_to_the_history(ledger, key, change):
    ledger.screenings.store(screening(key, begin(ledger)), NOW)
    changed = screening(key, begin(ledger), at=NOW + DAY, **change)
    assert ledger.screenings.store(changed, NOW + DAY) is Stored.CHANGED
    assert [past.at for past in ledger.screenings.history(key)] == [NOW, NOW + DAY]


def test_the_order_in_which_unread_types_are_named_is_no_change(ledger, key):
    first = screening(key, begin(ledger), unread=["Procedure", "Observation"])
    second = screening(key, begin(ledger), unread=["Observation", "Procedure"])
    ledger.screenings.store(first, NOW)
    assert ledger.screenings.store(second, NOW) is Stored.UNCHANGED


def test_an_older_run_never_overwrites_a_newer_one(ledger, key):
    old, new = begin(ledger), begin(ledger)
    ledger.screenings.store(screening(key, new, create(), status="due"), NOW)
    late = screening(key, old, keep(), status="satisfied")
    assert ledger.screenings.store(late, NOW) is Stored.OVERTAKEN
    assert ledger.screenings.latest([key])[key].status == "due"
    assert ledger.runs.count_new_alerts(new) == 1


def test_an_overtaken_screening_still_ends_the_waiting_of_its_own_run(ledger, key):
    old = begin(ledger, [key])
    new = begin(ledger)
    ledger.screenings.store(screening(key, new), NOW)
    ledger.screenings.store(screening(key, old), NOW)
    assert ledger.runs.is_reported(old)


def test_a_screening_for_an_older_run_leaves_the_person_waiting_for_the_newer(ledger, key):
    old = begin(ledger, [key])
    new = begin(ledger, [key])
    ledger.screenings.store(screening(key, old), NOW)
    assert ledger.pending.runs_of([key]) == {key: new}


def test_people_stored_together_are_answered_in_the_order_given(ledger):
    keys = people(ledger, "p1", "p2", "p3")
    run_id = begin(ledger, keys)
    ledger.screenings.store(screening(keys[1], run_id), NOW)
    answers = ledger.screenings.store_all([screening(key, run_id) for key in keys], NOW)
    assert answers == [Stored.CHANGED, Stored.UNCHANGED, Stored.CHANGED]


def test_people_stored_together_are_stored_all_or_none(ledger):
    first, second = people(ledger, "p1", "p2")
    run_id = begin(ledger, [first, second])
    ledger.alerts.remember(second, entry("another-key", episode=1), NOW)
    batch = [screening(first, run_id, create("a1")), screening(second, run_id, create("a2"))]
    with pytest.raises(StoreConflict):
        ledger.screenings.store_all(batch, NOW)
    assert ledger.screenings.latest([first, second]) == {}
    assert set(ledger.pending.runs_of([first, second])) == {first, second}


def test_the_same_person_twice_in_one_batch_is_a_mistake_of_the_caller(ledger, key):
    run_id = begin(ledger)
    with pytest.raises(ValueError, match="once"):
        ledger.screenings.store_all([screening(key, run_id), screening(key, run_id)], NOW)


def test_storing_nobody_is_no_mistake(ledger):
    assert ledger.screenings.store_all([], NOW) == []


def test_somebody_never_screened_has_no_assessment(ledger, key):
    assert ledger.screenings.latest([key]) == {}
    assert ledger.screenings.history(key) == []


def test_sex_and_age_band_are_those_of_the_latest_assessment(ledger):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    ledger.screenings.store(screening(key, run_id, sex="male", age_band="40-49"), NOW)
    latest = ledger.screenings.latest([key])[key]
    assert (latest.sex, latest.age_band) == ("male", "40-49")


def test_a_birthday_moves_somebody_into_another_band_without_a_new_row(ledger):
    (key,) = people(ledger, "p1")
    ledger.screenings.store(screening(key, begin(ledger, [key]), age_band="40-49"), NOW)
    stored = ledger.screenings.store(screening(key, begin(ledger, [key]), age_band="50-64"), NOW)
    assert stored is Stored.UNCHANGED
    assert ledger.screenings.latest([key])[key].age_band == "50-64"


def test_the_history_holds_neither_sex_nor_age_band(ledger):
    (key,) = people(ledger, "p1")
    run_id = begin(ledger, [key])
    ledger.screenings.store(screening(key, run_id, sex="male", age_band="40-49"), NOW)
    (entry,) = ledger.screenings.history(key)
    assert (entry.sex, entry.age_band) == ("unknown", "unknown")
