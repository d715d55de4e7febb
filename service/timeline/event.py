"""What stands on a patient's timeline: one event each, on one of a few lanes.

A newcomer would get one thing wrong: an event is shown and never judged. Whatever a criterion made
of it stands among the findings; here it has its dates, its words and where it came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from service.screening.record import ResourceRef


class Lane(StrEnum):
    """The lanes, from the top down."""

    STEROIDS = "steroids"
    PULSES = "pulses"
    RELAPSES = "relapses"
    DISABILITY = "disability"
    FALLS = "falls"
    FRACTURES = "fractures"
    BONE_DENSITY = "bone density"
    TREATMENT = "treatment"
    DECISIONS = "decisions"
    ALERTS = "alerts"


@dataclass(frozen=True, slots=True, repr=False)
class TimelineEvent:
    """One thing that happened. `end` is inclusive, None for a single day.

    `label` is a short phrase of ours; `number` is what may be plotted (a dose in mg of prednisone
    a day, an EDSS step, a T-score), None where there is none. `source` is None for what only the
    ledger knows.
    """

    lane: Lane
    start: date
    end: date | None
    label: str
    number: float | None = None
    source: ResourceRef | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Undated:
    """What belongs on a lane and has no date at all: it is listed beside the picture."""

    lane: Lane
    label: str
    source: ResourceRef | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Timeline:
    """Everything to be shown, the events by lane and then by day."""

    events: tuple[TimelineEvent, ...] = ()
    undated: tuple[Undated, ...] = ()


def milligrams(dose: float) -> str:
    """A dose as people write it: three digits of a small one, whole milligrams of a large one."""
    return f"{dose:,.0f}" if dose >= 100 else f"{dose:.3g}"
