"""Days from due to what came of it, with small groups hidden."""

from __future__ import annotations

from datetime import date, timedelta

from service.report.days import Days, days_of
from service.screening.alert import AlertKind
from service.store.entries import Milestone

START = date(2026, 1, 1)


def of(*days: int) -> Days:
    reached = [
        (f"p{n}", Milestone(AlertKind.SCREENING, START, "done", START + timedelta(days=d)))
        for n, d in enumerate(days)
    ]
    return next(d for d in days_of(reached) if (d.kind, d.what) == (AlertKind.SCREENING, "done"))


def test_seven_episodes_are_hidden_with_their_days() -> None:
    assert (of(*range(7)).episodes, of(*range(7)).quartiles) == (None, None)


def test_eight_episodes_are_shown_rounded() -> None:
    found = of(10, 20, 30, 40, 50, 60, 70, 80)
    assert (found.episodes, found.quartiles) == (10, (28, 45, 62))


def test_what_nobody_reached_is_hidden() -> None:
    assert all(days.quartiles is None for days in days_of([]))


def test_the_sentence_says_median_and_quartiles() -> None:
    found = of(10, 20, 30, 40, 50, 60, 70, 80).sentence()
    assert "due to done: median 45 days, quartiles 28 and 62, in about 10 episodes" in found


def test_hidden_days_say_so() -> None:
    assert of().sentence().endswith("due to done: hidden")
