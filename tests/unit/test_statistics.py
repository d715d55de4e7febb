"""Intervals against the worked examples of the papers.

Wilson: Newcombe, Stat Med 1998;17:857-872, table I. Paired: Newcombe, Stat Med 1998;17:2635-2650,
where 36, 12, 2, 0 gives 0.0569 to 0.3404 by method 10.
"""

import pytest

from service.statistics import Pairs, Share, difference, share


def bounds(found: Share | None) -> tuple[float, float]:
    assert found is not None
    return round(found.low, 4), round(found.high, 4)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_wilson_interval_is_that_of_the_published_examples(part, whole, low, high):
    assert bounds(share(part, whole)) == (low, high)


def test_all_of_them_ends_at_exactly_one():
    assert share(20, 20) == Share(1.0, pytest.approx(0.8389, abs=1e-4), 1.0)


def test_a_share_of_nobody_is_none():
    assert share(0, 0) is None


def test_the_paired_difference_is_that_of_the_published_example():
    # The paper's difference is first minus second; ours is second minus first.
    assert bounds(difference(Pairs(36, 2, 12, 0))) == (0.0569, 0.3404)


def test_swapping_the_protocols_turns_the_sign():
    assert bounds(difference(Pairs(36, 12, 2, 0))) == (-0.3404, -0.0569)


def test_two_protocols_that_agree_on_everybody_differ_by_nothing():
    found = difference(Pairs(20, 0, 0, 30))
    assert found is not None
    assert found.value == 0
    assert found.low < 0 < found.high


def test_where_nobody_is_due_the_interval_is_still_open_to_both_sides():
    assert bounds(difference(Pairs(0, 0, 0, 50))) == (-0.0713, 0.0713)


def test_protocols_that_contradict_each_other_have_a_wide_interval():
    agreeing = bounds(difference(Pairs(20, 5, 5, 20)))
    contrary = bounds(difference(Pairs(5, 20, 20, 5)))
    assert contrary[0] < agreeing[0]
    assert contrary[1] > agreeing[1]


def test_a_difference_never_leaves_the_scale():
    assert bounds(difference(Pairs(0, 0, 9, 0)))[1] <= 1.0
    assert bounds(difference(Pairs(0, 9, 0, 0)))[0] >= -1.0


def test_a_difference_among_nobody_is_none():
    assert difference(Pairs(0, 0, 0, 0)) is None
