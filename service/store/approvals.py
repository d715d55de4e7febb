"""Approvals: who let which protocol be written into the EHR, for whom, and within which limits.

    (nothing) ── record ──> current ── record ──> ended: another took its place
                               └─────── end ────> ended: why, in the operator's words

A newcomer would get two things wrong. An approval is of one digest: another protocol, by an overlay
or by an upgrade, has none. And what is asked here is asked inside the transactions that make and
take plans, so that no worker has to be told: an approval that ended a moment ago sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from service.store.acts import Act
from service.store.audit import append
from service.store.database import Database, chunks, rows_where_in, wait_for_turn
from service.store.entries import Screening
from service.store.tables import APPROVALS, CANARY_PEOPLE, PLANS, RUNS

Stage = Literal["canary", "full"]
REPLACED = "another approval took its place"
_APPROVING = 0x676F6C76
_PEOPLE = (
    sa.select(sa.func.count())
    .select_from(CANARY_PEOPLE)
    .where(CANARY_PEOPLE.c.approval_id == APPROVALS.c.id)
    .scalar_subquery()
)
_NEWEST = sa.select(APPROVALS, _PEOPLE.label("people")).order_by(APPROVALS.c.id.desc())
_CURRENT = _NEWEST.where(APPROVALS.c.is_current)


@dataclass(frozen=True, slots=True)
class NewApproval:
    """What somebody approves.

    `overlay_text` is the overlay's file as it was, "" for the protocol as it ships, so that it can
    come back. A limit of None is the setting's. `restores` is the approval that a rollback brings
    back; while such a one is current, the overlay's file is not read.
    """

    stage: Stage
    approver: str
    protocol_id: str
    protocol_version: str
    protocol_digest: str
    software_version: str
    overlay_text: str
    second_approver: str = ""
    most_new_alerts: int | None = None
    most_percent: float | None = None
    restores: int | None = None


@dataclass(frozen=True, slots=True)
class Approval(NewApproval):
    """An approval as it stands in the ledger; current while `ended_at` is None.

    `people` is how many people a canary has, 0 for everybody.
    """

    id: int = 0
    at: datetime = datetime.min
    ended_at: datetime | None = None
    ended_why: str = ""
    people: int = 0


def approvals_at(url: str) -> Approvals | None:
    """The approvals of the ledger at an address; None where that is a file nobody has made."""
    path = url.partition("sqlite:///")[2]
    return None if path and not Path(path).exists() else Approvals(Database(url))


class Approvals:
    """Every approval that was ever given, and which one is current."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, new: NewApproval, at: datetime, canary: Iterable[str] = ()) -> int:
        """Let this approval take the place of the current one; `canary` are patient keys."""
        values = {name: getattr(new, name) for name in NewApproval.__dataclass_fields__}
        with self._database.writing() as connection:
            wait_for_turn(connection, _APPROVING)
            _end(connection, REPLACED, at)
            made = connection.execute(
                sa.insert(APPROVALS).values(**values, at=at, ended_why="", is_current=True)
            )
            approval_id = int(made.inserted_primary_key[0])  # type: ignore[index] # INSERT always has one
            for chunk in chunks(sorted(set(canary))):
                people = [{"approval_id": approval_id, "patient_key": key} for key in chunk]
                connection.execute(sa.insert(CANARY_PEOPLE), people)
            by = " and ".join(filter(None, (new.approver, new.second_approver)))
            what = "golive" if new.restores is None else "rollback"
            act = Act(what, detail=new.stage, protocol_digest=new.protocol_digest, by=by)
            append(connection, [act], at)
            return approval_id

    def end(self, why: str, at: datetime) -> bool:
        """End the current approval; False where none is. From now on nothing is written."""
        with self._database.writing() as connection:
            wait_for_turn(connection, _APPROVING)
            is_news = _end(connection, why, at)
            if is_news:
                append(connection, [Act("golive ended")], at)
            return is_news

    def current(self) -> Approval | None:
        """The approval that holds now; None where nothing may be written."""
        found = self._select(_CURRENT)
        return found[0] if found else None

    def newest(self, limit: int = 50) -> list[Approval]:
        """The last approvals, newest first."""
        return self._select(_NEWEST.limit(limit))

    def close(self) -> None:
        """Give the connections back, of approvals that `approvals_at` opened."""
        self._database.close()

    def get(self, approval_id: int) -> Approval | None:
        """One approval, None where there is none of this number."""
        found = self._select(_NEWEST.where(APPROVALS.c.id == approval_id))
        return found[0] if found else None

    def canary_of(self, approval_id: int) -> list[str]:
        """The patient keys of a canary."""
        query = sa.select(CANARY_PEOPLE.c.patient_key).where(
            CANARY_PEOPLE.c.approval_id == approval_id
        )
        with self._database.reading() as connection:
            return sorted(connection.scalars(query))

    def may_write(self, protocol_digest: str, patient_keys: Sequence[str]) -> set[str]:
        """For whom of these something may be written now, under this protocol."""
        with self._database.reading() as connection:
            return approved_people(connection, protocol_digest, patient_keys)

    def _select(self, query: sa.Select[Any]) -> list[Approval]:
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [_approval(row._mapping) for row in rows]


