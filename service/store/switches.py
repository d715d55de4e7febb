"""The pause: a switch in the ledger that stops all reading and writing until it is thrown back.

A newcomer would get two things wrong. It stands in the ledger and not in Redis, so that an emptied
Redis does not set a paused hospital going. And it stops requests, not processes: whoever wants to
ask the EHR looks here before, at most a second ago, and before each plan just then.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from service.store.acts import Act
from service.store.audit import append
from service.store.database import Database, insert_into
from service.store.errors import StoreError
from service.store.tables import SWITCHES

_PAUSE = "pause"
_PAUSED = sa.select(SWITCHES.c.since, SWITCHES.c.reason).where(SWITCHES.c.name == _PAUSE)
_STALE_SECONDS = 1.0
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when nothing is asked and nothing is written, and why, in the operator's words."""

    since: datetime
    reason: str


class Switches:
    """What an operator has switched on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pause(self, reason: str, at: datetime, by: str = "") -> bool:
        """Stop; False where it was paused already, and then its beginning and reason stand.

        `by` is who answers for it, "" for the account of this process.
        """
        with self._database.writing() as connection:
            insert = insert_into(connection, SWITCHES).values(
                name=_PAUSE, since=at, reason=reason[:LONGEST_REASON]
            )
            made = insert.on_conflict_do_nothing().returning(SWITCHES.c.name)
            is_news = connection.execute(made).first() is not None
            if is_news:
                append(connection, [Act("pause", by=by)], at)
            return is_news

    def resume(self, by: str = "") -> bool:
        """Go on; False where it was not paused. `by` as for a pause."""
        with self._database.writing() as connection:
            ended = sa.delete(SWITCHES).where(SWITCHES.c.name == _PAUSE)
            was_paused = connection.execute(ended.returning(SWITCHES.c.name)).first() is not None
            if was_paused:
                append(connection, [Act("resume", by=by)])
            return was_paused

    def paused(self) -> Pause | None:
        """The pause that holds now; None where none does."""
        with self._database.reading() as connection:
            row = connection.execute(_PAUSED).first()
            return None if row is None else Pause(row.since, row.reason)


def switches_at(url: str) -> Switches | None:
    """The switches of the ledger at an address; None where that is a file nobody has made."""
    path = url.partition("sqlite:///")[2]
    if path and not Path(path).exists():
        return None
    return Switches(Database(url))


class PauseWatch:
    """Whether it is paused, asked of the ledger at most once a second. Thread safe.

    `open_switches` is called at the first question, None where no ledger was ever made. A ledger
    that cannot be asked leaves things as they were: whoever needs it finds out for themselves, and
    `boneflag check` works without one.
    """

    def __init__(
        self,
        open_switches: Callable[[], Switches | None],
        *,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open = open_switches
        self._tick = tick
        self._lock = threading.Lock()
        self._switches: Switches | None = None
        self._is_paused = False
        self._asked_at = float("-inf")

    def __call__(self) -> bool:
        with self._lock:
            if self._tick() - self._asked_at >= _STALE_SECONDS:
                self._is_paused = self._ask()
                self._asked_at = self._tick()
            return self._is_paused

    def _ask(self) -> bool:
        try:
            if self._switches is None:
                self._switches = self._open()
            return self._switches is not None and self._switches.paused() is not None
        except StoreError:
            return self._is_paused
