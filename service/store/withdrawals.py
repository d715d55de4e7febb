"""Alerts that the hospital takes back: which ones, and what became of each.

    open: unsent plans leave the outbox ── items todo ── settle ──> done | left | failed
                                                  ^                               │
                                                  └──────────── try_again ────────┘

A newcomer would get two things wrong. What is to be taken back is fixed when a withdrawal is
opened, in the transaction that takes unsent plans out of the outbox, so that nothing is told in
between; a request that may be on its way at that moment is waited for. And an item is settled
together with the ledger's entry of its alert: a withdrawal that was killed goes on where it stood,
and what is carried out twice changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from service.screening.alert import Action
from service.store.acts import Act, Outcome
from service.store.alerts import OPEN_STATES, forget_unsent_alert, write_entry
from service.store.audit import append
from service.store.audited_writes import references
from service.store.database import Database, chunks
from service.store.entries import AlertEntry, EntryState
from service.store.selected_alerts import Selection, selected_alerts, selected_plans
from service.store.tables import ALERTS, PATIENTS, PLANS, WITHDRAWAL_ITEMS, WITHDRAWALS

ItemState = Literal["todo", "done", "left", "failed"]
WITHDRAWN_BY_HOSPITAL = "withdrawn by the hospital"
_OUTCOMES: Mapping[ItemState, Outcome] = {
    "done": "done",
    "left": "nothing changed",
    "failed": "failed",
    "todo": "unknown",
}
_UNSENT = PLANS.c.state == "planned"
_ON_ITS_WAY = PLANS.c.state == "sent"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a withdrawal would take back: alerts by state, channel and protocol digest."""

    alerts: Mapping[tuple[str, str, str], int]
    people: int
    unsent_plans: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take back."""
        return not self.alerts and not self.unsent_plans


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One withdrawal; `counts` by state of its items, `problems` by the phrase of those left."""

    id: int
    what: str
    reason: str
    asked_by: str
    opened_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, int]
    problems: Mapping[str, int]


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """One alert to be taken back; not before the instant, where one is given."""

    withdrawal_id: int
    alert_key: str
    patient_key: str
    not_before: datetime | None


