"""How each lane of a timeline is drawn: heights, marks, bars, and words where they fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from service.pictures.boxes import Box, Boxes
from service.pictures.scales import DayScale, NumberScale
from service.pictures.sheet import SMALL_PX, Shape, Sheet
from service.timeline import Lane, TimelineEvent

_ROW_PX = 20
_BAR_ROW_PX = 27
_DOSE_PX = 40
_STEPS_PX = 40
_SCORES_PX = 70
_LETTER_PX = 12
_MOST_ROWS = 4
_LEAST_BAR_PX = 2.0
_FADE_PIECES = 8
_FADE_PX = 26.0

Colour = Literal["urgent", "warn", "good", "brand", "ink", "blue", "purple"]


@dataclass(frozen=True, slots=True)
class Strip:
    """Where a lane stands: its days, today, its upper edge, T-scores that have a line."""

    days: DayScale
    on: date
    top: float
    thresholds: Mapping[float, str]


@dataclass(frozen=True, slots=True)
class _Kind:
    colour: Colour
    shape: Shape = "o"


_MARKS: Mapping[Lane, _Kind] = {
    Lane.PULSES: _Kind("purple", "D"),
    Lane.RELAPSES: _Kind("blue", "^"),
    Lane.FALLS: _Kind("warn", "v"),
    Lane.FRACTURES: _Kind("urgent", "X"),
    Lane.DECISIONS: _Kind("ink", "s"),
}
_BARS: Mapping[Lane, Colour] = {Lane.TREATMENT: "good", Lane.ALERTS: "urgent"}


def draw_lane(
    sheet: Sheet, lane: Lane, events: Sequence[TimelineEvent], strip: Strip, boxes: Boxes
) -> float:
    """Draw the events of one lane from the strip's top down; gives where they end."""
    if lane is Lane.STEROIDS:
        return _doses(sheet, events, strip, boxes)
    if lane is Lane.DISABILITY:
        return _steps(sheet, events, strip, boxes)
    if lane is Lane.BONE_DENSITY:
        return _scores(sheet, events, strip, boxes)
    if lane in _BARS:
        return _spans(sheet, events, strip, boxes, _colour(sheet, _BARS[lane]))
    return _moments(sheet, events, strip, boxes, _MARKS[lane])


def _colour(sheet: Sheet, colour: Colour) -> str:
    palette = sheet.palette
    _, _, blue, purple = palette.series
    named = {"blue": blue, "purple": purple}
    return named.get(colour) or str(getattr(palette, colour))


def said(event: TimelineEvent) -> str:
    """The words and the days of an event, for whoever points at it."""
    if event.end is None or event.end == event.start:
        return f"{event.start:%Y-%m-%d}: {event.label}"
    return f"{event.start:%Y-%m-%d} to {event.end:%Y-%m-%d}: {event.label}"


def _edges(event: TimelineEvent, strip: Strip) -> tuple[float, float]:
    """Where an event begins and ends; one that goes on ends at today's line."""
    begin = strip.days.x(event.start)
    until = strip.days.x(min(event.end or event.start, max(strip.on, event.start)))
    return begin, max(until, begin + _LEAST_BAR_PX)


def _goes_on(event: TimelineEvent, strip: Strip) -> bool:
    return event.end is not None and event.end >= strip.on


