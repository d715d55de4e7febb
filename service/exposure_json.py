"""Glucocorticoid exposure as JSON that can be drawn, for `boneflag explain --json`.

It names doses and is for whoever asks about one patient; an alert never holds it (specification
3.7). Days are given as stretches: all days from `first` to `last`, both included, with one dose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from service.screening.corticotropin import corticotropin_days
from service.screening.exposure import Course, DayDose, Stretch, exposure_of, lifetime_exposure_of
from service.screening.glucocorticoid_use import UnclearUse
from service.screening.prednisone_equivalents import POLICY, equivalents_of
from service.screening.protocol import Protocol
from service.screening.record import PatientRecord, ResourceRef

PULSES = "pulse-glucocorticoid"


def exposure_json(
    record: PatientRecord, protocol: Protocol, on: date, since: date | None = None
) -> dict[str, Any]:
    """The exposure from `since` to `on`, both included; the whole life where `since` is None.

    The sums of `window` (that of MSO-09) and of `lifetime` do not depend on `since`. With MSO-09
    off there are neither courses nor a window: its numbers say what they are.
    """
    equivalents = equivalents_of(protocol.policies[POLICY])
    life = lifetime_exposure_of(record, equivalents, on)
    drawn = life if since is None else exposure_of(record, equivalents, since, on)
    events, unclear = corticotropin_days(
        record.medicines, equivalents.renewal_months, drawn.since, on
    )
    answer = {
        "since": drawn.since.isoformat(),
        "until": drawn.until.isoformat(),
        "unit": "mg prednisone-equivalent",
        "stretches": [_stretch(stretch) for stretch in drawn.stretches()],
        "corticotropin_days": [_event(event) for event in events],
        "unclear": _unclear((*drawn.unclear, *unclear)),
        "lifetime": {"since": life.since.isoformat(), "days": life.day_count, "mg": life.total_mg},
    }
    if not protocol.uses(PULSES):
        return answer
    numbers = protocol.entry(PULSES).parameters
    first = on - timedelta(days=numbers["window_days"] - 1)
    window = exposure_of(record, equivalents, first, on)
    courses = drawn.courses(
        at_least_mg=numbers["pulse_mg_per_day_at_least"],
        gap_days=numbers["course_gap_days"],
        events=events,
    )
    return answer | {
        "courses": [_course(course) for course in courses],
        "window": {"since": first.isoformat(), "days": window.day_count, "mg": window.total_mg},
    }


def _stretch(stretch: Stretch) -> dict[str, Any]:
    return {
        **_from_to(stretch.first, stretch.last),
        "mg_per_day": round(stretch.mg_per_day, 6),
        "sources": _refs(stretch.sources),
    }


def _course(course: Course) -> dict[str, Any]:
    return {
        **_from_to(course.first, course.last),
        "days": course.days,
        "mg": course.total_mg,
        "sources": _refs(course.sources),
    }


def _event(event: DayDose) -> dict[str, Any]:
    return {"day": event.day.isoformat(), "sources": _refs(event.sources)}


def _unclear(uses: Iterable[UnclearUse]) -> list[Mapping[str, Any]]:
    """`first` is null where the record has no date; `last` is the last day it can have lasted."""
    return [
        {
            "source": str(use.source),
            "reason": use.reason,
            "first": use.first.isoformat() if use.first else None,
            "last": use.last.isoformat(),
        }
        for use in uses
    ]


def _from_to(first: date, last: date) -> dict[str, str]:
    return {"first": first.isoformat(), "last": last.isoformat()}


def _refs(sources: Sequence[ResourceRef]) -> list[str]:
    return [str(source) for source in sources]
