"""The outbox: plans from the moment they are made until the EHR has confirmed them.

    (shadow run) shadow
    (live run)   planned ── mark_sent ──> sent ── mark_confirmed ──> confirmed
                    ^                      │ ├── mark_unknown ──> sent (look before sending again)
                    └────── mark_unsent ───┘ ├── mark_failed ──> failed
                                             └── mark_left_unknown ──> failed (nobody can look)

A newcomer would get three things wrong. `sent` is committed *before* the request leaves: it means
"may have happened". A newer screening replaces what is open: a plan that was never sent goes
without a trace, one that was sent stays as superseded and hands its doubt on to its successor. And
a plan is sent only while its run is delivering and live, and while the current approval is of its
protocol and its person: shadow mode, held runs and what nobody approved are kept out here, whatever
the caller believes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from service.screening.alert import Action, AlertPlan, AlertState
from service.store.acts import Outcome
from service.store.alerts import forget_unsent_alert, plan_alert_entry, set_alert_state, write_entry
from service.store.approvals import is_approved_plan
from service.store.audited_writes import append_write
from service.store.database import Database, rows_where_in
from service.store.entries import AlertEntry, EntryState, OutboxPlan, RunState, Screening
from service.store.tables import OPEN_PLAN_STATES, PLANS, RUNS

_SENDABLE = sa.and_(
    PLANS.c.state.in_(["planned", "sent"]),
    PLANS.c.run_id.in_(
        sa.select(RUNS.c.id).where(RUNS.c.state == RunState.DELIVERING, RUNS.c.mode == "live")
    ),
    is_approved_plan(),
)


_LONGEST_WAIT = timedelta(days=2)


def _is_free(at: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(
        PLANS.c.not_before.is_(None),
        PLANS.c.not_before <= at,
        # Nobody waits that long: a clock was ahead when it was written, and is right again.
        PLANS.c.not_before > at + _LONGEST_WAIT,
    )


class Outbox:
    """What is still to be written into the EHR."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def plans_to_send(
        self, limit: int, at: datetime, run_id: int | None = None
    ) -> list[OutboxPlan]:
        """Plans of delivering live runs whose turn has come, oldest first; None: of all runs.

        A plan that cannot be read, because another version of BoneFlag wrote it, is marked failed
        and its patient is planned anew by the next screening.
        """
        query = sa.select(PLANS).where(_SENDABLE, _is_free(at)).order_by(PLANS.c.id).limit(limit)
        if run_id is not None:
            query = query.where(PLANS.c.run_id == run_id)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        plans = [_outbox_plan(row) for row in rows]
        for row, plan in zip(rows, plans, strict=True):
            if plan is None:
                self.mark_failed(row.id, "written by another version")
        return [plan for plan in plans if plan is not None]

    def shadow_plans(self, run_id: int) -> list[OutboxPlan]:
        """What a shadow run would have sent."""
        query = sa.select(PLANS).where(PLANS.c.run_id == run_id, PLANS.c.state == "shadow")
        with self._database.reading() as connection:
            plans = [_outbox_plan(row) for row in connection.execute(query.order_by(PLANS.c.id))]
        return [plan for plan in plans if plan is not None]

    def waiting_in_shadow(self, protocol_digest: str) -> Iterator[OutboxPlan]:
        """What would be sent under a protocol, were it approved: the newest plan of everybody."""
        query = (
            sa.select(PLANS)
            .join(RUNS, RUNS.c.id == PLANS.c.run_id)
            .where(PLANS.c.state == "shadow", RUNS.c.protocol_digest == protocol_digest)
            .order_by(PLANS.c.id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        yield from filter(None, map(_outbox_plan, rows))

    def mark_sent(self, plan_id: int, at: datetime, until: datetime) -> bool:
        """Say that a request is about to leave, and that nobody else may send before `until`.

        False: the plan was taken by somebody else, superseded, settled or held. Do not send.
        """
        with self._database.writing() as connection:
            row = connection.execute(
                sa.update(PLANS)
                .where(PLANS.c.id == plan_id, _SENDABLE, _is_free(at))
                .values(
                    # A plan that is found in `sent` was left there by a request that never ended.
                    is_outcome_unknown=sa.or_(
                        PLANS.c.is_outcome_unknown, PLANS.c.state == EntryState.SENT
                    ),
                    state="sent",
                    sent_at=at,
                    not_before=until,
                    attempts=PLANS.c.attempts + 1,
                )
                .returning(PLANS.c.action, PLANS.c.alert_key)
            ).first()
            if row is not None and row.action == Action.CREATE:
                set_alert_state(connection, row.alert_key, EntryState.PLANNED, EntryState.SENT, at)
            if row is not None:
                append_write(connection, plan_id, "sent", at=at)
            return row is not None

    def mark_confirmed(self, plan_id: int, entry: AlertEntry | None, at: datetime) -> None:
        """Write down what the EHR showed on reading back; None where nothing of ours changed.

        Also for a plan that was superseded meanwhile: the EHR did what it did.
        """
        with self._database.writing() as connection:
            patient_key = connection.scalar(
                sa.update(PLANS)
                .where(PLANS.c.id == plan_id)
                .values(
                    state="confirmed",
                    confirmed_at=at,
                    payload="",
                    not_before=None,
                    is_outcome_unknown=False,
                    last_problem="",
                )
                .returning(PLANS.c.patient_key)
            )
            if patient_key is not None and entry is not None:
                write_entry(connection, patient_key, entry, at)
            outcome: Outcome = "done" if entry is not None else "nothing changed"
            append_write(connection, plan_id, outcome, entry=entry, at=at)

    def mark_unknown(self, plan_id: int, problem: str, not_before: datetime) -> None:
        """The request may or may not have reached the EHR: look from `not_before` on."""
        with self._database.writing() as connection:
            _set_back(connection, plan_id, problem, not_before, is_outcome_unknown=True)
            append_write(connection, plan_id, "unknown", problem=problem)

    def mark_unsent(self, plan_id: int, problem: str, at: datetime, not_before: datetime) -> None:
        """The request surely changed nothing, as when no connection came about: try again."""
        with self._database.writing() as connection:
            row = _set_back(connection, plan_id, problem, not_before, state="planned")
            if row is None:
                row = _superseded(connection, plan_id)
            if row is not None and row.action == Action.CREATE and not row.is_outcome_unknown:
                set_alert_state(connection, row.alert_key, EntryState.SENT, EntryState.PLANNED, at)
            append_write(connection, plan_id, "failed", problem=problem, at=at)

    def mark_left_unknown(self, plan_id: int, entry: AlertEntry | None, at: datetime) -> None:
        """Its request may have reached the EHR, nobody can look, and it is not sent again."""
        with self._database.writing() as connection:
            patient_key = connection.scalar(
                sa.update(PLANS)
                .where(PLANS.c.id == plan_id)
                .values(
                    state="failed",
                    payload="",
                    is_outcome_unknown=True,
                    last_problem="outcome unknown, not sent again",
                )
                .returning(PLANS.c.patient_key)
            )
            if patient_key is not None and entry is not None:
                write_entry(connection, patient_key, entry, at)
            problem = "nobody can look, and it is not sent again"
            append_write(connection, plan_id, "unknown", problem=problem, at=at)

    def mark_failed(self, plan_id: int, problem: str) -> None:
        """The EHR will not take it: do not try this plan again. `problem` is a fixed phrase."""
        with self._database.writing() as connection:
            row = connection.execute(
                sa.update(PLANS)
                .where(PLANS.c.id == plan_id, PLANS.c.state.in_(OPEN_PLAN_STATES))
                .values(state="failed", payload="", last_problem=problem)
                .returning(PLANS.c.action, PLANS.c.alert_key, PLANS.c.is_outcome_unknown)
            ).first()
            if row is not None and row.action == Action.CREATE and not row.is_outcome_unknown:
                forget_unsent_alert(connection, row.alert_key, EntryState.SENT)
            if row is not None:
                append_write(connection, plan_id, "failed", problem=problem)


def replace_plans(
    connection: sa.Connection,
    screenings: Sequence[Screening],
    to_be_written: Set[str],
    at: datetime,
) -> dict[str, datetime | None]:
    """Let the new plans take the place of the open ones, inside the caller's transaction.

    `to_be_written` are the people for whom something may be written; the others' plans are shadow.
    Gives who must be looked at again, and from when on: nothing of ours was seen open in the EHR,
    while a request that opens something may be on its way this moment.
    """
    doubtful: dict[str, datetime | None] = {}
    keys = [s.patient_key for s in screenings]
    query = sa.select(PLANS).where(PLANS.c.state.in_(OPEN_PLAN_STATES))
    rows = rows_where_in(connection, query, PLANS.c.patient_key, keys)
    open_plans = {(row.patient_key, row.kind): row for row in rows}
    let_go = _runs_let_go(connection, {row.run_id for row in open_plans.values()})
    new_rows = []
    for screening in screenings:
        for plan in screening.plans:
            old = open_plans.get((screening.patient_key, plan.kind))
            state = "planned" if screening.patient_key in to_be_written else "shadow"
            row = _row(screening, plan, state, at)
            digest = screening.assessment.protocol_digest
            if old is not None and let_go.get(old.run_id) == digest and _is_let_go(old, row):
                row["run_id"] = old.run_id
            if old is not None and _says_the_same(old, row):
                _move(connection, old, row["run_id"])
                continue
            if old is not None:
                if _may_open_unseen(old, plan):
                    doubtful[screening.patient_key] = old.not_before
                _take_out(connection, old, row["alert_key"] if state == "planned" else "")
                row |= _inherited(old)
            if plan.action is not Action.KEEP:
                new_rows.append(row)
            if plan.alert is not None and plan.action is Action.CREATE and state == "planned":
                plan_alert_entry(connection, screening.patient_key, plan.alert, at)
    if new_rows:
        connection.execute(sa.insert(PLANS), new_rows)
    return doubtful


def _may_open_unseen(old: sa.Row[Any], plan: AlertPlan) -> bool:
    """A plan that keeps has no successor to look for what the old one may still do."""
    is_on_its_way = old.state == "sent" and old.action in (Action.CREATE, Action.UPDATE)
    is_seen = plan.posted is not None and plan.posted.state in (
        AlertState.ACTIVE,
        AlertState.CHANGED,
    )
    return plan.action is Action.KEEP and is_on_its_way and not is_seen


def _set_back(
    connection: sa.Connection, plan_id: int, problem: str, not_before: datetime, **values: Any
) -> sa.Row[Any] | None:
    return connection.execute(
        sa.update(PLANS)
        .where(PLANS.c.id == plan_id, PLANS.c.state == "sent")
        .values(last_problem=problem, not_before=not_before, **values)
        .returning(PLANS.c.action, PLANS.c.alert_key, PLANS.c.is_outcome_unknown)
    ).first()


def _superseded(connection: sa.Connection, plan_id: int) -> sa.Row[Any] | None:
    """A plan that was taken out while its request was on its way; None for any other."""
    query: sa.Select[Any] = sa.select(
        PLANS.c.action, PLANS.c.alert_key, PLANS.c.is_outcome_unknown
    ).where(PLANS.c.id == plan_id, PLANS.c.state == "superseded")
    return connection.execute(query).one_or_none()


def _row(screening: Screening, plan: AlertPlan, state: str, at: datetime) -> dict[str, Any]:
    key = plan.alert.key if plan.alert else plan.posted.key if plan.posted else ""
    return {
        "patient_key": screening.patient_key,
        "run_id": screening.run_id,
        "kind": plan.kind,
        "action": plan.action,
        "reason": plan.reason,
        "alert_key": key,
        # Deterministic, for two processes do not order a set alike, and the same plan is one plan.
        "payload": msgspec.json.encode(plan, order="deterministic").decode(),
        "state": state,
        "is_outcome_unknown": False,
        "attempts": 0,
        "not_before": None,
        "last_problem": "",
        "created_at": at,
    }


def _says_the_same(old: sa.Row[Any], new: Mapping[str, Any]) -> bool:
    is_unsent_twin = old.state == new["state"]
    is_sent_twin = old.state == "sent" and new["state"] == "planned"
    return bool(old.payload == new["payload"] and (is_unsent_twin or is_sent_twin))


def _runs_let_go(connection: sa.Connection, run_ids: Set[int]) -> dict[int, str]:
    """The runs that a second person released and that still deliver, with their protocols."""
    query = sa.select(RUNS.c.id, RUNS.c.protocol_digest).where(
        RUNS.c.state == RunState.DELIVERING, RUNS.c.released_by != ""
    )
    rows = rows_where_in(connection, query, RUNS.c.id, sorted(run_ids))
    return {row.id: row.protocol_digest for row in rows}


def _is_let_go(old: sa.Row[Any], new: Mapping[str, Any]) -> bool:
    """Whether the new plan does what was looked at and released: then no newer run takes it along,
    to be held by its limit once more."""
    is_same_alert = (old.action, old.alert_key) == (new["action"], new["alert_key"])
    return bool(is_same_alert and new["state"] == "planned")


def _move(connection: sa.Connection, old: sa.Row[Any], run_id: int) -> None:
    """An unsent plan waits for the newer run; one that was sent stays with the run that sent it."""
    if old.state != "sent":
        connection.execute(sa.update(PLANS).where(PLANS.c.id == old.id).values(run_id=run_id))


def _take_out(connection: sa.Connection, old: sa.Row[Any], new_alert_key: str) -> None:
    if old.attempts == 0:
        connection.execute(sa.delete(PLANS).where(PLANS.c.id == old.id))
    else:
        connection.execute(
            sa.update(PLANS).where(PLANS.c.id == old.id).values(state="superseded", payload="")
        )
    if old.action == Action.CREATE and old.alert_key != new_alert_key:
        forget_unsent_alert(connection, old.alert_key, EntryState.PLANNED)


def _inherited(old: sa.Row[Any]) -> dict[str, Any]:
    """What a successor must know: a request for the old plan may be on its way this moment."""
    is_sent = old.state == "sent"
    return {
        "is_outcome_unknown": is_sent or old.is_outcome_unknown,
        "not_before": old.not_before if is_sent else None,
    }


def _outbox_plan(row: sa.Row[Any]) -> OutboxPlan | None:
    try:
        plan = msgspec.json.decode(row.payload, type=AlertPlan)
    except msgspec.MsgspecError:
        return None
    return OutboxPlan(
        id=row.id,
        patient_key=row.patient_key,
        run_id=row.run_id,
        plan=plan,
        is_outcome_unknown=row.is_outcome_unknown or row.state == "sent",
        attempts=row.attempts,
    )
