"""What of a count may be told: nobody, few, about how many, all but few, everybody."""

import pytest

from service.survey.shares import ALL_BUT_FEW, FEW, Part, part_of, records_shown, verdicts_shown


@pytest.mark.parametrize(
    ("count", "part"),
    [
        (0, Part(0, 0.0)),
        (1, Part(None, None, FEW)),
        (7, Part(None, None, FEW)),
        (8, Part(10, 0.1)),
        (92, Part(90, 0.9)),
        (93, Part(None, None, ALL_BUT_FEW)),
        (99, Part(None, None, ALL_BUT_FEW)),
        (100, Part(100, 1.0)),
    ],
)
def test_small_numbers_are_hidden_at_both_ends_and_nobody_and_everybody_told(count, part):
    assert part_of(count, 100) == part


def test_everybody_of_a_few_is_few():
    assert part_of(5, 5) == Part(None, None, FEW)


def test_nobody_of_nobody_has_no_share():
    assert part_of(0, 0) == Part(0, None)


def test_what_is_unknown_for_everybody_is_told():
    row = verdicts_shown(0, 200, 0, has_evidence=True)
    assert row == {"met": 0, "unknown": 200, "not-met": 0}


def test_without_any_evidence_nobody_has_met_it():
    row = verdicts_shown(0, 0, 200, has_evidence=False)
    assert row == {"met": 0, "unknown": 0, "not-met": 200}


def test_a_small_number_of_met_is_hidden_and_so_is_what_it_could_be_computed_from():
    row = verdicts_shown(7, 0, 272, has_evidence=True)
    assert row == {"met": None, "unknown": 0, "not-met": None}


def test_that_nobody_has_met_it_is_hidden_where_there_is_evidence():
    assert verdicts_shown(0, 20, 180, has_evidence=True)["met"] is None


@pytest.mark.parametrize(("people", "told"), [(7, None), (8, 50)])
def test_records_of_too_few_people_are_hidden(people, told):
    assert records_shown(50, people) == told
