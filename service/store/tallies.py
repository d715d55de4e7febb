"""The ledger in numbers for whoever watches BoneFlag run: one look, at one moment.

A newcomer would get two things wrong. Nothing here may name anybody: every number is counted over
all, and what groups it is a word of ours; the reason of a closing begins with such a word and goes
on with what stands in the chart, so that only the word is taken. And a look must stay cheap, since
it is taken every minute for years: each question counts in the database, none brings people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from service.store.database import Database, hold_still
from service.store.dead_letters import count_people_given_up, count_plans_given_up
from service.store.entries import EntryState
from service.store.tables import (
    ALERTS,
    APPROVALS,
    AUDIT,
    AUDIT_ANCHORS,
    COHORT_READINGS,
    DECISIONS,
    DUPLICATES,
    LATEST_ASSESSMENTS,
    PATIENTS,
    PENDING,
    PLANS,
    RUNS,
    SWITCHES,
    WATERMARKS,
    WITHDRAWALS,
)

OTHER = "other"


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted. Instants are aware, and None where it never happened.

    `closed` counts alerts by kind and the word with which the reason begins, `decisions` those that
    stand today by kind and code. `oldest_open_plan` is of the plans that may still be sent.
    `runs_held` counts those that still have something to send: a later sweep takes the plans over.
    `audit_kept` is the highest number of the audit that was kept beside the chain.
    """

    people: Mapping[tuple[str, ...], int]
    known: int
    in_cohort: int
    waiting: int
    given_up: int
    oldest_waiting: datetime | None
    alerts: Mapping[tuple[str, ...], int]
    closed: Mapping[tuple[str, ...], int]
    decisions: Mapping[tuple[str, ...], int]
    plans: Mapping[tuple[str, ...], int]
    plans_given_up: int
    plans_unknown: int
    oldest_open_plan: datetime | None
    runs: Mapping[tuple[str, ...], int]
    runs_held: int
    finished: Mapping[str, datetime]
    judged_last: datetime | None
    watermarks: Mapping[str, datetime]
    duplicates: int
    approval_stage: str
    is_paused: bool
    is_cohort_held: bool
    open_withdrawals: int
    audit_head: int
    audit_kept: int


class Tallies:
    """Looks at the whole ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, on: date, closing_words: Iterable[str]) -> Tally:
        """Count everything at one moment; `on` decides which decisions stand.

        `closing_words` are the words with which a reason may begin: any other counts as `other`.
        """
        with self._database.reading() as connection:
            hold_still(connection)
            return _counted(_Count(connection), on, closing_words)


class _Count:
    """A transaction that only counts."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def number(self, query: sa.Select[Any]) -> int:
        return int(self._connection.scalar(query) or 0)

    def rows(self, table: Any, *conditions: Any) -> int:
        return self.number(sa.select(sa.func.count()).select_from(table).where(*conditions))

    def by(self, table: Any, columns: tuple[Any, ...], *conditions: Any) -> dict[Any, int]:
        query = sa.select(*columns, sa.func.count()).select_from(table).where(*conditions)
        rows = self._connection.execute(query.group_by(*columns))
        return {tuple(row[:-1]): row[-1] for row in rows}

    def one(self, column: Any, *conditions: Any) -> Any:
        return self._connection.scalar(sa.select(column).where(*conditions))

    def instants(self, name: Any, instant: Any, *conditions: Any) -> dict[str, datetime]:
        query = sa.select(name, sa.func.max(instant)).where(*conditions).group_by(name)
        return {row[0]: row[1] for row in self._connection.execute(query)}


