"""How much one run may open: a number, and a share of the cohort from a sensible number on."""

from __future__ import annotations

import pytest

from service.going_live.leave import FEWEST_ALERTS_FOR_PERCENT, Volume
from service.going_live.releasing import is_one_person, tidied_name


@pytest.mark.parametrize(("new_alerts", "is_held"), [(4, False), (5, False), (6, True)])
def test_more_alerts_than_the_number_are_too_many(new_alerts, is_held):
    assert bool(Volume(5, None).why_too_many(new_alerts, 1000)) is is_held


@pytest.mark.parametrize(("new_alerts", "is_held"), [(19, False), (20, False), (21, True)])
def test_more_of_the_cohort_than_the_share_is_too_much(new_alerts, is_held):
    assert bool(Volume(1000, 20).why_too_many(new_alerts, 100)) is is_held


@pytest.mark.parametrize(
    ("new_alerts", "is_held"),
    [(FEWEST_ALERTS_FOR_PERCENT - 1, False), (FEWEST_ALERTS_FOR_PERCENT, True)],
)
def test_a_share_of_few_alerts_says_nothing(new_alerts, is_held):
    assert bool(Volume(1000, 20).why_too_many(new_alerts, 12)) is is_held


def test_without_a_cohort_any_number_from_there_on_is_too_much():
    assert Volume(1000, 20).why_too_many(10, 0)


def test_the_limits_of_an_approval_go_before_those_of_the_settings():
    assert Volume(50, 20).asked_for(5, None) == Volume(5, 20)


def test_no_alert_at_all_may_be_a_limit():
    assert Volume(50, 20).asked_for(0, 0).why_too_many(1, 100)


@pytest.mark.parametrize("name", ["ana núñez", "NUNEZ, Ana", "Dr. Ana  Núñez"])
def test_a_name_is_one_person_whatever_case_accents_titles_and_order(name):
    assert is_one_person(name, "Ana Núñez")


@pytest.mark.parametrize(("typed", "kept"), [("  Ana\n Núñez ", "Ana Núñez"), (" 4711 ", "")])
def test_a_name_is_kept_without_spare_blanks_and_must_hold_a_letter(typed, kept):
    assert tidied_name(typed) == kept
