"""Counts for the operator: how many people stand where. No person can be told from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.store.database import Database
from service.store.entries import Judged
from service.store.tables import (
    ALERTS,
    LATEST_ASSESSMENTS,
    PATIENTS,
    PENDING,
    PLANS,
    RUNS,
)

_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Counts:
    """The ledger in numbers; `plans` by state and action, `alerts` by kind and state."""

    known: int
    in_cohort: int
    waiting: int
    given_up: int
    statuses: dict[str, int]
    plans: dict[tuple[str, str], int]
    alerts: dict[tuple[str, str], int]


class Report:
    """Counts over the whole ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> Counts:
        """Everything at one moment. Statuses are those of people who are in the cohort now."""
        statuses = (
            sa.select(LATEST_ASSESSMENTS.c.status, sa.func.count().label("number"))
            .join(PATIENTS, PATIENTS.c.key == LATEST_ASSESSMENTS.c.patient_key)
            .where(PATIENTS.c.in_cohort)
            .group_by(LATEST_ASSESSMENTS.c.status)
        )
        with self._database.reading() as connection:
            return Counts(
                known=_count(connection, PATIENTS),
                in_cohort=_count(connection, PATIENTS, PATIENTS.c.in_cohort),
                waiting=_count(connection, PENDING, ~PENDING.c.is_given_up),
                given_up=_count(connection, PENDING, PENDING.c.is_given_up),
                statuses={row.status: row.number for row in connection.execute(statuses)},
                plans=_count_by(connection, PLANS.c.state, PLANS.c.action),
                alerts=_count_by(connection, ALERTS.c.kind, ALERTS.c.state),
            )

    def count_open_alerts(self) -> int:
        """Alerts that we have told and not closed, those included whose arrival is not sure."""
        with self._database.reading() as connection:
            return _count(connection, ALERTS, ALERTS.c.state.in_(["sent", "confirmed", "unknown"]))

    def judged(self) -> Iterator[Judged]:
        """Everybody who is in the cohort now and was judged, one by one and in no order."""
        latest = LATEST_ASSESSMENTS.c
        query = (
            sa.select(
                latest.patient_key,
                latest.status,
                latest.sex,
                latest.age_band,
                latest.on_date,
                latest.in_short,
                # As the assessment's own, whose rows are long: another protocol makes another one.
                RUNS.c.protocol_digest,
            )
            .join(PATIENTS, PATIENTS.c.key == latest.patient_key)
            .join(RUNS, RUNS.c.id == latest.run_id)
            .where(PATIENTS.c.in_cohort)
            .execution_options(yield_per=_ROWS_AT_ONCE)
        )
        with self._database.reading() as connection:
            for row in connection.execute(query):
                yield Judged(
                    row.status,
                    row.sex,
                    row.age_band,
                    row.on_date,
                    row.protocol_digest,
                    frozenset(row.in_short.split()),
                    row.patient_key,
                )


def _count(connection: sa.Connection, table: sa.Table, *conditions: Any) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(*conditions)
    return int(connection.scalar(query) or 0)


def _count_by(connection: sa.Connection, first: Any, second: Any) -> dict[tuple[str, str], int]:
    query = sa.select(first, second, sa.func.count()).group_by(first, second)
    return {(a, b): number for a, b, number in connection.execute(query)}
