"""An empty ledger in no time: migrated once in a process, and copied for each test."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from service.store.ledger import Ledger


@cache
def _migrated() -> tuple[Path, tempfile.TemporaryDirectory[str]]:
    """The file, and its directory, which goes with the process."""
    directory = tempfile.TemporaryDirectory(prefix="ledger-")
    path = Path(directory.name) / "ledger.sqlite3"
    with Ledger(f"sqlite:///{path}", attempts_in_a_run=5) as ledger:
        ledger.migrate()
    return path, directory


def fresh_ledger(directory: Path) -> Ledger:
    """A ledger without anybody, in `ledger.sqlite3` of this directory; close it."""
    source, _ = _migrated()
    for file in source.parent.iterdir():
        shutil.copy(file, directory / file.name)
    return Ledger(f"sqlite:///{directory}/ledger.sqlite3", attempts_in_a_run=5)
