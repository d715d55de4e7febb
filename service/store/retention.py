"""What is kept for how long, and what is then taken out of the ledger.

A newcomer would get three things wrong. What still works is never old: an open alert with its
plans, a decision that stands, an approval, the latest assessment of everybody, and closed alerts,
whose episodes count. The audit loses its oldest rows only, never one from the middle, and a row
tells up to which number and hash. And whoever is forgotten is gone from every table that names
them, those of later versions too, because the tables themselves say who they name; the audit keeps
the key, which then leads to nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from service.store.acts import Act
from service.store.audit import Link, add_anchor, append
from service.store.database import Database, chunks, wait_for_turn
from service.store.entries import EntryState, RunState
from service.store.tables import (
    ALERTS,
    ASSESSMENTS,
    AUDIT,
    AUDIT_ANCHORS,
    BULK_JOBS,
    COHORT_IDENTIFIERS,
    COHORT_MOVES,
    COHORT_READINGS,
    DECISIONS,
    DUPLICATES,
    LATEST_ASSESSMENTS,
    METADATA,
    PATIENTS,
    PENDING,
    PLANS,
    RUNS,
)

_PURGING = 0x626F6E68
_SETTLED = ("confirmed", "failed", "superseded")
_ENDED = (RunState.DONE, RunState.FAILED)


@dataclass(frozen=True, slots=True)
class Spans:
    """For how many whole days things are kept; 0 for ever. What is as old as that is still kept."""

    audit_days: int
    history_days: int
    people_days: int


class _ShownOnly(Exception):
    """Takes back what was done to be counted."""


class Retention:
    """Taking out what is over its span, and forgetting people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def purge(
        self, spans: Spans, at: datetime, today: date, *, is_shown_only: bool = False
    ) -> dict[str, int]:
        """Take out what is over its span; how much of each kind that was, without what was none.

        With `is_shown_only` it is counted by doing it and taking it back.
        """
        counts: dict[str, int] = {}
        with suppress(_ShownOnly), self._database.writing() as connection:
            wait_for_turn(connection, _PURGING)
            if spans.history_days:
                counts |= _purge_history(connection, at - timedelta(spans.history_days))
            gone = _gone(connection, spans.people_days, at, today) if spans.people_days else []
            _forget(connection, gone)
            acts = [Act("forget", key, reason="left, and the span is over") for key in gone]
            counts["people who left"] = len(gone)
            counts = {name: number for name, number in counts.items() if number}
            told = [f"{name}: {number}" for name, number in counts.items()]
            if spans.audit_days:
                number, link = _purge_audit(connection, at - timedelta(spans.audit_days), at)
                if link is not None:
                    counts["audit rows"] = number
                    told.append(purged_phrase(link))
            if told:
                acts.append(Act("purge", detail="; ".join(told)))
            append(connection, acts, at)
            if is_shown_only:
                raise _ShownOnly
        return counts

    def hindrances(self, keys: Sequence[str]) -> tuple[str, ...]:
        """Why a person, by all of their keys, cannot be forgotten now, in fixed phrases."""
        alerts = sa.select(ALERTS.c.key).where(ALERTS.c.patient_key.in_(keys), _IS_OPEN_ALERT)
        plans = sa.select(PLANS.c.id).where(
            PLANS.c.patient_key.in_(keys), PLANS.c.state.in_(["planned", "sent"])
        )
        members = sa.select(PATIENTS.c.key).where(PATIENTS.c.key.in_(keys), PATIENTS.c.in_cohort)
        asked = (
            ("is in the cohort", members),
            ("has an alert that is, or may be, open in the EHR", alerts),
            ("has a plan that waits to be written", plans),
        )
        with self._database.reading() as connection:
            return tuple(why for why, query in asked if connection.execute(query).first())

    def forget(self, keys: Sequence[str], at: datetime) -> None:
        """Take a person, by all of their keys, out of every table; the audit keeps the keys."""
        with self._database.writing() as connection:
            wait_for_turn(connection, _PURGING)
            _forget(connection, keys)
            append(connection, [Act("forget", key, reason="asked for") for key in keys], at)


_IS_OPEN_ALERT = ALERTS.c.state != EntryState.CLOSED


def purged_phrase(link: Link) -> str:
    """How a row of the chain tells that the rows up to a link were purged."""
    return f"audit up to {link.number} {link.hash}"


