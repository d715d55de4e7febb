"""What a way to show alerts is: its traits, what it asks of a server, its reader and its writer.

A newcomer would get one thing wrong: a channel never looks at what it does not write. On a server
where Flags and Tasks must not be touched, the reader of another channel sends no request for them
either. The channels themselves stand in `channels`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from service.ehr.alert_history import KeyOf, Memory
from service.ehr.alert_state import Remembered
from service.ehr.alerts import AlertsRead
from service.ehr.capability import Capability
from service.ehr.client import FHIRClient
from service.ehr.delivery.elements import DeliveryOptions
from service.ehr.delivery.message_style import STANDARD_STYLE, MessageStyle
from service.ehr.manners import STANDARD, Manners
from service.ehr.plan_progress import Outcome
from service.screening.alert import AlertKind, AlertPlan, PostedResource

ALL_KINDS = frozenset(AlertKind)


@dataclass(frozen=True, slots=True)
class ChannelTraits:
    """What a channel can and cannot do on one server.

    `shows_declines`: a person can say no there, and we see it. `at_most_once`: nobody can look
    whether a message arrived, so that after an unknown outcome nothing is sent again. `kinds` are
    the alerts that it carries; the others are shown nowhere.
    """

    found_again: bool
    can_be_updated: bool
    can_be_closed: bool
    shows_declines: bool
    at_most_once: bool
    kinds: frozenset[AlertKind] = ALL_KINDS


@dataclass(frozen=True, slots=True)
class ChannelOptions:
    """What reader and writer of any channel are made from; `now` gives aware instants.

    `scan_codes` are (system, code) of the scan that a ServiceRequest proposes. `worklist` is the
    path of the worklist's files without their endings. `repeats`: an open alert that another
    channel told is told again. `closing_message` and `provenance` add a request each.
    `serves_cards`: CDS Hooks are switched on.
    """

    now: Callable[[], datetime]
    snooze_months: int
    key_of: KeyOf | None = None
    shown: DeliveryOptions = field(default_factory=DeliveryOptions)
    manners: Manners = STANDARD
    style: MessageStyle = STANDARD_STYLE
    scan_codes: tuple[tuple[str, str], ...] = ()
    worklist: Path | None = None
    closing_message: bool = False
    provenance: bool = False
    repeats: bool = False
    batch_size: int = 60
    prefer_post: bool = True
    serves_cards: bool = False


class AlertReading(Protocol):
    """Reads our alerts back."""

    def read(
        self, patient_ids: Iterable[str], remembered: Mapping[str, Memory] | None = None
    ) -> AlertsRead:
        """See `alerts.AlertReader.read`."""
        ...


class AlertWriting(Protocol):
    """Carries plans out."""

    def apply(self, plan: AlertPlan, remembered: Remembered = ...) -> Outcome:
        """See `writer.Writer.apply`."""
        ...

    def retire(self, duplicates: Iterable[PostedResource]) -> int:
        """See `writer.Writer.retire`."""
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to show alerts.

    `types` are the resource types that it writes, and `says` is one sentence for an operator.
    `needs` answers what the server lacks and `lacks` what the settings lack, in sentences; empty
    where it works. `reads` is the number of searches for each batch of people in a sweep.
    """

    name: str
    says: str
    types: tuple[str, ...]
    reads: int
    traits: Callable[[Capability], ChannelTraits]
    needs: Callable[[Capability], tuple[str, ...]]
    lacks: Callable[[ChannelOptions], tuple[str, ...]]
    reader: Callable[[FHIRClient, Capability, ChannelOptions], AlertReading]
    writer: Callable[[FHIRClient, Capability, ChannelOptions], AlertWriting]
