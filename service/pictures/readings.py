"""Lanes of numbers: steps of disability, and T-scores at their height."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from service.pictures.boxes import Box, Boxes
from service.pictures.moments import draw_moments
from service.pictures.scales import NumberScale
from service.pictures.sheet import SMALL_PX, Sheet
from service.pictures.strip import Strip, said
from service.pictures.words import LETTER_PX, shorter, write_beside
from service.timeline import TimelineEvent

_STEPS_PX = 40
_SCORES_PX = 70


def draw_steps(sheet: Sheet, events: Sequence[TimelineEvent], strip: Strip, boxes: Boxes) -> float:
    """A line in steps that holds each number until the next, with the numbers on it."""
    known = [(e, e.number) for e in events if e.number is not None]
    top, ground = strip.top + LETTER_PX + 6, strip.top + LETTER_PX + 6 + _STEPS_PX
    low, high = _range([n for _, n in known], least=2.0)
    scale = NumberScale(low, high, ground - 4, top)
    colour = sheet.palette.ink
    points: list[tuple[float, float]] = []
    for event, number in known:
        x, y = strip.days.x(event.start), scale.y(number)
        if points:
            points.append((x, points[-1][1]))
        points.append((x, y))
    if points:
        today = (strip.days.x(strip.on), points[-1][1])
        sheet.line(points, colour, width=1.8)
        sheet.line([points[-1], today], colour, width=1.5, dash=(2, 3))
        for (left, y0), (right, y1) in pairwise([*points, today]):
            boxes.take(Box(left, min(y0, y1) - 1, right, max(y0, y1) + 1))
    before = None
    for event, number in known:
        at = (strip.days.x(event.start), scale.y(number))
        sheet.mark(at, "o", colour, size=7, about=said(event))
        if number != before:
            write_beside(sheet, at, (f"{number:g}",), boxes)
        before = number
    for event in (e for e in events if e.number is None):
        at = (strip.days.x(event.start), ground - 4)
        sheet.mark(at, "o", colour, size=7, is_hollow=True, about=said(event))
        write_beside(sheet, at, shorter(event.label), boxes)
    return ground + 6


def draw_scores(sheet: Sheet, events: Sequence[TimelineEvent], strip: Strip, boxes: Boxes) -> float:
    """Scores at their height, thresholds across; what has no score stands below."""
    known = [(e, e.number) for e in events if e.number is not None]
    unscored = [e for e in events if e.number is None]
    if not known:
        return draw_moments(sheet, events, strip, boxes, sheet.palette.brand, "o")
    top = strip.top + 8
    ground = top + _SCORES_PX
    low, high = _range([n for _, n in known] + list(strip.thresholds), least=1.0)
    scale = NumberScale(low, high, ground - 8, top + 4)
    for number, words in strip.thresholds.items():
        y = scale.y(number)
        edges = [(strip.days.left, y), (strip.days.right, y)]
        sheet.line(
            edges, sheet.palette.edge, dash=(4, 3), about=f"{words}: T-score {_signed(number)}"
        )
        at = (strip.days.right + 4, y + 4)
        sheet.text(at, _signed(number), sheet.palette.soft, size=SMALL_PX)
        boxes.take(Box(strip.days.left, y - 1, strip.days.right + 60, y + 1))
    for event, number in known:
        boxes.take(_around((strip.days.x(event.start), scale.y(number))))
    for event, number in known:
        at = (strip.days.x(event.start), scale.y(number))
        sheet.mark(at, "o", sheet.palette.brand, size=7, about=said(event))
        write_beside(sheet, at, (_signed(number),), boxes)
    if not unscored:
        return ground
    below = Strip(strip.days, strip.on, ground, strip.thresholds)
    return draw_moments(sheet, unscored, below, boxes, sheet.palette.brand, "o")


def _around(at: tuple[float, float]) -> Box:
    return Box(at[0] - 5, at[1] - 5, at[0] + 5, at[1] + 5)


def _range(numbers: Sequence[float], least: float) -> tuple[float, float]:
    """The lowest and the highest, at least so far apart."""
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    lack = max(least - (high - low), 0.0)
    return low - lack / 2, high + lack / 2


def _signed(number: float) -> str:
    """A T-score with a real minus."""
    return f"{number:+g}".replace("-", "\N{MINUS SIGN}")
