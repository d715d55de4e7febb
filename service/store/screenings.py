"""Storing what a screening found: assessment, plans and the end of waiting, in one transaction.

A newcomer would get two things wrong. Two workers may screen the same person at the same time:
the rows of the people are locked first, in one order, and the one that stores last wins, except
that an older run never overwrites a newer one, and that somebody whose record was merged since
they were read is not stored: whoever followed the merge judges them. And a night on which nothing
changed writes no history: only the latest row learns that it was confirmed.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from service.store.acts import Act
from service.store.approvals import people_to_write
from service.store.audit import append
from service.store.database import Database, among, insert_into, rows_among, rows_where_in
from service.store.entries import AssessmentEntry, Screening, Stored
from service.store.milestones import write_milestones
from service.store.outbox import replace_plans
from service.store.tables import ASSESSMENTS, LATEST_ASSESSMENTS, PATIENTS, PENDING, RUNS

_LATEST = (
    sa.select(
        LATEST_ASSESSMENTS.c.patient_key,
        LATEST_ASSESSMENTS.c.on_date.label("confirmed_on"),
        LATEST_ASSESSMENTS.c.at.label("confirmed_at"),
        LATEST_ASSESSMENTS.c.sex,
        LATEST_ASSESSMENTS.c.age_band,
        *ASSESSMENTS.c,
    )
    .join(ASSESSMENTS, ASSESSMENTS.c.id == LATEST_ASSESSMENTS.c.assessment_id)
    .where(among(LATEST_ASSESSMENTS.c.patient_key))
)


class Screenings:
    """Assessments: the latest of everybody, and their history."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, screening: Screening, at: datetime) -> Stored:
        """Store one screening; `at` is now. Storing it twice changes nothing."""
        return self.store_all([screening], at)[0]

    def store_all(self, screenings: Sequence[Screening], at: datetime) -> list[Stored]:
        """Store screenings of different people together, all or none, in the order given.

        Raises StoreConflict if one of them contradicts the ledger; store them one by one then.
        """
        screenings_by_key = {s.patient_key: s for s in screenings}
        if len(screenings_by_key) < len(screenings):
            raise ValueError("Each person may be in a batch of screenings once.")
        keys = sorted(screenings_by_key)
        with self._database.writing() as connection:
            _lock_patients(connection, keys)
            latest = _latest(connection, keys)
            moved = _moved(connection, screenings)
            results = {
                s.patient_key: Stored.OVERTAKEN
                if s.patient_key in moved
                else _compare(s, latest.get(s.patient_key))
                for s in screenings
            }
            current = [
                screenings_by_key[key] for key in keys if results[key] is not Stored.OVERTAKEN
            ]
            changed = [s for s in current if results[s.patient_key] is Stored.CHANGED]
            unchanged = [s for s in current if results[s.patient_key] is Stored.UNCHANGED]
            _write_changed(connection, changed)
            _confirm_unchanged(connection, unchanged)
            write_milestones(connection, current)
            runs = _runs(connection, screenings)
            doubtful = replace_plans(connection, current, people_to_write(connection, current), at)
            judged = [s for s in screenings if s.patient_key not in moved]
            _stop_waiting(connection, [s for s in judged if s.patient_key not in doubtful])
            _wait_on(connection, [s for s in screenings if s.patient_key in doubtful], doubtful)
            # Whoever was overtaken was read all the same.
            append(connection, [_reading(s, runs[s.run_id].kind) for s in screenings], at)
        return [results[s.patient_key] for s in screenings]

    def latest(self, patient_keys: Sequence[str]) -> dict[str, AssessmentEntry]:
        """Key to the newest assessment, without people who have none."""
        with self._database.reading() as connection:
            rows = rows_among(connection, _LATEST, patient_keys)
            return {
                row.patient_key: replace(
                    entry_of(row, on=row.confirmed_on, at=row.confirmed_at),
                    sex=row.sex,
                    age_band=row.age_band,
                )
                for row in rows
            }

    def history(self, patient_key: str) -> list[AssessmentEntry]:
        """What was found each time that it changed, oldest first."""
        query = sa.select(ASSESSMENTS).where(ASSESSMENTS.c.patient_key == patient_key)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(ASSESSMENTS.c.at)).all()
        return [entry_of(row, on=row.on_date, at=row.at) for row in rows]

    def histories(self, patient_keys: Sequence[str]) -> dict[str, dict[str, AssessmentEntry]]:
        """The same of several people, each entry under the id of its assessment."""
        query = sa.select(ASSESSMENTS).order_by(ASSESSMENTS.c.at)
        found: dict[str, dict[str, AssessmentEntry]] = {}
        with self._database.reading() as connection:
            for row in rows_where_in(connection, query, ASSESSMENTS.c.patient_key, patient_keys):
                entry = entry_of(row, on=row.on_date, at=row.at)
                found.setdefault(row.patient_key, {})[row.id] = entry
        return found


