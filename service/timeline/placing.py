"""Where on a timeline a date of the chart lies."""

from __future__ import annotations

from datetime import date

from service.screening.criterion import Weight
from service.screening.record import ResourceRef, When
from service.timeline.event import Lane, TimelineEvent, Undated


def placed(
    lane: Lane,
    when: When | None,
    label: str,
    source: ResourceRef | None,
    number: float | None = None,
    *,
    on: date,
) -> TimelineEvent | Undated:
    """An event on its day. One that is known to the month or year spans it, and its label says so.

    No event reaches beyond `on`: what is on file has happened.
    """
    if when is None:
        return Undated(lane, label, source)
    last = max(when.first, min(when.last, on))
    if when.first == when.last:
        return TimelineEvent(lane, when.first, None, label, number, source)
    return TimelineEvent(lane, when.first, last, f"{label} (day not known)", number, source)


def noted(label: str, weight: Weight, note: str) -> str:
    """The label, with the words that say why something could not be judged."""
    return f"{label} ({note})" if weight is Weight.UNCLEAR and note else label
