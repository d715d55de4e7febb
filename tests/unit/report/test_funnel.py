"""How far people have come: who is on which step, and what of it may be shown."""

from __future__ import annotations

from datetime import date

import pytest

from service.report.funnel import STEPS, count_funnel, released_funnel
from service.screening.alert import AlertKind
from service.store.entries import Milestone

from .builders import judged

DAY = date(2026, 9, 1)
CODES = [step.code for step in STEPS]


def reached(key: str, *what: str, kind: AlertKind = AlertKind.SCREENING):
    return [(key, Milestone(kind, DAY, w, DAY)) for w in what]


def step_of(*what: str, status: str = "due", short: str = "", kind=AlertKind.SCREENING) -> str:
    person = judged(status, short=short, key="a")
    parts = count_funnel([person], reached("a", *what, kind=kind))
    return next(code for code, people in parts.items() if people)


@pytest.mark.parametrize(
    ("what", "short", "step"),
    [
        ((), "", "cohort"),
        ((), "at-risk", "at-risk"),
        (("due",), "", "due"),
        (("due", "seen"), "at-risk", "due"),
        (("due", "ordered"), "at-risk", "ordered"),
        (("due", "done"), "at-risk", "done"),
        (("due", "ordered", "done"), "low at-risk", "low"),
        (("due", "done"), "low treated", "treated"),
    ],
)
def test_somebody_counts_by_the_furthest_step_ever_reached(what, short, step):
    assert step_of(*what, short=short) == step


@pytest.mark.parametrize("short", ["low", "low treated", "treated"])
def test_low_and_treated_count_only_after_a_scan_that_was_due(short):
    assert step_of("due", short=short) == "due"


def test_therapy_after_a_scan_that_is_not_low_is_no_further_step():
    assert step_of("due", "done", short="treated") == "done"


def test_the_treatment_gap_is_another_question():
    assert step_of("due", "done", kind=AlertKind.TREATMENT_GAP) == "cohort"


@pytest.mark.parametrize("status", ["excluded", "error"])
def test_who_is_excluded_or_could_not_be_judged_is_not_at_risk(status):
    assert step_of(status=status, short="at-risk") == "cohort"


def test_who_is_not_confirmed_is_in_no_step():
    parts = count_funnel([judged("not-in-cohort", key="a")], reached("a", "due"))
    assert sum(parts.values()) == 0


def shown(**parts: int) -> dict[str, int | None]:
    steps = released_funnel({code: parts.get(code.replace("-", "_"), 0) for code in CODES})
    return {step.step.code: step.people for step in steps}


@pytest.mark.parametrize(("done", "may_show"), [(7, None), (8, 10)])
def test_a_step_of_seven_is_hidden_and_one_of_eight_is_rounded(done, may_show):
    assert shown(cohort=100, at_risk=50, done=done)["done"] == may_show


def test_a_step_that_nobody_reached_is_hidden_like_a_few():
    assert shown(cohort=100)["treated"] is None


def test_a_step_is_hidden_where_the_rest_of_the_cohort_could_be_computed_from_it():
    # 13 of 13 are at risk: shown as 15, it would say that nobody is not.
    assert shown(at_risk=13)["at-risk"] is None
    assert shown(at_risk=13, cohort=20)["at-risk"] == 15


def steps_of(**parts: int):
    return {s.step.code: s for s in released_funnel(dict.fromkeys(CODES, 0) | parts)}


def test_a_share_is_of_the_numbers_as_they_are_shown():
    steps = {
        s.step.code: s for s in released_funnel(dict.fromkeys(CODES, 0) | {"cohort": 62, "due": 41})
    }
    assert (steps["cohort"].people, steps["due"].people) == (105, 40)
    assert steps["at-risk"].share == pytest.approx(40 / 105)
    assert steps["due"].share == 1.0


def test_a_share_is_hidden_with_either_of_its_numbers():
    steps = {
        s.step.code: s for s in released_funnel(dict.fromkeys(CODES, 0) | {"cohort": 90, "due": 7})
    }
    assert steps["due"].share is None
