"""The channel of cards: an alert that stands in the ledger, shown when the EHR asks for it.

A newcomer would get two things wrong. Nothing is sent: carrying a plan out means that from now on
the card may be shown, so that approvals, canaries, the limits of a run and the hospital's own
withdrawal hold for cards as for every other channel. And nothing is read: the ledger alone knows
what stands as a card, and what is said to one comes back by CDS Hooks feedback.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from service.ehr.alert_history import NO_MEMORY, Memory
from service.ehr.alert_state import Remembered
from service.ehr.alerts import AlertsRead
from service.ehr.delivery.told import is_told_elsewhere
from service.ehr.message_history import message_history
from service.ehr.message_reader import own_memory
from service.ehr.plan_progress import Outcome
from service.screening.alert import Action, AlertPlan, PostedResource

CARDS = "cds-hooks"
"""The name of the channel."""
_NOTHING_REMEMBERED = Remembered()


class CardReader:
    """The history of alerts told by cards, which is the ledger's; `repeats` as for messages."""

    def __init__(self, *, repeats: bool = False) -> None:
        self._repeats = repeats

    def read(
        self, patient_ids: Iterable[str], remembered: Mapping[str, Memory] | None = None
    ) -> AlertsRead:
        """What the ledger remembers of these patients."""
        histories = {}
        for id_ in dict.fromkeys(patient_ids):
            memory = own_memory((remembered or {}).get(id_, NO_MEMORY), CARDS, self._repeats)
            # What a person says to a card is a decision of the ledger: no resource holds it.
            histories[id_] = message_history(memory, {}, snooze_months=0, counts_sent=False)
        return AlertsRead(histories)


class CardWriter:
    """Lets cards be shown, and ends it."""

    def apply(self, plan: AlertPlan, remembered: Remembered = _NOTHING_REMEMBERED) -> Outcome:
        """Say what the ledger is to remember; any number of times has the effect of one."""
        if plan.action is Action.KEEP:
            return Outcome("left-alone", channel=CARDS)
        if is_told_elsewhere(plan, remembered, CARDS):
            return Outcome("already-there", channel=remembered.channel, remains=True)
        return Outcome("created" if plan.action is Action.CREATE else "updated", channel=CARDS)

    def retire(self, duplicates: Iterable[PostedResource]) -> int:
        """Nothing: the ledger holds each key once."""
        return sum(0 for _ in duplicates)
