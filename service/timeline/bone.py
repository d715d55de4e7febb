"""Bone density and its treatment on the timeline.

A newcomer would get one thing wrong: the number of a scan is the T-score that decides. Where a
Z-score decides there is none to plot, for the two scales have other lines; the label has both.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.bone_density import CENTRAL, Scan, central_scans
from service.screening.medicine_use import last_days
from service.screening.osteoporosis import NOT_THERAPY, ONCOLOGY, THERAPIES
from service.screening.protocol import Protocol
from service.screening.record import PatientRecord, When
from service.timeline.event import Lane, TimelineEvent, Undated
from service.timeline.placing import placed

_TREATMENT = "osteoporosis medicine"
_OTHERS = frozenset({NOT_THERAPY, ONCOLOGY})
_MINUS = "\N{MINUS SIGN}"


def scans_and_orders(
    record: PatientRecord, protocol: Protocol, on: date
) -> Iterator[TimelineEvent | Undated]:
    """Central scans with their scores, and the orders for one."""
    for scan in central_scans(record, protocol.entry("central-dxa").parameters, on):
        label, number = _said(scan), scan.deciding_t
        yield placed(Lane.BONE_DENSITY, scan.when, label, scan.refs[0], number, on=on)
    for order in record.orders:
        is_said = order.is_order and order.status in ("active", "other", "unclear")
        if CENTRAL in order.concepts and is_said and _has_begun(order.authored, on):
            yield placed(Lane.BONE_DENSITY, order.authored, "DXA ordered", order.ref, on=on)


def _has_begun(when: When | None, on: date) -> bool:
    return when is None or when.first <= on


def _said(scan: Scan) -> str:
    scores = ((scan.lowest_t, "T"), (scan.lowest_z, "Z"))
    said = [f"lowest {kind}-score {_score(score)}" for score, kind in scores if score is not None]
    said += [f"concluded as {what}" for what in sorted(scan.concludes)]
    if not scan.has_result:
        said.append(scan.shortfall)
    if scan.is_forearm:
        said.append("of the forearm")
    return "DXA, " + ", ".join(said)


def _score(score: float) -> str:
    text = f"{score:.1f}" if round(score, 1) == score else f"{score:g}"
    return text.replace("-", _MINUS)


def treatments(record: PatientRecord, on: date) -> Iterator[TimelineEvent | Undated]:
    """Each record of an osteoporosis medicine, to the last day of it; the drug is not named."""
    for use in record.medicines:
        is_ours = not use.concepts.isdisjoint(THERAPIES)
        if not is_ours or use.counts is False or not use.concepts.isdisjoint(_OTHERS):
            continue
        begun, last = use.start or use.renewed, last_days(use, on)
        if begun is None:
            yield Undated(Lane.TREATMENT, _TREATMENT, use.ref)
        elif begun.first <= on:
            end = last.last if last is not None and last.last > begun.first else None
            yield TimelineEvent(Lane.TREATMENT, begun.first, end, _TREATMENT, None, use.ref)
