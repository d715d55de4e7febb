"""Who we know, under which key, and who is in the cohort.

A newcomer would get one thing wrong: leaving the cohort closes nothing. It is only written down;
people with an open alert go on being read.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from service.store.database import Database, chunks, insert_into, rows_where_in, wait_for_turn
from service.store.entries import CohortChange
from service.store.tables import PATIENTS

_COHORT_READING = 0x626F6E66


class Cohort:
    """The people of the ledger; FHIR ids in and out, keys everywhere else."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, fhir_ids: Iterable[str], source: str, at: datetime) -> CohortChange:
        """Write down a complete reading of the cohort from one source.

        Who was in the cohort from this source and is not named has left. Never hand in a reading
        that was cut short: use `add` for that.
        """
        named = sorted(set(fhir_ids))
        with self._database.writing() as connection:
            known = _lock_everybody(connection)
            came = _admit(connection, named, known, source, at)
            gone = {i for i, came_from in known.items() if came_from == source} - set(named)
            _dismiss(connection, sorted(gone), at)
        return CohortChange(came=came, stayed=len(named) - came, left=len(gone))

    def add(self, fhir_ids: Iterable[str], source: str, at: datetime) -> int:
        """Write down people seen in the cohort, as a poll sees them; returns how many came."""
        named = sorted(set(fhir_ids))
        with self._database.writing() as connection:
            return _admit(connection, named, _lock_everybody(connection), source, at)

    def register(self, fhir_ids: Iterable[str], source: str, at: datetime) -> dict[str, str]:
        """Give keys to people whether or not they are in the cohort; FHIR id to key."""
        named = sorted(set(fhir_ids))
        known = self.keys_of(named)
        new = [fhir_id for fhir_id in named if fhir_id not in known]
        if not new:
            return known
        with self._database.writing() as connection:
            _insert(connection, new, source, at, in_cohort=False)
        return self.keys_of(named)

    def keys_of(self, fhir_ids: Sequence[str]) -> dict[str, str]:
        """FHIR id to key, without those whom we do not know."""
        with self._database.reading() as connection:
            query = sa.select(PATIENTS.c.fhir_id, PATIENTS.c.key)
            rows = rows_where_in(connection, query, PATIENTS.c.fhir_id, fhir_ids)
            return {row.fhir_id: row.key for row in rows}

    def fhir_ids_of(self, patient_keys: Sequence[str]) -> dict[str, str]:
        """Key to FHIR id, without keys that we never gave."""
        with self._database.reading() as connection:
            query = sa.select(PATIENTS.c.fhir_id, PATIENTS.c.key)
            rows = rows_where_in(connection, query, PATIENTS.c.key, patient_keys)
            return {row.key: row.fhir_id for row in rows}

    def members(self) -> list[str]:
        """The keys of everybody who is in the cohort now."""
        query = sa.select(PATIENTS.c.key).where(PATIENTS.c.in_cohort).order_by(PATIENTS.c.key)
        with self._database.reading() as connection:
            return list(connection.scalars(query))


def _lock_everybody(connection: sa.Connection) -> dict[str, str | None]:
    """FHIR id to the source that has the person in the cohort, None for whoever is not in it.

    Locked in the order in which screenings lock people, so that the two cannot deadlock.
    """
    wait_for_turn(connection, _COHORT_READING)
    query = (
        sa.select(PATIENTS.c.fhir_id, PATIENTS.c.in_cohort, PATIENTS.c.came_from)
        .order_by(PATIENTS.c.key)
        .with_for_update(key_share=True)
    )
    rows = connection.execute(query)
    return {row.fhir_id: row.came_from if row.in_cohort else None for row in rows}


def _insert(
    connection: sa.Connection, fhir_ids: list[str], source: str, at: datetime, *, in_cohort: bool
) -> None:
    rows = [
        {
            "key": uuid.uuid4().hex,
            "fhir_id": fhir_id,
            "in_cohort": in_cohort,
            "came_from": source,
            "first_seen": at,
            "last_seen": at,
        }
        for fhir_id in fhir_ids
    ]
    if rows:
        insert = insert_into(connection, PATIENTS)
        connection.execute(insert.on_conflict_do_nothing(index_elements=["fhir_id"]), rows)


def _admit(
    connection: sa.Connection,
    named: list[str],
    known: Mapping[str, str | None],
    source: str,
    at: datetime,
) -> int:
    """Put everybody named into the cohort; returns how many were not in it."""
    new = [fhir_id for fhir_id in named if fhir_id not in known]
    _insert(connection, new, source, at, in_cohort=True)
    for chunk in chunks(named):
        connection.execute(
            sa.update(PATIENTS)
            .where(PATIENTS.c.fhir_id.in_(chunk))
            .values(in_cohort=True, came_from=source, last_seen=at, left_on=None)
        )
    return sum(1 for fhir_id in named if known.get(fhir_id) is None)


def _dismiss(connection: sa.Connection, fhir_ids: list[str], at: datetime) -> None:
    for chunk in chunks(fhir_ids):
        connection.execute(
            sa.update(PATIENTS)
            .where(PATIENTS.c.fhir_id.in_(chunk))
            .values(in_cohort=False, left_on=at.date())
        )
