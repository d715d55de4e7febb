"""How each lane of a timeline is drawn, and the lanes of bars: doses and spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from service.pictures.boxes import Box, Boxes
from service.pictures.moments import draw_moments
from service.pictures.readings import draw_scores, draw_steps
from service.pictures.sheet import SMALL_PX, Shape, Sheet
from service.pictures.strip import FADE_PX, Strip, draw_bar, edges, goes_on, said
from service.pictures.words import LETTER_PX, before_today, shorter, write_over
from service.timeline import Lane, TimelineEvent

_BAR_ROW_PX = 27
_DOSE_PX = 40
_OWN_WORDS_PX = 12

Colour = Literal["urgent", "warn", "good", "brand", "ink", "blue", "purple"]


_MARKS: Mapping[Lane, tuple[Colour, Shape]] = {
    Lane.PULSES: ("purple", "D"),
    Lane.RELAPSES: ("blue", "^"),
    Lane.FALLS: ("warn", "v"),
    Lane.FRACTURES: ("urgent", "X"),
}
_BARS: Mapping[Lane, Colour] = {
    Lane.TREATMENT: "good",
    Lane.DECISIONS: "ink",
    Lane.ALERTS: "urgent",
}


def draw_lane(
    sheet: Sheet, lane: Lane, events: Sequence[TimelineEvent], strip: Strip, boxes: Boxes
) -> float:
    """Draw the events of one lane from the strip's top down; gives where they end."""
    if lane is Lane.STEROIDS:
        return _doses(sheet, events, strip, boxes)
    if lane is Lane.DISABILITY:
        return draw_steps(sheet, events, strip, boxes)
    if lane is Lane.BONE_DENSITY:
        return draw_scores(sheet, events, strip, boxes)
    if lane in _BARS:
        return _spans(sheet, events, strip, boxes, _colour(sheet, _BARS[lane]))
    colour, shape = _MARKS[lane]
    return draw_moments(sheet, events, strip, boxes, _colour(sheet, colour), shape)


def _colour(sheet: Sheet, colour: Colour) -> str:
    palette = sheet.palette
    _, _, blue, purple = palette.series
    named = {"blue": blue, "purple": purple}
    return named.get(colour) or str(getattr(palette, colour))


def _doses(sheet: Sheet, events: Sequence[TimelineEvent], strip: Strip, boxes: Boxes) -> float:
    """Bars on a common ground, as high and as dark as the dose; an unknown dose is an outline."""
    colour = sheet.palette.warn
    highest = max((e.number for e in events if e.number), default=1.0)
    ground = strip.top + LETTER_PX + 4 + _DOSE_PX
    wanted: list[tuple[TimelineEvent, float]] = []
    for event in events:
        begin, until = edges(event, strip)
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
            draw_bar(sheet, event, strip, colour, top=top, height=height, alpha=0.45 + 0.55 * share)
        boxes.take(Box(begin, top, until, ground))
        wanted.append((event, top))
    for event, top in sorted(wanted, key=lambda w: w[0].number or 0.0, reverse=True):
        if not _is_in_a_shadow(event, events, strip):
            write_over(sheet, event, strip, boxes, top)
    sheet.line([(strip.days.left, ground), (strip.days.right, ground)], sheet.palette.edge)
    return ground + 4


def _is_in_a_shadow(event: TimelineEvent, events: Sequence[TimelineEvent], strip: Strip) -> bool:
    """Whether a bar is narrow and close to a higher one, of which its words would seem to be."""
    begin, until = edges(event, strip)
    if event.number is None or until - begin >= _OWN_WORDS_PX:
        return False
    return any(
        (other.number or 0.0) > event.number
        and edges(other, strip)[0] < until + _OWN_WORDS_PX
        and edges(other, strip)[1] > begin - _OWN_WORDS_PX
        for other in events
    )


def _spans(
    sheet: Sheet, events: Sequence[TimelineEvent], strip: Strip, boxes: Boxes, colour: str
) -> float:
    """Thin bars with their words above them, each on the first row that has room for both."""
    lowest = strip.top
    for event in events:
        begin, until = edges(event, strip)
        fade = FADE_PX if goes_on(event, strip) else 0.0
        room = boxes.right - boxes.left
        words = next(
            (w for w in shorter(event.label) if sheet.width_of(w, size=SMALL_PX) <= room),
            sheet.cut(event.label, room, size=SMALL_PX),
        )
        width = sheet.width_of(words, size=SMALL_PX)
        left = max(before_today(begin, width, strip), boxes.left)
        top = _row_for(strip.top, min(begin, left), max(until + fade, left + width), boxes)
        sheet.text((left, top + 12), words, sheet.palette.ink, size=SMALL_PX)
        draw_bar(sheet, event, strip, colour, top=top + 16, height=7)
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
