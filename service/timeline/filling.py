"""The whole timeline of one patient.

A newcomer would get one thing wrong: a window of the protocol ends nothing here. A fall of ten
years ago stands on the timeline although no criterion counts it any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from service.screening.protocol import Protocol
from service.screening.record import PatientRecord
from service.store.decisions import KeptDecision
from service.store.entries import AlertEntry
from service.timeline.bone import scans_and_orders, treatments
from service.timeline.course import disability, falls, fractures, relapses
from service.timeline.event import Lane, Timeline, TimelineEvent, Undated
from service.timeline.steroids import steroids
from service.timeline.told import alerts_told, decisions_made

_PLACES = {lane: place for place, lane in enumerate(Lane)}


def events_of(
    record: PatientRecord,
    protocol: Protocol,
    on: date,
    *,
    alerts: Iterable[AlertEntry] = (),
    decisions: Iterable[KeptDecision] = (),
) -> Timeline:
    """What the chart and the ledger hold up to the day `on`."""
    return _sorted(
        (
            *steroids(record, protocol, on),
            *relapses(record, on),
            *disability(record, on),
            *falls(record, on),
            *fractures(record, on),
            *scans_and_orders(record, protocol, on),
            *treatments(record, on),
            *decisions_made(decisions, on),
            *alerts_told(alerts, on),
        )
    )


def ledger_events_of(
    on: date, alerts: Iterable[AlertEntry], decisions: Iterable[KeptDecision]
) -> Timeline:
    """What the ledger alone knows: where the chart cannot be read."""
    return _sorted((*decisions_made(decisions, on), *alerts_told(alerts, on)))


def _sorted(found: Iterable[TimelineEvent | Undated]) -> Timeline:
    found = tuple(found)
    events = [e for e in found if isinstance(e, TimelineEvent)]
    undated = [e for e in found if isinstance(e, Undated)]
    return Timeline(
        tuple(sorted(events, key=lambda e: (_PLACES[e.lane], e.start, e.end or e.start, e.label))),
        tuple(sorted(undated, key=lambda e: (_PLACES[e.lane], e.label, str(e.source)))),
    )