def content_digest(assessment: AssessmentEntry) -> str:
    """A digest of everything but the time, and sex and age, which the history does not keep.

    The same digest needs no new row in the history.
    """
    content: list[Any] = [
        assessment.status,
        assessment.due_on,
        assessment.protocol_id,
        assessment.protocol_digest,
        assessment.findings,
        sorted(assessment.unread),
    ]
    if assessment.reported or assessment.notes:
        # Nobody else's digest changes by an upgrade from a version that did not keep them.
        content += [assessment.reported, assessment.notes]
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def entry_of(row: sa.Row[Any], *, on: Any, at: Any) -> AssessmentEntry:
    """A row with the columns of ASSESSMENTS, as judged or last confirmed on a day."""
    return AssessmentEntry(
        status=row.status,
        due_on=row.due_on,
        on=on,
        at=at,
        protocol_id=row.protocol_id,
        protocol_version=row.protocol_version,
        protocol_digest=row.protocol_digest,
        findings=row.findings,
        unread=row.unread,
        reported=row.reported,
        notes=row.notes,
    )


def _lock_patients(connection: sa.Connection, keys: list[str]) -> None:
    query = sa.select(PATIENTS.c.key).where(PATIENTS.c.key.in_(keys)).order_by(PATIENTS.c.key)
    connection.execute(query.with_for_update(key_share=True)).all()


def _moved(connection: sa.Connection, screenings: Sequence[Screening]) -> set[str]:
    """The keys of those who go on under other ids than those under which they were read."""
    read = {s.patient_key: s.fhir_ids for s in screenings if s.fhir_ids}
    keys = sorted(read)
    ids: dict[str, set[str]] = {key: set() for key in keys}
    own = sa.select(PATIENTS.c.key, PATIENTS.c.fhir_id).where(PATIENTS.c.merged_into.is_(None))
    for row in rows_where_in(connection, own, PATIENTS.c.key, keys):
        ids[row.key].add(row.fhir_id)
    former = sa.select(PATIENTS.c.merged_into, PATIENTS.c.fhir_id)
    for row in rows_where_in(connection, former, PATIENTS.c.merged_into, keys):
        ids[row.merged_into].add(row.fhir_id)
    return {key for key in keys if ids[key] != read[key]}


def _latest(connection: sa.Connection, keys: list[str]) -> dict[str, sa.Row[Any]]:
    table = LATEST_ASSESSMENTS
    query = sa.select(table.c.patient_key, table.c.run_id, table.c.content_digest)
    rows = rows_where_in(connection, query, table.c.patient_key, keys)
    return {row.patient_key: row for row in rows}


def _runs(connection: sa.Connection, screenings: Sequence[Screening]) -> dict[int, sa.Row[Any]]:
    numbers = sorted({s.run_id for s in screenings})
    query = sa.select(RUNS.c.id, RUNS.c.kind)
    return {row.id: row for row in rows_where_in(connection, query, RUNS.c.id, numbers)}


def _reading(screening: Screening, run_kind: str) -> Act:
    """What the audit says of a chart that was read: what was asked for, and what did not come."""
    unread = sorted(screening.assessment.unread)
    parts = [
        f"{name}: {', '.join(types)}"
        for name, types in (("asked for", screening.types_asked_for), ("unread", unread))
        if types
    ]
    return Act(
        "read",
        screening.patient_key,
        run_id=screening.run_id,
        run_kind=run_kind,
        detail="; ".join(parts),
        protocol_digest=screening.assessment.protocol_digest,
    )


