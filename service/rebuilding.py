"""A lost ledger, filled again from what the EHR shows of our alerts.

A newcomer would get three things wrong. Nothing is judged here: `ehr.alert_history` says where each
alert stands, as it does for a sweep without a ledger, and what is remembered must lead the next
sweep to the same answer. So a version is called ours only where nobody is seen to have been there,
and a Flag that a person took down is remembered as we wrote it. And nothing is written to the EHR.
Source: architecture, "Exactly one alert".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from service.cohort_intake import read_cohort, take_cohort
from service.ehr.alert_history import AlertHistory
from service.ehr.alerts import AlertsRead
from service.ehr.connection import EHRConnection
from service.ehr.message_history import WRITTEN_STATUSES
from service.screening.alert import (
    OPEN_TASK_STATUSES,
    AlertKind,
    AlertState,
    PostedAlert,
    alert_key,
)
from service.screening.decision_span import settled
from service.screening.protocol import Protocol
from service.screening.record import Decision, ResourceRef
from service.store.acts import Act
from service.store.entries import AlertEntry, EntryState
from service.store.errors import StoreConflict
from service.store.ledger import Ledger
from service.thought import decisions_in

_log = structlog.get_logger()
CLOSED_BEFORE = "closed before the ledger was rebuilt"
_PEOPLE_AT_A_TIME = 60
_EPISODES_TRIED = 50
_OVER = (AlertState.RESOLVED, AlertState.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Sight:
    """How our alerts are looked for.

    `told` are the ids of everybody who has one, None where that cannot be asked. `blind` says in a
    sentence why nothing can be looked for, "" where it can.
    """

    read: Callable[[Sequence[str]], AlertsRead]
    told: Callable[[], frozenset[str] | None]
    blind: str = ""


class LedgerNotEmpty(Exception):
    """There are people in the ledger already: nothing was read."""


@dataclass(slots=True)
class Rebuilt:
    """What was found. `alerts` by state; `foreign` bear identifiers that this site would not give.

    `found_beside` people have an alert of ours and are in no source of the cohort; None where the
    EHR does not let us look for them. `known` alerts stood in the ledger already.
    """

    people: int = 0
    found_beside: int | None = None
    unreadable: int = 0
    alerts: Counter[str] = field(default_factory=Counter)
    decisions: int = 0
    foreign: int = 0
    known: int = 0
    conflicts: int = 0


class Rebuilding:
    """One rebuilding. `tell` is called after each batch of people, with their number."""

    def __init__(
        self,
        ehr: EHRConnection,
        ledger: Ledger,
        protocol: Protocol,
        *,
        site: str,
        channel: str,
        sight: Sight,
        now: Callable[[], datetime],
        tell: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> None:
        self._ehr = ehr
        self._ledger = ledger
        self._protocol = protocol
        self._site = site
        self._channel = channel
        self._sight = sight
        self._now = now
        self._tell = tell
        self._rebuilt = Rebuilt()

    @property
    def blind(self) -> str:
        """Why no alert can be found at all, as a sentence; "" where they can be."""
        return self._sight.blind

    def rebuild(self, *, into_existing: bool) -> Rebuilt:
        """Read the cohort and our alerts, and write down what is missing.

        LedgerNotEmpty where anybody is known already, unless `into_existing`. EHRError passes
        through where the cohort cannot be read or the EHR goes away: run it again `into_existing`.
        """
        if self._ledger.report.counts().known and not into_existing:
            raise LedgerNotEmpty(
                "the ledger is not empty: --into-existing adds what is missing and changes nothing"
                " that stands there"
            )
        self._ehr.require_workable()
        at = self._now()
        members = read_cohort(self._ehr, self._ledger)
        take_cohort(self._ehr, self._ledger, members, at, alarm_percent=None)
        keys = self._everybody(at)
        self._rebuilt.people = len(keys)
        for batch in _batches([] if self._sight.blind else keys):
            self._take_batch(batch, at)
            self._tell(len(batch), len(keys))
        self._write_down(at)
        _log.warning(
            "ledger_rebuilt", patients=len(keys), alerts=sum(self._rebuilt.alerts.values())
        )
        return self._rebuilt

    def _everybody(self, at: datetime) -> list[str]:
        """Members of the cohort, and whoever has an alert of ours without being one."""
        members = set(self._ledger.cohort.members())
        told = self._sight.told()
        if told is None:
            return sorted(members)
        keys = self._ledger.cohort.register(told, "has an alert", at).values()
        beside = set(keys) - members - self._ledger.cohort.left_out()
        self._rebuilt.found_beside = len(beside)
        return sorted(members | beside)

    def _write_down(self, at: datetime) -> None:
        found = sum(self._rebuilt.alerts.values())
        told = f"people: {self._rebuilt.people}; alerts: {found}"
        self._ledger.audit.record([Act("ledger rebuilt", detail=told)], at)

    def _take_batch(self, keys: Sequence[str], at: datetime) -> None:
        fhir_ids = self._ledger.cohort.fhir_ids_of(keys)
        # Before the EHR is asked: whoever stops it in the middle has read the first part.
        looks = [Act("read", key, reason="our alerts, for a lost ledger") for key in fhir_ids]
        self._ledger.audit.record(looks, at)
        read = self._sight.read(list(fhir_ids.values()))
        known = self._ledger.alerts.history(keys)
        kept = self._ledger.decisions.kept(keys)
        for key, fhir_id in fhir_ids.items():
            history = read.histories.get(fhir_id)
            if history is None:
                self._rebuilt.unreadable += 1
                continue
            self._take_alerts(key, fhir_id, history, {e.key for e in known.get(key, ())}, at)
            self._take_decisions(key, history, {_identity(k.decision) for k in kept.get(key, ())})

    def _take_alerts(
        self, key: str, fhir_id: str, history: AlertHistory, known: set[str], at: datetime
    ) -> None:
        for alert in history.posted:
            if alert.key in known:
                self._rebuilt.known += 1
                continue
            entry = entry_from(alert, self._protocol.id, self._channel)
            try:
                self._ledger.alerts.remember(key, entry, at)
            except StoreConflict:
                self._rebuilt.conflicts += 1
                continue
            self._rebuilt.alerts[alert.state.value] += 1
            self._rebuilt.foreign += not self._is_of_this_site(alert, fhir_id)

    def _take_decisions(
        self, key: str, history: AlertHistory, kept: set[tuple[object, ...]]
    ) -> None:
        said = [settled(d, self._protocol) for d in decisions_in(history)]
        new = [decision for decision in said if _identity(decision) not in kept]
        self._ledger.decisions.remember(key, new)
        self._rebuilt.decisions += len(new)

    def _is_of_this_site(self, alert: PostedAlert, fhir_id: str) -> bool:
        patient, kind = ResourceRef("Patient", fhir_id), AlertKind(alert.kind)
        return any(
            alert.key == alert_key(self._site, patient, self._protocol.id, kind, number)
            for number in range(1, _EPISODES_TRIED + 1)
        )


def entry_from(alert: PostedAlert, protocol_id: str, channel: str) -> AlertEntry:
    """What to remember of an alert that nobody remembers, so that it is judged as it is now."""
    flag, task = alert.flag, alert.task
    is_changed = alert.state is AlertState.CHANGED
    message = alert.message
    is_over = _is_over(alert)
    task_waits = task is not None and task.status == "requested"
    return AlertEntry(
        key=alert.key,
        kind=alert.kind,
        protocol_id=protocol_id,
        episode=alert.episode,
        state=EntryState.CLOSED if is_over else EntryState.CONFIRMED,
        opened_on=alert.opened_on,
        content_digest=alert.content_digest,
        flag_id=flag.ref.id if flag else None,
        flag_version=flag.version if flag and not is_changed else None,
        flag_status=_flag_as_we_left_it(alert),
        task_id=task.ref.id if task else None,
        task_version=task.version if task and task_waits and not is_changed else None,
        task_status=_task_as_we_left_it(alert),
        closed_on=alert.closed_on if is_over else None,
        closing_reason=CLOSED_BEFORE if is_over else "",
        closed_by=str(alert.closed_by) if is_over and alert.closed_by else "",
        reasons=" ".join(sorted(alert.reasons)),
        channel=channel,
        protocol_digest=alert.protocol_digest,
        message_type=message.ref.type if message else None,
        message_id=message.ref.id if message else None,
        message_version=_message_version(alert),
        message_status=_message_as_we_left_it(alert),
    )


def _is_over(alert: PostedAlert) -> bool:
    """Whether nothing of it is left to be watched, as when the line itself had closed it."""
    if alert.state is AlertState.DISMISSED:
        return not alert.has_open_task and (alert.flag is None or alert.flag.status != "active")
    return alert.state in _OVER


def _flag_as_we_left_it(alert: PostedAlert) -> str | None:
    """Active where a person took it down: its Task still waits, and we close the Task first."""
    if alert.flag is None:
        return None
    task = alert.task
    is_waiting = task is not None and task.status in OPEN_TASK_STATUSES - {"on-hold"}
    is_a_persons_no = alert.state is AlertState.DISMISSED and is_waiting
    return "active" if is_a_persons_no else alert.flag.status


def _task_as_we_left_it(alert: PostedAlert) -> str | None:
    if alert.task is None:
        return None
    return alert.task.status if alert.state in _OVER else "requested"


def _message_version(alert: PostedAlert) -> str | None:
    """Of what somebody has touched no version is ours: "" is none that a server gives."""
    if alert.message is None:
        return None
    return "" if alert.state is AlertState.CHANGED else alert.message.version


def _message_as_we_left_it(alert: PostedAlert) -> str | None:
    if alert.message is None:
        return None
    if alert.state in _OVER:
        return alert.message.status
    return WRITTEN_STATUSES[alert.message.ref.type]


def _identity(decision: Decision) -> tuple[object, ...]:
    return decision.source, decision.about, decision.made_on


def _batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _PEOPLE_AT_A_TIME):
        yield keys[start : start + _PEOPLE_AT_A_TIME]
