"""Which alerts and plans a withdrawal is about.

A newcomer would get one thing wrong: a plan that was never sent belongs to it too. What it would
tell is taken back before it is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa

from service.screening.alert import Action
from service.store.alerts import OPEN_STATES
from service.store.tables import ALERTS, PLANS, RUNS

_TELLING = (Action.CREATE, Action.UPDATE)


@dataclass(frozen=True, slots=True, repr=False)
class Selection:
    """Which alerts: those of one protocol, those told since a day, one person's, or all."""

    protocol_digest: str | None = None
    since: date | None = None
    patient_key: str | None = None

    @property
    def words(self) -> str:
        """What was asked for, without naming a patient."""
        if self.protocol_digest is not None:
            return f"alerts told by the protocol {self.protocol_digest}"
        if self.since is not None:
            return f"alerts told since {self.since}"
        return "all alerts" if self.patient_key is None else "the alerts of one person"


def selected_alerts(selection: Selection) -> sa.ColumnElement[bool]:
    """The alerts that are, or may be, open in the EHR."""
    is_open = ALERTS.c.state.in_(OPEN_STATES)
    if selection.protocol_digest is not None:
        return sa.and_(is_open, ALERTS.c.protocol_digest == selection.protocol_digest)
    if selection.patient_key is not None:
        return sa.and_(is_open, ALERTS.c.patient_key == selection.patient_key)
    if selection.since is None:
        return is_open
    # An episode that was taken up again since is told since, whenever it began.
    told_again = sa.select(PLANS.c.alert_key).where(
        PLANS.c.action == Action.UPDATE,
        PLANS.c.reason.startswith("due again"),
        PLANS.c.sent_at >= _midnight(selection.since),
    )
    is_since = sa.or_(ALERTS.c.opened_on >= selection.since, ALERTS.c.key.in_(told_again))
    return sa.and_(is_open, is_since)


def selected_plans(selection: Selection, condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Plans for the selected alerts, and plans that would tell what is selected."""
    about = PLANS.c.alert_key.in_(sa.select(ALERTS.c.key).where(selected_alerts(selection)))
    return sa.select(PLANS).where(condition, sa.or_(about, _would_tell(selection)))


def _would_tell(selection: Selection) -> sa.ColumnElement[bool]:
    tells = PLANS.c.action.in_(_TELLING)
    if selection.protocol_digest is not None:
        runs = sa.select(RUNS.c.id).where(RUNS.c.protocol_digest == selection.protocol_digest)
        return sa.and_(tells, PLANS.c.run_id.in_(runs))
    if selection.patient_key is not None:
        return sa.and_(tells, PLANS.c.patient_key == selection.patient_key)
    if selection.since is not None:
        return sa.and_(tells, PLANS.c.created_at >= _midnight(selection.since))
    return tells


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
