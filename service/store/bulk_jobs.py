"""The bulk export under way: one at a time, remembered so that a restart goes on with it.

A newcomer would get two things wrong. The status URL is a key to the cohort's charts on servers
that ask for no login there: it is emptied as soon as the job is over. And a job is held by the
process that works on it for a few minutes at a time, which it renews; a process that dies lets the
job go by itself, and the next one downloads again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.store.database import Database, insert_into
from service.store.tables import BULK_JOBS


@dataclass(frozen=True, slots=True, repr=False)
class BulkJob:
    """One export. `status_url` is "" before the kick-off, and `asked_at` None.

    `failures` counts those since the last success, `restarts` how often the export began again.
    Nothing is to be asked before `not_before`.
    """

    id: int
    run_id: int
    status_url: str
    asked_at: datetime | None
    transaction_time: datetime | None
    not_before: datetime | None
    failures: int
    restarts: int
    opened_at: datetime


class BulkJobs:
    """At most one job is open. Changes of a job that is closed change nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, run_id: int, at: datetime) -> bool:
        """Begin the job of a run; False where one is open already."""
        with self._database.writing() as connection:
            insert = insert_into(connection, BULK_JOBS).values(
                run_id=run_id,
                status_url="",
                failures=0,
                restarts=0,
                opened_at=at,
                is_open=True,
            )
            new = insert.on_conflict_do_nothing().returning(BULK_JOBS.c.id)
            return connection.scalar(new) is not None

    def current(self) -> BulkJob | None:
        """The open job, None where there is none."""
        columns = [BULK_JOBS.c[name] for name in BulkJob.__slots__]
        with self._database.reading() as connection:
            row = connection.execute(sa.select(*columns).where(BULK_JOBS.c.is_open)).first()
            return None if row is None else BulkJob(**row._mapping)

    def hold(self, job_id: int, at: datetime, until: datetime) -> bool:
        """Take a job that nobody holds; False where somebody does. Give it back with `let_go`."""
        free = sa.or_(BULK_JOBS.c.held_until.is_(None), BULK_JOBS.c.held_until <= at)
        return self._change(job_id, free, held_until=until)

    def keep(self, job_id: int, until: datetime) -> None:
        """Hold a job of one's own for longer."""
        self._change(job_id, held_until=until)

    def let_go(self, job_id: int) -> None:
        """Give a job back."""
        self._change(job_id, held_until=None)

    def store_kick_off(
        self, job_id: int, status_url: str, at: datetime, not_before: datetime
    ) -> None:
        """The export was accepted."""
        self._change(job_id, status_url=status_url, asked_at=at, not_before=not_before, failures=0)

    def store_running(self, job_id: int, not_before: datetime) -> None:
        """It is not ready; ask again from `not_before` on."""
        self._change(job_id, not_before=not_before, failures=0)

    def store_ready(self, job_id: int, transaction_time: datetime) -> None:
        """Its files are there."""
        self._change(job_id, transaction_time=transaction_time)

    def store_failure(self, job_id: int, not_before: datetime) -> None:
        """Something did not work; try again from `not_before` on."""
        self._change(job_id, not_before=not_before, failures=BULK_JOBS.c.failures + 1)

    def restart(self, job_id: int, not_before: datetime) -> None:
        """Begin again with a new export."""
        self._change(
            job_id,
            status_url="",
            asked_at=None,
            transaction_time=None,
            not_before=not_before,
            failures=0,
            restarts=BULK_JOBS.c.restarts + 1,
        )

    def close(self, job_id: int) -> None:
        """The job is over, well or not."""
        self._change(job_id, status_url="", is_open=False)

    def _change(
        self, job_id: int, condition: sa.ColumnElement[bool] | None = None, **values: Any
    ) -> bool:
        is_it = sa.and_(BULK_JOBS.c.id == job_id, BULK_JOBS.c.is_open)
        update = sa.update(BULK_JOBS).where(is_it if condition is None else is_it & condition)
        with self._database.writing() as connection:
            return connection.execute(update.values(**values)).rowcount == 1
