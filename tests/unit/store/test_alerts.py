from __future__ import annotations

from dataclasses import replace

import pytest

from service.store.entries import EntryState
from service.store.errors import StoreConflict

from .builders import GAP, NOW, TODAY, entry, people, take


def test_the_history_of_a_person_is_in_the_order_of_episodes(ledger):
    (key,) = people(ledger, "p1")
    for episode in (2, 1):
        ledger.alerts.remember(key, entry(f"a{episode}", episode=episode), NOW)
    assert [found.episode for found in ledger.alerts.history([key])[key]] == [1, 2]


@pytest.mark.parametrize(
    ("state", "is_open"),
    [
        (EntryState.PLANNED, False),
        (EntryState.SENT, True),
        (EntryState.CONFIRMED, True),
        (EntryState.CLOSED, False),
    ],
)
def test_an_alert_is_open_when_it_is_or_may_be_in_the_ehr(ledger, state, is_open):
    (key,) = people(ledger, "p1")
    ledger.alerts.remember(key, entry(state=state), NOW)
    assert (key in ledger.alerts.open([key])) is is_open
    assert ledger.alerts.patients_with_open() == ([key] if is_open else [])


def test_people_with_an_open_alert_are_named_though_they_left_the_cohort(ledger):
    (key,) = people(ledger, "p1")
    ledger.alerts.remember(key, entry(), NOW)
    take(ledger, [], at=NOW)
    assert ledger.cohort.members() == []
    assert ledger.alerts.patients_with_open() == [key]


def test_a_closed_alert_comes_back_as_it_was_closed(ledger):
    (key,) = people(ledger, "p1")
    closed = entry(
        state=EntryState.CLOSED,
        closed_on=TODAY,
        closing_reason="satisfied",
        flag_status="inactive",
        task_status="completed",
    )
    ledger.alerts.remember(key, entry(), NOW)
    ledger.alerts.remember(key, closed, NOW)
    assert ledger.alerts.history([key]) == {key: (closed,)}


def test_an_episode_has_one_identifier(ledger):
    (key,) = people(ledger, "p1")
    ledger.alerts.remember(key, entry("a1", episode=1), NOW)
    with pytest.raises(StoreConflict):
        ledger.alerts.remember(key, entry("a2", episode=1), NOW)


def test_an_identifier_belongs_to_one_person_for_ever(ledger):
    first, second = people(ledger, "p1", "p2")
    ledger.alerts.remember(first, entry("a1"), NOW)
    with pytest.raises(StoreConflict):
        ledger.alerts.remember(second, entry("a1"), NOW)
    assert second not in ledger.alerts.history([second])


def test_the_two_kinds_of_alert_count_their_episodes_apart(ledger):
    (key,) = people(ledger, "p1")
    ledger.alerts.remember(key, entry("a1"), NOW)
    ledger.alerts.remember(key, replace(entry("a2"), kind=GAP), NOW)
    assert {found.kind for found in ledger.alerts.history([key])[key]} == {
        entry().kind,
        GAP,
    }
