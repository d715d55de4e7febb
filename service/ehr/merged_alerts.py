"""Our alerts about one person who had several records: one history, one open alert of each kind.

A newcomer would get two things wrong. Some servers move Flags and Tasks to the record that stands
and some leave them where they were, so they are looked for under every id that the person had. And
where both records had an alert, the older one stays: the other is a spare copy of it, which is
retired as every spare copy is, unless a person has touched it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.ehr.alert_history import AlertHistory
from service.screening.alert import AlertState, PostedAlert, PostedResource

_OPEN = (AlertState.ACTIVE, AlertState.CHANGED)


def as_one(histories: Sequence[AlertHistory]) -> AlertHistory:
    """The histories of one person's records together; spare open alerts become duplicates."""
    posted = {alert.key: alert for history in histories for alert in history.posted}
    spare = list(_spare(list(posted.values())))
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
    )


def _spare(alerts: Sequence[PostedAlert]) -> Iterator[PostedAlert]:
    """Open alerts beside another one of their kind; what a person touched is never spare."""
    for kind in {alert.kind for alert in alerts}:
        shown = [a for a in alerts if a.kind is kind and a.state in _OPEN]
        shown.sort(key=lambda a: (a.state is not AlertState.CHANGED, a.opened_on, a.episode))
        yield from (alert for alert in shown[1:] if alert.state is AlertState.ACTIVE)


def _resources(alert: PostedAlert) -> Iterator[PostedResource]:
    """What of an alert can be retired; a message that was sent cannot be taken back."""
    yield from (resource for resource in (alert.flag, alert.task) if resource is not None)
