"""Bars beside their names: how many people are where.

A newcomer would get one thing wrong: None is a count that is hidden, not zero. It has a dash in
the place of a bar, and a sentence below says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from service.pictures.look import Look
from service.pictures.sheet import SMALL_PX, TEXT_PX, Sheet

_ROW_PX = 30
_BAR_PX = 18
_TITLE_PX = 34
_GAP_PX = 10
_HIDDEN = "– a small number, not shown"
_NOTHING = "There is nothing to show yet."


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `number` is None where it is hidden; `says` stands in the number's place."""

    label: str
    number: float | None
    says: str = ""

    @property
    def words(self) -> str:
        """The number as it stands at the end of the bar."""
        if self.number is None or not isfinite(self.number):
            return "–"
        return self.says or f"{self.number:,.10g}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def draw_bars(title: str, bars: Sequence[Bar], look: Look) -> bytes:
    """A row for each bar as they come, all from zero on one scale. Numbers are not negative."""
    sheet = Sheet(look)
    sheet.text((0, 18), sheet.cut(title, look.width_px, size=15), sheet.palette.ink, size=15)
    if not bars:
        sheet.text((0, _TITLE_PX + 16), _NOTHING, sheet.palette.soft)
        return sheet.finished(title, _TITLE_PX + 28)
    y = float(_TITLE_PX)
    longest = max((b.number for b in bars if b.words != "–" and b.number), default=0.0)
    column = _column(sheet, bars)
    room = look.width_px - column - _GAP_PX - max(sheet.width_of(b.words) for b in bars)
    for bar in bars:
        y = _row(sheet, bar, y, column, room * (bar.number or 0) / longest if longest else 0)
    if any(bar.words == "–" for bar in bars):
        sheet.text((0, y + 16), _HIDDEN, sheet.palette.soft, size=SMALL_PX)
        y += 24
    return sheet.finished(title, y + 2)


def _column(sheet: Sheet, bars: Sequence[Bar]) -> float:
    """How far from the left the bars begin: names stand above them where it is narrow."""
    if sheet.look.is_narrow:
        return 0
    return min(max(sheet.width_of(b.label) for b in bars), sheet.width * 0.42) + _GAP_PX


def _row(sheet: Sheet, bar: Bar, y: float, column: float, length: float) -> float:
    """Draw one row from `y` down and say where the next begins."""
    colours = sheet.palette
    if not column:
        label = sheet.cut(bar.label, sheet.width)
        sheet.text((0, y + TEXT_PX), label, colours.soft)
        y += TEXT_PX + 6
    else:
        label = sheet.cut(bar.label, column - _GAP_PX)
        sheet.text((column - _GAP_PX, y + 16), label, colours.ink, anchor="right")
    about = f"{bar.label}: {bar.words}"
    if bar.words == "–":
        sheet.text((column, y + 16), "–", colours.soft, about=about)
    else:
        sheet.rectangle((column, y + 2), (max(length, 1.5), _BAR_PX), colours.brand, about=about)
        sheet.text((column + length + 6, y + 16), bar.words, colours.ink, is_bold=True)
    return y + _ROW_PX