def _compare(screening: Screening, latest: sa.Row[Any] | None) -> Stored:
    if latest is None:
        return Stored.CHANGED
    if screening.run_id < latest.run_id:
        return Stored.OVERTAKEN
    same = content_digest(screening.assessment) == latest.content_digest
    return Stored.UNCHANGED if same else Stored.CHANGED


def _write_changed(connection: sa.Connection, screenings: Sequence[Screening]) -> None:
    if not screenings:
        return
    ids = {s.patient_key: uuid.uuid4().hex for s in screenings}
    history = [
        {
            "id": ids[s.patient_key],
            "patient_key": s.patient_key,
            "status": s.assessment.status,
            "due_on": s.assessment.due_on,
            "on_date": s.assessment.on,
            "at": s.assessment.at,
            "protocol_id": s.assessment.protocol_id,
            "protocol_version": s.assessment.protocol_version,
            "protocol_digest": s.assessment.protocol_digest,
            "findings": list(s.assessment.findings),
            "unread": sorted(s.assessment.unread),
            "reported": list(s.assessment.reported),
            "notes": list(s.assessment.notes),
        }
        for s in screenings
    ]
    latest = [
        {
            "patient_key": s.patient_key,
            "assessment_id": ids[s.patient_key],
            "run_id": s.run_id,
            "status": s.assessment.status,
            "content_digest": content_digest(s.assessment),
            "on_date": s.assessment.on,
            "at": s.assessment.at,
            "sex": s.assessment.sex,
            "age_band": s.assessment.age_band,
            "in_short": s.assessment.in_short,
        }
        for s in screenings
    ]
    connection.execute(sa.insert(ASSESSMENTS), history)
    insert = insert_into(connection, LATEST_ASSESSMENTS)
    columns = [name for name in latest[0] if name != "patient_key"]
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["patient_key"],
            set_={name: insert.excluded[name] for name in columns},
        ),
        latest,
    )


def _confirm_unchanged(connection: sa.Connection, screenings: Sequence[Screening]) -> None:
    if not screenings:
        return
    table = LATEST_ASSESSMENTS
    connection.execute(
        sa.update(table)
        .where(table.c.patient_key == sa.bindparam("patient"))
        .values(
            run_id=sa.bindparam("run"),
            on_date=sa.bindparam("day"),
            at=sa.bindparam("now"),
            sex=sa.bindparam("gender"),
            age_band=sa.bindparam("band"),
            in_short=sa.bindparam("short"),
        ),
        [
            {
                "patient": s.patient_key,
                "run": s.run_id,
                "day": s.assessment.on,
                "now": s.assessment.at,
                # A birthday moves nobody into another band but here.
                "gender": s.assessment.sex,
                "band": s.assessment.age_band,
                "short": s.assessment.in_short,
            }
            for s in screenings
        ],
    )


def _stop_waiting(connection: sa.Connection, screenings: Sequence[Screening]) -> None:
    """Only for the run that was screened: a newer one waits for news that this one has not read."""
    for run_id in {s.run_id for s in screenings}:
        keys = [s.patient_key for s in screenings if s.run_id == run_id]
        waiting = sa.and_(PENDING.c.run_id == run_id, PENDING.c.patient_key.in_(keys))
        # Locked in the order in which `Pending.mark` locks them, so that the two cannot deadlock.
        query = sa.select(PENDING.c.patient_key).where(waiting).order_by(PENDING.c.patient_key)
        connection.execute(query.with_for_update()).all()
        connection.execute(sa.delete(PENDING).where(waiting))


def _wait_on(
    connection: sa.Connection,
    screenings: Sequence[Screening],
    not_before: Mapping[str, datetime | None],
) -> None:
    """Keep people pending who must be looked at once more when a request has arrived or died."""
    for screening in screenings:
        key = screening.patient_key
        connection.execute(
            sa.update(PENDING)
            .where(PENDING.c.patient_key == key, PENDING.c.run_id == screening.run_id)
            .values(handed_out_at=None, not_before=not_before[key])
        )
