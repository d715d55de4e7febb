"""Runs: one sweep, poll or single screening, from reading the cohort to the last delivery.

    open ── start_delivery ──> delivering ── finish ──> done
     │                          ^      │
     └───── hold ──> held ── release   └── hold ──> held          any but done ── fail ──> failed

A newcomer would get one thing wrong: a run is *reported* when its reading is done and nobody is
waiting for it. People move to a newer run, and people who fail too often are given up for this
run, so that no run waits for ever; neither are lost (see `pending`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.screening.alert import Action
from service.store.acts import Act
from service.store.audit import append
from service.store.database import Database
from service.store.duplicates import count_duplicates
from service.store.entries import Mode, Run, RunKind, RunState
from service.store.tables import LATEST_ASSESSMENTS, PENDING, PLANS, RUNS


def _waiting() -> Any:
    return _count_pending(is_given_up=False)


def _count_pending(*, is_given_up: bool) -> Any:
    return (
        sa.select(sa.func.count())
        .select_from(PENDING)
        .where(PENDING.c.run_id == RUNS.c.id, PENDING.c.is_given_up == is_given_up)
        .correlate(RUNS)
        .scalar_subquery()
    )


def _open_plans() -> Any:
    return (
        sa.select(sa.func.count())
        .select_from(PLANS)
        .where(PLANS.c.run_id == RUNS.c.id, PLANS.c.state.in_(["planned", "sent"]))
        .correlate(RUNS)
        .scalar_subquery()
    )


_IS_REPORTED = sa.and_(RUNS.c.is_reading_done, _waiting() == 0)


class Runs:
    """The runs of the ledger. Every change of state returns whether it was this call's to make."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(
        self,
        kind: RunKind,
        mode: Mode,
        protocol_digest: str,
        at: datetime,
        approval_id: int | None = None,
    ) -> int:
        """Begin a run. Its mode stands: the plans of a shadow run are never sent."""
        with self._database.writing() as connection:
            result = connection.execute(
                sa.insert(RUNS).values(
                    kind=kind,
                    mode=mode,
                    protocol_digest=protocol_digest,
                    approval_id=approval_id,
                    state=RunState.OPEN,
                    is_reading_done=False,
                    started_at=at,
                    held_reason="",
                    counts={},
                )
            )
            return int(result.inserted_primary_key[0])  # type: ignore[index] # INSERT always has one

    def get(self, run_id: int) -> Run | None:
        """One run, None if there never was one."""
        return next(iter(self._select(RUNS.c.id == run_id)), None)

    def newest(self, limit: int) -> list[Run]:
        """The last runs, newest first."""
        return self._select(sa.true(), order=RUNS.c.id.desc(), limit=limit)

    def newest_sweep(
        self,
        *,
        protocol_digest: str | None = None,
        mode: Mode | None = None,
        approval_id: int | None = None,
    ) -> Run | None:
        """The last sweep that came to its end, of this protocol, mode and approval where given."""
        wanted = {"protocol_digest": protocol_digest, "mode": mode, "approval_id": approval_id}
        given = [RUNS.c[name] == value for name, value in wanted.items() if value is not None]
        is_over = sa.and_(RUNS.c.kind == "sweep", RUNS.c.state == RunState.DONE)
        return next(iter(self._select(is_over, *given, order=RUNS.c.id.desc(), limit=1)), None)

    def finish_reading(self, run_id: int) -> bool:
        """Say that the cohort was read completely and everybody has been marked pending."""
        return self._change(run_id, [RunState.OPEN], is_reading_done=True)

    def is_reported(self, run_id: int) -> bool:
        """Whether the reading is done and nobody is waiting for this run any more."""
        return bool(self._select(RUNS.c.id == run_id, _IS_REPORTED))

    def to_deliver(self) -> list[Run]:
        """Runs that are reported and not held, oldest first: new ones and interrupted ones."""
        states = [RunState.OPEN, RunState.DELIVERING]
        return self._select(RUNS.c.state.in_(states), _IS_REPORTED)

    def count_new_alerts(self, run_id: int) -> int:
        """How many alerts this run creates: what the limit is held against.

        What is shadow in a live run is of people for whom nothing may be written yet.
        """
        query = (
            sa.select(sa.func.count())
            .select_from(PLANS)
            .where(
                PLANS.c.run_id == run_id,
                PLANS.c.action == Action.CREATE,
                PLANS.c.state.not_in(["superseded", "shadow"]),
            )
        )
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def start_delivery(self, run_id: int) -> bool:
        """Release a reported run within its limits; False if it is held, done or not reported."""
        states = [RunState.OPEN, RunState.DELIVERING]
        return self._change(run_id, states, _IS_REPORTED, state=RunState.DELIVERING)

    def hold(self, run_id: int, reason: str) -> bool:
        """Stop a run before or during its delivery; from now on none of its plans can be sent."""
        states = [RunState.OPEN, RunState.DELIVERING]
        return self._change(run_id, states, state=RunState.HELD, held_reason=reason)

    def release(self, run_id: int, by: str, at: datetime) -> bool:
        """Let a held run deliver: a recorded act of a second person."""
        with self._database.writing() as connection:
            is_free = _change(
                connection,
                run_id,
                [RunState.HELD],
                sa.true(),
                state=RunState.DELIVERING,
                released_by=by,
                released_at=at,
            )
            if is_free:
                append(connection, [Act("release", run_id=run_id, by=by)], at)
            return is_free

    def fail(self, run_id: int, reason: str) -> bool:
        """Give a run up, such as one whose cohort could not be read.

        Its people stay pending, given up for this run, until a later run takes them over.
        """
        states = [RunState.OPEN, RunState.HELD, RunState.DELIVERING]
        with self._database.writing() as connection:
            failed = _change(
                connection, run_id, states, sa.true(), state=RunState.FAILED, held_reason=reason
            )
            if failed:
                connection.execute(
                    sa.update(PENDING).where(PENDING.c.run_id == run_id).values(is_given_up=True)
                )
            return failed

    def finish(self, run_id: int, at: datetime) -> bool:
        """Close a run that is reported and has nothing left to send; writes down its counts."""
        with self._database.writing() as connection:
            return _change(
                connection,
                run_id,
                [RunState.OPEN, RunState.DELIVERING],
                sa.and_(_IS_REPORTED, _open_plans() == 0),
                state=RunState.DONE,
                finished_at=at,
                counts=_counts(connection, run_id),
            )

    def _change(
        self,
        run_id: int,
        states: Sequence[RunState],
        condition: sa.ColumnElement[bool] | None = None,
        **values: Any,
    ) -> bool:
        with self._database.writing() as connection:
            condition = sa.true() if condition is None else condition
            return _change(connection, run_id, states, condition, **values)

    def _select(
        self, *conditions: Any, order: Any = RUNS.c.id, limit: int | None = None
    ) -> list[Run]:
        query = (
            sa.select(
                RUNS,
                _waiting().label("waiting"),
                _count_pending(is_given_up=True).label("given_up"),
                _open_plans().label("open_plans"),
            )
            .where(*conditions)
            .order_by(order)
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = [dict(row._mapping) for row in connection.execute(query)]
        return [Run(**(row | {"state": RunState(row["state"])})) for row in rows]


def _change(
    connection: sa.Connection,
    run_id: int,
    states: Sequence[RunState],
    condition: sa.ColumnElement[bool],
    **values: Any,
) -> bool:
    update = sa.update(RUNS).where(RUNS.c.id == run_id, RUNS.c.state.in_(states), condition)
    return connection.execute(update.values(**values)).rowcount == 1


def _counts(connection: sa.Connection, run_id: int) -> dict[str, int]:
    """Statuses of the people whom this run was the last to assess, its plans, and duplicates."""
    statuses = (
        sa.select(LATEST_ASSESSMENTS.c.status, sa.func.count())
        .where(LATEST_ASSESSMENTS.c.run_id == run_id)
        .group_by(LATEST_ASSESSMENTS.c.status)
    )
    plans = (
        sa.select(PLANS.c.state, PLANS.c.action, sa.func.count())
        .where(PLANS.c.run_id == run_id)
        .group_by(PLANS.c.state, PLANS.c.action)
    )
    given_up = sa.select(sa.func.count()).where(PENDING.c.run_id == run_id, PENDING.c.is_given_up)
    counts = {f"status {status}": number for status, number in connection.execute(statuses)}
    counts |= {f"{state} {action}": n for state, action, n in connection.execute(plans)}
    counts |= {"given up": int(connection.scalar(given_up) or 0)}
    return counts | count_duplicates(connection, run_id)
