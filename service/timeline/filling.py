"""The whole timeline of one patient.

A newcomer would get one thing wrong: a window of the protocol ends nothing here. A fall of ten
years ago stands on the timeline although no criterion counts it any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from service.screening.dates import add_months
from service.screening.person import with_possible_birth
from service.screening.protocol import Protocol
from service.screening.record import PatientRecord
from service.store.decisions import KeptDecision
from service.store.entries import AlertEntry
from service.timeline.bone import scans_and_orders, treatments
from service.timeline.course import disability, falls, fractures, relapses
from service.timeline.event import Lane, Timeline, TimelineEvent, Undated
from service.timeline.steroids import steroids
from service.timeline.told import alerts_told, decisions_made

# Nobody was ever proved to be older than 122.
_LONGEST_LIFE_MONTHS = 123 * 12
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
    charted = (
        *steroids(record, protocol, on),
        *relapses(record, on),
        *disability(record, on),
        *falls(record, on),
        *fractures(record, on),
        *scans_and_orders(record, protocol, on),
        *treatments(record, on),
    )
    first = _first_day(record, on)
    lived = (_unless_before(one, first) for one in charted)
    return _sorted((*lived, *decisions_made(decisions, on), *alerts_told(alerts, on)))


def _first_day(record: PatientRecord, on: date) -> date:
    birth = with_possible_birth(record, on)[0].birth
    return birth.first if birth is not None else add_months(on, -_LONGEST_LIFE_MONTHS)


def _unless_before(one: TimelineEvent | Undated, first: date) -> TimelineEvent | Undated:
    """What is dated before the birth, as 0001-01-01 for "no date", would squeeze all the rest."""
    if isinstance(one, Undated):
        return one
    # The year alone of somebody's birth begins before the birthday, and is possible.
    if one.start.year >= first.year and (one.end or one.start) >= first:
        return one
    return Undated(one.lane, f"{one.label} (dated {one.start}, before birth)", one.source)


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
