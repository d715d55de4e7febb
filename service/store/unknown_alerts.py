"""Alerts of which nobody knows whether they arrived, until a person says so.

A newcomer would get one thing wrong: "it never arrived" is believed only while the ledger still
calls the alert unknown. Said a second time, or of any other alert, it changes nothing, for it would
tell somebody twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from service.screening.alert import AlertKind
from service.store.acts import Act
from service.store.audit import append
from service.store.database import Database
from service.store.entries import EntryState
from service.store.tables import ALERTS, PATIENTS, PLANS

_UNKNOWN = ALERTS.c.state == EntryState.UNKNOWN
NEVER_CAME = "the message that took it up again never arrived"


@dataclass(frozen=True, slots=True, repr=False)
class UnknownAlert:
    """One alert that may or may not have been told; for an operator's eyes."""

    key: str
    fhir_id: str
    kind: AlertKind
    opened_on: date
    channel: str
    since: datetime


class UnknownAlerts:
    """What stands unknown, and how it is settled."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[UnknownAlert]:
        """Every alert whose outcome nobody knows, person by person."""
        query = (
            sa.select(
                ALERTS.c.key,
                PATIENTS.c.fhir_id,
                ALERTS.c.kind,
                ALERTS.c.opened_on,
                ALERTS.c.channel,
                ALERTS.c.changed_at,
            )
            .join(PATIENTS, PATIENTS.c.key == ALERTS.c.patient_key)
            .where(_UNKNOWN)
            .order_by(PATIENTS.c.fhir_id, ALERTS.c.opened_on)
        )
        with self._database.reading() as connection:
            return [
                UnknownAlert(row.key, row.fhir_id, AlertKind(row.kind), *row[3:])
                for row in connection.execute(query)
            ]

    def settle(self, key: str, by: str, at: datetime, *, has_arrived: bool) -> bool:
        """Say whether it arrived; False where it is not unknown.

        One that arrived stands as told. One that never did is free to be told by the next look; an
        episode that had been told before stays closed, as it was.
        """
        with self._database.writing() as connection:
            row = connection.execute(
                sa.select(ALERTS.c.patient_key, ALERTS.c.message_id)
                .where(ALERTS.c.key == key, _UNKNOWN)
                .with_for_update()
            ).first()
            if row is None:
                return False
            of_alert = ALERTS.c.key == key
            if has_arrived:
                told = {"state": EntryState.CONFIRMED, "changed_at": at}
                connection.execute(sa.update(ALERTS).where(of_alert).values(**told))
            elif row.message_id is not None:
                closed = {
                    "state": EntryState.CLOSED,
                    "closed_on": at.date(),
                    "closing_reason": NEVER_CAME,
                    "changed_at": at,
                }
                connection.execute(sa.update(ALERTS).where(of_alert).values(**closed))
            else:
                connection.execute(sa.delete(ALERTS).where(of_alert))
            connection.execute(
                sa.update(PLANS)
                .where(PLANS.c.alert_key == key, PLANS.c.is_outcome_unknown)
                .values(is_outcome_unknown=False, last_problem="settled by a person")
            )
            says = "it arrived" if has_arrived else "it never arrived"
            act = Act("settle", row.patient_key, outcome="done", detail=says, by=by)
            append(connection, [act], at)
            return True
