"""Where a lane stands, and an event on it: its edges, its bar, what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from service.pictures.scales import DayScale
from service.pictures.sheet import Sheet
from service.timeline import TimelineEvent

FADE_PX = 26.0
_FADE_PIECES = 8
_LEAST_BAR_PX = 2.0


@dataclass(frozen=True, slots=True)
class Strip:
    """Where a lane stands: its days, today, its upper edge, T-scores that have a line."""

    days: DayScale
    on: date
    top: float
    thresholds: Mapping[float, str]


def said(event: TimelineEvent) -> str:
    """The words and the days of an event, for whoever points at it."""
    if event.end is None or event.end == event.start:
        return f"{event.start:%Y-%m-%d}: {event.label}"
    return f"{event.start:%Y-%m-%d} to {event.end:%Y-%m-%d}: {event.label}"


def edges(event: TimelineEvent, strip: Strip) -> tuple[float, float]:
    """Where an event begins and ends; one that goes on ends at today's line."""
    begin = strip.days.x(event.start)
    until = strip.days.x(min(event.end or event.start, max(strip.on, event.start)))
    return begin, max(until, begin + _LEAST_BAR_PX)


def goes_on(event: TimelineEvent, strip: Strip) -> bool:
    return (event.end or event.start) >= strip.on


def draw_bar(
    sheet: Sheet,
    event: TimelineEvent,
    strip: Strip,
    colour: str,
    *,
    top: float,
    height: float,
    alpha: float = 1.0,
) -> None:
    """A bar from its first to its last day; one that goes on fades beyond today."""
    begin, until = edges(event, strip)
    about = said(event)
    sheet.rectangle((begin, top), (until - begin, height), colour, alpha=alpha, about=about)
    if goes_on(event, strip):
        piece = FADE_PX / _FADE_PIECES
        for nr in range(_FADE_PIECES):
            share = alpha * (1 - (nr + 1) / (_FADE_PIECES + 1))
            sheet.rectangle((until + nr * piece, top), (piece, height), colour, alpha=share)
