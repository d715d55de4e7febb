"""Two records of one person: under which key the person goes on, and what moves there.

A newcomer would get three things wrong. The older key keeps, because its alerts and their episodes
hang on it; the person's FHIR id is the one that the EHR shows now, whichever key that had. The
other key stays as a row that points to the older one, so that a Group or a file which still names
the old id does not bring a second person. And the alerts of both stay known: episodes of the
younger key are numbered after those of the older, so that no number is given twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.screening.decision import BY_HOSPITAL
from service.store.cohort import (
    dismiss,
    drop_work,
    everybody,
    insert_people,
    name,
    set_left_out,
)
from service.store.database import Database, insert_into
from service.store.pending import mark_pending
from service.store.tables import (
    ALERTS,
    CANARY_PEOPLE,
    CARDS,
    COHORT_MOVES,
    COHORT_SOURCES,
    DECISIONS,
    LATEST_ASSESSMENTS,
    MILESTONES,
    PATIENTS,
    PLANS,
)


class Merges:
    """Merges of people, as the EHR shows them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def follow(self, old_id: str, new_id: str, at: datetime, run_id: int) -> str | None:
        """Let a person whose record was merged go on under the record that stands.

        Returns the key under which they do, which is pending for this run from the same moment on:
        a process that ends right after it has lost nobody. None where nothing was changed: the old
        id is not known, or is to stand for itself. Two records that are one person already only
        change places, as after a merge that was undone and made the other way round.
        """
        with self._database.writing() as connection:
            keys = everybody(connection).keys
            old = keys.get(old_id)
            if old is None:
                return None
            if _row(connection, old).fhir_id != old_id:
                # Another worker has followed this merge since the record was read.
                return old
            if new_id == old_id:
                return None
            if keys.get(new_id) == old:
                _turn(connection, old, old_id, new_id)
                _wait_again(connection, old, run_id, at)
                return old
            new = keys.get(new_id) or insert_people(connection, [new_id], "merged", at)[new_id]
            # The new id may itself have been merged into another since.
            new_id = _row(connection, new).fhir_id
            kept, given_up = _by_age(connection, old, new)
            _move(connection, given_up, kept, at)
            _point(connection, given_up, kept, old_id, new_id)
            why = "two records of one person were merged in the EHR"
            move = {"reading_id": None, "patient_key": kept, "at": at, "what": "merged", "why": why}
            connection.execute(sa.insert(COHORT_MOVES).values(**move))
            _wait_again(connection, kept, run_id, at)
            return kept


def _by_age(connection: sa.Connection, old: str, new: str) -> tuple[str, str]:
    """The key that was given first, and the other; a key made just now is the younger one."""
    is_older = _row(connection, old).first_seen <= _row(connection, new).first_seen
    return (old, new) if is_older else (new, old)


def _row(connection: sa.Connection, key: str) -> sa.Row[Any]:
    return connection.execute(sa.select(PATIENTS).where(PATIENTS.c.key == key)).one()


def _wait_again(connection: sa.Connection, key: str, run_id: int, at: datetime) -> None:
    if not _row(connection, key).is_left_out:
        mark_pending(connection, run_id, [key], at)


def _turn(connection: sa.Connection, key: str, old_id: str, new_id: str) -> None:
    """Let the former id of a person be the one that stands, and the other one a former id."""
    columns = PATIENTS.c
    other = connection.scalar(sa.select(columns.key).where(columns.fhir_id == new_id))
    # Ids are unique: the one that stands is freed before the key gets it.
    for row, fhir_id in ((other, f"freed {other}"), (key, new_id), (other, old_id)):
        connection.execute(sa.update(PATIENTS).where(columns.key == row).values(fhir_id=fhir_id))


def _point(connection: sa.Connection, given_up: str, kept: str, old_id: str, new_id: str) -> None:
    """Give the kept key the id that stands, and let every former id lead to it."""
    columns = PATIENTS.c
    # Ids are unique: the one that stands is freed before the kept key gets it.
    for key, fhir_id in ((given_up, f"freed {given_up}"), (kept, new_id), (given_up, old_id)):
        connection.execute(sa.update(PATIENTS).where(columns.key == key).values(fhir_id=fhir_id))
    of_given_up = sa.or_(columns.key == given_up, columns.merged_into == given_up)
    connection.execute(sa.update(PATIENTS).where(of_given_up).values(merged_into=kept))


