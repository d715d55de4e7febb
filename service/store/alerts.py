"""Alerts by episode: what we last wrote, so that a person's change can be told from ours.

A newcomer would get two things wrong. A PLANNED entry is no alert yet: its episode and key are
used again by the next plan, which is what makes an alert appear once however often its creation
is tried. And people with an open alert are read in every sweep, in the cohort or not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.screening.alert import Alert, AlertKind
from service.store.database import Database, among, insert_into, rows_among
from service.store.entries import AlertEntry, EntryState
from service.store.errors import StoreConflict
from service.store.tables import ALERTS

OPEN_STATES = (EntryState.SENT, EntryState.CONFIRMED, EntryState.UNKNOWN)
"""Alerts that are, or may be, open in the EHR."""
_FIELDS = [field.name for field in fields(AlertEntry)]
_HISTORY = (
    sa.select(ALERTS)
    .where(among(ALERTS.c.patient_key))
    .order_by(ALERTS.c.protocol_id, ALERTS.c.kind, ALERTS.c.episode)
)
_OPEN = _HISTORY.where(ALERTS.c.state.in_(OPEN_STATES))

Entries = dict[str, tuple[AlertEntry, ...]]


class Alerts:
    """The alerts of the ledger, by patient key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def history(self, patient_keys: Sequence[str]) -> Entries:
        """Every entry of these people, oldest episode first; nobody without one."""
        return self._select(_HISTORY, patient_keys)

    def open(self, patient_keys: Sequence[str]) -> Entries:
        """Their entries that are, or may be, open in the EHR."""
        return self._select(_OPEN, patient_keys)

    def patients_with_open(self) -> list[str]:
        """The keys of everybody who has, or may have, an open alert."""
        query = sa.select(ALERTS.c.patient_key).where(ALERTS.c.state.in_(OPEN_STATES)).distinct()
        with self._database.reading() as connection:
            return sorted(connection.scalars(query))

    def remember(self, patient_key: str, entry: AlertEntry, at: datetime) -> None:
        """Write down an alert of ours that the EHR shows and the ledger has lost or has wrong."""
        with self._database.writing() as connection:
            write_entry(connection, patient_key, entry, at)

    def _select(self, query: sa.Select[Any], patient_keys: Sequence[str]) -> Entries:
        found: dict[str, list[AlertEntry]] = defaultdict(list)
        with self._database.reading() as connection:
            for row in rows_among(connection, query, patient_keys):
                found[row.patient_key].append(_entry(row))
        return {key: tuple(entries) for key, entries in found.items()}


def write_entry(
    connection: sa.Connection, patient_key: str, entry: AlertEntry, at: datetime
) -> None:
    """Insert or overwrite one entry inside the caller's transaction."""
    values = {name: getattr(entry, name) for name in _FIELDS}
    insert = insert_into(connection, ALERTS).values(
        patient_key=patient_key, changed_at=at, **values
    )
    # The episode of an entry that is known is the ledger's: a merge of records numbers it anew.
    changing = [name for name in (*_FIELDS, "changed_at") if name not in ("key", "episode")]
    _upsert(connection, insert, {name: insert.excluded[name] for name in changing})


def plan_alert_entry(
    connection: sa.Connection, patient_key: str, alert: Alert, at: datetime
) -> None:
    """Take the key and the episode for an alert to be created, unless it has them already."""
    insert = insert_into(connection, ALERTS).values(
        key=alert.key,
        patient_key=patient_key,
        protocol_id=alert.protocol_id,
        kind=alert.kind,
        episode=alert.episode,
        state=EntryState.PLANNED,
        opened_on=alert.since,
        closing_reason="",
        content_digest=alert.content_digest,
        reasons=" ".join(sorted(alert.reasons)),
        protocol_digest=alert.protocol_digest,
        changed_at=at,
    )
    _upsert(connection, insert, {"key": insert.excluded.key})


def _upsert(connection: sa.Connection, insert: Any, changes: dict[str, Any]) -> None:
    """Write, unless the key is another person's: then two people would share one alert."""
    written = connection.scalar(
        insert.on_conflict_do_update(
            index_elements=["key"],
            set_=changes,
            where=ALERTS.c.patient_key == insert.excluded.patient_key,
        ).returning(ALERTS.c.key)
    )
    if written is None:
        raise StoreConflict(
            "An alert's identifier belongs to another patient already. Nothing was written; "
            "report this, and do not go live before it is understood."
        )


def set_alert_state(
    connection: sa.Connection, key: str, before: EntryState, after: EntryState, at: datetime
) -> None:
    """Move an entry on, if it stands where it is thought to stand."""
    connection.execute(
        sa.update(ALERTS)
        .where(ALERTS.c.key == key, ALERTS.c.state == before)
        .values(state=after, changed_at=at)
    )


def forget_unsent_alert(connection: sa.Connection, key: str, state: EntryState) -> None:
    """Free a key and an episode of which the EHR surely holds nothing."""
    connection.execute(
        sa.delete(ALERTS).where(
            ALERTS.c.key == key,
            ALERTS.c.state == state,
            ALERTS.c.flag_id.is_(None),
            ALERTS.c.task_id.is_(None),
            ALERTS.c.message_id.is_(None),
        )
    )


def _entry(row: sa.Row[Any]) -> AlertEntry:
    values = {name: getattr(row, name) for name in _FIELDS}
    typed = {"kind": AlertKind(values["kind"]), "state": EntryState(values["state"])}
    return AlertEntry(**(values | typed))
