"""Watermarks: up to when the EHR's changes are known."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from service.store.database import Database, insert_into
from service.store.tables import WATERMARKS


class Watermarks:
    """Instants by name. Move one only after everybody who changed has been marked pending."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> datetime | None:
        """The instant up to which changes are known, None before the first time."""
        query = sa.select(WATERMARKS.c.instant).where(WATERMARKS.c.name == name)
        with self._database.reading() as connection:
            return connection.scalar(query)

    def forget(self, name: str) -> None:
        """Take a watermark away, as one that a clock set which was wrong."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(WATERMARKS).where(WATERMARKS.c.name == name))

    def advance(self, name: str, instant: datetime) -> None:
        """Move a watermark forward; an earlier instant than the one it has changes nothing."""
        with self._database.writing() as connection:
            insert = insert_into(connection, WATERMARKS).values(name=name, instant=instant)
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["name"],
                    set_={"instant": insert.excluded.instant},
                    where=WATERMARKS.c.instant < insert.excluded.instant,
                )
            )
