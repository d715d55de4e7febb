"""Cards that were shown, by the key of their alert's episode, and what was said to them.

A newcomer would get two things wrong. Showing a card opens no alert: whether one stands is the
alerts' to say, and a card may be shown of somebody whom the line has not judged yet. And feedback
may come many times and in any order: what is older than what was heard last is not heard.

A clinic asks hundreds of times a second in the morning, and every call is written down before it is
answered; those that wait for the disk together are written together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from service.screening.alert import AlertKind
from service.store.acts import Act
from service.store.audit import append
from service.store.database import Database, insert_into
from service.store.tables import CARDS
from service.store.together import Together

Outcome = Literal["accepted", "overridden"]


@dataclass(frozen=True, slots=True, repr=False)
class ShownCard:
    """A card as the ledger remembers it; `outcome` is "" while nobody has said anything."""

    card: str
    patient_key: str
    kind: AlertKind
    times_shown: int
    outcome: str
    outcome_at: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class _Showing:
    """What one call is answered, to be written down."""

    patient_key: str
    kinds: tuple[tuple[str, AlertKind], ...]
    act: Act
    at: datetime


class Cards:
    """The cards of the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._together = Together(self._write)
        self._showing: Any = None  # Made once: to make it takes longer than to carry it out.

    def show(
        self, patient_key: str, kinds: Iterable[tuple[str, AlertKind]], act: Act, at: datetime
    ) -> None:
        """Write down that cards are shown about one person, and the act for the audit.

        `kinds` is the key of each card with its kind; without one only the act is written.
        """
        self._together.hand_in(_Showing(patient_key, tuple(kinds), act, at))

    def _write(self, showings: Sequence[_Showing]) -> None:
        # In one order, so that two processes that show the same cards never wait for each other.
        shown = sorted(
            ((*kind, showing) for showing in showings for kind in showing.kinds),
            key=lambda one: (one[0], one[2].at),
        )
        with self._database.writing() as connection:
            if self._showing is None:
                self._showing = _showing(insert_into(connection, CARDS))
            if shown:
                connection.execute(self._showing, [_first_time(*one) for one in shown])
            # All of them, last: the audit lets nobody else write from here on.
            latest = max(showing.at for showing in showings)
            append(connection, [showing.act for showing in showings], latest)

    def get(self, card: str) -> ShownCard | None:
        """One card; None where none with this key was ever shown."""
        with self._database.reading() as connection:
            row = connection.execute(sa.select(CARDS).where(CARDS.c.card == card)).first()
        if row is None:
            return None
        return ShownCard(
            row.card,
            row.patient_key,
            AlertKind(row.kind),
            row.times_shown,
            row.outcome,
            row.outcome_at,
        )

    def hear(self, card: str, outcome: Outcome, said_at: datetime) -> bool:
        """Write down what was said to a card; False where that, or newer, was heard already."""
        columns = CARDS.c
        is_news = sa.or_(columns.outcome_at.is_(None), columns.outcome_at < said_at)
        heard = sa.update(CARDS).where(columns.card == card, is_news)
        with self._database.writing() as connection:
            done = connection.execute(heard.values(outcome=outcome, outcome_at=said_at))
            return done.rowcount > 0


def _first_time(card: str, kind: AlertKind, showing: _Showing) -> dict[str, Any]:
    return {
        "card": card,
        "patient_key": showing.patient_key,
        "kind": kind,
        "first_shown_at": showing.at,
        "last_shown_at": showing.at,
        "times_shown": 1,
        "outcome": "",
    }


def _showing(insert: Any) -> Any:
    """The same, and once more for a card that is known."""
    again = {
        "last_shown_at": insert.excluded.last_shown_at,
        "times_shown": CARDS.c.times_shown + 1,
    }
    return insert.on_conflict_do_update(index_elements=["card"], set_=again)
