"""What the audit says of a write into the EHR: that it is about to leave, and what became of it.

Every request that may have left has a row with `sent` before it and another after it; where there
is no second one, the process died in between, and the outbox looks before it sends again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.screening.alert import Action
from service.store.acts import Act, Outcome
from service.store.audit import append
from service.store.entries import AlertEntry, EntryState
from service.store.tables import PLANS, RUNS

_WHAT = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.RESOLVE: "close",
    Action.WITHDRAW: "withdraw",
}


def append_write(
    connection: sa.Connection,
    plan_id: int,
    outcome: Outcome,
    *,
    entry: AlertEntry | None = None,
    problem: str = "",
    at: datetime | None = None,
) -> None:
    """Tell of one plan, as the last statement of the transaction that moves it on.

    Nothing for a plan that is not there. `entry` is the alert as it stands in the EHR now.
    """
    row = connection.execute(_plan(plan_id)).one_or_none()
    if row is None:
        return
    act = Act(
        _WHAT.get(row.action, row.action),
        row.patient_key,
        resource=references(entry) if entry is not None else "",
        run_id=row.run_id,
        run_kind=row.run_kind,
        reason=row.reason,
        outcome=outcome,
        detail="; ".join(filter(None, (f"plan {plan_id}: {row.kind}", _closed_by(entry), problem))),
        protocol_digest=row.protocol_digest,
    )
    append(connection, [act], at)


def _closed_by(entry: AlertEntry | None) -> str:
    is_told = entry is not None and entry.state is EntryState.CLOSED and entry.closed_by
    return f"closed by {entry.closed_by}" if entry is not None and is_told else ""


def references(entry: AlertEntry) -> str:
    """The resources of an alert as references, separated by blanks."""
    named = (
        ("Flag", entry.flag_id),
        ("Task", entry.task_id),
        (entry.message_type, entry.message_id),
    )
    return " ".join(f"{type_}/{id_}" for type_, id_ in named if type_ and id_)


def _plan(plan_id: int) -> sa.Select[Any]:
    columns = (PLANS.c.patient_key, PLANS.c.run_id, PLANS.c.kind, PLANS.c.action, PLANS.c.reason)
    query: sa.Select[Any] = sa.select(
        *columns, RUNS.c.kind.label("run_kind"), RUNS.c.protocol_digest
    )
    return query.join(RUNS, RUNS.c.id == PLANS.c.run_id).where(PLANS.c.id == plan_id)
