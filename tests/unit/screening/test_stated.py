"""Facts stated by code: an event by its day, a tendency by its writing, a state by its status."""

from __future__ import annotations

from datetime import date

import pytest

from service.screening.criterion import Weight
from service.screening.record import Clinical, Condition, PatientRecord, ResourceRef, When
from service.screening.stated import events, states, tendencies

ON = date(2026, 11, 22)
SINCE = date(2025, 11, 22)
LONG_AGO = When.day(date(2019, 1, 1))
LATELY = When.day(date(2026, 5, 1))
ASKED = frozenset({"fall"})


def record(clinical: Clinical, onset: When | None, recorded: When | None) -> PatientRecord:
    condition = Condition(
        ref=ResourceRef("Condition", "c"),
        concepts=frozenset({"fall", "something-else"}),
        codings=(),
        verification="confirmed",
        clinical=clinical,
        is_encounter_diagnosis=False,
        onset=onset,
        recorded=recorded,
    )
    return PatientRecord(ResourceRef("Patient", "p"), conditions=(condition,))


def test_an_event_of_long_ago_does_not_count_though_it_was_written_down_lately() -> None:
    (fact,) = events(record("active", LONG_AGO, LATELY), ASKED, SINCE, ON)
    assert fact.weight is Weight.SEEN


def test_a_tendency_of_long_ago_counts_when_it_was_written_down_lately() -> None:
    (fact,) = tendencies(record("resolved", LONG_AGO, LATELY), ASKED, SINCE, ON)
    assert fact.weight is Weight.COUNTS


def test_an_active_state_of_long_ago_does_not_count() -> None:
    (fact,) = states(record("active", LONG_AGO, LONG_AGO), ASKED, SINCE, ON)
    assert fact.weight is Weight.SEEN


def test_an_active_state_of_long_ago_counts_when_it_was_written_down_lately() -> None:
    (fact,) = states(record("active", LONG_AGO, LATELY), ASKED, SINCE, ON)
    assert fact.weight is Weight.COUNTS


def test_an_active_state_without_a_date_cannot_be_judged() -> None:
    (fact,) = states(record("active", None, None), ASKED, SINCE, ON)
    assert fact.weight is Weight.UNCLEAR


@pytest.mark.parametrize("clinical", ["resolved", "inactive", "remission"])
def test_a_state_that_is_over_does_not_count_though_it_was_written_down_lately(
    clinical: Clinical,
) -> None:
    (fact,) = states(record(clinical, LATELY, LATELY), ASKED, SINCE, ON)
    assert fact.weight is Weight.SEEN


def test_a_fact_carries_only_the_value_sets_that_were_asked_for() -> None:
    (fact,) = events(record("active", None, LATELY), ASKED, SINCE, ON)
    assert fact.concepts == ASKED


def test_what_nobody_asked_for_is_no_fact() -> None:
    assert list(events(record("active", None, LATELY), frozenset({"x"}), SINCE, ON)) == []


def test_the_words_of_a_fact_hold_its_date_and_the_note() -> None:
    (fact,) = events(record("active", None, LATELY), ASKED, SINCE, ON)
    assert fact.but(Weight.SEEN, "why").evidence("fall").statement == "fall, 2026-05-01 (why)"


def test_a_fact_does_not_show_itself_in_a_log() -> None:
    (fact,) = events(record("active", None, LATELY), ASKED, SINCE, ON)
    assert "2026" not in repr(fact)
