"""Files that a command saves: new, for their owner alone, and none that is half written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from service.cli.speaking import EXIT_SETTINGS, Stop

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.pictures import Look

_FORMS = (".svg", ".png")
Save = Callable[[Callable[[], str], Callable[["Look"], bytes]], None]


@contextmanager
def saving(html: Path | None, picture: Path | None) -> Iterator[Save]:
    """What writes the files that were named; they are opened before any work is done for them.

    Stop where one is there already or cannot be written; work that fails leaves neither.
    """
    if picture is not None and picture.suffix.lower() not in _FORMS:
        raise Stop(f"--picture {picture}: give a name that ends in .svg or .png", EXIT_SETTINGS)
    with ExitStack() as stack:
        page = _opened(stack, "--html", html)
        drawing = _opened(stack, "--picture", picture)

        def save(print_page: Callable[[], str], draw: Callable[[Look], bytes]) -> None:
            if page is not None:
                page.write(print_page().encode("utf-8"))
            if drawing is not None and picture is not None:
                drawing.write(draw(_look_of(picture)))

        yield save


def _opened(stack: ExitStack, option: str, path: Path | None) -> IO[bytes] | None:
    from service.names_file import opened_private_file

    if path is None:
        return None
    try:
        return stack.enter_context(opened_private_file(path))
    except FileExistsError:
        raise Stop(
            f"{option} {path} is there already, and is not written over: give another name",
            EXIT_SETTINGS,
        ) from None
    except OSError as error:
        raise Stop(f"{option} {path} cannot be written: {error.strerror}", EXIT_SETTINGS) from None


def _look_of(picture: Path) -> Look:
    from service.pictures import WIDE_PX, Look

    return Look("light", "png" if picture.suffix.lower() == ".png" else "svg", WIDE_PX)
