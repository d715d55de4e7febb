"""New SQLite ledgers as copies of one that was migrated: a test costs milliseconds, not sixty.

A newcomer would get one thing wrong: the migrations themselves are run as they are, once for each
test process, by whatever is not a new and empty SQLite file, and by every process that a test
starts. What leaves them is looked at in tests/unit/store/test_schema.py.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from service.store.database import Database
from service.store.schema import migrate


def copying(directory: Path) -> Callable[[Database], None]:
    """What may stand for `migrate` in this process; the original is made in this directory."""
    original = directory / "original.sqlite3"
    database = Database(f"sqlite:///{original}")
    migrate(database)
    database.close()
    content = sqlite3.connect(":memory:", check_same_thread=False)
    with sqlite3.connect(original) as migrated:
        migrated.backup(content)
    migrated.close()
    process, turn = os.getpid(), threading.Lock()

    def copy_or_migrate(database: Database) -> None:
        address = database._pool.url
        if os.getpid() != process or address.get_backend_name() != "sqlite":
            migrate(database)
            return
        with turn:
            if is_new := not Path(str(address.database)).stat().st_size:
                target = sqlite3.connect(str(address.database))
                content.backup(target)
                target.close()
        if not is_new:
            migrate(database)

    return copy_or_migrate
