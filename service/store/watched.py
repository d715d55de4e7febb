"""Everybody whom we watch, at a glance: which assessment stands and what stands open about them.

A newcomer would get three things wrong. Whom we watch are the members of the cohort and everybody
with an open alert, whether or not the cohort's source still names them. Somebody who was only asked
for is not among them, and nobody who is left out at the hospital's wish, whatever stands open about
them. And no finding is read here, or a list of 10,000 people would take seconds: whoever wants
findings asks `Screenings.histories` for those whose assessment is news.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from service.store.alerts import OPEN_STATES
from service.store.database import Database
from service.store.entries import WatchedPerson
from service.store.tables import ALERTS, LATEST_ASSESSMENTS, PATIENTS, PENDING


class Watched:
    """What the worklist looks at."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def everybody(self) -> Iterator[WatchedPerson]:
        """Whom we watch and who was judged or given up, in no order."""
        with self._database.reading() as connection:
            for row in connection.execute(_query()):
                yield _person(row)


def _query() -> sa.Select[Any]:
    latest = LATEST_ASSESSMENTS.c
    open_alerts = sa.select(ALERTS.c.patient_key).where(ALERTS.c.state.in_(OPEN_STATES))
    has_open_alert = PATIENTS.c.key.in_(open_alerts).label("has_open_alert")
    is_given_up = sa.and_(PENDING.c.patient_key == PATIENTS.c.key, PENDING.c.is_given_up)
    return (
        sa.select(
            PATIENTS.c.key,
            PATIENTS.c.fhir_id,
            has_open_alert,
            PENDING.c.last_problem,
            PENDING.c.since,
            latest.assessment_id,
            latest.on_date,
        )
        .outerjoin(LATEST_ASSESSMENTS, latest.patient_key == PATIENTS.c.key)
        .outerjoin(PENDING, is_given_up)
        .where(
            ~PATIENTS.c.is_left_out,
            sa.or_(PATIENTS.c.in_cohort, has_open_alert.element),
            sa.or_(latest.patient_key.is_not(None), PENDING.c.patient_key.is_not(None)),
        )
    )


def _person(row: sa.Row[Any]) -> WatchedPerson:
    return WatchedPerson(
        patient_key=row.key,
        fhir_id=row.fhir_id,
        assessment=row.assessment_id,
        judged_on=row.on_date,
        has_open_alert=row.has_open_alert,
        given_up=row.last_problem or "",
        given_up_since=row.since,
    )