def _bar(
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
    begin, until = _edges(event, strip)
    about = said(event)
    sheet.rectangle((begin, top), (until - begin, height), colour, alpha=alpha, about=about)
    if _goes_on(event, strip):
        piece = _FADE_PX / _FADE_PIECES
        for nr in range(_FADE_PIECES):
            share = alpha * (1 - (nr + 1) / (_FADE_PIECES + 1))
            sheet.rectangle((until + nr * piece, top), (piece, height), colour, alpha=share)


def _doses(sheet: Sheet, events: Sequence[TimelineEvent], strip: Strip, boxes: Boxes) -> float:
    """Bars on a common ground, as high and as dark as the dose; an unknown dose is an outline."""
    colour = sheet.palette.warn
    highest = max((e.number for e in events if e.number), default=1.0)
    ground = strip.top + _LETTER_PX + 4 + _DOSE_PX
    wanted: list[tuple[TimelineEvent, float]] = []
    for event in events:
        begin, until = _edges(event, strip)
        if event.number is None:
            top = ground - _DOSE_PX * 0.4
            size = (until - begin, ground - top)
            sheet.rectangle(
                (begin, top), size, colour, alpha=0.25, outline=colour, dash=(3, 2),
                about=said(event),
            )  # fmt: skip
        else:
            share = min(max(event.number / highest, 0.0), 1.0)
            top = ground - max(_DOSE_PX * share, 3.0)
            height = ground - top
            _bar(sheet, event, strip, colour, top=top, height=height, alpha=0.45 + 0.55 * share)
        boxes.take(Box(begin, top, until, ground))
        wanted.append((event, top))
    for event, top in sorted(wanted, key=lambda w: w[0].number or 0.0, reverse=True):
        _words_over(sheet, event, strip, boxes, top)
    sheet.line([(strip.days.left, ground), (strip.days.right, ground)], sheet.palette.edge)
    return ground + 4


def _words_over(sheet: Sheet, event: TimelineEvent, strip: Strip, boxes: Boxes, top: float) -> None:
    """Its dose above its bar, or its words where the dose is not known, or nothing."""
    dose = event.number
    choice = _shorter(event.label) if dose is None else (f"{dose:.3g} mg", f"{dose:.3g}")
    for words in choice:
        width = sheet.width_of(words, size=SMALL_PX)
        if found := boxes.first_free(_over(event, width, strip, top)):
            at = (found.left, found.bottom - 1)
            sheet.text(at, words, sheet.palette.ink, size=SMALL_PX)
            return


def _over(event: TimelineEvent, width: float, strip: Strip, top: float) -> Iterator[Box]:
    """Just above the bar, from where it begins or further along it; else higher up."""
    begin, until = _edges(event, strip)
    lefts = [_before_today(begin, width, strip)]
    lefts += [left for left in ((begin + until - width) / 2, until - width - 6) if left > begin]
    level = top - 3
    while level >= strip.top + _LETTER_PX:
        yield from (Box(x, level - _LETTER_PX, x + width + 5, level) for x in lefts)
        level -= _LETTER_PX / 2


def _shorter(label: str) -> tuple[str, ...]:
    """The words, and the first of them, for where there is less room."""
    return tuple(dict.fromkeys((label, label.partition(" (")[0], label.partition(",")[0])))


def _before_today(begin: float, width: float, strip: Strip) -> float:
    """Where words begin: at `begin`, or further left so that today's line misses them."""
    return min(begin, strip.days.x(strip.on) - width - 6)


def _moments(
    sheet: Sheet, events: Sequence[TimelineEvent], strip: Strip, boxes: Boxes, kind: _Kind
) -> float:
    """Marks with their words beside them, on as many rows as that needs, up to four."""
    colour = _colour(sheet, kind.colour)
    lowest = strip.top
    for event, words in zip(events, _short_words(events), strict=True):
        x, _ = _edges(event, strip)
        row, fitting, left = _place(sheet, words, x, strip, boxes)
        y = strip.top + row * _ROW_PX + _ROW_PX / 2
        sheet.mark((x, y), kind.shape, colour, size=8, about=said(event))
        sheet.text((left, y + 4), fitting, sheet.palette.ink, size=SMALL_PX)
        lowest = max(lowest, y + _ROW_PX / 2)
    return lowest


def _place(
    sheet: Sheet, words: str, x: float, strip: Strip, boxes: Boxes
) -> tuple[int, str, float]:
    """The first row where the mark and its words have room: the row, the words, where they begin.

    Fewer words where there is no room for all; none, on the first row, where there is for none.
    """
    for fitting in _shorter(words):
        width = sheet.width_of(fitting, size=SMALL_PX)
        for row in range(_MOST_ROWS):
            y = strip.top + row * _ROW_PX
            mark = Box(x - 7, y, x + 7, y + _ROW_PX)
            if any(mark.overlaps(other) for other in boxes.taken):
                continue
            found = boxes.first_free(_sides(x, y, width, strip.days.x(strip.on)))
            if found is not None:
                boxes.take(mark)
                return row, fitting, found.left
    boxes.take(Box(x - 7, strip.top, x + 7, strip.top + _ROW_PX))
    return 0, "", x


def _sides(x: float, y: float, width: float, today: float) -> list[Box]:
    """Right of a mark, then left; the other way round where today's line would cross the words."""
    right = Box(x + 8, y, x + 12 + width, y + _ROW_PX)
    left = Box(x - 10 - width, y, x - 8, y + _ROW_PX)
    return [left, right] if x <= today <= right.right else [right, left]


def _short_words(events: Sequence[TimelineEvent]) -> list[str]:
    """The words of each; where all say the same, the month says more than the words again."""
    if len(events) > 1 and len({e.label for e in events}) == 1:
        return [f"{e.start:%b %Y}" for e in events]
    return [e.label for e in events]


def _spans(
    sheet: Sheet, events: Sequence[TimelineEvent], strip: Strip, boxes: Boxes, colour: str
) -> float:
    """Thin bars with their words above them, each on the first row that has room for both."""
    lowest = strip.top
    for event in events:
        begin, until = _edges(event, strip)
        fade = _FADE_PX if _goes_on(event, strip) else 0.0
        room = boxes.right - boxes.left
        words = next(
            (w for w in _shorter(event.label) if sheet.width_of(w, size=SMALL_PX) <= room),
            sheet.cut(event.label, room, size=SMALL_PX),
        )
        width = sheet.width_of(words, size=SMALL_PX)
        left = max(_before_today(begin, width, strip), boxes.left)
        top = _row_for(strip.top, min(begin, left), max(until + fade, left + width), boxes)
        sheet.text((left, top + 12), words, sheet.palette.ink, size=SMALL_PX)
        _bar(sheet, event, strip, colour, top=top + 16, height=7)
        lowest = max(lowest, top + _BAR_ROW_PX)
    return lowest


def _row_for(top: float, left: float, right: float, boxes: Boxes) -> float:
    row = 0
    while True:
        y = top + row * _BAR_ROW_PX
        box = Box(left - 2, y, right + 6, y + _BAR_ROW_PX)
        if not any(box.overlaps(other) for other in boxes.taken):
            boxes.take(box)
            return y
        row += 1


def _steps(sheet: Sheet, events: Sequence[TimelineEvent], strip: Strip, boxes: Boxes) -> float:
    """A line in steps that holds each number until the next, with the numbers on it."""
    known = [(e, e.number) for e in events if e.number is not None]
    top, ground = strip.top + _LETTER_PX + 6, strip.top + _LETTER_PX + 6 + _STEPS_PX
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
            _words_beside(sheet, at, (f"{number:g}",), boxes)
        before = number
    for event in (e for e in events if e.number is None):
        at = (strip.days.x(event.start), ground - 4)
        sheet.mark(at, "o", colour, size=7, is_hollow=True, about=said(event))
        _words_beside(sheet, at, _shorter(event.label), boxes)
    return ground + 6


def _scores(sheet: Sheet, events: Sequence[TimelineEvent], strip: Strip, boxes: Boxes) -> float:
    """Scores at their height, thresholds across; what has no score stands below."""
    known = [(e, e.number) for e in events if e.number is not None]
    unscored = [e for e in events if e.number is None]
    if not known:
        return _moments(sheet, events, strip, boxes, _Kind("brand", "o"))
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
        _words_beside(sheet, at, (_signed(number),), boxes)
    if not unscored:
        return ground
    below = Strip(strip.days, strip.on, ground, strip.thresholds)
    return _moments(sheet, unscored, below, boxes, _Kind("brand", "o"))


def _words_beside(
    sheet: Sheet, at: tuple[float, float], choice: Sequence[str], boxes: Boxes
) -> None:
    """The first of these words for which there is room around a mark, or none."""
    for words in choice:
        width = sheet.width_of(words, size=SMALL_PX)
        if found := boxes.first_free(_beside(at, width)):
            sheet.text((found.left, found.bottom - 2), words, sheet.palette.ink, size=SMALL_PX)
            return


def _around(at: tuple[float, float]) -> Box:
    return Box(at[0] - 5, at[1] - 5, at[0] + 5, at[1] + 5)


def _beside(at: tuple[float, float], width: float) -> Iterator[Box]:
    x, y = at
    for left, bottom in (
        (x + 7, y + 7),
        (x - 3, y - 6),
        (x - width - 7, y + 7),
        (x - width + 3, y - 6),
        (x - 3, y + 19),
        (x - width / 2, y + 19),
        (x - width + 3, y + 19),
    ):
        yield Box(left, bottom - _LETTER_PX - 1, left + width, bottom)


def _range(numbers: Sequence[float], least: float) -> tuple[float, float]:
    """The lowest and the highest, at least so far apart."""
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    lack = max(least - (high - low), 0.0)
    return low - lack / 2, high + lack / 2


def _signed(number: float) -> str:
    """A T-score with a real minus."""
    return f"{number:+g}".replace("-", "\N{MINUS SIGN}")
