"""The picture of a person's time says everything that is known, and puts it where it belongs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from service.pictures import Look, Threshold, draw_timeline
from service.pictures.scales import DayScale
from service.timeline import Lane, TimelineEvent
from tests.unit.pictures.reading import height_of, texts, titles

ON = date(2026, 11, 23)
SVG = Look("light", "svg")
# What a lane of numbers draws in the place of words.
DRAWN = {Lane.STEROIDS: "3 mg", Lane.DISABILITY: "3", Lane.BONE_DENSITY: "+3"}
OSTEOPOROSIS = Threshold(-2.5, "osteoporosis")


def event(lane: Lane, days_ago: int, label: str, number=None, lasts=None) -> TimelineEvent:
    start = ON - timedelta(days=days_ago)
    end = start + timedelta(days=lasts) if lasts is not None else None
    return TimelineEvent(lane, start, end, label, number)


def drawn(*events: TimelineEvent, look: Look = SVG, thresholds=()) -> bytes:
    return draw_timeline(events, ON, look, thresholds=thresholds)


@pytest.mark.parametrize("look", [SVG, Look("dark", "svg", 352)])
def test_every_event_has_its_words_and_its_days(look):
    events = [event(lane, 400, f"words of {lane}", 3.0, lasts=9) for lane in Lane]
    svg = drawn(*events, look=look)
    for lane in Lane:
        assert f"2025-10-19 to 2025-10-28: words of {lane}" in titles(svg)
        assert DRAWN.get(lane, f"words of {lane}") in texts(svg)


def test_only_lanes_with_something_on_them_are_drawn():
    words = texts(drawn(event(Lane.FALLS, 30, "fall")))
    assert "Falls" in words
    assert "Fractures" not in words


@pytest.mark.parametrize(("score", "is_below"), [(-2.6, True), (-2.4, False)])
def test_a_score_stands_on_its_side_of_the_threshold(score, is_below):
    svg = drawn(event(Lane.BONE_DENSITY, 90, "hip", score), thresholds=[OSTEOPOROSIS])
    line = height_of(svg, "osteoporosis: T-score \N{MINUS SIGN}2.5")
    assert (height_of(svg, "2026-08-25: hip") > line) is is_below


def test_a_score_at_the_threshold_stands_on_it():
    svg = drawn(event(Lane.BONE_DENSITY, 90, "hip", -2.5), thresholds=[OSTEOPOROSIS])
    line = height_of(svg, "osteoporosis: T-score \N{MINUS SIGN}2.5")
    assert height_of(svg, "2026-08-25: hip") == pytest.approx(line, abs=0.1)


def test_without_a_threshold_none_is_drawn():
    assert "\N{MINUS SIGN}2.5" not in texts(drawn(event(Lane.BONE_DENSITY, 90, "hip", -1.0)))


def test_a_step_of_disability_is_higher_where_the_number_is():
    svg = drawn(event(Lane.DISABILITY, 900, "low", 2.5), event(Lane.DISABILITY, 90, "high", 6.0))
    assert height_of(svg, "2026-08-25: high") < height_of(svg, "2024-06-06: low")


def test_words_that_find_no_room_are_left_out_and_their_marks_stay():
    falls = [event(Lane.FALLS, n, f"fall number {n} in the bathroom at home") for n in range(60)]
    svg = drawn(*falls, event(Lane.RELAPSES, 9000, "long ago"))
    assert len([t for t in titles(svg) if "fall number" in t]) == 60
    assert len([t for t in texts(svg) if "fall number" in t]) < 60


def test_what_is_all_called_the_same_is_told_apart_by_its_month():
    words = texts(drawn(event(Lane.RELAPSES, 90, "relapse"), event(Lane.RELAPSES, 900, "relapse")))
    assert {"Aug 2026", "Jun 2024"} <= set(words)
    assert "relapse" not in words


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize("look", [SVG, Look("dark", "svg", 352)])
def test_odd_days_and_numbers_break_no_lane(lane, look):
    odd = [
        TimelineEvent(lane, date(1, 1, 1), date.max, "always", None),
        TimelineEvent(lane, date.max, None, "never", -4.0),
        TimelineEvent(lane, ON, ON, "", 1e9),
        TimelineEvent(lane, ON, ON - timedelta(days=3), "ends before it begins", 0.0),
        TimelineEvent(lane, ON, None, "a name that is far too long for a telephone " * 5, 2.0),
    ]
    assert len(titles(drawn(*odd, look=look))) == 1 + len(odd)


def test_nothing_known_is_said_so():
    assert "Nothing with a date is known." in texts(drawn())


def test_the_axis_names_months_for_a_year_and_years_for_a_life():
    def names(years: int) -> list[str]:
        scale = DayScale(ON.replace(year=ON.year - years), ON, 0, 900)
        return [name for _, name in scale.marks(80)]

    assert names(1)[:2] == ["Jan 2026", "Mar 2026"]
    assert names(60)[0].isdigit()
    assert all(2 <= len(names(years)) <= 12 for years in (1, 2, 5, 10, 20, 40, 80))


def test_two_fractures_of_one_bone_keep_its_name():
    words = texts(drawn(event(Lane.FRACTURES, 90, "wrist"), event(Lane.FRACTURES, 900, "wrist")))
    assert words.count("wrist") == 2


def test_a_taper_is_named_by_its_highest_dose_and_by_what_lasts():
    week = [event(Lane.STEROIDS, 900 - 7 * n, "", 60 - 20 * n, lasts=6) for n in range(3)]
    words = texts(drawn(*week, event(Lane.STEROIDS, 700, "", 5.0, lasts=600)))
    assert [w for w in words if w.endswith(" mg")] == ["60 mg", "5 mg"]


@pytest.mark.parametrize("lasts", [None, 3])
def test_what_goes_on_today_reaches_beyond_todays_line(lasts):
    def bars(days_ago: int) -> int:
        return drawn(event(Lane.ALERTS, days_ago, "open", lasts=lasts)).count(b'id="patch_')

    assert bars(lasts or 0) > bars((lasts or 0) + 1)
