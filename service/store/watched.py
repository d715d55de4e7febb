"""Everybody whom we watch, one by one: where they stand and what stands open about them.

A newcomer would get one thing wrong: whom we watch are the members of the cohort and everybody with
an open alert, whether or not the cohort's source still names them. Somebody who was only asked for
is not among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from service.store.alerts import OPEN_STATES
from service.store.database import Database
from service.store.entries import WatchedPerson
from service.store.screenings import entry_of
from service.store.tables import ALERTS, ASSESSMENTS, LATEST_ASSESSMENTS, PATIENTS, PENDING

_ROWS_AT_ONCE = 500


class Watched:
    """What the worklist looks at."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def everybody(self) -> Iterator[WatchedPerson]:
        """Whom we watch and who was judged or given up, in no order, read row by row."""
        with self._database.reading() as connection:
            for row in connection.execute(_query().execution_options(yield_per=_ROWS_AT_ONCE)):
                yield _person(row)


def _query() -> sa.Select[Any]:
    latest = LATEST_ASSESSMENTS.c
    has_open_alert = (
        sa.exists()
        .where(ALERTS.c.patient_key == PATIENTS.c.key, ALERTS.c.state.in_(OPEN_STATES))
        .label("has_open_alert")
    )
    is_given_up = sa.and_(PENDING.c.patient_key == PATIENTS.c.key, PENDING.c.is_given_up)
    return (
        sa.select(
            PATIENTS.c.key.label("watched_key"),
            PATIENTS.c.fhir_id,
            has_open_alert,
            PENDING.c.last_problem,
            PENDING.c.since,
            latest.on_date.label("confirmed_on"),
            latest.at.label("confirmed_at"),
            *ASSESSMENTS.c,
        )
        .outerjoin(LATEST_ASSESSMENTS, latest.patient_key == PATIENTS.c.key)
        .outerjoin(ASSESSMENTS, ASSESSMENTS.c.id == latest.assessment_id)
        .outerjoin(PENDING, is_given_up)
        .where(
            sa.or_(PATIENTS.c.in_cohort, has_open_alert.element),
            sa.or_(latest.patient_key.is_not(None), PENDING.c.patient_key.is_not(None)),
        )
    )


def _person(row: sa.Row[Any]) -> WatchedPerson:
    latest = None
    if row.id is not None:
        latest = entry_of(row, on=row.confirmed_on, at=row.confirmed_at)
    return WatchedPerson(
        patient_key=row.watched_key,
        fhir_id=row.fhir_id,
        latest=latest,
        has_open_alert=row.has_open_alert,
        given_up=row.last_problem or "",
        given_up_since=row.since,
    )
