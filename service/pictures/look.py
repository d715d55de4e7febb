"""How a picture looks: light or dark, SVG or PNG, how wide; and the colours for it.

The colours are those of service/web/static/boneflag.css, which a test compares. A newcomer would
get one thing wrong: colour alone says nothing here. Series differ in dash and mark as well, lanes
have their name, and a picture must be readable on a grey printer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Theme = Literal["light", "dark"]
Form = Literal["svg", "png"]
WIDE_PX = 1100
"""For a screen, a mail, paper."""
NARROW_PX = 352
"""For a telephone of 390 pixels, less its margins."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is drawn. `width_px` is in CSS pixels; a PNG has twice as many."""

    theme: Theme
    form: Form
    width_px: int = WIDE_PX

    @property
    def is_narrow(self) -> bool:
        """Whether names stand above what they name, for want of a margin."""
        return self.width_px < 600

    @property
    def palette(self) -> Palette:
        """The colours of the theme."""
        return LIGHT if self.theme == "light" else DARK


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by what they are for, as the style sheet names them; `series` tell lines apart."""

    ground: str
    paper: str
    ink: str
    soft: str
    line: str
    edge: str
    brand: str
    wash: str
    urgent: str
    warn: str
    good: str
    series: tuple[str, ...]


# The series are distinct to people with each of the common kinds of colour blindness: dark teal,
# vermilion, blue, purple, each at least 4.5:1 on the paper of its theme.
LIGHT = Palette(
    ground="#f7f8f8",
    paper="#ffffff",
    ink="#16211f",
    soft="#51605e",
    line="#d5dddc",
    edge="#76868a",
    brand="#0b5a61",
    wash="#e6f1f1",
    urgent="#a3211b",
    warn="#7a4b00",
    good="#1d6339",
    series=("#0b5a61", "#b5480a", "#3566c8", "#7d3f8c"),
)
DARK = Palette(
    ground="#12181a",
    paper="#1a2325",
    ink="#e8eeed",
    soft="#a9b8b6",
    line="#36464a",
    edge="#7f9196",
    brand="#7fd3d8",
    wash="#203437",
    urgent="#ff9d92",
    warn="#f3c173",
    good="#8fd3a5",
    series=("#7fd3d8", "#f3a56b", "#9db9f2", "#d9a6e3"),
)
