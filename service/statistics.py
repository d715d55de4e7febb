"""Confidence intervals for shares, and for the difference of two shares of the same people.

A newcomer would get one thing wrong. Both protocols judge the same people, so their shares are
paired: an interval for two independent groups would be far too wide. And what an interval says
here: how far the share may be off if those who were read are a random sample of people like them.
It says nothing about whether a criterion is right.

Wilson, J Am Stat Assoc 1927;22:209-212 (score interval). Newcombe, Stat Med 1998;17:2635-2650,
method 10 (difference of paired proportions from two Wilson intervals, with their correlation).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

_Z = 1.959964
"""The standard normal deviate of a two-sided 95 % interval."""
WILSON = "Wilson score, 95 %"
NEWCOMBE = "Newcombe 1998, method 10, 95 %"


@dataclass(frozen=True, slots=True)
class Share:
    """A share (or a difference of shares) between -1 and 1, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """The same people judged twice: how many were counted by both, by one alone, by neither."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def people(self) -> int:
        """All of them."""
        return self.both + self.only_first + self.only_second + self.neither


def share(part: int, whole: int) -> Share | None:
    """`part` of `whole` with the Wilson score interval; None where there is no whole."""
    if whole == 0:
        return None
    p, square = part / whole, _Z * _Z
    centre = p + square / (2 * whole)
    spread = _Z * sqrt(p * (1 - p) / whole + square / (4 * whole * whole))
    divisor = 1 + square / whole
    # At 0 and at all of them the bound is exact, which floating point would miss by a hair.
    low = 0.0 if part == 0 else (centre - spread) / divisor
    high = 1.0 if part == whole else (centre + spread) / divisor
    return Share(p, low, high)


def difference(pairs: Pairs) -> Share | None:
    """The second share minus the first, by Newcombe's method 10; None where there is nobody."""
    n = pairs.people
    first = share(pairs.both + pairs.only_first, n)
    second = share(pairs.both + pairs.only_second, n)
    if first is None or second is None:
        return None
    phi = _correlation(pairs)
    value = (pairs.only_second - pairs.only_first) / n
    below = _distance(second.value - second.low, first.high - first.value, phi)
    above = _distance(second.high - second.value, first.value - first.low, phi)
    return Share(value, max(-1.0, value - below), min(1.0, value + above))


def _distance(one: float, other: float, phi: float) -> float:
    # Never negative but by rounding, since phi is at most 1.
    return sqrt(max(0.0, one * one - 2 * phi * one * other + other * other))


def _correlation(pairs: Pairs) -> float:
    """The correlation of the two judgements, with Newcombe's correction for continuity."""
    a, b, c, d = pairs.both, pairs.only_first, pairs.only_second, pairs.neither
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if margins == 0:
        return 0.0
    product = a * d - b * c
    if product > 0:
        return float(max(product - pairs.people / 2, 0) / sqrt(margins))
    return float(product / sqrt(margins))
