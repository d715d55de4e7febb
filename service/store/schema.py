"""Bringing a database up to this version of BoneFlag.

A newcomer would get two things wrong. The whole migration is one transaction, on SQLite too, so
that a process which dies halfway leaves the old tables. And several processes may start at once:
the second waits for the first and then finds nothing to do.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from service.store.database import Database, wait_for_turn
from service.store.errors import StoreTooNew

MIGRATIONS = Path(__file__).parent / "migrations"

_MIGRATION = 0x626F6E65  # Never change it: two versions of BoneFlag may migrate at once.


def migrate(database: Database) -> None:
    """Create or alter the tables; does nothing where they are as they should be.

    Raises StoreTooNew where a newer BoneFlag has been here: an older one would write rows that
    the newer cannot trust.
    """
    with database.writing() as connection:
        wait_for_turn(connection, _MIGRATION)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        _refuse_newer(connection, ScriptDirectory.from_config(config))
        command.upgrade(config, "head")


def _refuse_newer(connection: sa.Connection, scripts: ScriptDirectory) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise StoreTooNew(
            "The ledger was made by a newer BoneFlag. Run that version, or restore the backup "
            "that was taken before the upgrade."
        )
