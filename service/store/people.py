"""One person as the ledger knows them, for whoever opens their page.

A newcomer would get one thing wrong: a key may belong to a record that was merged into another. The
person is then known under the other key, and everything about them is asked for by that one.
"""

from __future__ import annotations

import sqlalchemy as sa

from service.store.database import Database
from service.store.entries import KnownPerson
from service.store.tables import PATIENTS


class People:
    """Looks people up by key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, patient_key: str) -> KnownPerson | None:
        """The person of this key, under today's; None for a key that we never gave."""
        columns = PATIENTS.c
        today = sa.select(sa.func.coalesce(columns.merged_into, columns.key)).where(
            columns.key == patient_key
        )
        query = sa.select(PATIENTS).where(columns.key == today.scalar_subquery())
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return KnownPerson(row.key, row.fhir_id, row.in_cohort, row.left_on, row.is_left_out)
