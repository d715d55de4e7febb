"""One open alert of each kind for one person, however a second one came about.

A newcomer would get three things wrong. A second alert under another key is not a copy that the
search for the key would find: it comes from a merge of two records, another site id, a lost ledger
or a race, so that everybody's alerts are looked at in this way, each time. Some servers move Flags
and Tasks to the record that stands and some leave them where they were, so that those of a merged
person are looked for under every id. And what a person took up or reworded is never spare, also
where two of them then stand beside each other: a person is never overwritten.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.ehr.alert_history import NO_MEMORY, AlertHistory, Memory
from service.ehr.alert_state import Remembered
from service.screening.alert import (
    OPEN_TASK_STATUSES,
    AlertState,
    PostedAlert,
    PostedResource,
)

_OPEN = (AlertState.ACTIVE, AlertState.CHANGED)
_TAKEN_UP = OPEN_TASK_STATUSES - {"draft", "requested"}
_NOTHING_KNOWN = Remembered()


def as_one(histories: Sequence[AlertHistory], memory: Memory = NO_MEMORY) -> AlertHistory:
    """The histories of one person's records together; spare open alerts become duplicates.

    `memory` is the ledger's, by alert key: it tells what somebody touched since we wrote it.
    """
    posted = {alert.key: alert for history in histories for alert in history.posted}
    spare = tuple(_spare(list(posted.values()), memory))
    kinds = {kind for history in histories for kind in history.decisions}
    return AlertHistory(
        posted=tuple(
            sorted(
                (alert for alert in posted.values() if alert not in spare),
                key=lambda alert: (alert.kind, alert.episode),
            )
        ),
        duplicates=(
            *(duplicate for history in histories for duplicate in history.duplicates),
            *(resource for alert in spare for resource in _resources(alert)),
        ),
        decisions={
            kind: tuple(d for history in histories for d in history.decisions.get(kind, ()))
            for kind in kinds
        },
        spare=spare,
    )


def _spare(alerts: Sequence[PostedAlert], memory: Memory) -> Iterator[PostedAlert]:
    """Open alerts beside another one of their kind, the oldest kept.

    What can be retired is a Flag or a Task: a message that was sent cannot be taken back.
    """
    for kind in sorted({alert.kind for alert in alerts}):
        shown = [a for a in alerts if a.kind is kind and a.state in _OPEN and any(_resources(a))]
        shown.sort(key=lambda a: (not _is_taken_up(a), not _is_newer(a, memory), *_age(a)))
        yield from (alert for alert in shown[1:] if not _is_taken_up(alert))


def _age(alert: PostedAlert) -> tuple[object, ...]:
    return alert.opened_on, alert.episode, alert.key


def _is_taken_up(alert: PostedAlert) -> bool:
    """Whether a person reworded it, or works on its Task."""
    is_worked_on = alert.task is not None and alert.task.status in _TAKEN_UP
    return alert.state is AlertState.CHANGED or is_worked_on


def _is_newer(alert: PostedAlert, memory: Memory) -> bool:
    """Whether it stands in another version than the one we wrote: somebody was there.

    No proof that it was a person: a server that moves resources in a merge writes new versions too.
    """
    known = memory.get(alert.key, _NOTHING_KNOWN)
    pairs = ((alert.flag, known.flag_version), (alert.task, known.task_version))
    return any(
        shown is not None and None not in (shown.version, written) and shown.version != written
        for shown, written in pairs
    )


def _resources(alert: PostedAlert) -> Iterator[PostedResource]:
    yield from (resource for resource in (alert.flag, alert.task) if resource is not None)
