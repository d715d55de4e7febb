"""Withheld from one, or given to nobody: what several refusals tell and one does not."""

import pytest

from service.ehr.errors import EHRError, EHRNotFound, EHRRefused, Issue
from service.ehr.manners import STANDARD, Manners
from service.ehr.unread import (
    CUT_SHORT,
    FAILED,
    MERGED,
    NOT_GRANTED,
    NOT_LISTED,
    NOT_THERE,
    REFUSED,
    RESTRICTED,
    Answers,
    Denials,
    why_unread,
)


@pytest.mark.parametrize("why", [NOT_LISTED, NOT_GRANTED, RESTRICTED])
def test_what_is_known_beforehand_is_withheld_from_nobody(why):
    answers = Answers()
    answers.came("ServiceRequest")

    assert not answers.is_withheld("ServiceRequest", why)


@pytest.mark.parametrize("why", [CUT_SHORT, MERGED])
def test_what_came_in_part_is_withheld_whoever_else_was_answered(why):
    answers = Answers()
    answers.failed("ServiceRequest", "abc")

    assert answers.is_withheld("ServiceRequest", why)


@pytest.mark.parametrize("why", [REFUSED, FAILED, NOT_THERE])
@pytest.mark.parametrize(("patients", "is_withheld"), [("ab", True), ("abc", False)])
def test_three_patients_without_any_answer_tell_that_a_type_is_closed(why, patients, is_withheld):
    answers = Answers()
    for patient in patients:
        answers.failed("ServiceRequest", [patient])

    assert answers.is_withheld("ServiceRequest", why) is is_withheld


def test_one_patient_who_fails_three_times_is_still_one_patient():
    answers = Answers()
    for _ in range(3):
        answers.failed("ServiceRequest", ["a"])

    assert answers.is_withheld("ServiceRequest", REFUSED)


@pytest.mark.parametrize("came_first", [True, False])
def test_one_answer_tells_that_a_type_is_open_whatever_was_refused_before_or_after(came_first):
    answers = Answers()
    steps = [
        lambda: answers.came("ServiceRequest"),
        lambda: answers.failed("ServiceRequest", "abc"),
    ]
    for step in steps if came_first else reversed(steps):
        step()

    assert answers.is_withheld("ServiceRequest", REFUSED)


def test_a_refusal_is_remembered_for_half_an_hour_and_for_its_own_type():
    now = [0.0]
    denials = Denials(lambda: now[0])
    denials.remember("Condition", ["a"])

    assert denials.among("Condition", ["a", "b"]) == {"a"}
    assert denials.among("Procedure", ["a"]) == set()
    now[0] = 1801.0
    assert denials.among("Condition", ["a"]) == set()


def test_the_memory_of_refusals_does_not_grow_without_end(monkeypatch):
    monkeypatch.setattr("service.ehr.unread._MOST_DENIALS", 2)
    denials = Denials(lambda: 0.0)
    denials.remember("Condition", ["a", "b", "c"])
    denials.remember("Condition", ["d"])

    assert denials.among("Condition", ["a", "b", "c", "d"]) == {"d"}


@pytest.mark.parametrize(
    ("error", "why"),
    [(EHRRefused("x"), REFUSED), (EHRNotFound("x"), NOT_THERE), (EHRError("x"), FAILED)],
)
def test_an_error_says_why(error, why):
    assert why_unread(error, STANDARD) == why


def test_the_code_of_a_merge_says_merged_whatever_the_error_is():
    error = EHRNotFound("x", issues=[Issue("error", "processing", "4107")])

    assert why_unread(error, Manners(merged_codes=frozenset({"4107"}))) == MERGED