class Withdrawals:
    """Every withdrawal that the hospital asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def preview(self, selection: Selection) -> Preview:
        """What `open` would take back now, and how many plans it would take out unsent."""
        with self._database.reading() as connection:
            rows = connection.execute(
                sa.select(
                    ALERTS.c.patient_key, ALERTS.c.state, ALERTS.c.channel, ALERTS.c.protocol_digest
                ).where(selected_alerts(selection))
            ).all()
            plans = connection.execute(selected_plans(selection, _UNSENT)).all()
        counted = Counter((row.state, row.channel, row.protocol_digest) for row in rows)
        return Preview(counted, len({row.patient_key for row in rows}), len(plans))

    def digests(self) -> list[str]:
        """Every protocol by which an alert was told that may stand open, or is about to be."""
        alerts = sa.select(ALERTS.c.protocol_digest).where(
            ALERTS.c.state.in_((*OPEN_STATES, EntryState.PLANNED))
        )
        with self._database.reading() as connection:
            return sorted({digest for digest in connection.scalars(alerts) if digest})

    def open(self, selection: Selection, reason: str, by: str, at: datetime) -> int:
        """Fix what is taken back and take unsent plans for it out of the outbox; its number."""
        with self._database.writing() as connection:
            _lock_people(connection, selection)
            made = connection.execute(
                sa.insert(WITHDRAWALS).values(
                    what=selection.words, reason=reason, asked_by=by, opened_at=at
                )
            )
            number = int(made.inserted_primary_key[0])  # type: ignore[index] # INSERT always has one
            _take_out_unsent(connection, selection)
            waits = _stop_sent(connection, selection)
            rows = connection.execute(
                sa.select(ALERTS.c.key, ALERTS.c.patient_key)
                .where(sa.or_(selected_alerts(selection), ALERTS.c.key.in_(sorted(waits))))
                .order_by(ALERTS.c.key)
            ).all()
            items = [
                {
                    "withdrawal_id": number,
                    "alert_key": row.key,
                    "patient_key": row.patient_key,
                    "state": "todo",
                    "problem": "",
                    "not_before": waits.get(row.key),
                    "changed_at": at,
                }
                for row in rows
            ]
            for chunk in chunks(items):
                connection.execute(sa.insert(WITHDRAWAL_ITEMS), chunk)
            append(connection, [Act("withdrawal", detail=f"withdrawal {number}", by=by)], at)
            return number

    def get(self, number: int) -> Withdrawal | None:
        """One withdrawal, None where there is none of this number."""
        return next(iter(self._select(WITHDRAWALS.c.id == number)), None)

    def unfinished(self) -> Withdrawal | None:
        """The newest one that has not ended; None where all have."""
        return next(iter(self._select(WITHDRAWALS.c.finished_at.is_(None))), None)

    def todo(self, number: int) -> list[Item]:
        """What is still to be taken back, person by person."""
        columns = WITHDRAWAL_ITEMS.c
        query = (
            sa.select(columns.alert_key, columns.patient_key, columns.not_before)
            .where(columns.withdrawal_id == number, columns.state == "todo")
            .order_by(columns.patient_key, columns.alert_key)
        )
        with self._database.reading() as connection:
            return [Item(number, *row) for row in connection.execute(query)]

    def try_again(self, number: int, at: datetime) -> int:
        """Let what failed be tried once more; how many items."""
        columns = WITHDRAWAL_ITEMS.c
        again = sa.update(WITHDRAWAL_ITEMS).where(
            columns.withdrawal_id == number, columns.state == "failed"
        )
        with self._database.writing() as connection:
            found = connection.execute(again.values(state="todo", problem="", changed_at=at))
            act = Act("withdrawal", detail=f"withdrawal {number} goes on")
            append(connection, [act], at)
            return found.rowcount

    def mark_sent(self, item: Item, by: str, at: datetime) -> None:
        """Say in the audit that requests for this alert are about to leave."""
        with self._database.writing() as connection:
            append(connection, [_act(item, "sent", by)], at)

    def settle(
        self,
        item: Item,
        state: ItemState,
        problem: str,
        by: str,
        at: datetime,
        entry: AlertEntry | None = None,
    ) -> None:
        """Write down what became of an item, with its alert as it stands now.

        `problem` is a fixed phrase, "" where there was none.
        """
        columns = WITHDRAWAL_ITEMS.c
        of_item = sa.and_(
            columns.withdrawal_id == item.withdrawal_id, columns.alert_key == item.alert_key
        )
        with self._database.writing() as connection:
            settled = sa.update(WITHDRAWAL_ITEMS).where(of_item)
            values = {"state": state, "problem": problem, "not_before": None, "changed_at": at}
            connection.execute(settled.values(**values))
            if entry is not None:
                write_entry(connection, item.patient_key, entry, at)
            append(connection, [_act(item, _OUTCOMES[state], by, entry, problem)], at)

    def finish(self, number: int, at: datetime) -> bool:
        """End a withdrawal of which nothing is to be done; False where something is, or failed."""
        columns = WITHDRAWAL_ITEMS.c
        open_items = sa.select(columns.alert_key).where(
            columns.withdrawal_id == number, columns.state.in_(["todo", "failed"])
        )
        ended = sa.update(WITHDRAWALS).where(WITHDRAWALS.c.id == number, ~open_items.exists())
        with self._database.writing() as connection:
            return connection.execute(ended.values(finished_at=at)).rowcount == 1

    def _select(self, condition: Any) -> list[Withdrawal]:
        query = sa.select(WITHDRAWALS).where(condition).order_by(WITHDRAWALS.c.id.desc())
        with self._database.reading() as connection:
            return [_withdrawal(connection, row) for row in connection.execute(query).all()]


def _withdrawal(connection: sa.Connection, row: sa.Row[Any]) -> Withdrawal:
    columns = WITHDRAWAL_ITEMS.c
    items = sa.select(columns.state, columns.problem).where(columns.withdrawal_id == row.id)
    counted = connection.execute(items).all()
    return Withdrawal(
        **row._mapping,
        counts=Counter(item.state for item in counted),
        problems=Counter(item.problem for item in counted if item.problem),
    )


def _act(
    item: Item, outcome: Outcome, by: str, entry: AlertEntry | None = None, problem: str = ""
) -> Act:
    return Act(
        "withdraw",
        item.patient_key,
        resource=references(entry) if entry is not None else "",
        reason=WITHDRAWN_BY_HOSPITAL,
        outcome=outcome,
        detail="; ".join(filter(None, (f"withdrawal {item.withdrawal_id}", problem))),
        protocol_digest=entry.protocol_digest if entry is not None else "",
        by=by,
    )


# Opening


def _lock_people(connection: sa.Connection, selection: Selection) -> None:
    """In the order in which screenings lock them: what they are about to store comes after us."""
    query = sa.select(PATIENTS.c.key).order_by(PATIENTS.c.key)
    if selection.patient_key is not None:
        query = query.where(PATIENTS.c.key == selection.patient_key)
    connection.execute(query.with_for_update(key_share=True)).all()


def _take_out_unsent(connection: sa.Connection, selection: Selection) -> None:
    for row in connection.execute(selected_plans(selection, _UNSENT).with_for_update()).all():
        one = PLANS.c.id == row.id
        if row.attempts == 0:
            connection.execute(sa.delete(PLANS).where(one))
        else:
            connection.execute(sa.update(PLANS).where(one).values(state="superseded", payload=""))
        if row.action == Action.CREATE:
            forget_unsent_alert(connection, row.alert_key, EntryState.PLANNED)


def _stop_sent(connection: sa.Connection, selection: Selection) -> dict[str, datetime | None]:
    """Keep plans that were sent from being sent again; alert key to when their request is over."""
    rows: Sequence[sa.Row[Any]] = connection.execute(
        selected_plans(selection, _ON_ITS_WAY).with_for_update()
    ).all()
    for row in rows:
        stopped = sa.update(PLANS).where(PLANS.c.id == row.id)
        connection.execute(stopped.values(state="superseded", payload=""))
    return {row.alert_key: row.not_before for row in rows}
