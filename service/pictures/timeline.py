"""A person's time in one picture: a lane for each kind of thing, one axis of days under all.

A newcomer would get three things wrong. Only lanes with something on them are drawn, so that an
empty lane never reads as "looked for, and not there". An event whose `end` is today or later goes
on: it fades to the right of today. And where things stand too close, words are left out, never the
thing itself; each keeps its words for whoever points at it, and the table beside has them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from service.pictures.boxes import Boxes
from service.pictures.lanes import draw_lane
from service.pictures.look import Look
from service.pictures.scales import DayScale
from service.pictures.sheet import SMALL_PX, Sheet
from service.pictures.strip import Strip
from service.timeline import Lane, TimelineEvent

_GUTTER_PX = 158
_LETTERS_PX = 16
_MARGIN_PX = 54
_TOP_PX = 34
_LEAST_DAYS = 365
_FURTHEST_AHEAD = 0.2
_ORDER = list(Lane)
_UNITS = {
    Lane.STEROIDS: ("prednisone-equivalent", "a day"),
    Lane.DISABILITY: ("EDSS",),
    Lane.BONE_DENSITY: ("T-score",),
}
_NOTHING = "Nothing with a date is known."


@dataclass(frozen=True, slots=True)
class Threshold:
    """A T-score at which a line is drawn on the lane of bone density, and its words."""

    number: float
    label: str


def draw_timeline(
    events: Sequence[TimelineEvent],
    on: date,
    look: Look,
    *,
    thresholds: Sequence[Threshold] = (),
    title: str = "Timeline",
) -> bytes:
    """The events on their lanes, with a line at `on`. Thresholds are drawn with a bone density.

    The title names the picture for whoever cannot see it; it is not drawn.
    """
    sheet = Sheet(look)
    if not events:
        sheet.text((0, 18), _NOTHING, sheet.palette.soft)
        return sheet.finished(title, 30)
    days = _days_for(events, on, sheet)
    y = float(_TOP_PX)
    marks = {t.number: t.label for t in thresholds}
    for lane, group in groupby(sorted(events, key=_by_lane), key=lambda e: e.lane):
        y = _lane(sheet, lane, list(group), Strip(days, on, y, marks))
    _axis(sheet, days, on, y)
    return sheet.finished(title, y + 30)


def _by_lane(event: TimelineEvent) -> tuple[int, date, str]:
    return _ORDER.index(event.lane), event.start, event.label


def _days_for(events: Sequence[TimelineEvent], on: date, sheet: Sheet) -> DayScale:
    first = min(on, *(e.start for e in events)) if events else on
    span = max((on - first).days, _LEAST_DAYS)
    latest = max(on, *(e.end or e.start for e in events))
    ahead = min((latest - on).days, round(span * _FURTHEST_AHEAD))
    last = _moved(on, ahead + round(span * 0.03))
    left = 6.0 if sheet.look.is_narrow else float(_GUTTER_PX)
    right = sheet.width - (34 if sheet.look.is_narrow else _MARGIN_PX)
    return DayScale(_moved(on, -round(span * 1.02)), last, left, right)


def _moved(day: date, days: int) -> date:
    """A day so many days on, or the first or last day that there is."""
    ordinal = min(max(day.toordinal() + days, 1), date.max.toordinal())
    return date.fromordinal(ordinal)


def _lane(sheet: Sheet, lane: Lane, events: Sequence[TimelineEvent], strip: Strip) -> float:
    """One lane with its name; gives where it ends."""
    colours = sheet.palette
    name, unit = str(lane).capitalize(), _UNITS.get(lane, ())
    top = strip.top
    sheet.line([(0, top), (sheet.width, top)], colours.line, is_behind=True)
    if sheet.look.is_narrow:
        sheet.text((0, top + 16), name, colours.ink, size=SMALL_PX, is_bold=True)
        after = sheet.width_of(name, size=SMALL_PX, is_bold=True) + 8
        sheet.text((after, top + 16), " ".join(unit), colours.soft, size=SMALL_PX)
        top += 20
    else:
        sheet.text((0, top + 22), name, colours.ink, is_bold=True)
        for nr, words in enumerate(unit):
            y = top + 39 + nr * _LETTERS_PX
            sheet.text((0, y), words, colours.soft, size=SMALL_PX)
    boxes = Boxes(strip.days.left, float(sheet.width))
    inside = Strip(strip.days, strip.on, top + 4, strip.thresholds)
    return max(draw_lane(sheet, lane, events, inside, boxes) + 6, strip.top + 34)


def _axis(sheet: Sheet, days: DayScale, on: date, bottom: float) -> None:
    colours = sheet.palette
    sheet.line([(0, bottom), (sheet.width, bottom)], colours.edge)
    for day, name in days.marks(70):
        x = days.x(day)
        sheet.line([(x, _TOP_PX), (x, bottom + 5)], colours.line, is_behind=True)
        sheet.name((x, bottom + 19), name, colours.soft)
    x = days.x(on)
    sheet.line([(x, _TOP_PX - 10), (x, bottom)], colours.brand, width=1.5, is_behind=True)
    sheet.name((x, _TOP_PX - 15), f"{on:%Y-%m-%d}", colours.brand)
