"""People's decisions, kept for when the EHR no longer shows them.

A newcomer would get two things wrong. A decision that was taken back stays as a row: that it was
said is part of the story, but `of` no longer gives it. And what a second reading brings overwrites
the first, but for the protocol's version: it is that of the day on which the no was first seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.screening.record import Decision, ResourceRef
from service.store.database import Database, insert_into, rows_where_in
from service.store.tables import DECISIONS

_IDENTITY = ("patient_key", "source", "made_on", "about")


@dataclass(frozen=True, slots=True, repr=False)
class KeptDecision:
    """A decision as the ledger keeps it; `taken_back_at` is None while it was not taken back."""

    decision: Decision
    taken_back_at: datetime | None


class Decisions:
    """Refusals and snoozes by patient key; the same source, day and kind of alert is the same."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, patient_key: str, decisions: Iterable[Decision]) -> None:
        """Write decisions down; a second reading of the same one overwrites the first."""
        with self._database.writing() as connection:
            for decision in decisions:
                _write(connection, patient_key, decision)

    def take_back(self, patient_key: str, decisions: Iterable[Decision], at: datetime) -> int:
        """Mark decisions as taken back by a person; how many held until now."""
        columns = DECISIONS.c
        count = 0
        with self._database.writing() as connection:
            for decision in decisions:
                taken = (
                    sa.update(DECISIONS)
                    .where(
                        columns.patient_key == patient_key,
                        columns.source == _source(decision),
                        columns.made_on == decision.made_on,
                        columns.about == decision.about,
                        columns.taken_back_at.is_(None),
                    )
                    .values(taken_back_at=at)
                )
                count += connection.execute(taken).rowcount
        return count

    def of(self, patient_keys: Sequence[str]) -> dict[str, tuple[Decision, ...]]:
        """Every decision of these people that was not taken back, lapsed ones too, oldest first."""
        return {
            key: tuple(k.decision for k in kept if k.taken_back_at is None)
            for key, kept in self.kept(patient_keys).items()
            if any(k.taken_back_at is None for k in kept)
        }

    def kept(self, patient_keys: Sequence[str]) -> dict[str, tuple[KeptDecision, ...]]:
        """Every decision of these people, those too that were taken back, oldest first."""
        query = sa.select(DECISIONS).order_by(DECISIONS.c.made_on, DECISIONS.c.id)
        found: dict[str, list[KeptDecision]] = defaultdict(list)
        with self._database.reading() as connection:
            for row in rows_where_in(connection, query, DECISIONS.c.patient_key, patient_keys):
                found[row.patient_key].append(KeptDecision(_decision(row), row.taken_back_at))
        return {key: tuple(decisions) for key, decisions in found.items()}


def _write(connection: sa.Connection, patient_key: str, decision: Decision) -> None:
    insert = insert_into(connection, DECISIONS).values(
        patient_key=patient_key,
        kind=decision.kind,
        reason=decision.reason,
        made_on=decision.made_on,
        until=decision.until,
        source=_source(decision),
        about=str(decision.about),
        code=decision.code,
        decided_by=decision.decided_by,
        protocol_version=decision.protocol_version,
        taken_back_at=None,
    )
    newer = insert.excluded
    changes: dict[str, Any] = {
        name: newer[name] for name in ("kind", "reason", "until", "code", "taken_back_at")
    }
    changes["decided_by"] = _unless_empty(newer.decided_by, DECISIONS.c.decided_by)
    changes["protocol_version"] = _unless_empty(
        DECISIONS.c.protocol_version, newer.protocol_version
    )
    connection.execute(insert.on_conflict_do_update(index_elements=_IDENTITY, set_=changes))


def _unless_empty(first: Any, otherwise: Any) -> sa.Case[str]:
    return sa.case((first != "", first), else_=otherwise)


def _source(decision: Decision) -> str:
    # Never NULL: two NULLs count as different, and the same decision would be kept twice.
    return str(decision.source or "")


def _decision(row: sa.Row[Any]) -> Decision:
    return Decision(
        kind=row.kind,
        made_on=row.made_on,
        until=row.until,
        reason=row.reason,
        source=ResourceRef(*row.source.split("/", 1)) if row.source else None,
        about=row.about,
        code=row.code,
        decided_by=row.decided_by,
        protocol_version=row.protocol_version,
    )
