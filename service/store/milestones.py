"""The days of the episodes of gaps: due, seen, ordered, done, treated.

A newcomer would get two things wrong. They are written by the screening that found them, in its own
transaction, and a day that was written down stays: the first reading of an episode is the one that
counts. And what was merged into another person moves there with its alerts, so that an order that
was made under one record answers the alert that was told under the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from service.screening.alert import AlertKind
from service.screening.record import ResourceRef
from service.store.database import Database, insert_into, rows_where_in
from service.store.entries import Milestone, Screening
from service.store.tables import MILESTONES

_ROWS_AT_ONCE = 500


class Milestones:
    """The milestones of the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, patient_keys: Sequence[str]) -> dict[str, tuple[Milestone, ...]]:
        """Everything that these people's episodes came to, by key; nobody without any."""
        found: dict[str, list[Milestone]] = defaultdict(list)
        query = sa.select(MILESTONES).order_by(MILESTONES.c.starts_on, MILESTONES.c.on_date)
        with self._database.reading() as connection:
            for row in rows_where_in(connection, query, MILESTONES.c.patient_key, patient_keys):
                found[row.patient_key].append(_milestone(row))
        return {key: tuple(milestones) for key, milestones in found.items()}

    def everything(self) -> Iterator[tuple[str, Milestone]]:
        """Key and milestone of everybody, row by row and in no order, for the report."""
        query = sa.select(MILESTONES).execution_options(yield_per=_ROWS_AT_ONCE)
        with self._database.reading() as connection:
            for row in connection.execute(query):
                yield row.patient_key, _milestone(row)


def write_milestones(connection: sa.Connection, screenings: Sequence[Screening]) -> None:
    """Write down what is new, inside the caller's transaction."""
    rows = [
        {
            "patient_key": screening.patient_key,
            "kind": str(milestone.kind),
            "starts_on": milestone.starts_on,
            "what": milestone.what,
            "on_date": milestone.on,
            "source": str(milestone.source or ""),
        }
        for screening in screenings
        for milestone in screening.milestones
    ]
    if rows:
        connection.execute(insert_into(connection, MILESTONES).on_conflict_do_nothing(), rows)


def _milestone(row: sa.Row[Any]) -> Milestone:
    source = ResourceRef(*row.source.split("/", 1)) if row.source else None
    return Milestone(AlertKind(row.kind), row.starts_on, row.what, row.on_date, source)