def _move(connection: sa.Connection, given_up: str, kept: str, at: datetime) -> None:
    """Everything that is known of the one becomes known of the other."""
    query = sa.select(COHORT_SOURCES.c.source).where(COHORT_SOURCES.c.patient_key == given_up)
    sources = connection.scalars(query).all()
    was_left_out = _row(connection, given_up).is_left_out
    drop_work(connection, [given_up])
    # What was sent already: whoever waits for its answer writes it down under the kept key.
    settled = sa.update(PLANS).where(PLANS.c.patient_key == given_up)
    connection.execute(settled.values(patient_key=kept))
    dismiss(connection, [given_up], at)
    for source in sources:
        name(connection, [kept], source, at)
    if was_left_out or _row(connection, kept).is_left_out:
        # Who opted out under one record opted out.
        set_left_out(connection, [kept], is_left_out=True)
        dismiss(connection, [kept], at)
        drop_work(connection, [kept])
    latest = LATEST_ASSESSMENTS.c.patient_key
    connection.execute(sa.delete(LATEST_ASSESSMENTS).where(latest == given_up))
    _move_alerts(connection, given_up, kept)
    _move_decisions(connection, given_up, kept)
    _move_milestones(connection, given_up, kept)
    _move_canary(connection, given_up, kept)
    cards = sa.update(CARDS).where(CARDS.c.patient_key == given_up)
    connection.execute(cards.values(patient_key=kept))


def _move_canary(connection: sa.Connection, given_up: str, kept: str) -> None:
    """Whoever was in a canary under one of the two records stays in it."""
    columns = CANARY_PEOPLE.c
    named = sa.select(columns.approval_id).where(columns.patient_key == kept)
    already = connection.scalars(named).all()
    is_theirs = columns.patient_key == given_up
    connection.execute(sa.delete(CANARY_PEOPLE).where(is_theirs, columns.approval_id.in_(already)))
    connection.execute(sa.update(CANARY_PEOPLE).where(is_theirs).values(patient_key=kept))


def _move_alerts(connection: sa.Connection, given_up: str, kept: str) -> None:
    columns = ALERTS.c
    numbers: dict[tuple[str, str], int] = {}
    query = sa.select(columns.protocol_id, columns.kind, sa.func.max(columns.episode))
    of_kept = query.where(columns.patient_key == kept).group_by(columns.protocol_id, columns.kind)
    for protocol_id, kind, episode in connection.execute(of_kept):
        numbers[protocol_id, kind] = episode
    theirs = sa.select(columns.key, columns.protocol_id, columns.kind)
    theirs = theirs.where(columns.patient_key == given_up).order_by(columns.episode)
    for row in connection.execute(theirs).all():
        number = numbers.get((row.protocol_id, row.kind), 0) + 1
        numbers[row.protocol_id, row.kind] = number
        connection.execute(
            sa.update(ALERTS).where(columns.key == row.key).values(patient_key=kept, episode=number)
        )


def _move_decisions(connection: sa.Connection, given_up: str, kept: str) -> None:
    """What people said to either stands; the same no about both is one."""
    columns = DECISIONS.c
    names = (columns.source, columns.made_on, columns.about)
    query = sa.select(columns.id, *names, columns.code, columns.taken_back_at)
    of_kept = connection.execute(query.where(columns.patient_key == kept)).all()
    known = {(row.source, row.made_on, row.about): row for row in of_kept}
    for row in connection.execute(query.where(columns.patient_key == given_up)).all():
        same = known.get((row.source, row.made_on, row.about))
        if same is not None:
            weaker = same if _weight(row) > _weight(same) else row
            connection.execute(sa.delete(DECISIONS).where(columns.id == weaker.id))
        if same is None or weaker is same:
            moved = sa.update(DECISIONS).where(columns.id == row.id)
            connection.execute(moved.values(patient_key=kept))


def _move_milestones(connection: sa.Connection, given_up: str, kept: str) -> None:
    """The days of either's episodes are the person's; of two first days the kept key's stays."""
    is_theirs = MILESTONES.c.patient_key == given_up
    rows = connection.execute(sa.select(MILESTONES).where(is_theirs)).all()
    moved = [dict(row._mapping) | {"patient_key": kept} for row in rows]
    if moved:
        insert = insert_into(connection, MILESTONES).on_conflict_do_nothing()
        connection.execute(insert, moved)
        connection.execute(sa.delete(MILESTONES).where(is_theirs))


def _weight(decision: Any) -> tuple[bool, bool]:
    """Of two answers of one day the one that stands is kept, and the hospital's before any."""
    return decision.taken_back_at is None, decision.code == BY_HOSPITAL