def _approval(row: Mapping[Any, Any]) -> Approval:
    return Approval(**{name: row[name] for name in Approval.__dataclass_fields__})


def _end(connection: sa.Connection, why: str, at: datetime) -> bool:
    current = sa.update(APPROVALS).where(APPROVALS.c.is_current)
    ended = connection.execute(current.values(is_current=False, ended_at=at, ended_why=why))
    return ended.rowcount > 0


# What the other parts ask inside their own transactions


def approved_people(
    connection: sa.Connection, protocol_digest: str, patient_keys: Sequence[str]
) -> set[str]:
    """For whom of these the current approval lets this protocol be written."""
    query = sa.select(APPROVALS.c.id, APPROVALS.c.stage).where(
        APPROVALS.c.is_current, APPROVALS.c.protocol_digest == protocol_digest
    )
    current = connection.execute(query).first()
    if current is None:
        return set()
    if current.stage == "full":
        return set(patient_keys)
    chosen = sa.select(CANARY_PEOPLE.c.patient_key).where(CANARY_PEOPLE.c.approval_id == current.id)
    rows = rows_where_in(connection, chosen, CANARY_PEOPLE.c.patient_key, patient_keys)
    return {row.patient_key for row in rows}


def people_to_write(connection: sa.Connection, screenings: Sequence[Screening]) -> set[str]:
    """Whose plans are made to be sent, those of the others being shadow.

    The run must be live, the approval current, and the judgement made under the run's own protocol:
    a worker that was started with another one may have taken a batch of this run.
    """
    query = sa.select(RUNS.c.id, RUNS.c.protocol_digest).where(RUNS.c.mode == "live")
    live = rows_where_in(connection, query, RUNS.c.id, sorted({s.run_id for s in screenings}))
    digests = {run.id: run.protocol_digest for run in live}
    by_digest: dict[str, list[str]] = {}
    for screening in screenings:
        digest = screening.assessment.protocol_digest
        if digests.get(screening.run_id) == digest:
            by_digest.setdefault(digest, []).append(screening.patient_key)
    return {
        key
        for digest, keys in by_digest.items()
        for key in approved_people(connection, digest, keys)
    }


def is_approved_plan() -> sa.ColumnElement[bool]:
    """A condition on PLANS: the current approval is of its run's protocol and of its person."""
    is_of_the_canary = sa.exists().where(
        CANARY_PEOPLE.c.approval_id == APPROVALS.c.id,
        CANARY_PEOPLE.c.patient_key == PLANS.c.patient_key,
    )
    return (
        sa.exists()
        .where(
            APPROVALS.c.is_current,
            RUNS.c.id == PLANS.c.run_id,
            RUNS.c.protocol_digest == APPROVALS.c.protocol_digest,
            sa.or_(APPROVALS.c.stage == "full", is_of_the_canary.correlate(APPROVALS, PLANS)),
        )
        .correlate(PLANS)
    )
