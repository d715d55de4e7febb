"""Who is still to be screened, and for which run. An emptied queue is refilled from here.

A newcomer would get three things wrong. A person is pending once: a newer run takes them over
from an older one, which then no longer waits for them. Handing a person out is counted, so that
somebody whose record kills every worker that reads it is given up by this run in the end instead
of holding it for ever; their batch comes back in smaller ones, so that they take nobody with them.
And a person who was given up is still pending: `take_over` moves them to a later run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from service.store.acts import Act
from service.store.audit import append
from service.store.database import Database, chunks, insert_into, rows_where_in
from service.store.entries import PendingBatch
from service.store.tables import PENDING, RUNS

# A batch of fifty comes back as tens of five, then one by one.
_SMALLER = 10

_FRESH = {
    "attempts": 0,
    "handed_out_at": None,
    "not_before": None,
    "is_given_up": False,
    "last_problem": "",
}


class Pending:
    """The people waiting. One is given up by a run after `attempts_in_a_run` hand-outs."""

    def __init__(self, database: Database, attempts_in_a_run: int) -> None:
        self._database = database
        self._attempts_in_a_run = attempts_in_a_run

    def mark(
        self,
        run_id: int,
        patient_keys: Iterable[str],
        at: datetime,
        not_before: datetime | None = None,
    ) -> None:
        """Make people pending for a run; those who wait for an older run move to this one.

        With `not_before` they stay out of the queue until then: see `take`.
        """
        with self._database.writing() as connection:
            mark_pending(connection, run_id, patient_keys, at, not_before)

    def take_over(self, run_id: int, at: datetime) -> int:
        """Move people whom earlier runs gave up, and whose pause is over, to this run."""
        query = (
            sa.select(PENDING.c.patient_key)
            .where(PENDING.c.is_given_up, PENDING.c.run_id < run_id, _is_due(at))
            .order_by(PENDING.c.patient_key)
            .with_for_update()
        )
        with self._database.writing() as connection:
            rows = connection.execute(query).all()
            _update(connection, rows, run_id=run_id, **_FRESH)
        return len(rows)

    def hand_out(
        self, batch_size: int, limit: int, at: datetime, handed_out_before: datetime
    ) -> list[PendingBatch]:
        """At most `limit` people to be screened now, in batches, each for one run.

        People handed out at or after `handed_out_before` are taken to be in the queue still. Pass
        `at` where the queue is known to be empty, else `at` less the queue's visibility timeout.
        """
        with self._database.writing() as connection:
            rows = connection.execute(_free_people(at, handed_out_before, limit)).all()
            worn_out = [row for row in rows if row.attempts >= self._attempts_in_a_run]
            handed_out = [row for row in rows if row.attempts < self._attempts_in_a_run]
            _update(
                connection,
                worn_out,
                is_given_up=True,
                last_problem=sa.case(
                    (PENDING.c.last_problem == "", "no worker ever reported"),
                    else_=PENDING.c.last_problem,
                ),
            )
            _update(connection, handed_out, attempts=PENDING.c.attempts + 1, handed_out_at=at)
        return [
            PendingBatch(run_id, tuple(row.patient_key for row in chunk))
            for (run_id, vanished), people in groupby(handed_out, key=_kind_of_batch)
            for chunk in chunks(people, max(1, batch_size // _SMALLER**vanished))
        ]

    def runs_of(self, patient_keys: Sequence[str]) -> dict[str, int]:
        """Key to the run that waits for the person, without those who are not waited for.

        A queue delivers twice: who is missing here was screened already.
        """
        query = sa.select(PENDING.c.patient_key, PENDING.c.run_id).where(~PENDING.c.is_given_up)
        with self._database.reading() as connection:
            rows = rows_where_in(connection, query, PENDING.c.patient_key, patient_keys)
            return {row.patient_key: row.run_id for row in rows}

    def store_failure(
        self, patient_key: str, run_id: int, problem: str, not_before: datetime
    ) -> bool:
        """Keep somebody who could not be screened pending, to be handed out from `not_before` on.

        `problem` is a fixed phrase or the name of an error, never a text from outside. Returns
        whether this run has now given the person up; False too if it no longer waits for them.
        """
        last = PENDING.c.attempts >= self._attempts_in_a_run
        update = (
            sa.update(PENDING)
            .where(PENDING.c.patient_key == patient_key, PENDING.c.run_id == run_id)
            .values(
                handed_out_at=None,
                not_before=not_before,
                last_problem=problem,
                is_given_up=sa.or_(PENDING.c.is_given_up, last),
            )
            .returning(PENDING.c.is_given_up)
        )
        with self._database.writing() as connection:
            is_given_up = bool(connection.scalar(update))
            append(connection, [_not_read(connection, patient_key, run_id, problem)])
            return is_given_up

    def put_off(self, run_id: int, patient_keys: Iterable[str], until: datetime) -> None:
        """Keep people out of the queue until then: the process of their run reads them itself."""
        self._change(run_id, patient_keys, not_before=until)

    def forget(self, run_id: int, patient_keys: Iterable[str]) -> None:
        """Let these people wait no longer: they were judged meanwhile, on newer facts."""
        with self._database.writing() as connection:
            for chunk in chunks(sorted(patient_keys)):
                connection.execute(
                    sa.delete(PENDING).where(
                        PENDING.c.run_id == run_id, PENDING.c.patient_key.in_(chunk)
                    )
                )

    def take(self, run_id: int, patient_keys: Iterable[str], at: datetime) -> list[str]:
        """Hand out these people, as far as they wait for this run; who is worn out is given up."""
        keys = list(patient_keys)
        columns = (PENDING.c.patient_key, PENDING.c.attempts)
        waiting = sa.select(*columns).where(PENDING.c.run_id == run_id, ~PENDING.c.is_given_up)
        with self._database.reading() as connection:
            rows = list(rows_where_in(connection, waiting, PENDING.c.patient_key, keys))
        worn_out = [r.patient_key for r in rows if r.attempts >= self._attempts_in_a_run]
        self.give_up(run_id, worn_out, "no worker ever reported")
        taken = [r.patient_key for r in rows if r.attempts < self._attempts_in_a_run]
        self._change(run_id, taken, attempts=PENDING.c.attempts + 1, handed_out_at=at)
        return taken

    def give_up(self, run_id: int, patient_keys: Iterable[str], problem: str) -> None:
        """Let a run wait no longer for these people, with a reason if none is known yet."""
        reason = sa.case((PENDING.c.last_problem == "", problem), else_=PENDING.c.last_problem)
        self._change(run_id, patient_keys, is_given_up=True, last_problem=reason, not_before=None)

    def waiting_for(self, run_id: int) -> list[str]:
        """Everybody whom this run still waits for."""
        query = sa.select(PENDING.c.patient_key).where(
            PENDING.c.run_id == run_id, ~PENDING.c.is_given_up
        )
        with self._database.reading() as connection:
            return list(connection.scalars(query.order_by(PENDING.c.patient_key)))

    def _change(self, run_id: int, patient_keys: Iterable[str], **values: Any) -> None:
        with self._database.writing() as connection:
            for chunk in chunks(sorted(patient_keys)):
                connection.execute(
                    sa.update(PENDING)
                    .where(PENDING.c.run_id == run_id, PENDING.c.patient_key.in_(chunk))
                    .values(**values)
                )

    def count(self) -> int:
        """How many people are pending, given up ones included."""
        with self._database.reading() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(PENDING)) or 0)


def _kind_of_batch(row: sa.Row[Any]) -> tuple[int, int]:
    """The run, and how often these people were handed out and nobody ever reported."""
    return row.run_id, 0 if row.last_problem else row.attempts


def mark_pending(
    connection: sa.Connection,
    run_id: int,
    patient_keys: Iterable[str],
    at: datetime,
    not_before: datetime | None = None,
) -> None:
    """Make people pending for a run inside the caller's transaction, as `Pending.mark` does."""
    fresh = {**_FRESH, "not_before": not_before}
    rows = [
        {"patient_key": key, "run_id": run_id, "since": at, **fresh}
        for key in sorted(set(patient_keys))
    ]
    if not rows:
        return
    insert = insert_into(connection, PENDING)
    newer = {name: insert.excluded[name] for name in ("run_id", *_FRESH)}
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["patient_key"],
            set_=newer,
            where=PENDING.c.run_id < insert.excluded.run_id,
        ),
        rows,
    )