def _counted(count: _Count, on: date, closing_words: Iterable[str]) -> Tally:
    members = LATEST_ASSESSMENTS.join(PATIENTS, PATIENTS.c.key == LATEST_ASSESSMENTS.c.patient_key)
    waits = ~PENDING.c.is_given_up
    word = _first_word(ALERTS.c.closing_reason, closing_words)
    stands = (DECISIONS.c.taken_back_at.is_(None), DECISIONS.c.until > on)
    return Tally(
        people=count.by(members, (LATEST_ASSESSMENTS.c.status,), PATIENTS.c.in_cohort),
        known=count.rows(PATIENTS),
        in_cohort=count.rows(PATIENTS, PATIENTS.c.in_cohort),
        waiting=count.rows(PENDING, waits),
        given_up=count.number(count_people_given_up()),
        oldest_waiting=count.one(sa.func.min(PENDING.c.since), waits),
        alerts=count.by(ALERTS, (ALERTS.c.kind, ALERTS.c.state)),
        closed=count.by(ALERTS, (ALERTS.c.kind, word), ALERTS.c.state == EntryState.CLOSED),
        decisions=count.by(DECISIONS, (DECISIONS.c.kind, DECISIONS.c.code), *stands),
        plans=count.by(PLANS, (PLANS.c.state, PLANS.c.action)),
        plans_given_up=count.number(count_plans_given_up(is_unknown=False)),
        plans_unknown=count.number(count_plans_given_up(is_unknown=True)),
        oldest_open_plan=count.one(sa.func.min(PLANS.c.created_at), *_may_go()),
        runs=count.by(RUNS, (RUNS.c.kind, RUNS.c.state)),
        runs_held=count.number(_held_with_plans()),
        finished=count.instants(RUNS.c.kind, RUNS.c.finished_at, RUNS.c.state == "done"),
        judged_last=count.one(sa.func.max(LATEST_ASSESSMENTS.c.at)),
        watermarks=count.instants(WATERMARKS.c.name, WATERMARKS.c.instant),
        duplicates=int(count.one(sa.func.sum(DUPLICATES.c.found)) or 0),
        approval_stage=count.one(APPROVALS.c.stage, APPROVALS.c.is_current) or "none",
        is_paused=count.rows(SWITCHES, SWITCHES.c.name == "pause") > 0,
        is_cohort_held=_is_cohort_held(count),
        open_withdrawals=count.rows(WITHDRAWALS, WITHDRAWALS.c.finished_at.is_(None)),
        audit_head=_audit_head(count),
        audit_kept=int(count.one(sa.func.max(AUDIT_ANCHORS.c.number)) or 0),
    )


def _first_word(reason: Any, words: Iterable[str]) -> Any:
    """The known word with which a reason begins; the longest first, as `due` begins `due-soon`."""
    known = sorted(words, key=len, reverse=True)
    return sa.case(
        *((reason.startswith(word, autoescape=True), word) for word in known), else_=OTHER
    )


def _may_go() -> tuple[Any, ...]:
    """Plans that nothing but the EHR keeps from going: not shadow, not of a run that is held."""
    return (
        PLANS.c.state.in_(["planned", "sent"]),
        RUNS.c.id == PLANS.c.run_id,
        RUNS.c.state == "delivering",
    )


def _audit_head(count: _Count) -> int:
    """The number of the last row; of the last purged one where none is left."""
    purged = AUDIT_ANCHORS.c.why == "purged"
    last = count.one(sa.func.max(AUDIT.c.number))
    return int(last or count.one(sa.func.max(AUDIT_ANCHORS.c.number), purged) or 0)


def _held_with_plans() -> sa.Select[Any]:
    waits = sa.exists().where(PLANS.c.run_id == RUNS.c.id, PLANS.c.state.in_(["planned", "sent"]))
    return sa.select(sa.func.count()).select_from(RUNS).where(RUNS.c.state == "held", waits)


def _is_cohort_held(count: _Count) -> bool:
    newest = sa.select(sa.func.max(COHORT_READINGS.c.id)).scalar_subquery()
    held = (COHORT_READINGS.c.is_held, COHORT_READINGS.c.accepted_at.is_(None))
    return count.rows(COHORT_READINGS, COHORT_READINGS.c.id == newest, *held) > 0
