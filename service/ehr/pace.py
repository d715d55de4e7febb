"""How fast this hospital lets us ask: requests a second by the time of day, requests a day.

A newcomer would get two things wrong. Busy hours are those of the hospital's clock on the wall, so
that they stay where they are when the clocks change; the day that a budget holds for begins at its
midnight. And a tenth of the rate is never used: turns are given out here and arrive there, late by
as much as the network and a busy machine please, and no ten seconds at the server may hold more
than was allowed.

Epic asks for at most 1 % of its database at peak, 07:00 to 19:00 local time, and 5 % otherwise;
nobody publishes what that is in requests (integration notes 1.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_USED_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class BusyHours:
    """From `begins` (inclusive) to `ends` (exclusive), local time; may span midnight."""

    begins: time
    ends: time
    requests_per_second: float

    def hold_at(self, clock: time) -> bool:
        """Whether this is in the busy hours."""
        if self.begins < self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends


@dataclass(frozen=True, slots=True)
class Pace:
    """`requests_per_day` 0 is no budget; `busy` None is one rate around the clock."""

    requests_per_second: float
    requests_per_day: int
    busy: BusyHours | None
    zone: ZoneInfo

    def __str__(self) -> str:
        """What the EHR team may be told."""
        told = f"at most {self.requests_per_second:g} requests a second"
        if self.busy is not None:
            busy = self.busy
            told += f", {busy.requests_per_second:g} from {busy.begins:%H:%M} to {busy.ends:%H:%M}"
        return told + (f", {self.requests_per_day} a day" if self.requests_per_day else "")

    def rate_at(self, now: datetime) -> float:
        """Turns a second at this aware instant: a tenth below what is allowed."""
        is_busy = self.busy is not None and self.busy.hold_at(now.astimezone(self.zone).time())
        allowed = self.busy.requests_per_second if is_busy and self.busy else None
        return _USED_SHARE * (self.requests_per_second if allowed is None else allowed)

    def day_at(self, now: datetime) -> str:
        """The hospital's date, as YYYY-MM-DD: what a budget is for."""
        return now.astimezone(self.zone).date().isoformat()

    def seconds_to_tomorrow(self, now: datetime) -> float:
        """How long until the next budget; 23 and 25 hours where the clocks change."""
        tomorrow = now.astimezone(self.zone).date() + timedelta(days=1)
        midnight = datetime.combine(tomorrow, time(), self.zone)
        return (midnight.astimezone(UTC) - now.astimezone(UTC)).total_seconds()


def busy_hours_in(text: str, requests_per_second: float) -> BusyHours | None:
    """`HH:MM-HH:MM`, the two ends apart; None for an empty text."""
    if not text:
        return None
    begins, ends = (time.fromisoformat(part) for part in text.split("-"))
    return BusyHours(begins, ends, requests_per_second)