def _not_read(connection: sa.Connection, patient_key: str, run_id: int, problem: str) -> Act:
    run = connection.execute(sa.select(RUNS).where(RUNS.c.id == run_id)).one_or_none()
    return Act(
        "read",
        patient_key,
        run_id=run_id,
        run_kind=run.kind if run else "",
        reason=problem,
        outcome="failed",
        protocol_digest=run.protocol_digest if run else "",
    )


def _is_due(at: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(PENDING.c.not_before.is_(None), PENDING.c.not_before <= at)


def _free_people(at: datetime, handed_out_before: datetime, limit: int) -> sa.Select[Any]:
    is_out = PENDING.c.handed_out_at >= handed_out_before
    columns = (PENDING.c.patient_key, PENDING.c.run_id, PENDING.c.attempts, PENDING.c.last_problem)
    return (
        sa.select(*columns)
        .where(
            ~PENDING.c.is_given_up,
            _is_due(at),
            sa.or_(PENDING.c.handed_out_at.is_(None), ~is_out),
        )
        # Who waits longest comes first: a budget that never reaches the end of the list would
        # otherwise leave out the same people every night.
        .order_by(PENDING.c.run_id, PENDING.c.since, PENDING.c.patient_key)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _update(connection: sa.Connection, rows: Sequence[sa.Row[Any]], **values: Any) -> None:
    for chunk in chunks(row.patient_key for row in rows):
        connection.execute(
            sa.update(PENDING).where(PENDING.c.patient_key.in_(chunk)).values(**values)
        )
