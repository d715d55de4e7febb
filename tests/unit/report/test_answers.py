"""What came of alerts: each counts once, and what of it may be shown."""

from __future__ import annotations

from datetime import date

import pytest

from service.report.answers import (
    OLDER,
    OUTCOMES,
    YOUNGER,
    Answers,
    count_answers,
    released_answers,
)
from service.screening.alert import AlertKind
from service.screening.decision import BY_HOSPITAL
from service.store.entries import Milestone, SaidNo, ToldAlert

TODAY = date(2026, 11, 23)
TOLD = date(2026, 3, 10)
UNTIL = date(2026, 9, 10)
KIND = AlertKind.SCREENING


def alert(on=TOLD, *, episode=1, is_closed=False, kind=KIND) -> ToldAlert:
    return ToldAlert("a", kind, episode, on, is_closed)


def act(on: date, what="ordered", kind=KIND):
    return ("a", Milestone(kind, TOLD, what, on))


def no(on=TOLD, kind="declined", code="patient-refuses", about=KIND) -> SaidNo:
    return SaidNo("a", about, kind, code, on)


def counted(told, acts=(), said=(), cards=(0, 0)) -> Answers:
    return count_answers(told, acts, said, cards, 6, TODAY)


def outcome(told: ToldAlert, acts=(), said=()) -> tuple[str, str]:
    found = counted([told], acts, said).outcomes
    return next((code, age) for code, row in found.items() for age, n in row.items() if n)


@pytest.mark.parametrize(
    ("acts", "said", "expected"),
    [
        ((), (), "open"),
        ([act(TOLD)], (), "acted-on"),
        ([act(TOLD, "done")], (), "acted-on"),
        ([act(date(2026, 9, 9))], (), "acted-on"),
        ([act(UNTIL)], (), "open"),
        ([act(date(2026, 3, 9))], (), "open"),
        ([act(TOLD, "seen")], (), "open"),
        ([act(TOLD, kind=AlertKind.TREATMENT_GAP)], (), "open"),
        ((), [no()], "declined"),
        ((), [no(kind="snoozed")], "put-aside"),
        ([act(TOLD)], [no()], "acted-on"),
        ((), [no(UNTIL)], "open"),
        ((), [no(date(2026, 3, 9))], "open"),
        ((), [no(code=BY_HOSPITAL)], "open"),
        ((), [no(about=AlertKind.TREATMENT_GAP)], "open"),
        ((), [no(date(2026, 4, 2)), no(date(2026, 4, 1), "snoozed")], "put-aside"),
    ],
)
def test_an_alert_counts_by_the_first_that_holds_within_its_months(acts, said, expected):
    assert outcome(alert(), acts, said) == (expected, OLDER)


def test_an_alert_that_was_closed_for_another_reason_is_not_open():
    assert outcome(alert(is_closed=True)) == ("closed", OLDER)


@pytest.mark.parametrize(("on", "age"), [(date(2026, 5, 23), OLDER), (date(2026, 5, 24), YOUNGER)])
def test_an_alert_is_older_once_its_months_are_over(on, age):
    assert outcome(alert(on)) == ("open", age)


def test_an_alert_of_a_later_episode_told_somebody_once_more():
    found = counted([alert(), alert(episode=2), alert(kind=AlertKind.TREATMENT_GAP, episode=2)])
    assert (found.told, found.again) == (2, 1)


def answers(acted: int, still_open: int, *, reasons=None, again=0, cards=(0, 0)) -> Answers:
    rows = {code: {OLDER: 0, YOUNGER: 0} for code in OUTCOMES}
    rows["acted-on"][OLDER], rows["open"][OLDER] = acted, still_open
    rows["open"][YOUNGER], rows["acted-on"][YOUNGER] = 60, 30
    return Answers(6, rows, reasons or {}, acted + still_open + 90, again, *cards)


def reasons(**counts: int) -> list[tuple[str, int]]:
    return list(released_answers(answers(30, 30, reasons=counts)).reasons.items())


@pytest.mark.parametrize(("acted", "share"), [(7, None), (8, 10 / 60)])
def test_a_share_of_seven_is_hidden_and_one_of_eight_is_of_rounded_numbers(acted, share):
    found = released_answers(answers(acted, 60 - acted))
    assert found.acted_share == (share if share is None else pytest.approx(share))


def test_repeats_are_hidden_where_few_were_or_few_were_not():
    assert released_answers(answers(30, 30, again=7)).again_share is None
    assert released_answers(answers(30, 30, again=38)).again_share == pytest.approx(40 / 150)
    assert released_answers(answers(30, 30, cards=(13, 13))).cards_share is None
    assert released_answers(answers(30, 30, cards=(60, 20))).cards_share == pytest.approx(20 / 60)


def test_a_reason_that_few_gave_is_left_out_and_so_is_what_gives_it_away():
    assert reasons(a=13, b=0) == reasons(a=7) == reasons() == []
    assert reasons(a=22, b=31, c=4) == [("b", 30), ("a", 20)]


def test_the_order_of_reasons_tells_no_more_than_their_numbers():
    assert reasons(b=32, a=30, c=50) == [("c", 50), ("a", 30), ("b", 30)]


def test_the_reasons_are_those_of_the_noes_that_stand():
    found = counted([alert()], said=[no(), no(), no(code=""), no(code=BY_HOSPITAL)])
    assert found.reasons == {"patient-refuses": 2, "": 1}
