"""A picture of a page, as a request of its own.

A newcomer would get two things wrong. An SVG has styles within it, which the pages' policy forbids;
a picture's own policy allows these and nothing else. And there is no width of one's own choice, so
that nobody can ask for a picture of a million pixels: `wide` or `narrow`, light or dark.

A template shows one with the macro `picture` of parts/picture.html, which asks for the right one
of the four by the reader's screen and theme.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from service.pictures import NARROW_PX, WIDE_PX, Look, draw_bars
from service.pictures.look import Theme
from service.web.pages.desk import HEADERS

_WIDTHS = {"wide": WIDE_PX, "narrow": NARROW_PX}
_THEMES: dict[str, Theme] = {"light": "light", "dark": "dark"}
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
_HEADERS = {**HEADERS, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


def look_in(request: Request) -> Look:
    """How the picture is wanted: PNG where the path ends so, light and wide unless it says else."""
    asked = request.query_params
    return Look(
        _THEMES.get(asked.get("theme", ""), "light"),
        "png" if request.url.path.endswith(".png") else "svg",
        _WIDTHS.get(asked.get("width", ""), WIDE_PX),
    )


def picture_response(picture: bytes, look: Look) -> Response:
    """The answer to a request for a picture."""
    return Response(picture, media_type=_TYPES[look.form], headers=_HEADERS)


def get_ready_to_draw() -> None:
    """Load what draws: it takes a second or two that no reader should wait for."""
    draw_bars("", (), Look("light", "svg"))
