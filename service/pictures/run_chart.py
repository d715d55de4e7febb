"""Numbers over time, each line with its name at its end.

A newcomer would get two things wrong. A point that is None is hidden or unknown: the line has a gap
there, it is not drawn through. And the median is drawn for a single line of eight points or more
only: with fewer, a run chart tells nothing from chance (the rule of eight is that of run charts in
quality improvement, not ours).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from statistics import median

from service.pictures.look import Look
from service.pictures.scales import DayScale, NumberScale, round_steps
from service.pictures.sheet import SMALL_PX, Shape, Sheet

FEWEST_FOR_MEDIAN = 8
_TITLE_PX = 34
_PLOT_PX = 200
_DASHES: tuple[tuple[float, ...], ...] = ((), (6, 2), (2, 2), (8, 2, 2, 2))
_SHAPES: tuple[Shape, ...] = ("o", "s", "^", "D")
_NOTHING = "There is nothing to show yet."
_HIDDEN = "A gap is a small number or an unknown one, not shown."


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its name, and its points by day; None where a number is hidden or unknown."""

    label: str
    points: Sequence[tuple[date, float | None]]

    def known(self) -> list[tuple[date, float]]:
        """The points that are drawn, by day."""
        return sorted((d, n) for d, n in self.points if n is not None and isfinite(n))


def draw_run_chart(title: str, lines: Sequence[Line], look: Look) -> bytes:
    """Up to four lines on one scale from zero; the title says the unit. None is negative."""
    sheet = Sheet(look)
    colours = sheet.palette
    sheet.text((0, 18), sheet.cut(title, look.width_px, size=15), colours.ink, size=15)
    if not any(line.known() for line in lines):
        sheet.text((0, _TITLE_PX + 16), _NOTHING, colours.soft)
        return sheet.finished(title, _TITLE_PX + 28)
    plot = _plot_for(sheet, lines)
    _grid(sheet, plot)
    if len(lines) == 1 and len(lines[0].known()) >= FEWEST_FOR_MEDIAN:
        _median(sheet, plot, median(n for _, n in lines[0].known()))
    for nr, line in enumerate(lines):
        _line(sheet, plot, line, nr)
    bottom = _names(sheet, plot, lines)
    if any(number is None for line in lines for _, number in line.points):
        sheet.text((0, bottom + 16), _HIDDEN, colours.soft, size=SMALL_PX)
        bottom += 22
    return sheet.finished(title, bottom + 4)


@dataclass(frozen=True, slots=True)
class _Plot:
    days: DayScale
    numbers: NumberScale
    steps: Sequence[float]
    names_at_end: bool
    days_named: Sequence[tuple[date, str]]


def _plot_for(sheet: Sheet, lines: Sequence[Line]) -> _Plot:
    days = sorted({day for line in lines for day, _ in line.points})
    first, last = days[0], days[-1]
    if first == last:
        first, last = first - timedelta(days=15), last + timedelta(days=15)
    steps = round_steps(max(n for line in lines for _, n in line.known()))
    left = max(sheet.width_of(_words(s), size=SMALL_PX) for s in steps) + 10
    at_end = not sheet.look.is_narrow
    margin = max(sheet.width_of(_named(line)) for line in lines) + 16 if at_end else 14
    margin = min(margin, sheet.width * 0.3)
    bottom = _TITLE_PX + _PLOT_PX
    scale = DayScale(first, last, left + 6, sheet.width - margin)
    return _Plot(
        scale,
        NumberScale(0, steps[-1], bottom, _TITLE_PX + 8),
        steps,
        at_end,
        _days_named(scale, days),
    )


def _days_named(scale: DayScale, days: Sequence[date]) -> list[tuple[date, str]]:
    """Months; the first and the last day where fewer than two months begin between them."""
    months = list(scale.marks(90))
    if len(months) > 1 and len(days) > 1:
        return months
    return [(day, f"{day:%Y-%m-%d}") for day in dict.fromkeys((days[0], days[-1]))]


def _grid(sheet: Sheet, plot: _Plot) -> None:
    colours, days = sheet.palette, plot.days
    for step in plot.steps:
        y = plot.numbers.y(step)
        sheet.line([(days.left - 6, y), (days.right, y)], colours.line)
        sheet.text(
            (days.left - 12, y + 4), _words(step), colours.soft, size=SMALL_PX, anchor="right"
        )
    bottom = plot.numbers.bottom
    for day, name in plot.days_named:
        x = days.x(day)
        sheet.line([(x, bottom), (x, bottom + 5)], colours.edge)
        sheet.name((x, bottom + 19), name, colours.soft)


def _median(sheet: Sheet, plot: _Plot, middle: float) -> None:
    y = plot.numbers.y(middle)
    sheet.line([(plot.days.left, y), (plot.days.right, y)], sheet.palette.soft, dash=(5, 4))
    words = f"median {_words(middle)}"
    sheet.text((plot.days.left, y - 5), words, sheet.palette.soft, size=SMALL_PX)


def _line(sheet: Sheet, plot: _Plot, line: Line, nr: int) -> None:
    colour = sheet.palette.series[nr % len(sheet.palette.series)]
    dash, shape = _DASHES[nr % len(_DASHES)], _SHAPES[nr % len(_SHAPES)]
    for run in _runs(line):
        points = [(plot.days.x(day), plot.numbers.y(number)) for day, number in run]
        if len(points) > 1:
            sheet.line(points, colour, width=2, dash=dash)
        size = 6 if len(line.points) <= 60 else 3
        for (day, number), at in zip(run, points, strict=True):
            about = f"{line.label}, {day:%Y-%m-%d}: {_words(number)}"
            sheet.mark(at, shape, colour, size=size, about=about)


def _runs(line: Line) -> list[list[tuple[date, float]]]:
    """The line in pieces, broken wherever a point is missing."""
    runs: list[list[tuple[date, float]]] = [[]]
    for day, number in sorted(line.points, key=lambda point: point[0]):
        if number is None or not isfinite(number):
            runs.append([])
        else:
            runs[-1].append((day, number))
    return [run for run in runs if run]


def _names(sheet: Sheet, plot: _Plot, lines: Sequence[Line]) -> float:
    """Name each line at its end, or below where it is narrow; give where the picture ends."""
    bottom = plot.numbers.bottom + 26
    ends = sorted(
        (plot.numbers.y(line.known()[-1][1]), nr) for nr, line in enumerate(lines) if line.known()
    )
    last_y = -100.0
    for y, nr in ends:
        colour = sheet.palette.series[nr % len(sheet.palette.series)]
        if plot.names_at_end:
            last_y = max(y, last_y + 17)
            x = plot.days.right + 12
            words = sheet.cut(_named(lines[nr]), sheet.width - x)
            sheet.text((x, last_y + 5), words, colour)
        else:
            sheet.mark((6, bottom + 10), _SHAPES[nr % len(_SHAPES)], colour, size=7)
            sheet.text((18, bottom + 14), sheet.cut(_named(lines[nr]), sheet.width - 18), colour)
            bottom += 20
    return bottom


def _named(line: Line) -> str:
    known = line.known()
    return f"{line.label} {_words(known[-1][1])}" if known else line.label


def _words(number: float) -> str:
    return f"{number:,.10g}".replace(",", "\N{NARROW NO-BREAK SPACE}")
