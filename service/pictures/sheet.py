"""The sheet that is drawn on: matplotlib behind a handful of shapes, measured in CSS pixels.

The origin is the upper left corner and y grows downwards, as on a page. A newcomer would get two
things wrong. matplotlib is imported when the first sheet is begun, for it takes half a second; no
pyplot, which keeps figures in a state that threads share. And its two settings about SVG are read
from a global table at the time of saving: they are set once here, and nobody else uses matplotlib.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Literal

from service.pictures.look import Look
from service.pictures.svg import finished_svg

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from matplotlib.artist import Artist
    from matplotlib.font_manager import FontProperties

Anchor = Literal["left", "center", "right"]
Shape = Literal["o", "D", "^", "v", "s", "|", "X", "P"]
Point = tuple[float, float]
TEXT_PX = 13
SMALL_PX = 12
_POINTS_PER_INCH = 72  # With so many pixels an inch, a point is a CSS pixel.
_PNG_DENSITY = 2
_FONT = "DejaVu Sans"  # Ships with matplotlib, and is wider than what browsers put in its place.
_SPARE = 1.04  # No browser may need more room than was measured.
_drawing = Lock()


class Sheet:
    """Shapes in the order in which they are laid over each other; `finished` gives the bytes."""

    def __init__(self, look: Look) -> None:
        from matplotlib.figure import Figure
        from matplotlib.transforms import Affine2D

        _prepare()
        self.look = look
        self.palette = look.palette
        self.width = look.width_px
        self._figure = Figure(dpi=_POINTS_PER_INCH, facecolor=self.palette.paper)
        self._flip = Affine2D()
        self._place = self._flip + self._figure.dpi_scale_trans
        self._titles: dict[str, str] = {}
        self._shapes = 0

    def rectangle(
        self,
        corner: Point,
        size: Point,
        colour: str,
        *,
        alpha: float = 1.0,
        outline: str | None = None,
        dash: tuple[float, ...] = (),
        about: str = "",
    ) -> None:
        """A box from its upper left corner; `about` is its name for whoever points at it."""
        from matplotlib.patches import Rectangle

        box = Rectangle(corner, *size, facecolor=colour, alpha=alpha, edgecolor=outline or "none")
        box.set_linewidth(1 if outline else 0)
        if dash:
            box.set_linestyle((0, dash))
        self._add(box, about)

    def line(
        self,
        points: Sequence[Point],
        colour: str,
        *,
        width: float = 1.0,
        dash: tuple[float, ...] = (),
        alpha: float = 1.0,
        is_behind: bool = False,
        about: str = "",
    ) -> None:
        """A line through these points, or behind everything else."""
        from matplotlib.lines import Line2D

        xs, ys = [x for x, _ in points], [y for _, y in points]
        drawn = Line2D(xs, ys, color=colour, linewidth=width, alpha=alpha)
        drawn.set_solid_capstyle("butt")
        if dash:
            drawn.set_linestyle((0, dash))
        self._add(drawn, about, is_behind=is_behind)

    def mark(
        self,
        at: Point,
        shape: Shape,
        colour: str,
        *,
        size: float = 9.0,
        is_hollow: bool = False,
        about: str = "",
    ) -> None:
        """A mark around its middle."""
        from matplotlib.lines import Line2D

        fill = self.palette.paper if is_hollow else colour
        drawn = Line2D([at[0]], [at[1]], marker=shape, markersize=size, linestyle="none")
        drawn.set_markerfacecolor(fill)
        drawn.set_markeredgecolor(colour)
        drawn.set_markeredgewidth(1.5)
        self._add(drawn, about)

    def text(
        self,
        at: Point,
        words: str,
        colour: str,
        *,
        size: float = TEXT_PX,
        anchor: Anchor = "left",
        is_bold: bool = False,
        about: str = "",
    ) -> None:
        """Words on the line through `at`, which is their baseline."""
        from matplotlib.text import Text

        drawn = Text(*at, words, color=colour, fontproperties=_font(size, is_bold))
        drawn.set_horizontalalignment(anchor)
        drawn.set_verticalalignment("baseline")
        drawn.set_parse_math(False)
        self._add(drawn, about)

    def name(self, at: Point, words: str, colour: str) -> None:
        """Small words in the middle of `at`, or as near as they stay within the picture."""
        half = self.width_of(words, size=SMALL_PX) / 2
        x = max(min(at[0], self.width - half), half)
        self.text((x, at[1]), words, colour, size=SMALL_PX, anchor="center")

    def width_of(self, words: str, *, size: float = TEXT_PX, is_bold: bool = False) -> float:
        """How wide these words are, in pixels."""
        return _width_of(words, size, is_bold)

    def cut(self, words: str, room: float, *, size: float = TEXT_PX) -> str:
        """The words as far as there is room for them, with an ellipsis where they were cut."""
        if self.width_of(words, size=size) <= room:
            return words
        lengths = range(len(words) + 1)
        fits = bisect_right(lengths, room, key=lambda n: self.width_of(words[:n] + "…", size=size))
        return words[: fits - 1].rstrip() + "…" if fits > 1 else ""

    def finished(self, title: str, height: float) -> bytes:
        """The picture; `title` is its name for whoever cannot see it."""
        inch = 1 / _POINTS_PER_INCH
        self._figure.set_size_inches(self.width * inch, height * inch)
        self._flip.clear().scale(inch, -inch).translate(0, height * inch)
        buffer = io.BytesIO()
        with _drawing:
            if self.look.form == "png":
                density = _PNG_DENSITY * _POINTS_PER_INCH
                self._figure.savefig(
                    buffer, format="png", dpi=density, metadata={"Software": None, "Title": title}
                )
                return buffer.getvalue()
            self._figure.savefig(buffer, format="svg", dpi=_POINTS_PER_INCH)
        return finished_svg(buffer.getvalue(), title, self._titles, (self.width, height))

    def _add(self, artist: Artist, about: str, *, is_behind: bool = False) -> None:
        self._shapes += 1
        artist.set_zorder(0 if is_behind else self._shapes)
        artist.set_transform(self._place)
        artist.set_clip_on(False)
        if about:
            name = f"what-{len(self._titles) + 1}"
            self._titles[name] = about
            artist.set_gid(name)
        self._figure.add_artist(artist)


@cache
def _prepare() -> None:
    import matplotlib

    matplotlib.rcParams["svg.fonttype"] = "none"  # Letters stay letters: small, sharp, searchable.
    matplotlib.rcParams["svg.hashsalt"] = "boneflag"  # The same picture has the same bytes.


@cache
def _font(size: float, is_bold: bool) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=[_FONT], size=size, weight="bold" if is_bold else "normal")


def _width_of(words: str, size: float, is_bold: bool) -> float:
    from matplotlib.font_manager import findfont, get_font
    from matplotlib.ft2font import LoadFlags

    with _drawing:
        font = get_font(findfont(_font(size, is_bold)))
        font.set_size(size, _POINTS_PER_INCH)
        font.set_text(words, flags=LoadFlags.NO_HINTING)  # As browsers lay letters out.
        width, _ = font.get_width_height()
    return float(width) / 64 * _SPARE  # FreeType counts in 64ths of a pixel.
