from __future__ import annotations

from service.store.entries import EntryState

from .builders import MINUTE, NOW, TODAY, begin, entry, people, screening, take


def everybody(ledger):
    return {person.fhir_id: person for person in ledger.watched.everybody()}


def test_whoever_was_judged_is_given_with_what_was_found(ledger):
    (key,) = people(ledger, "p1")
    reported = [{"source": "Condition/1", "problem": "no readable code"}]
    options = {"reported": reported, "notes": ["a note"], "unread": ["Procedure"]}
    ledger.screenings.store(screening(key, begin(ledger), **options), NOW)
    person = everybody(ledger)["p1"]
    assert (person.patient_key, person.judged_on) == (key, TODAY)
    assert (person.has_open_alert, person.given_up, person.given_up_since) == (False, "", None)
    found = ledger.screenings.histories([key])[key]
    assert list(found) == [person.assessment]
    assert (found[person.assessment].status, found[person.assessment].notes) == ("due", ["a note"])
    assert found[person.assessment].reported == reported


def test_whoever_was_never_judged_is_not_given(ledger):
    people(ledger, "p1")
    assert everybody(ledger) == {}


def test_whoever_left_the_cohort_is_given_only_with_an_open_alert(ledger):
    gone, alerted = people(ledger, "p1", "p2")
    run_id = begin(ledger)
    for key in (gone, alerted):
        ledger.screenings.store(screening(key, run_id), NOW)
    ledger.alerts.remember(gone, entry("a1", state=EntryState.CLOSED), NOW)
    ledger.alerts.remember(alerted, entry("a2"), NOW)
    take(ledger, [], at=NOW)
    assert {i: p.has_open_alert for i, p in everybody(ledger).items()} == {"p2": True}


def test_whoever_is_left_out_is_not_given_though_their_alert_is_open(ledger):
    (key,) = people(ledger, "p1")
    ledger.screenings.store(screening(key, begin(ledger)), NOW)
    ledger.alerts.remember(key, entry("a1"), NOW)
    ledger.cohort.leave_out(["p1"], NOW)
    assert everybody(ledger) == {}


def test_an_alert_that_was_only_planned_is_not_open(ledger):
    (key,) = people(ledger, "p1")
    ledger.screenings.store(screening(key, begin(ledger)), NOW)
    ledger.alerts.remember(key, entry("a1", state=EntryState.PLANNED), NOW)
    assert not everybody(ledger)["p1"].has_open_alert


def test_somebody_with_several_alerts_is_given_once(ledger):
    (key,) = people(ledger, "p1")
    ledger.screenings.store(screening(key, begin(ledger)), NOW)
    ledger.alerts.remember(key, entry("a1"), NOW)
    ledger.alerts.remember(key, entry("a2", episode=2), NOW)
    assert len(list(ledger.watched.everybody())) == 1


def test_whoever_was_given_up_is_given_with_the_reason_judged_or_not(ledger):
    judged, never = people(ledger, "p1", "p2")
    ledger.screenings.store(screening(judged, begin(ledger)), NOW)
    run_id = begin(ledger, [judged, never])
    for n in range(4):
        ledger.pending.hand_out(10, 10, NOW + n * MINUTE, NOW + n * MINUTE)
        for key in (judged, never):
            ledger.pending.store_failure(key, run_id, "KeyError", NOW)
    found = everybody(ledger)
    assert {i: (p.given_up, p.given_up_since) for i, p in found.items()} == {
        "p1": ("KeyError", NOW),
        "p2": ("KeyError", NOW),
    }
    assert (found["p1"].judged_on, found["p2"].assessment) == (TODAY, None)


def test_whoever_waits_for_a_further_attempt_was_not_given_up(ledger):
    (key,) = people(ledger, "p1")
    ledger.screenings.store(screening(key, begin(ledger)), NOW)
    begin(ledger, [key])
    assert everybody(ledger)["p1"].given_up == ""
