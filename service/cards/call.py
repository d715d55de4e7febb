"""What a call asks, and what it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from service.ehr.lent_access import LentAccess
from service.screening.alert import Alert
from service.store.entries import Mode

Hook = Literal["patient-view", "order-sign"]


class ChartMissing(Exception):
    """Nobody can tell anything: neither the prefetch nor lent access brought what is needed.

    `types` are the resource types, for whoever set the prefetch up.
    """

    def __init__(self, types: Iterable[str]) -> None:
        self.types = tuple(sorted(types))
        super().__init__(f"what is needed did not come: {', '.join(self.types)}")


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """Which hook, about whom, by whom, and what it brings.

    `user` is a reference, "" where it is none; `drafts` is the Bundle of orders about to be signed.
    """

    hook: Hook
    patient_id: str
    user: str
    prefetch: Mapping[str, Any]
    drafts: Mapping[str, Any]
    lent: LentAccess | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """One card: its alert, and the draft of the order that it suggests, None without one."""

    alert: Alert
    order: Mapping[str, Any] | None
    patient_key: str


@dataclass(frozen=True, slots=True)
class CardOptions:
    """How a site shows cards.

    `is_channel`: cards are its way to show alerts; `beside`: they also show what another way tells.
    """

    site: str
    mode: Mode
    is_channel: bool
    beside: bool
