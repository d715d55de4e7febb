"""Who we know, under which key, and who is in the cohort.

A newcomer would get three things wrong. Leaving the cohort closes nothing: people with an open
alert go on being read. One person may have had several FHIR ids: a record that was merged into
another is kept as a row of its own that points to the key under which the person goes on, and every
id leads to that key. And whoever is left out at the hospital's wish keeps their key and gives no
FHIR id, so that nobody can read their chart by it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from service.store.alerts import forget_unsent_alert
from service.store.database import (
    Database,
    among,
    chunks,
    insert_into,
    rows_among,
    rows_where_in,
    wait_for_turn,
)
from service.store.entries import EntryState
from service.store.tables import (
    ALERTS,
    COHORT_IDENTIFIERS,
    COHORT_SOURCES,
    DECISIONS,
    LATEST_ASSESSMENTS,
    OPEN_PLAN_STATES,
    PATIENTS,
    PENDING,
    PLANS,
)

_COHORT_READING = 0x626F6E66
_IS_SOMEBODY = sa.and_(PATIENTS.c.merged_into.is_(None), ~PATIENTS.c.is_left_out)
_KEYS = sa.select(PATIENTS.c.fhir_id, PATIENTS.c.key, PATIENTS.c.merged_into).where(
    among(PATIENTS.c.fhir_id)
)
_FHIR_IDS = sa.select(PATIENTS.c.fhir_id, PATIENTS.c.key).where(_IS_SOMEBODY, among(PATIENTS.c.key))

_GOES_ON = PATIENTS.alias("goes_on")
_SOMEBODY = (
    sa.select(
        _GOES_ON.c.key,
        sa.and_(_GOES_ON.c.merged_into.is_(None), ~_GOES_ON.c.is_left_out).label("may_be_read"),
        LATEST_ASSESSMENTS.c.patient_key.is_not(None).label("is_judged"),
    )
    .select_from(PATIENTS)
    .join(_GOES_ON, _GOES_ON.c.key == sa.func.coalesce(PATIENTS.c.merged_into, PATIENTS.c.key))
    .outerjoin(LATEST_ASSESSMENTS, LATEST_ASSESSMENTS.c.patient_key == _GOES_ON.c.key)
    .where(PATIENTS.c.fhir_id == sa.bindparam("fhir_id"))
)


@dataclass(frozen=True, slots=True, repr=False)
class Somebody:
    """Whom a FHIR id stands for: the key of today, and whether they were ever judged."""

    key: str
    may_be_read: bool
    is_judged: bool


class Cohort:
    """The people of the ledger; FHIR ids in and out, keys everywhere else."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, fhir_ids: Iterable[str], source: str, at: datetime) -> int:
        """Write down people seen in the cohort, as a poll sees them; returns how many came."""
        with self._database.writing() as connection:
            people = everybody(connection)
            named = keys_for(connection, people, fhir_ids, source, at) - people.left_out
            name(connection, named, source, at)
            return len(named - people.members)

    def register(self, fhir_ids: Iterable[str], source: str, at: datetime) -> dict[str, str]:
        """Give keys to people whether or not they are in the cohort; FHIR id to key."""
        named = sorted(set(fhir_ids))
        known = self.keys_of(named)
        new = [fhir_id for fhir_id in named if fhir_id not in known]
        if not new:
            return known
        with self._database.writing() as connection:
            insert_people(connection, new, source, at)
        return self.keys_of(named)

    def keys_of(self, fhir_ids: Sequence[str]) -> dict[str, str]:
        """FHIR id to key, without those whom we do not know; a merged id gives the key of today."""
        with self._database.reading() as connection:
            rows = rows_among(connection, _KEYS, fhir_ids)
            return {row.fhir_id: row.merged_into or row.key for row in rows}

    def find(self, fhir_id: str) -> Somebody | None:
        """Who this is, in one question; None for somebody whom we do not know."""
        with self._database.reading() as connection:
            row = connection.execute(_SOMEBODY, {"fhir_id": fhir_id}).one_or_none()
            return None if row is None else Somebody(*row)

    def fhir_ids_of(self, patient_keys: Sequence[str]) -> dict[str, str]:
        """Key to FHIR id, without keys that we never gave and people who must not be read."""
        with self._database.reading() as connection:
            rows = rows_among(connection, _FHIR_IDS, patient_keys)
            return {row.key: row.fhir_id for row in rows}

    def former_ids_of(self, patient_keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Key to the FHIR ids that were merged into the person, of those who have any."""
        found: dict[str, tuple[str, ...]] = {}
        query = sa.select(PATIENTS.c.fhir_id, PATIENTS.c.merged_into).order_by(PATIENTS.c.key)
        with self._database.reading() as connection:
            for row in rows_where_in(connection, query, PATIENTS.c.merged_into, patient_keys):
                found[row.merged_into] = (*found.get(row.merged_into, ()), row.fhir_id)
        return found

    def members(self) -> list[str]:
        """The keys of everybody who is in the cohort now."""
        query = sa.select(PATIENTS.c.key).where(PATIENTS.c.in_cohort).order_by(PATIENTS.c.key)
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    def known_outside(self, since: datetime) -> dict[str, str]:
        """Key to FHIR id of those outside the cohort of whom an alert or a decision is known.

        Only who left since then, or came since then without ever being a member. Nobody who must
        not be looked at.
        """
        columns = PATIENTS.c
        is_late = sa.or_(
            columns.left_on >= since.date(),
            sa.and_(columns.left_on.is_(None), columns.first_seen >= since),
        )
        known = (sa.exists().where(t.c.patient_key == columns.key) for t in (ALERTS, DECISIONS))
        query = sa.select(columns.key, columns.fhir_id).order_by(columns.key)
        query = query.where(_IS_SOMEBODY, ~columns.in_cohort, is_late, sa.or_(*known))
        with self._database.reading() as connection:
            return {row.key: row.fhir_id for row in connection.execute(query)}

    # Whom nobody may look at

    def leave_out(self, fhir_ids: Iterable[str], at: datetime) -> int:
        """Let these people be looked at no more, and all others again; returns how many they are.

        They leave the cohort and the queue, and nothing that was planned about them is sent. What
        stands about them in the EHR stays: nobody can judge it without reading the chart.
        """
        with self._database.writing() as connection:
            people = everybody(connection)
            wanted = keys_for(connection, people, fhir_ids, "left out", at)
            set_left_out(connection, people.left_out - wanted, is_left_out=False)
            new = sorted(wanted - people.left_out)
            set_left_out(connection, new, is_left_out=True)
            dismiss(connection, new, at)
            drop_work(connection, new)
            return len(wanted)

    def left_out(self) -> set[str]:
        """The keys of everybody who must not be looked at."""
        query = sa.select(PATIENTS.c.key).where(PATIENTS.c.is_left_out)
        with self._database.reading() as connection:
            return set(connection.scalars(query))

    # Record numbers that were looked up

    def identifiers(self) -> dict[str, str]:
        """Digest of an identifier to the FHIR id that was found for it."""
        query = sa.select(COHORT_IDENTIFIERS.c.digest, COHORT_IDENTIFIERS.c.fhir_id)
        with self._database.reading() as connection:
            return {row.digest: row.fhir_id for row in connection.execute(query)}

    def remember_identifiers(self, found: Mapping[str, str], at: datetime) -> None:
        """Keep what was found, so that the next night asks only for new ones."""
        rows = [{"digest": d, "fhir_id": i, "found_at": at} for d, i in sorted(found.items())]
        if not rows:
            return
        with self._database.writing() as connection:
            insert = insert_into(connection, COHORT_IDENTIFIERS)
            changing = {name: insert.excluded[name] for name in ("fhir_id", "found_at")}
            connection.execute(
                insert.on_conflict_do_update(index_elements=["digest"], set_=changing), rows
            )


# What the readings and the merges share, inside the caller's transaction


@dataclass(frozen=True, slots=True, repr=False)
class People:
    """Everybody whom the ledger knows: FHIR id to key, and the keys of two kinds of people."""

    keys: Mapping[str, str]
    members: frozenset[str]
    left_out: frozenset[str]


def everybody(connection: sa.Connection) -> People:
    """Read and lock everybody, one reading of the cohort at a time.

    Locked in the order in which screenings lock people, so that the two cannot deadlock.
    """
    wait_for_turn(connection, _COHORT_READING)
    query = (
        sa.select(
            PATIENTS.c.key,
            PATIENTS.c.fhir_id,
            PATIENTS.c.in_cohort,
            PATIENTS.c.merged_into,
            PATIENTS.c.is_left_out,
        )
        .order_by(PATIENTS.c.key)
        .with_for_update(key_share=True)
    )
    rows = connection.execute(query).all()
    return People(
        {row.fhir_id: row.merged_into or row.key for row in rows},
        frozenset(row.key for row in rows if row.in_cohort),
        frozenset(row.key for row in rows if row.is_left_out),
    )


def keys_for(
    connection: sa.Connection, people: People, fhir_ids: Iterable[str], source: str, at: datetime
) -> set[str]:
    """The keys of these people, new ones for those whom nobody knew."""
    named = set(fhir_ids)
    new = sorted(named - people.keys.keys())
    made = insert_people(connection, new, source, at)
    return {people.keys.get(fhir_id) or made[fhir_id] for fhir_id in named}


def insert_people(
    connection: sa.Connection, fhir_ids: Sequence[str], source: str, at: datetime
) -> dict[str, str]:
    """Give keys to people who have none; FHIR id to key. They are in no cohort yet."""
    rows = [
        {
            "key": uuid.uuid4().hex,
            "fhir_id": fhir_id,
            "in_cohort": False,
            "came_from": source,
            "first_seen": at,
            "last_seen": at,
        }
        for fhir_id in fhir_ids
    ]
    if not rows:
        return {}
    insert = insert_into(connection, PATIENTS)
    connection.execute(insert.on_conflict_do_nothing(index_elements=["fhir_id"]), rows)
    # Asked for again: somebody else may have given them a key a moment ago.
    query = sa.select(PATIENTS.c.fhir_id, PATIENTS.c.key)
    return {
        row.fhir_id: row.key
        for row in rows_where_in(connection, query, PATIENTS.c.fhir_id, fhir_ids)
    }


def name(connection: sa.Connection, keys: Iterable[str], source: str, at: datetime) -> None:
    """Let a source name these people: they are members now."""
    for chunk in chunks(sorted(keys)):
        connection.execute(
            sa.update(PATIENTS)
            .where(PATIENTS.c.key.in_(chunk))
            .values(in_cohort=True, came_from=source, last_seen=at, left_on=None)
        )
        insert = insert_into(connection, COHORT_SOURCES).on_conflict_do_nothing()
        connection.execute(insert, [{"patient_key": key, "source": source} for key in chunk])


def dismiss(connection: sa.Connection, keys: Iterable[str], at: datetime) -> None:
    """Let these people leave the cohort, whoever names them."""
    for chunk in chunks(sorted(keys)):
        connection.execute(sa.delete(COHORT_SOURCES).where(COHORT_SOURCES.c.patient_key.in_(chunk)))
        connection.execute(
            sa.update(PATIENTS)
            .where(PATIENTS.c.key.in_(chunk), PATIENTS.c.in_cohort)
            .values(in_cohort=False, left_on=at.date())
        )


def drop_work(connection: sa.Connection, keys: Sequence[str]) -> None:
    """Take people out of the queue and their open plans out of the outbox.

    A plan whose request may have left stays as superseded: the EHR may have done what it says.
    """
    for chunk in chunks(keys):
        connection.execute(sa.delete(PENDING).where(PENDING.c.patient_key.in_(chunk)))
        is_open = sa.and_(PLANS.c.patient_key.in_(chunk), PLANS.c.state.in_(OPEN_PLAN_STATES))
        for row in connection.execute(sa.select(PLANS).where(is_open)).all():
            forget_unsent_alert(connection, row.alert_key, EntryState.PLANNED)
        connection.execute(sa.delete(PLANS).where(is_open, PLANS.c.attempts == 0))
        connection.execute(sa.update(PLANS).where(is_open).values(state="superseded", payload=""))


def set_left_out(connection: sa.Connection, keys: Iterable[str], *, is_left_out: bool) -> None:
    """Say of these people whether they may be looked at."""
    for chunk in chunks(sorted(keys)):
        connection.execute(
            sa.update(PATIENTS).where(PATIENTS.c.key.in_(chunk)).values(is_left_out=is_left_out)
        )
