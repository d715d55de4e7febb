"""What becomes of an alert when a person has looked whether it arrived."""

from __future__ import annotations

import pytest

from service.store.entries import EntryState

from .builders import NOW, begin, create, entry, people, screening

MESSAGE = {"flag_id": None, "task_id": None, "channel": "communication"}


@pytest.fixture
def person(ledger):
    """Somebody with an alert of unknown outcome."""
    (key,) = people(ledger, "anna")
    ledger.alerts.remember(key, entry("a", state=EntryState.UNKNOWN, **MESSAGE), NOW)
    return key


def settle(ledger, key="a", *, has_arrived):
    return ledger.unknown_alerts.settle(key, "N. Nurse", NOW, has_arrived=has_arrived)


def states(ledger, person):
    return {e.key: e.state for e in ledger.alerts.history([person]).get(person, ())}


def test_unknown_alerts_are_listed_with_the_patient_and_the_channel(ledger, person):
    (found,) = ledger.unknown_alerts.all()

    assert (found.fhir_id, found.key, found.channel) == ("anna", "a", "communication")


def test_one_that_arrived_stands_as_told(ledger, person):
    assert settle(ledger, has_arrived=True)
    assert states(ledger, person) == {"a": EntryState.CONFIRMED}
    assert ledger.unknown_alerts.all() == []


def test_one_that_never_arrived_frees_its_key_to_be_told_again(ledger, person):
    assert settle(ledger, has_arrived=False)
    assert states(ledger, person) == {}

    ledger.screenings.store(screening(person, begin(ledger), create("a")), NOW)

    assert states(ledger, person) == {"a": EntryState.PLANNED}


def test_an_episode_that_was_told_before_stays_closed_when_its_second_message_never_came(
    ledger, person
):
    told_before = {**MESSAGE, "message_type": "Communication", "message_id": "c1"}
    ledger.alerts.remember(person, entry("a", state=EntryState.UNKNOWN, **told_before), NOW)

    assert settle(ledger, has_arrived=False)

    assert states(ledger, person) == {"a": EntryState.CLOSED}


@pytest.mark.parametrize("state", [s for s in EntryState if s is not EntryState.UNKNOWN])
def test_nothing_but_an_unknown_alert_is_settled(ledger, person, state):
    ledger.alerts.remember(person, entry("a", state=state, **MESSAGE), NOW)

    assert not settle(ledger, has_arrived=False)
    assert states(ledger, person) == {"a": state}


def test_settling_twice_changes_nothing_the_second_time(ledger, person):
    settle(ledger, has_arrived=True)

    assert not settle(ledger, has_arrived=False)
    assert states(ledger, person) == {"a": EntryState.CONFIRMED}


def test_the_audit_tells_who_looked(ledger, person):
    settle(ledger, has_arrived=True)

    (row,) = [r for r in ledger.audit.about([person]) if r.what == "settle"]
    assert (row.by_whom, row.detail) == ("N. Nurse", "it arrived")
