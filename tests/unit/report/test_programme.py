"""Counting the programme, and what of it may be shown."""

from datetime import date

import pytest

from service.measure import POPULATIONS, STRATIFIERS
from service.report.programme import count_programme, released

from .builders import CRITERIA, DAY, DIGEST, judged


def counted(*people):
    return count_programme(people, CRITERIA, DIGEST)


def test_everybody_is_counted_in_their_part_sex_and_band():
    programme = counted(judged("due"), judged("satisfied", "male", "65-74"))
    assert programme.judged == 2
    assert programme.parts["due"] == programme.parts["done"] == 1
    assert programme.tables["sex"]["male"]["done"] == 1
    assert programme.tables["age-band"]["40-49"]["due"] == 1
    assert programme.tables["sex-and-age"]["female-under-50"]["due"] == 1


def test_a_person_is_counted_under_each_criterion_that_is_met_or_unknown():
    met, unknown = ("MSO-02", "met"), ("MSO-11", "unknown")
    programme = counted(judged("due", "female", "40-49", met, unknown))
    assert programme.tables["criterion-met"]["MSO-02"]["due"] == 1
    assert programme.tables["criterion-met"]["MSO-11"]["due"] == 0
    assert programme.tables["criterion-unknown"]["MSO-11"]["due"] == 1


def test_a_criterion_that_the_protocol_no_longer_has_is_not_counted():
    programme = counted(judged("due", "female", "40-49", ("MSO-99", "met")))
    assert "MSO-99" not in programme.tables["criterion-met"]


def test_a_sex_or_band_of_an_older_version_counts_as_unknown():
    programme = counted(judged("due", "F", "40s"))
    assert programme.tables["sex"]["unknown"]["due"] == 1
    assert programme.tables["age-band"]["unknown"]["due"] == 1
    assert programme.tables["sex-and-age"]["unknown"]["due"] == 1


def test_the_days_of_judgement_bound_the_period():
    programme = counted(judged(), judged(on=date(2026, 11, 20)))
    assert (programme.first_day, programme.last_day) == (date(2026, 11, 20), DAY)


def test_who_was_judged_by_another_protocol_is_told():
    assert counted(judged(), judged(digest="sha256:older")).of_another_protocol == 1


def test_nobody_judged_leaves_no_days():
    programme = counted()
    assert (programme.judged, programme.first_day, programme.last_day) == (0, None, None)


def test_every_row_that_is_shown_holds_every_population_of_the_measure():
    may_show = released(counted(*[judged()] * 20))
    rows = [row for table in may_show.tables.values() for row in table.values()]
    codes = [population.code for population in POPULATIONS]
    assert {*may_show.tables} == {stratifier.code for stratifier in STRATIFIERS}
    assert all(list(row) == codes for row in [may_show.populations, *rows])


def test_populations_that_are_sums_are_rounded_by_themselves():
    people = [judged("due")] * 9 + [judged("ordered-waiting")] * 9 + [judged("satisfied")] * 9
    shown = released(counted(*people)).populations
    assert (shown["due"], shown["waiting"], shown["done"]) == (10, 10, 10)
    assert shown["denominator"] == shown["initial-population"] == 25


def test_a_population_of_one_part_is_hidden_where_that_part_is():
    people = [judged("due")] * 202 + [judged("satisfied")] * 7
    shown = released(counted(*people)).populations
    assert shown["done"] is shown["numerator"] is None


def test_a_small_group_is_hidden_in_each_population():
    people = [judged()] * 40 + [judged(sex="male")] * 5
    row = released(counted(*people)).tables["sex"]["male"]
    assert set(row.values()) == {None}


def test_the_groups_of_a_row_do_not_tell_beside_its_size_that_nobody_is_left():
    # 8 each of four statuses and 32 in all would be shown as four times 10 and 30.
    statuses = ("due", "ordered-waiting", "satisfied", "not-at-risk")
    older = [judged(status, "female", "65-74") for status in statuses] * 8
    younger = [judged(status) for status in statuses] * 50
    row = released(counted(*older, *younger)).tables["age-band"]["65-74"]
    shown = [row[code] for code in ("due", "waiting", "done", "not-at-risk")]
    assert row["initial-population"] == 30
    assert None in shown


def test_the_denominator_is_hidden_where_it_tells_that_nobody_is_outside_it():
    # 13 in all: shown as 15, it would say that nobody is excluded, at no risk or unknown.
    shown = released(counted(*[judged()] * 13)).populations
    assert shown["denominator"] is shown["due"] is None
    assert shown["initial-population"] == 15


def test_the_numerator_is_hidden_where_the_people_who_are_done_are():
    people = [judged("due")] * 202 + [judged("satisfied")] * 7
    for row in released(counted(*people)).tables["sex"].values():
        assert row["numerator"] == row["done"]


def test_criteria_show_met_unknown_and_the_rest():
    met = [judged("due", "female", "40-49", ("MSO-02", "met"))] * 30
    unknown = [judged("due", "female", "40-49", ("MSO-02", "unknown"))] * 20
    rest = [judged("due", "female", "40-49", ("MSO-02", "not-met"))] * 50
    shown = released(counted(*met, *unknown, *rest)).criteria["MSO-02"]
    assert shown == {"met": 30, "unknown": 20, "not-met": 50}


@pytest.mark.parametrize(
    ("met", "not_met", "may_be_shown"),
    [(13, 0, False), (13, 1, False), (14, 7, True), (30, 8, True)],
)
def test_who_meets_a_criterion_is_hidden_where_it_tells_that_hardly_anybody_does_not(
    met, not_met, may_be_shown
):
    people = [judged("due", "female", "40-49", ("MSO-02", "met"))] * met
    people += [judged("due", "female", "40-49", ("MSO-02", "not-met"))] * not_met
    others = [judged("satisfied", "female", "40-49", ("MSO-02", "not-met"))] * 100
    row = released(counted(*people, *others)).tables["criterion-met"]["MSO-02"]
    assert (row["due"] is not None) is may_be_shown
