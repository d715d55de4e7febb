"""Files that lead to people: for their owner alone, never over a file that is there.

A newcomer would get two things wrong. Half a list would be taken for a whole one, so work that
fails leaves none. And a spreadsheet runs a cell that begins with =, +, - or @ as a formula: such a
cell gets an apostrophe before it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

# A tab or a line break before it does not keep a spreadsheet from running it.
_RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@contextmanager
def opened_names_file(path: Path) -> Iterator[IO[str]]:
    """A new UTF-8 file with mode 0600; FileExistsError where there is one, OSError for the rest."""
    with (
        opened_private_file(path) as file,
        io.TextIOWrapper(file, encoding="utf-8", newline="") as text,
    ):
        yield text


@contextmanager
def opened_private_file(path: Path) -> Iterator[IO[bytes]]:
    """The same for bytes."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def safe_cells(cells: Iterable[str]) -> list[str]:
    """The cells of one line, none of which a spreadsheet takes for a formula."""
    return [f"'{cell}" if cell.startswith(_RUNS_AS_FORMULA) else cell for cell in cells]
