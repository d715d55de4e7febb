from __future__ import annotations

from dataclasses import replace
from datetime import date

from service.screening.record import Decision, ResourceRef

from .builders import people

REFUSAL = Decision(
    "declined", date(2026, 3, 1), date(2027, 3, 1), "patient-refuses", ResourceRef("Task", "t1")
)


def test_a_decision_comes_back_as_it_went_in(ledger):
    (key,) = people(ledger, "p1")
    ledger.decisions.remember(key, [REFUSAL])
    assert ledger.decisions.of([key]) == {key: (REFUSAL,)}


def test_a_decision_read_every_night_is_kept_once(ledger):
    (key,) = people(ledger, "p1")
    for _ in range(2):
        ledger.decisions.remember(key, [REFUSAL, REFUSAL])
    assert ledger.decisions.of([key]) == {key: (REFUSAL,)}


def test_a_decision_without_a_source_is_kept_once_too(ledger):
    (key,) = people(ledger, "p1")
    spoken = replace(REFUSAL, source=None)
    for _ in range(2):
        ledger.decisions.remember(key, [spoken])
    assert ledger.decisions.of([key]) == {key: (spoken,)}


def test_a_corrected_decision_replaces_the_first_reading(ledger):
    (key,) = people(ledger, "p1")
    corrected = replace(REFUSAL, kind="snoozed", until=date(2026, 9, 1))
    ledger.decisions.remember(key, [REFUSAL])
    ledger.decisions.remember(key, [corrected])
    assert ledger.decisions.of([key]) == {key: (corrected,)}


def test_decisions_come_in_the_order_in_which_they_were_made(ledger):
    (key,) = people(ledger, "p1")
    earlier = replace(REFUSAL, made_on=date(2025, 1, 1), until=date(2026, 1, 1))
    ledger.decisions.remember(key, [REFUSAL, earlier])
    assert ledger.decisions.of([key]) == {key: (earlier, REFUSAL)}


def test_one_persons_decision_is_not_anothers(ledger):
    first, second = people(ledger, "p1", "p2")
    ledger.decisions.remember(first, [REFUSAL])
    assert ledger.decisions.of([second]) == {}
