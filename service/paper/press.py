"""The press: a template, the pages' style sheet and pictures become one file."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from service.acting import software
from service.pictures import NARROW_PX, WIDE_PX, Look
from service.pictures.look import Theme

# A sheet of styles for pages and files alike. It is read as a file, for no page is opened here.
_STYLES = "web/static/boneflag.css"
_ON_SCREEN = "screen and (prefers-color-scheme: dark)"
_ON_TELEPHONE = "screen and (max-width: 40rem)"
_VARIANTS: tuple[tuple[str, Theme, int], ...] = (
    (f"{_ON_TELEPHONE} and (prefers-color-scheme: dark)", "dark", NARROW_PX),
    (_ON_TELEPHONE, "light", NARROW_PX),
    (_ON_SCREEN, "dark", WIDE_PX),
)


@dataclass(frozen=True, slots=True)
class Plate:
    """A picture within the file. `alt` says in a sentence what it shows."""

    draw: Callable[[Look], bytes]
    alt: str

    @property
    def sources(self) -> Iterator[tuple[str, str]]:
        """The picture for a telephone and for dark screens: when it is shown, and its address."""
        return ((media, self._address(Look(t, "svg", w))) for media, t, w in _VARIANTS)

    @property
    def address(self) -> str:
        """The picture for everything else, paper too."""
        return self._address(Look("light", "svg", WIDE_PX))

    @property
    def small_sources(self) -> Iterator[tuple[str, str]]:
        """The same for a picture that is narrow everywhere."""
        yield _ON_SCREEN, self._address(Look("dark", "svg", NARROW_PX))

    @property
    def small_address(self) -> str:
        """The narrow picture for light screens and paper."""
        return self._address(Look("light", "svg", NARROW_PX))

    def _address(self, look: Look) -> str:
        return "data:image/svg+xml;base64," + b64encode(self.draw(look)).decode("ascii")


def printed(template: str, **values: Any) -> str:
    """The file of a template, its text as it is saved."""
    styles = files("service").joinpath(_STYLES).read_text("utf-8")
    return (
        _templates()
        .get_template(template)
        .render(
            styles=Markup(styles),  # noqa: S704 - a file of our own package
            software=software(),
            **values,
        )
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("service.paper", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
