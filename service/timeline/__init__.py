"""What stands on a patient's timeline, and what fills it: the chart and the ledger."""

from service.timeline.event import Lane, Timeline, TimelineEvent, Undated, milligrams
from service.timeline.filling import events_of, ledger_events_of

__all__ = [
    "Lane",
    "Timeline",
    "TimelineEvent",
    "Undated",
    "events_of",
    "ledger_events_of",
    "milligrams",
]
