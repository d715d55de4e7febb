"""What was said to a card, as CDS Hooks feedback tells it: a decision of the ledger.

A newcomer would get three things wrong. Feedback comes many times, late and in any order; what was
heard already, or is older, changes nothing, also by a clock of the EHR that is ahead of ours. What
a clinician typed is not even read. And nobody says who they were, so that the decision is a
clinician's, without a name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

import structlog

from service.deciding import Answer, Deciding
from service.screening.protocol import Protocol
from service.store.cards import Outcome
from service.store.entries import Mode
from service.store.ledger import Ledger

_log = structlog.get_logger()

ORDER_EXISTS = "indication-order-exists"
"""Whoever takes the suggestion orders: it is looked at again as after any order."""
NO_REASON = "cds-not-applicable"
"""A no without a reason, or with one that nobody here knows, is taken as for a Task."""
_BY = "clinician"
_TURNS = 64
_MOST_AHEAD = timedelta(days=1)
"""A clock without its zone is hours ahead; one that is years ahead may not have the last word."""


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """What was said to one card; `code` is "" without a reason. `at` is an aware instant."""

    card: str
    outcome: Outcome
    code: str
    at: datetime


class CardFeedback:
    """Hears what was said at one site. `now` gives aware instants."""

    def __init__(
        self,
        ledger: Ledger,
        protocol: Protocol,
        mode: Mode,
        *,
        now: Callable[[], datetime],
        zone: ZoneInfo,
    ) -> None:
        self._ledger = ledger
        self._protocol = protocol
        self._deciding = Deciding(ledger, protocol, mode)
        self._now = now
        self._zone = zone
        self._turns = [Lock() for _ in range(_TURNS)]

    def hear(self, said: Said) -> bool:
        """Keep what was said; False where it is no news, or about a card that nobody knows."""
        # Else of two said at one moment the later one is heard, and the earlier one may be kept.
        with self._turns[hash(said.card) % len(self._turns)]:
            return self._hear(said)

    def _hear(self, said: Said) -> bool:
        card = self._ledger.cards.get(said.card)
        if card is None or (card.outcome_at is not None and card.outcome_at >= said.at):
            return False
        fhir_id = self._ledger.cohort.fhir_ids_of([card.patient_key]).get(card.patient_key)
        if fhir_id is None:
            return False
        now = self._now()
        at = said.at if said.at <= now + _MOST_AHEAD else now
        on = min(said.at, now).astimezone(self._zone).date()
        answer = Answer(self._code(said), _BY, about=card.kind)
        # Before it is called heard: a process that dies between the two hears it again.
        self._deciding.decide(fhir_id, answer, on, now)
        is_news = self._ledger.cards.hear(said.card, said.outcome, at)
        _log.info("card_feedback", outcome=said.outcome, code=answer.code)
        return is_news

    def _code(self, said: Said) -> str:
        wanted = ORDER_EXISTS if said.outcome == "accepted" else said.code
        return wanted if wanted in self._protocol.reasons else NO_REASON
