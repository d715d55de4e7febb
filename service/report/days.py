"""How many days pass from due to seen, ordered, done and treated.

A newcomer would get two things wrong. Only what was reached is counted: people who still wait are
not in these days, so that a young programme looks faster than it is. And a group of few is hidden
whole, its days too: a median of three people is one person's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from statistics import quantiles
from typing import Any

from service.report.disclosure import rounded
from service.screening.alert import AlertKind
from service.store.entries import Milestone, Reached

SHOWN: tuple[Reached, ...] = ("seen", "ordered", "done", "treated")


@dataclass(frozen=True, slots=True)
class Days:
    """Days from due to one milestone: how many episodes, rounded, and the quartiles in whole days.

    None where so few came that nothing is shown.
    """

    kind: AlertKind
    what: Reached
    episodes: int | None
    quartiles: tuple[int, int, int] | None

    def sentence(self) -> str:
        """One line for people."""
        if self.quartiles is None:
            return f"{self.kind}: due to {self.what}: hidden"
        lower, median, upper = self.quartiles
        return (
            f"{self.kind}: due to {self.what}: median {median} days, quartiles {lower} and"
            f" {upper}, in about {self.episodes} episodes"
        )

    def as_json(self) -> dict[str, Any]:
        """For machines; null is hidden."""
        lower, median, upper = self.quartiles or (None, None, None)
        return {
            "kind": str(self.kind),
            "what": self.what,
            "episodes": self.episodes,
            "lower_quartile_days": lower,
            "median_days": median,
            "upper_quartile_days": upper,
        }


def days_of(milestones: Iterable[tuple[str, Milestone]]) -> tuple[Days, ...]:
    """The days of every kind and milestone, of all episodes in the ledger."""
    counted: dict[tuple[AlertKind, Reached], list[int]] = defaultdict(list)
    for _, milestone in milestones:
        counted[milestone.kind, milestone.what].append(_days(milestone.starts_on, milestone.on))
    return tuple(
        _shown(kind, what, counted.get((kind, what), [])) for kind in AlertKind for what in SHOWN
    )


def _days(since: date, on: date) -> int:
    return (on - since).days


def _shown(kind: AlertKind, what: Reached, days: list[int]) -> Days:
    episodes = rounded(len(days))
    if episodes is None:
        return Days(kind, what, None, None)
    lower, median, upper = (round(q) for q in quantiles(days, n=4, method="inclusive"))
    return Days(kind, what, episodes, (lower, median, upper))
