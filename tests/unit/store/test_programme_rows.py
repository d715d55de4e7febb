from __future__ import annotations

from datetime import date, timedelta

from service.screening.alert import AlertKind
from service.screening.decision import Decision
from service.screening.record import ResourceRef
from service.store.acts import Act
from service.store.entries import EntryState

from .builders import NOW, TODAY, begin, entry, keep, people, screening, take


def test_an_alert_that_was_only_planned_was_not_told(ledger):
    (key,) = people(ledger, "p1")
    ledger.alerts.remember(key, entry("a1", channel="flag"), NOW)
    ledger.alerts.remember(key, entry("a2", episode=2, state=EntryState.PLANNED), NOW)
    ledger.alerts.remember(key, entry("a3", episode=3, state=EntryState.CLOSED), NOW)
    told = sorted(ledger.programme.told(), key=lambda alert: alert.episode)
    assert [(a.episode, a.is_closed, a.opened_on) for a in told] == [
        (1, False, TODAY),
        (3, True, TODAY),
    ]
    assert ledger.programme.channels() == ("flag",)


def test_a_no_that_was_taken_back_was_not_said(ledger):
    (key,) = people(ledger, "p1")
    noes = [
        Decision("snoozed", TODAY, date.max, "later", ResourceRef("Task", id_), code=code)
        for id_, code in (("1", "limited-time"), ("2", "too-costly-uncovered"))
    ]
    ledger.decisions.remember(key, noes)
    ledger.decisions.take_back(key, noes[1:], NOW)
    (said,) = ledger.programme.said()
    assert (said.patient_key, said.kind, said.code) == (key, "snoozed", "limited-time")


def test_only_sweeps_that_ended_since_then_are_given_with_what_they_counted(ledger):
    (key,) = people(ledger, "p1")
    for days in (40, 2, 1):
        run = begin(ledger, [key])
        ledger.screenings.store(screening(key, run, keep()), NOW)
        if days != 1:
            ledger.runs.finish(run, NOW - timedelta(days=days))
    (sweep,) = ledger.programme.sweeps(NOW - timedelta(days=30))
    assert (sweep.ended_at, sweep.counts["status due"]) == (NOW - timedelta(days=2), 1)


def test_people_are_counted_in_each_source_that_names_them(ledger):
    take(ledger, ["p1", "p2"], "group north")
    take(ledger, ["p2"], "group south")
    keys = ledger.cohort.keys_of(["p1", "p2"])
    run = begin(ledger, list(keys.values()))
    ledger.screenings.store(screening(keys["p1"], run, keep(), status="satisfied"), NOW)
    ledger.screenings.store(screening(keys["p2"], run, keep()), NOW)
    found = ledger.programme.statuses_by_source()
    assert found["group south"] == {"due": 1}


def test_a_card_that_was_shown_twice_was_shown_again(ledger):
    (key,) = people(ledger, "p1")
    for card, times in (("c1", 1), ("c2", 2)):
        for _ in range(times):
            ledger.cards.show(key, [(card, AlertKind.SCREENING)], Act("card", key), NOW)
    assert ledger.programme.cards() == (2, 1)
