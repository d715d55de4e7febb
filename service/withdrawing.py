"""Taking alerts back at the hospital's word, through whatever channel told them.

A newcomer would get three things wrong. It overrides what people left, and only here: a Task that
somebody accepted is cancelled too, but still with If-Match on the version read a moment before.
What a channel cannot unsay (a message that was sent, a draft that somebody made an order of) stays
to be seen there, is closed in the ledger and counted as left. And whether something was taken back
is never guessed: what cannot be looked for, or is refused, counts as failed and waits for an
operator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

import structlog

from service import merged_people
from service.alert_memory import entry_after, remembered_from
from service.ehr.alert_history import AlertHistory
from service.ehr.alert_state import Remembered
from service.ehr.delivery.opened_channel import OpenChannel, OpenedChannel
from service.ehr.errors import (
    EHRConflict,
    EHRError,
    EHRLoginRefused,
    EHRRefused,
    EHRRejected,
    EHRUnavailable,
)
from service.ehr.plan_progress import Outcome
from service.screening.alert import (
    Action,
    AlertPlan,
    AlertState,
    PostedAlert,
    PostedResource,
)
from service.screening.record import ResourceRef
from service.store.entries import AlertEntry, EntryState
from service.store.ledger import Ledger
from service.store.withdrawals import WITHDRAWN_BY_HOSPITAL, Item, ItemState, Withdrawal

_log = structlog.get_logger()
_PEOPLE_AT_A_TIME = 60
_TRIES_IN_A_CONFLICT = 3
REMAINS = "what was told stays to be seen where it was told"
NOT_THERE = "it is no longer in the EHR"
# The channels whose resources a search of the patient's finds.
_SEARCHED = ("flag-and-task", "task", "flag")
NOT_FOUND = "it cannot be looked for in this EHR"
_PROBLEMS: tuple[tuple[type[EHRError], str], ...] = (
    (EHRConflict, "somebody works on it at this moment"),
    (EHRRefused, "the EHR refused: ask its team"),
    (EHRRejected, "the EHR did not accept the change"),
    (EHRError, "the EHR's answer was not understood"),
)


class Withdrawing:
    """One withdrawal on its way. `now` gives instants in the hospital's zone, `wait` sleeps
    for seconds.

    `tell` is called after each alert, for a bar on a terminal.
    """

    def __init__(
        self,
        ledger: Ledger,
        withdrawal: Withdrawal,
        open_channel: OpenChannel,
        *,
        now: Callable[[], datetime],
        wait: Callable[[float], None],
        tell: Callable[[], None] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._withdrawal = withdrawal
        self._open_channel = open_channel
        self._now = now
        self._wait = wait
        self._tell = tell

    def carry_out(self) -> bool:
        """Take back what is still to be taken back; whether the withdrawal has ended.

        EHRUnavailable and EHRLoginRefused pass through: what is left is still to do, and the same
        withdrawal goes on where it stopped.
        """
        number = self._withdrawal.id
        items = self._ledger.withdrawals.todo(number)
        # Those that have to wait come last: by then their request is over.
        ready = [item for item in items if item.not_before is None]
        waiting = [item for item in items if item.not_before is not None]
        for batch in (*_batches(ready), *_batches(waiting)):
            self._wait_for_requests(batch)
            self._take_back_batch(batch)
        has_ended = self._ledger.withdrawals.finish(number, self._now())
        _log.warning("withdrawal_went_through", withdrawal=number, ended=has_ended)
        return has_ended

    def _wait_for_requests(self, items: Sequence[Item]) -> None:
        until = max((item.not_before for item in items if item.not_before), default=None)
        if until is not None:
            self._wait(max(0.0, (until - self._now()).total_seconds()))

    def _take_back_batch(self, items: Sequence[Item]) -> None:
        keys = sorted({item.patient_key for item in items})
        history = self._ledger.alerts.history(keys)
        known = {entry.key: entry for entries in history.values() for entry in entries}
        by_channel: dict[str, list[Item]] = {}
        for item in items:
            entry = known.get(item.alert_key)
            if entry is None or entry.state is EntryState.PLANNED:
                self._settle(item, "left", NOT_THERE)  # Its request surely never left.
            elif entry.closing_reason.startswith(WITHDRAWN_BY_HOSPITAL):
                self._settle(item, "done", "")
            else:
                by_channel.setdefault(entry.channel, []).append(item)
        for name, of_channel in sorted(by_channel.items()):
            self._take_back_by(name, of_channel, known)

    def _take_back_by(
        self, name: str, items: Sequence[Item], known: Mapping[str, AlertEntry]
    ) -> None:
        channel = self._open_channel(name)
        fhir_ids = self._ledger.cohort.fhir_ids_of(sorted({item.patient_key for item in items}))
        former = merged_people.former_ids(self._ledger, fhir_ids)
        read = merged_people.read_alerts(channel, self._ledger, fhir_ids, former)
        for item in items:
            history = read.histories.get(fhir_ids.get(item.patient_key, ""))
            posted = _posted_of(known[item.alert_key], history)
            if posted is None and (history is None or channel.name not in _SEARCHED):
                self._settle(item, "failed", NOT_FOUND)
                continue
            self._take_back(item, known[item.alert_key], posted, channel)
            if history is not None and history.duplicates:
                self._retire(history.duplicates, channel)

    def _take_back(
        self,
        item: Item,
        entry: AlertEntry,
        posted: PostedAlert | None,
        channel: OpenedChannel,
    ) -> None:
        """One alert; an outage goes up, whatever else goes wrong costs this alert alone."""
        self._ledger.withdrawals.mark_sent(item, self._withdrawal.asked_by, self._now())
        plan = self._plan(entry, posted)
        try:
            outcome = _applied(plan, remembered_from(entry), channel)
        except (EHRUnavailable, EHRLoginRefused):
            raise
        except EHRError as error:
            problem = next(says for kind, says in _PROBLEMS if isinstance(error, kind))
            self._settle(item, "failed", problem)
            return
        closed = _closed(entry, plan, outcome)
        if closed.state is not EntryState.CLOSED:
            self._settle(item, "failed", "its Task is still open", closed)
        elif outcome.remains:
            self._settle(item, "left", REMAINS, closed)
        elif posted is None or _is_gone(posted, outcome):
            self._settle(item, "left", NOT_THERE, closed)
        else:
            self._settle(item, "done", "", closed)

    def _plan(self, entry: AlertEntry, posted: PostedAlert | None) -> AlertPlan:
        shown = posted or _posted_from(entry)
        why = f"{WITHDRAWN_BY_HOSPITAL}: {self._withdrawal.reason}"
        on = self._now().date()
        return AlertPlan(entry.kind, Action.WITHDRAW, why, None, shown, "cancelled", on)

    def _retire(self, duplicates: Sequence[PostedResource], channel: OpenedChannel) -> None:
        try:
            channel.retire(duplicates)
        except EHRUnavailable:
            raise
        except EHRError as error:
            _log.warning("duplicates_stay", status=error.status, error=type(error).__name__)

    def _settle(
        self, item: Item, state: ItemState, problem: str, entry: AlertEntry | None = None
    ) -> None:
        by = self._withdrawal.asked_by
        self._ledger.withdrawals.settle(item, state, problem, by, self._now(), entry)
        self._tell()


def _batches(items: Sequence[Item]) -> Iterator[list[Item]]:
    people = [list(of_one) for _, of_one in groupby(items, lambda item: item.patient_key)]
    for start in range(0, len(people), _PEOPLE_AT_A_TIME):
        yield [item for of_one in people[start : start + _PEOPLE_AT_A_TIME] for item in of_one]


def _posted_of(entry: AlertEntry, history: AlertHistory | None) -> PostedAlert | None:
    """The alert as the EHR shows it, else as the ledger has it; None where neither has any of it.

    Whoever is left out at the hospital's wish, or cannot be read, has what the ledger remembers.
    """
    if history is not None:
        shown = (a for a in (*history.posted, *history.spare) if a.key == entry.key)
        found = next(shown, None)
        if found is not None:
            return found
    has_resource = any((entry.flag_id, entry.task_id, entry.message_id))
    # A row of a worklist file and an unknown message have no id.
    is_told = entry.state is not EntryState.SENT and entry.channel not in ("", *_SEARCHED)
    return _posted_from(entry) if has_resource or is_told else None


def _posted_from(entry: AlertEntry) -> PostedAlert:
    flag, task = ("Flag", entry.flag_id), ("Task", entry.task_id)
    return PostedAlert(
        key=entry.key,
        kind=entry.kind,
        episode=entry.episode,
        state=AlertState.ACTIVE,
        opened_on=entry.opened_on,
        content_digest=entry.content_digest,
        flag=_resource(flag, entry.flag_status, entry.flag_version),
        task=_resource(task, entry.task_status, entry.task_version),
        message=_resource(
            (entry.message_type, entry.message_id), entry.message_status, entry.message_version
        ),
    )


def _resource(
    named: tuple[str | None, str | None], status: str | None, version: str | None
) -> PostedResource | None:
    type_, id_ = named
    if not type_ or not id_:
        return None
    return PostedResource(ResourceRef(type_, id_), status or "", version)


def _applied(plan: AlertPlan, remembered: Remembered, channel: OpenedChannel) -> Outcome:
    for _ in range(_TRIES_IN_A_CONFLICT - 1):
        try:
            return channel.apply(plan, remembered)
        except EHRConflict:
            continue  # Somebody was faster: once more on what they made of it.
    return channel.apply(plan, remembered)


def _is_gone(posted: PostedAlert, outcome: Outcome) -> bool:
    """Whether nothing was found of Flags or Tasks that were there once."""
    was_there = posted.flag is not None or posted.task is not None
    return was_there and outcome.flag is None and outcome.task is None


def _closed(entry: AlertEntry, plan: AlertPlan, outcome: Outcome) -> AlertEntry:
    """The entry once it was taken back: whatever stands there now counts as ours.

    After a crash the EHR may hold our own closing of which the ledger knows nothing; taken for a
    person's, it would be a no.
    """
    after = entry_after(plan, outcome, entry) or entry
    if outcome.flag is not None:
        flag = outcome.flag
        after = replace(after, flag_status=flag.status, flag_version=flag.version)
    if after.state is EntryState.CLOSED:
        after = replace(after, closing_reason=WITHDRAWN_BY_HOSPITAL)
    return after