def _purge_history(connection: sa.Connection, before: datetime) -> dict[str, int]:
    """What was superseded or settled before an instant; in this order, for one names another."""
    latest = sa.select(LATEST_ASSESSMENTS.c.assessment_id)
    with_open_alert = sa.select(ALERTS.c.key).where(_IS_OPEN_ALERT)
    ended = sa.select(RUNS.c.id).where(_is_over(before))
    newest_reading = sa.select(sa.func.max(COHORT_READINGS.c.id)).scalar_subquery()
    newest_run = sa.select(sa.func.max(RUNS.c.id)).scalar_subquery()
    old: tuple[tuple[str, sa.Table, sa.ColumnElement[bool]], ...] = (
        (
            "superseded assessments",
            ASSESSMENTS,
            sa.and_(ASSESSMENTS.c.at < before, ASSESSMENTS.c.id.not_in(latest)),
        ),
        (
            "settled plans",
            PLANS,
            # A withdrawal asks under which protocol an open alert was told.
            sa.and_(
                PLANS.c.created_at < before,
                PLANS.c.state.in_(_SETTLED),
                PLANS.c.alert_key.not_in(with_open_alert),
            ),
        ),
        ("counts of duplicates", DUPLICATES, DUPLICATES.c.run_id.in_(ended)),
        (
            "bulk exports",
            BULK_JOBS,
            sa.and_(BULK_JOBS.c.opened_at < before, ~BULK_JOBS.c.is_open),
        ),
        ("moves of the cohort", COHORT_MOVES, COHORT_MOVES.c.at < before),
        (
            "readings of the cohort",
            COHORT_READINGS,
            sa.and_(
                COHORT_READINGS.c.at < before,
                COHORT_READINGS.c.id != newest_reading,
                _is_unnamed(COHORT_READINGS),
            ),
        ),
        ("runs", RUNS, sa.and_(_is_over(before), RUNS.c.id != newest_run, _is_unnamed(RUNS))),
    )
    return {
        name: connection.execute(sa.delete(table).where(condition)).rowcount
        for name, table, condition in old
    }


def _is_over(before: datetime) -> sa.ColumnElement[bool]:
    ended_at = sa.func.coalesce(RUNS.c.finished_at, RUNS.c.started_at, type_=RUNS.c.started_at.type)
    return sa.and_(RUNS.c.state.in_(_ENDED), ended_at < before)


def _is_unnamed(table: sa.Table) -> sa.ColumnElement[bool]:
    """Whether no row of any table names a row of this one."""
    return sa.and_(
        *(
            ~sa.exists().where(key.parent == key.column)
            for other in METADATA.sorted_tables
            for key in other.foreign_keys
            if key.column.table is table
        )
    )


def _gone(connection: sa.Connection, days: int, at: datetime, today: date) -> list[str]:
    """People who left long ago, with nothing open and nothing standing.

    Not those who are left out at the hospital's wish: their row is what keeps others from reading.
    """
    before, day = at - timedelta(days), today - timedelta(days)
    columns, key = PATIENTS.c, PATIENTS.c.key
    latest, decisions, plans = LATEST_ASSESSMENTS.c, DECISIONS.c, PLANS.c
    kept = (
        sa.select(latest.patient_key).where(latest.at >= before),
        sa.select(ALERTS.c.patient_key).where(_IS_OPEN_ALERT),
        sa.select(decisions.patient_key).where(decisions.until >= today),
        sa.select(PENDING.c.patient_key),
        sa.select(plans.patient_key).where(plans.state.in_(["planned", "sent"])),
    )
    query = sa.select(key).where(
        ~columns.in_cohort,
        ~columns.is_left_out,
        columns.merged_into.is_(None),
        sa.or_(
            columns.left_on < day,
            sa.and_(columns.left_on.is_(None), columns.last_seen < before),
        ),
        *(key.not_in(some) for some in kept),
    )
    gone = list(connection.scalars(query.order_by(key)))
    former = sa.select(key).where(columns.merged_into.in_(gone)).order_by(key)
    return [*gone, *connection.scalars(former)] if gone else []


def _forget(connection: sa.Connection, keys: Sequence[str]) -> None:
    for chunk in chunks(keys):
        is_theirs = PATIENTS.c.key.in_(chunk)
        ids = sa.select(PATIENTS.c.fhir_id).where(is_theirs)
        identifiers = sa.delete(COHORT_IDENTIFIERS)
        connection.execute(identifiers.where(COHORT_IDENTIFIERS.c.fhir_id.in_(ids)))
        _delete(connection, PATIENTS, is_theirs)


def _delete(connection: sa.Connection, table: sa.Table, condition: Any) -> None:
    """Delete rows, and before them every row that names one of them, however far away."""
    for other in METADATA.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table is table:
                _delete(connection, other, key.parent.in_(sa.select(key.column).where(condition)))
    connection.execute(sa.delete(table).where(condition))


def _purge_audit(
    connection: sa.Connection, before: datetime, at: datetime
) -> tuple[int, Link | None]:
    """The oldest rows, up to the first that is younger: how many, and the last of them."""
    audit, anchors = AUDIT.c, AUDIT_ANCHORS.c
    first_kept = connection.scalar(sa.select(sa.func.min(audit.number)).where(audit.at >= before))
    query = sa.select(audit.number, audit.hash).order_by(audit.number.desc()).limit(1)
    if first_kept is not None:
        query = query.where(audit.number < first_kept)
    last = connection.execute(query).first()
    if last is None:
        return 0, None
    link = Link(last.number, last.hash)
    purged = connection.execute(sa.delete(AUDIT).where(audit.number <= link.number)).rowcount
    connection.execute(sa.delete(AUDIT_ANCHORS).where(anchors.number < link.number))
    add_anchor(connection, link, "purged", at)
    return purged, link
