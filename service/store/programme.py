"""What became of alerts, nights and sources: rows for the programme's numbers.

A newcomer would get one thing wrong: these are exact, and of the whole ledger. Whoever shows them
goes by `service.report` first, where small numbers are hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.store.database import Database
from service.store.entries import EndedSweep, EntryState, RunState, SaidNo, ToldAlert
from service.store.tables import (
    ALERTS,
    CARDS,
    COHORT_SOURCES,
    DECISIONS,
    LATEST_ASSESSMENTS,
    PATIENTS,
    RUNS,
)

_ROWS_AT_ONCE = 500
_NEVER_TOLD = (EntryState.PLANNED,)


class ProgrammeRows:
    """Rows over the whole ledger, none of which names what stands in a chart."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def told(self) -> Iterator[ToldAlert]:
        """Every alert that was told, open or closed, in no order."""
        alert = ALERTS.c
        query = sa.select(
            alert.patient_key, alert.kind, alert.episode, alert.opened_on, alert.state
        ).where(alert.state.not_in(_NEVER_TOLD))
        for row in self._rows(query):
            is_closed = row.state == EntryState.CLOSED
            yield ToldAlert(row.patient_key, row.kind, row.episode, row.opened_on, is_closed)

    def said(self) -> Iterator[SaidNo]:
        """Every no that was not taken back, lapsed ones too, in no order."""
        no = DECISIONS.c
        query = sa.select(no.patient_key, no.about, no.kind, no.code, no.made_on).where(
            no.taken_back_at.is_(None)
        )
        for row in self._rows(query):
            yield SaidNo(row.patient_key, row.about, row.kind, row.code, row.made_on)

    def sweeps(self, since: datetime) -> Iterator[EndedSweep]:
        """The sweeps that came to their end since then, oldest first."""
        run = RUNS.c
        query = (
            sa.select(run.finished_at, run.protocol_digest, run.counts)
            .where(run.kind == "sweep", run.state == RunState.DONE, run.finished_at >= since)
            .order_by(run.finished_at)
        )
        for row in self._rows(query):
            yield EndedSweep(row.finished_at, row.protocol_digest, row.counts)

    def statuses_by_source(self) -> dict[str, dict[str, int]]:
        """People of the cohort by source and latest status; who has two sources counts in both."""
        source, status = COHORT_SOURCES.c.source, LATEST_ASSESSMENTS.c.status
        query = (
            sa.select(source, status, sa.func.count().label("people"))
            .join(PATIENTS, PATIENTS.c.key == COHORT_SOURCES.c.patient_key)
            .join(LATEST_ASSESSMENTS, LATEST_ASSESSMENTS.c.patient_key == PATIENTS.c.key)
            .where(PATIENTS.c.in_cohort)
            .group_by(source, status)
            .order_by(source)
        )
        found: dict[str, dict[str, int]] = {}
        for row in self._rows(query):
            found.setdefault(row.source, {})[row.status] = row.people
        return found

    def cards(self) -> tuple[int, int]:
        """Cards that were shown, and those of them that were shown more than once."""
        many = sa.func.count().filter(CARDS.c.times_shown > 1)
        with self._database.reading() as connection:
            shown, again = connection.execute(sa.select(sa.func.count(), many)).one()
        return shown, again

    def channels(self) -> tuple[str, ...]:
        """The channels by which alerts were told, by name; one that nobody knows is left out."""
        query = sa.select(ALERTS.c.channel).where(ALERTS.c.channel != "").distinct()
        return tuple(sorted(row.channel for row in self._rows(query)))

    def _rows(self, query: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
        with self._database.reading() as connection:
            yield from connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))
