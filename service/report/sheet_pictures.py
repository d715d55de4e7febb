"""The pictures of the programme, drawn from its sheet: what may be shown, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from service.pictures import Bar, Line, Look, draw_bars, draw_run_chart
from service.report.over_time import HAPPENINGS
from service.report.periods import Period
from service.report.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: its title, what it says to who cannot see it, and how it is drawn."""

    title: str
    alt: str
    draw: Callable[[Sheet, Look], bytes]


def _funnel(sheet: Sheet, look: Look) -> bytes:
    bars = [Bar(step.step.display, step.people) for step in sheet.funnel]
    return draw_bars(PICTURES["funnel"].title, bars, look)


def _happened(sheet: Sheet, look: Look) -> bytes:
    found = sheet.over_time
    lines = [
        _line(HAPPENINGS[what], found.periods, tuple(found.happened[what].values()))
        for what in ("told", "seen", "ordered", "done")
    ]
    return draw_run_chart(PICTURES["happened"].title, lines, look)


def _days(sheet: Sheet, look: Look) -> bytes:
    found = sheet.over_time
    lines = [
        _line("to the order", found.periods, found.days_to_order),
        _line("to the scan", found.periods, found.days_to_scan),
    ]
    return draw_run_chart(PICTURES["days"].title, lines, look)


def _due(sheet: Sheet, look: Look) -> bytes:
    found = sheet.over_time
    return draw_run_chart(PICTURES["due"].title, [_line("due", found.periods, found.due)], look)


def _line(label: str, periods: Sequence[Period], numbers: Sequence[float | None]) -> Line:
    return Line(label, [(p.first, n) for p, n in zip(periods, numbers, strict=True)])


PICTURES: Mapping[str, Picture] = {
    "funnel": Picture(
        "From the cohort to treatment, people",
        "Bars: how many people came how far. The table below has the same numbers.",
        _funnel,
    ),
    "due": Picture(
        "People due after the last sweep",
        "A line over time. The table below has the same numbers.",
        _due,
    ),
    "happened": Picture(
        "Alerts, answers, orders, scans",
        "Four lines over time. The table below has the same numbers.",
        _happened,
    ),
    "days": Picture(
        "Median days from due",
        "Two lines over time. The table below has the same numbers.",
        _days,
    ),
}
"""Every picture by name, in the order of the page."""
