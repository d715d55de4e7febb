"""Reading back what became of our messages, drafts and rows.

A newcomer would get two things wrong. Nothing is searched for: only what the ledger calls open is
read, one by one by its id, so that a sweep costs as many requests as there are open alerts. And a
message that cannot be read any more has not become unsaid: where it is gone, or refused, the
ledger's word stands. For a draft that people work on that is not enough: whoever has one that
cannot be read is in `unreadable`, and nobody writes about them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import structlog

from service.ehr.alert_history import NO_MEMORY, AlertHistory, Memory
from service.ehr.alerts import AlertsRead
from service.ehr.capability import Capability
from service.ehr.client import FHIRClient
from service.ehr.errors import EHRMisunderstood, EHRNotFound, EHRRefused, EHRRejected
from service.ehr.message_history import message_history
from service.screening.alert import AlertState

_log = structlog.get_logger()
Resource = dict[str, Any]
MessageType = Literal["Communication", "ServiceRequest"]


class MessageReader:
    """Reads the messages of one type; `repeats` forgets what other channels told."""

    def __init__(
        self,
        client: FHIRClient,
        capability: Capability,
        type_: MessageType,
        *,
        channel: str,
        snooze_months: int,
        at_most_once: bool,
        repeats: bool = False,
    ) -> None:
        self._client = client
        self._can_read = capability.can_read(type_)
        self._type = type_
        self._channel = channel
        self._snooze_months = snooze_months
        self._at_most_once = at_most_once
        self._repeats = repeats

    def read(
        self, patient_ids: Iterable[str], remembered: Mapping[str, Memory] | None = None
    ) -> AlertsRead:
        """The alert histories of these patients, by the ledger and what is read of it.

        EHRUnavailable goes through: the batch is tried again later.
        """
        histories: dict[str, AlertHistory] = {}
        unreadable: set[str] = set()
        for id_ in dict.fromkeys(patient_ids):
            memory = own_memory(
                (remembered or {}).get(id_, NO_MEMORY), self._channel, self._repeats
            )
            shown = self._shown(memory)
            if shown is None:
                unreadable.add(id_)
                continue
            histories[id_] = message_history(
                memory,
                shown,
                snooze_months=self._snooze_months,
                counts_sent=self._at_most_once,
            )
        if unreadable:
            _log.warning("alerts_unreadable", patients=len(unreadable))
        return AlertsRead(histories, frozenset(unreadable))

    def _shown(self, memory: Memory) -> dict[str, Resource] | None:
        """What the EHR shows of open messages, by key; None where one must be seen and is not."""
        shown: dict[str, Resource] = {}
        for key, known in memory.items():
            is_open = known.state == "confirmed" and known.message is not None
            if not is_open or known.message is None or known.message.ref.type != self._type:
                continue
            if not self._can_read:
                continue
            try:
                stored = self._client.read(self._type, known.message.ref.id)
            except EHRNotFound:
                continue
            except (EHRRefused, EHRRejected, EHRMisunderstood):
                if self._type == "ServiceRequest":
                    return None
                continue
            resource = stored.resource
            # Whatever answers under this id: only what is of our type can tell about our alert.
            if resource is not None and resource.get("resourceType") == self._type:
                shown[key] = resource
        return shown


class RowReader:
    """The history of alerts told by rows of a file: the ledger, and which rows are there."""

    def __init__(
        self, keys_in_file: Callable[[], frozenset[str]], *, channel: str, repeats: bool = False
    ) -> None:
        self._keys_in_file = keys_in_file
        self._channel = channel
        self._repeats = repeats

    def read(
        self, patient_ids: Iterable[str], remembered: Mapping[str, Memory] | None = None
    ) -> AlertsRead:
        """The alert histories of these patients; a row that is missing says nothing any more."""
        ids = list(dict.fromkeys(patient_ids))
        present = self._keys_in_file() if remembered else frozenset[str]()
        histories = {}
        for id_ in ids:
            memory = own_memory(
                (remembered or {}).get(id_, NO_MEMORY), self._channel, self._repeats
            )
            # Nobody can say no in a file, so that a snooze has no length here.
            history = message_history(memory, {}, snooze_months=0, counts_sent=False)
            posted = tuple(
                replace(alert, content_digest="")
                if alert.state is AlertState.ACTIVE
                and memory[alert.key].channel == self._channel
                and alert.key not in present
                else alert
                for alert in history.posted
            )
            histories[id_] = replace(history, posted=posted)
        return AlertsRead(histories)


def own_memory(memory: Memory, channel: str, repeats: bool) -> Memory:
    """The memory that counts: all of it, or without what stands open in another channel."""
    if not repeats:
        return memory
    return {
        key: known
        for key, known in memory.items()
        if known.channel in ("", channel) or known.state == "closed"
    }
