"""People's decisions, kept for when the EHR no longer shows them.

A newcomer would get three things wrong. A decision that was taken back stays as a row: that it was
said is part of the story, but `of` no longer gives it. And what a second reading brings overwrites
the first, but for the protocol's version: it is that of the day on which the no was first seen. And
of two answers that were given to us on one day the later one holds, unless the first one is the
hospital's own withdrawal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Any

import sqlalchemy as sa

from service.screening.decision import BY_HOSPITAL
from service.screening.record import Decision, ResourceRef
from service.store.acts import Act
from service.store.audit import append
from service.store.database import Database, among, insert_into, rows_among
from service.store.tables import DECISIONS

_IDENTITY = ("patient_key", "source", "made_on", "about")
_KEPT = (
    sa.select(DECISIONS)
    .where(among(DECISIONS.c.patient_key))
    .order_by(DECISIONS.c.made_on, DECISIONS.c.id)
)


@dataclass(frozen=True, slots=True, repr=False)
class KeptDecision:
    """A decision as the ledger keeps it; `taken_back_at` is None while it was not taken back."""

    decision: Decision
    taken_back_at: datetime | None

    def seen_in(self, zone: tzinfo) -> KeptDecision:
        """The same with its instant in the time of a zone: its date is then the day there."""
        at = self.taken_back_at
        return self if at is None else replace(self, taken_back_at=at.astimezone(zone))


class Decisions:
    """Refusals and snoozes by patient key; the same source, day and kind of alert is the same."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, patient_key: str, decisions: Iterable[Decision]) -> None:
        """Write decisions down; a second reading of the same one overwrites the first.

        The audit tells of those that were not known, or were taken back before, and of an answer
        to us that takes the place of another one.
        """
        with self._database.writing() as connection:
            known = _standing(connection, patient_key)
            news = []
            for decision in decisions:
                _write(connection, patient_key, decision)
                if _is_news(decision, known.get(_identity(decision))):
                    known[_identity(decision)] = decision
                    news.append(_act("decide", patient_key, decision))
            append(connection, news)

    def take_back(
        self, patient_key: str, decisions: Iterable[Decision], at: datetime, by: str = ""
    ) -> int:
        """Mark decisions as taken back by a person, named in the audit; how many held until now."""
        columns = DECISIONS.c
        acts = []
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
                if connection.execute(taken).rowcount:
                    acts.append(replace(_act("take-back", patient_key, decision), by=by))
            append(connection, acts, at)
        return len(acts)

    def of(self, patient_keys: Sequence[str]) -> dict[str, tuple[Decision, ...]]:
        """Every decision of these people that was not taken back, lapsed ones too, oldest first."""
        return {
            key: tuple(k.decision for k in kept if k.taken_back_at is None)
            for key, kept in self.kept(patient_keys).items()
            if any(k.taken_back_at is None for k in kept)
        }

    def kept(self, patient_keys: Sequence[str]) -> dict[str, tuple[KeptDecision, ...]]:
        """Every decision of these people, those too that were taken back, oldest first."""
        found: dict[str, list[KeptDecision]] = defaultdict(list)
        with self._database.reading() as connection:
            for row in rows_among(connection, _KEPT, patient_keys):
                found[row.patient_key].append(KeptDecision(_decision(row), row.taken_back_at))
        return {key: tuple(decisions) for key, decisions in found.items()}


def _standing(connection: sa.Connection, patient_key: str) -> dict[tuple[str, date, str], Decision]:
    """The decisions of a person that were not taken back, by what tells them apart."""
    columns = DECISIONS.c
    query = sa.select(DECISIONS).where(
        columns.patient_key == patient_key, columns.taken_back_at.is_(None)
    )
    return {_identity(d): d for d in map(_decision, connection.execute(query))}


def _is_news(decision: Decision, before: Decision | None) -> bool:
    """Whether nothing of the kind stood, or another answer was given to us on that day.

    None takes the place of the hospital's own withdrawal.
    """
    if before is None or before.code == BY_HOSPITAL:
        return before is None
    by = decision.decided_by or before.decided_by
    said = (decision.kind, decision.code, decision.until, by)
    then = (before.kind, before.code, before.until, before.decided_by)
    return decision.source is None and said != then


def _identity(decision: Decision) -> tuple[str, date, str]:
    return _source(decision), decision.made_on, str(decision.about)


def _act(what: str, patient_key: str, decision: Decision) -> Act:
    """Whose it is and for how long; nothing that anybody typed."""
    return Act(
        what,
        patient_key,
        resource=str(decision.source or ""),
        reason=decision.code or decision.kind,
        detail=f"{decision.kind} until {decision.until}; {decision.about}",
        by=decision.decided_by if what == "decide" else "",
    )


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
    # What the hospital took back is no answer that another one of the same day could correct.
    may_change = sa.or_(
        DECISIONS.c.code != BY_HOSPITAL,
        DECISIONS.c.taken_back_at.is_not(None),
        newer.code == BY_HOSPITAL,
    )
    connection.execute(
        insert.on_conflict_do_update(index_elements=_IDENTITY, set_=changes, where=may_change)
    )


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
