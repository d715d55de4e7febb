"""Who may ask the EHR next, among the threads of one process; `store.politeness` is for several.

A newcomer would get three things wrong.

*A turn is a time.* `take` gives the wait until it, and nobody else gets the same one. Turns stand
evenly apart, but for a few that may come at once after a silence, so that a short look costs none.

*What closes the way.* A server that said when to come back (`asked`), and one that failed many
times in a row (`outage`): it is left alone for a while that doubles from time to time, and then one
request (the probe) finds out whether it is back. A budget that is used up is `budget`.

*Two of a kind.* The same rules stand in Lua in `store.politeness`, because they must be decided
inside Redis where several processes ask; one set of tests holds both to them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

Word = Literal["go", "asked", "outage", "rate", "budget"]
Verdict = Literal["ok", "failed", "neutral"]
Change = Literal["", "opened", "closed"]

BURST_SECONDS = 0.25
LONGEST_HOLD_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """When a server that fails is left alone, and for how long.

    So many failures in a row that one patient is not taken for an outage: some servers answer 500
    to every search that names somebody of whom they hold an invalid resource. All five connections
    then fail at once, each four times, before the batch is asked for person by person. It is twice
    that, for two workers with such a batch each.
    """

    failures: int = 40
    first_seconds: float = 30.0
    longest_seconds: float = 600.0
    probe_seconds: float = 120.0
    """Longer than any request takes: a probe whose process died is over then."""


BREAKER = Breaker()


def dials(breaker: Breaker) -> tuple[float, float, int, float, float, float]:
    """What `store.politeness.SharedTurns` must be told: seconds, and a count of failures."""
    opening = (breaker.first_seconds, breaker.longest_seconds, breaker.probe_seconds)
    return BURST_SECONDS, LONGEST_HOLD_SECONDS, breaker.failures, *opening


@dataclass(frozen=True, slots=True)
class Request:
    """What a turn is asked for. Logins are not held up by an outage: the probe may need one."""

    rate_per_second: float
    longest_wait_seconds: float
    day: str
    requests_per_day: int
    is_login: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How it stands, without taking a turn. Seconds are 0 where nothing closes the way.

    `is_probe_due`: the time of an outage is over and nobody has found out how it went on.
    """

    asked_seconds: float
    outage_seconds: float
    is_probe_due: bool
    requests_today: int


class Turns(Protocol):
    """Gives out turns. Every method answers None where nobody can tell, as without Redis."""

    def take(self, request: Request) -> tuple[str, float] | None:
        """`go` with the seconds until the turn; else why there is none, and for how long."""
        ...  # pragma: no cover (a protocol)

    def check(self, request: Request) -> tuple[str, float] | None:
        """The same for a turn that was given and waited for: may it still be used?"""
        ...  # pragma: no cover (a protocol)

    def answered(self, verdict: str, hold_seconds: float) -> tuple[str, float] | None:
        """What became of a request, and what changed by it (see `Change`), with its seconds."""
        ...  # pragma: no cover (a protocol)

    def look(self, day: str) -> tuple[float, float, bool, int] | None:
        """The four values of a `Look`."""
        ...  # pragma: no cover (a protocol)


class LocalTurns:
    """The turns of one process. Thread safe; `tick` is a clock that nobody sets back."""

    def __init__(
        self, breaker: Breaker = BREAKER, *, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._breaker = breaker
        self._tick = tick
        self._lock = threading.Lock()
        self._next_at = float("-inf")
        self._held_until = float("-inf")
        self._day = ""
        self._used = 0
        self._failures = 0
        self._opens = 0
        self._open_until: float | None = None
        self._probe_until = float("-inf")
        self._closed_at = float("-inf")

    def take(self, request: Request) -> tuple[str, float]:
        """See `Turns`."""
        with self._lock:
            now = self._tick()
            closed = self._closed(request, now)
            if closed is not None:
                return closed
            if request.day > self._day:
                self._day, self._used = request.day, 0
            if 0 < request.requests_per_day <= self._used:
                return "budget", 0.0
            starts_at = max(now, self._next_at - BURST_SECONDS)
            if starts_at - now > request.longest_wait_seconds:
                return "rate", starts_at - now
            self._next_at = max(starts_at, self._next_at) + 1 / request.rate_per_second
            self._used += 1
            if self._open_until is not None and not request.is_login:
                self._probe_until = now + self._breaker.probe_seconds
            return "go", starts_at - now

    def check(self, request: Request) -> tuple[str, float]:
        """See `Turns`; whoever waited for the probe's turn may use it."""
        with self._lock:
            now = self._tick()
            if self._held_until > now:
                return "asked", self._held_until - now
            outage_seconds = 0.0 if request.is_login else self._outage_seconds(now)
            return ("outage", outage_seconds) if outage_seconds else ("go", 0.0)

    def _outage_seconds(self, now: float) -> float:
        return 0.0 if self._open_until is None else max(0.0, self._open_until - now)

    def _closed(self, request: Request, now: float) -> tuple[str, float] | None:
        if self._held_until > now:
            return "asked", self._held_until - now
        if self._open_until is None or request.is_login:
            return None
        until = max(self._open_until, self._probe_until)
        return ("outage", until - now) if until > now else None

    def answered(self, verdict: str, hold_seconds: float) -> tuple[str, float]:
        """See `Turns`."""
        with self._lock:
            now = self._tick()
            if hold_seconds > 0:
                hold = min(hold_seconds, LONGEST_HOLD_SECONDS)
                self._held_until = max(self._held_until, now + hold)
            if verdict == "ok":
                return self._succeeded(now)
            return self._failed(now) if verdict == "failed" else ("", 0.0)

    def _succeeded(self, now: float) -> tuple[str, float]:
        self._failures = 0
        if self._open_until is None:
            return "", 0.0
        self._open_until, self._probe_until, self._closed_at = None, float("-inf"), now
        return "closed", 0.0

    def _failed(self, now: float) -> tuple[str, float]:
        breaker = self._breaker
        self._failures += 1
        if self._open_until is None:
            if self._failures < breaker.failures:
                return "", 0.0
            if now - self._closed_at > breaker.longest_seconds:
                self._opens = 0
        elif self._open_until > now:
            return "", 0.0
        seconds = min(breaker.first_seconds * 2**self._opens, breaker.longest_seconds)
        self._opens = min(self._opens + 1, 30)
        self._open_until, self._probe_until = now + seconds, float("-inf")
        return "opened", seconds

    def look(self, day: str) -> tuple[float, float, bool, int]:
        """See `Turns`."""
        with self._lock:
            now = self._tick()
            is_due = (
                self._open_until is not None and max(self._open_until, self._probe_until) <= now
            )
            used = self._used if day <= self._day else 0
            return max(0.0, self._held_until - now), self._outage_seconds(now), is_due, used
