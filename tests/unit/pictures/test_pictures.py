"""What every picture keeps to: it is the same each time, loads nothing, fits its theme."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path

import pytest

from service.pictures import Bar, Line, Look, draw_bars, draw_run_chart, draw_timeline
from service.pictures.look import DARK, LIGHT
from service.timeline import Lane, TimelineEvent
from tests.unit.pictures.reading import text_parts, texts, titles

ON = date(2026, 11, 23)
SVG = Look("light", "svg")
RELAPSE = TimelineEvent(Lane.RELAPSES, date(2024, 5, 1), None, "relapse")


def drawn(look: Look) -> dict[str, bytes]:
    return {
        "bars": draw_bars("People", [Bar("In the cohort", 40)], look),
        "run chart": draw_run_chart("Alerts", [Line("new", [(ON, 3)])], look),
        "timeline": draw_timeline([RELAPSE], ON, look),
    }


def test_a_picture_is_the_same_each_time_that_it_is_drawn():
    assert drawn(SVG) == drawn(SVG)


@pytest.mark.parametrize("what", ["bars", "run chart", "timeline"])
def test_a_picture_loads_nothing_and_has_no_day_of_drawing(what):
    svg = drawn(SVG)[what].decode()
    assert not re.search(r"<!DOCTYPE|<metadata|@import|<script|<image", svg)
    assert set(re.findall(r'(?:href|src)="([^"]*)"', svg)) == set(re.findall(r'"(#[^"]*)"', svg))


@pytest.mark.parametrize("what", ["bars", "run chart", "timeline"])
def test_a_picture_has_a_role_and_a_name(what):
    root = ET.fromstring(drawn(SVG)[what])
    assert root.get("role") == "img"
    assert root[0].get("id") == root.get("aria-labelledby") and root[0].text


@pytest.mark.parametrize("what", ["bars", "run chart", "timeline"])
def test_words_are_set_in_the_fonts_of_the_pages_and_never_in_a_serif_one(what):
    styles = {part.get("style", "") for part in text_parts(drawn(SVG)[what])}
    assert styles and all("font-family: system-ui," in style for style in styles)


def test_a_png_has_two_pixels_for_each_of_the_page():
    png = drawn(Look("dark", "png", 500))["bars"]
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">I", png[16:20]) == (1000,)


def test_the_colours_are_those_of_the_style_sheet():
    sheet = Path("service/web/static/boneflag.css").read_text("utf-8")
    pairs = dict(re.findall(r"--([a-z-]+): light-dark\((#\w+, #\w+)\)", sheet))
    for name in ("ground paper ink soft line edge brand wash urgent warn good").split():
        assert pairs[name] == f"{getattr(LIGHT, name)}, {getattr(DARK, name)}", name


def contrast(one: str, other: str) -> float:
    """The contrast of two colours by WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (
            p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_every_colour_of_a_series_can_be_read_as_text(palette):
    assert min(contrast(colour, palette.paper) for colour in palette.series) >= 4.5


def test_a_hidden_count_is_a_dash_that_is_explained():
    svg = draw_bars("People", [Bar("Due", 40), Bar("Low", None)], SVG)
    assert texts(svg)[-2:] == ["–", "– a small number, not shown"]
    assert "Low: –" in titles(svg)


def test_a_count_of_zero_is_no_dash():
    assert "0" in texts(draw_bars("People", [Bar("Due", 0)], SVG))


@pytest.mark.parametrize("look", [SVG, Look("dark", "svg", 352)])
@pytest.mark.parametrize(
    "bars",
    [
        [],
        [Bar("", 0)],
        [Bar("all hidden", None)],
        [Bar("a very long name of a criterion " * 9, 12_345_678_901)],
        [Bar(f"row {n}", n) for n in range(60)],
        [Bar("a dollar $x^2$ and <b>&", 1.5, says="1.5 of 3")],
    ],
)
def test_bars_of_any_kind_can_be_drawn(bars, look):
    found = titles(draw_bars("People", bars, look))
    assert found[1:] == [f"{bar.label}: {bar.words}" for bar in bars]


def test_a_missing_point_breaks_the_line_and_is_explained():
    points = [(date(2026, n, 1), None if n == 4 else float(n)) for n in range(1, 7)]
    svg = draw_run_chart("Alerts", [Line("new", points)], SVG)
    assert len([t for t in titles(svg) if t.startswith("new, ")]) == 5
    assert texts(svg)[-1] == "A gap is a small number or an unknown one, not shown."


def test_a_line_of_eight_points_has_its_median_and_one_of_seven_has_none():
    def words(count: int) -> list[str]:
        points = [(date(2026, n + 1, 1), 10.0 + n) for n in range(count)]
        return texts(draw_run_chart("Alerts", [Line("new", points)], SVG))

    assert "median 13.5" in words(8)
    assert not [w for w in words(7) if w.startswith("median")]


@pytest.mark.parametrize("look", [SVG, Look("dark", "svg", 352)])
@pytest.mark.parametrize(
    "lines",
    [
        [],
        [Line("nothing", [])],
        [Line("hidden", [(ON, None)])],
        [Line("one", [(ON, 0)])],
        [Line("huge " * 30, [(date(1900, 1, 1), 1e12), (ON, 3e12)])],
        [Line(f"line {n}", [(ON, 5), (date(2026, 1, 1), 5)]) for n in range(6)],
    ],
)
def test_lines_of_any_kind_can_be_drawn(lines, look):
    known = sum(len(line.known()) for line in lines)
    assert len(titles(draw_run_chart("Alerts", lines, look))) == 1 + known


def chart_of(*days: date, width_px: int = 1100) -> bytes:
    line = Line("due", [(day, 10.0) for day in days])
    return draw_run_chart("Due", [line], Look("light", "svg", width_px))


@pytest.mark.parametrize(
    ("days", "named"),
    [
        ([date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 23)], ["2026-11-02", "2026-11-23"]),
        ([date(2026, 11, 23)], ["2026-11-23"]),
        ([date(2026, 1, 1), date(2026, 3, 1)], ["Jan 2026", "Feb 2026", "Mar 2026"]),
    ],
)
def test_a_chart_of_few_weeks_names_its_days_and_a_longer_one_its_months(days, named):
    assert [word for word in texts(chart_of(*days)) if "2026" in word] == named


def middle_of(word: str, picture: bytes) -> float:
    return next(float(part.get("x", "")) for part in text_parts(picture) if part.text == word)


def test_no_name_of_a_month_is_cut_off_on_a_telephone():
    chart = chart_of(*[date(2026, n, 1) for n in range(1, 11)], width_px=352)
    fall = TimelineEvent(Lane.FALLS, date(2026, 6, 1), None, "fall")
    timeline = draw_timeline([fall], date(2026, 10, 5), Look("light", "svg", 352))
    assert middle_of("Oct 2026", chart) < 352 - 25
    assert middle_of("Oct 2025", timeline) > 25
