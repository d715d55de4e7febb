"""Lanes of moments: a mark for each, with its words beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from service.pictures.boxes import Boxes
from service.pictures.sheet import SMALL_PX, Shape, Sheet
from service.pictures.strip import Strip, edges, said
from service.pictures.words import ROW_PX, place
from service.timeline import Lane, TimelineEvent

_SEEN_PX = 6
_FEW = 6
"""So many events of a lane have room for their words more often than not."""
_SAYS_ITS_LANE = frozenset({Lane.RELAPSES, Lane.FALLS})


def draw_moments(
    sheet: Sheet,
    events: Sequence[TimelineEvent],
    strip: Strip,
    boxes: Boxes,
    colour: str,
    shape: Shape,
) -> float:
    """Marks with their words beside them, on as many rows as that needs, up to four."""
    lowest = strip.top
    for event, words in zip(events, _short_words(events), strict=True):
        x, until = edges(event, strip)
        row, fitting, left = place(sheet, words, x, strip, boxes)
        y = strip.top + row * ROW_PX + ROW_PX / 2
        if until - x > _SEEN_PX:  # A day that is known to the month or the year.
            sheet.line([(x, y + 8), (until, y + 8)], colour, width=2, alpha=0.5)
        sheet.mark((x, y), shape, colour, size=8, about=said(event))
        sheet.text((left, y + 4), fitting, sheet.palette.ink, size=SMALL_PX)
        lowest = max(lowest, y + ROW_PX / 2)
    return lowest


def _short_words(events: Sequence[TimelineEvent]) -> list[str]:
    """The words of each; what only says again what its lane says is told apart by its month."""
    is_crowded = len(events) > _FEW
    times = Counter(e.label for e in events if e.lane in _SAYS_ITS_LANE or is_crowded)
    return [
        f"{e.start:%b %Y}" if times[e.label] > 1 and e.lane is not Lane.FRACTURES else e.label
        for e in events
    ]
