"""People's decisions, kept for when the EHR no longer shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from service.screening.record import Decision, ResourceRef
from service.store.database import Database, insert_into, rows_where_in
from service.store.tables import DECISIONS


class Decisions:
    """Refusals and snoozes by patient key; the same source and day is the same decision."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, patient_key: str, decisions: Iterable[Decision]) -> None:
        """Write decisions down; a second reading of the same one overwrites the first."""
        with self._database.writing() as connection:
            for decision in decisions:
                _write(connection, patient_key, decision)

    def of(self, patient_keys: Sequence[str]) -> dict[str, tuple[Decision, ...]]:
        """Every decision of these people, lapsed ones included, oldest first."""
        query = sa.select(DECISIONS).order_by(DECISIONS.c.made_on, DECISIONS.c.id)
        found: dict[str, list[Decision]] = defaultdict(list)
        with self._database.reading() as connection:
            for row in rows_where_in(connection, query, DECISIONS.c.patient_key, patient_keys):
                found[row.patient_key].append(_decision(row))
        return {key: tuple(decisions) for key, decisions in found.items()}


def _write(connection: sa.Connection, patient_key: str, decision: Decision) -> None:
    insert = insert_into(connection, DECISIONS).values(
        patient_key=patient_key,
        kind=decision.kind,
        reason=decision.reason,
        made_on=decision.made_on,
        until=decision.until,
        # Never NULL: two NULLs count as different, and the same decision would be kept twice.
        source=str(decision.source or ""),
    )
    newer = {name: insert.excluded[name] for name in ("kind", "reason", "until")}
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["patient_key", "source", "made_on"], set_=newer
        )
    )


def _decision(row: sa.Row[Any]) -> Decision:
    source = ResourceRef(*row.source.split("/", 1)) if row.source else None
    return Decision(row.kind, row.made_on, row.until, row.reason, source)
