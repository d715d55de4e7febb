"""Drafts of overlays: what a clinical lead proposes, as the file that it would be.

A newcomer would get one thing wrong: nothing reads a draft but the pages. What is in force is the
overlay's file, or what a rollback restored; a draft comes into force by being put there and
approved, like any overlay.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.store.acts import Act
from service.store.audit import append
from service.store.database import Database
from service.store.tables import DRAFT_OVERLAYS


@dataclass(frozen=True, slots=True)
class NewDraft:
    """A draft before it is saved. `protocol_digest` is of the protocol that it would make."""

    title: str
    author: str
    protocol_digest: str
    overlay_text: str


@dataclass(frozen=True, slots=True)
class Draft(NewDraft):
    """A draft as it stands in the ledger."""

    id: int
    at: datetime


class Drafts:
    """Every draft that was saved and not deleted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, new: NewDraft, by: str, at: datetime) -> int:
        """Keep a draft; its number."""
        values = {name: getattr(new, name) for name in NewDraft.__dataclass_fields__}
        with self._database.writing() as connection:
            made = connection.execute(sa.insert(DRAFT_OVERLAYS).values(**values, at=at))
            number = int(made.inserted_primary_key[0])  # type: ignore[index] # INSERT always has one
            act = Act("draft", protocol_digest=new.protocol_digest, by=by)
            append(connection, [act], at)
        return number

    def delete(self, number: int, by: str, at: datetime) -> bool:
        """Take a draft out; False where there is none."""
        chosen = DRAFT_OVERLAYS.c.id == number
        with self._database.writing() as connection:
            asked = sa.select(DRAFT_OVERLAYS.c.protocol_digest).where(chosen)
            digest = connection.execute(asked).scalar()
            if digest is None:
                return False
            connection.execute(sa.delete(DRAFT_OVERLAYS).where(chosen))
            append(connection, [Act("draft deleted", protocol_digest=digest, by=by)], at)
        return True

    def get(self, number: int) -> Draft | None:
        """One draft, None where there is none of this number."""
        found = self._select(DRAFT_OVERLAYS.c.id == number, limit=1)
        return found[0] if found else None

    def newest(self, limit: int) -> list[Draft]:
        """The last drafts, newest first."""
        return self._select(sa.true(), limit)

    def _select(self, condition: Any, limit: int) -> list[Draft]:
        query = sa.select(DRAFT_OVERLAYS).where(condition)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(DRAFT_OVERLAYS.c.id.desc()).limit(limit)).all()
        return [Draft(**row._mapping) for row in rows]
