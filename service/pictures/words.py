"""Words on a timeline: where they find room, and fewer of them where there is less.

A newcomer would get one thing wrong: words that find no room are left out and their mark stays. It
has them as its name, and the table beside the picture has everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from service.pictures.boxes import Box, Boxes
from service.pictures.sheet import SMALL_PX, Sheet
from service.pictures.strip import Strip, edges
from service.timeline import TimelineEvent, milligrams

ROW_PX = 20
LETTER_PX = 12
_MOST_ROWS = 4


def write_over(sheet: Sheet, event: TimelineEvent, strip: Strip, boxes: Boxes, top: float) -> None:
    """Its dose above its bar, or its words where the dose is not known, or nothing."""
    dose = None if event.number is None else milligrams(event.number)
    choice = shorter(event.label) if dose is None else (f"{dose} mg", dose)
    for words in choice:
        width = sheet.width_of(words, size=SMALL_PX)
        if found := boxes.first_free(over(event, width, strip, top)):
            at = (found.left, found.bottom - 1)
            sheet.text(at, words, sheet.palette.ink, size=SMALL_PX)
            return


def over(event: TimelineEvent, width: float, strip: Strip, top: float) -> Iterator[Box]:
    """Just above the bar, from where it begins or further along it; else higher up."""
    begin, until = edges(event, strip)
    lefts = [before_today(begin, width, strip)]
    lefts += [left for left in ((begin + until - width) / 2, until - width - 6) if left > begin]
    level = top - 3
    while level >= strip.top + LETTER_PX:
        yield from (Box(x, level - LETTER_PX, x + width + 5, level) for x in lefts)
        level -= LETTER_PX / 2


def shorter(label: str) -> tuple[str, ...]:
    """The words, and the first of them, for where there is less room."""
    return tuple(dict.fromkeys((label, label.partition(" (")[0], label.partition(",")[0])))


def before_today(begin: float, width: float, strip: Strip) -> float:
    """Where words begin: at `begin`, or further left so that today's line misses them."""
    return min(begin, strip.days.x(strip.on) - width - 6)


def place(sheet: Sheet, words: str, x: float, strip: Strip, boxes: Boxes) -> tuple[int, str, float]:
    """The first row where the mark and its words have room: the row, the words, where they begin.

    Words keep off today's line where they can. There are fewer where there is no room for all, and
    none, on the first row, where there is room for none.
    """
    for fitting in shorter(words):
        width = sheet.width_of(fitting, size=SMALL_PX)
        for may_cross, row in product((False, True), range(_MOST_ROWS)):
            y = strip.top + row * ROW_PX
            mark = Box(x - 7, y, x + 7, y + ROW_PX)
            if any(mark.overlaps(other) for other in boxes.taken):
                continue
            sides = _sides(x, y, width)
            today = strip.days.x(strip.on)
            found = boxes.first_free(
                [side for side in sides if may_cross or not side.left <= today <= side.right]
            )
            if found is not None:
                boxes.take(mark)
                return row, fitting, found.left
    boxes.take(Box(x - 7, strip.top, x + 7, strip.top + ROW_PX))
    return 0, "", x


def _sides(x: float, y: float, width: float) -> list[Box]:
    """Right of a mark, then left of it."""
    right = Box(x + 8, y, x + 12 + width, y + ROW_PX)
    return [right, Box(x - 10 - width, y, x - 8, y + ROW_PX)]


def write_beside(
    sheet: Sheet, at: tuple[float, float], choice: Sequence[str], boxes: Boxes
) -> None:
    """The first of these words for which there is room around a mark, or none."""
    for words in choice:
        width = sheet.width_of(words, size=SMALL_PX)
        if found := boxes.first_free(_beside(at, width)):
            sheet.text((found.left, found.bottom - 2), words, sheet.palette.ink, size=SMALL_PX)
            return


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
        yield Box(left, bottom - LETTER_PX - 1, left + width, bottom)
