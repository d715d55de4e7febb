"""The two kinds of turns behind one face, for tests that hold both to the same rules.

The shared ones run in a real Redis, whose clock nobody can stop: there `Moving` puts what is stored
back by the seconds that have passed for the test.
"""

from __future__ import annotations

import redis

from service.ehr.turns import Breaker, LocalTurns, Request, Turns, dials
from service.store.politeness import SharedTurns

BREAKER = Breaker(failures=3, first_seconds=30, longest_seconds=100, probe_seconds=50)
_INSTANTS = ("next_at", "held_until", "open_until", "probe_until", "closed_at")


def request(rate: float = 10.0, **values: object) -> Request:
    """A request for a turn."""
    given: dict[str, object] = {
        "rate_per_second": rate,
        "longest_wait_seconds": 60.0,
        "day": "2026-11-22",
        "requests_per_day": 0,
    }
    return Request(**(given | values))  # type: ignore[arg-type] # a test's own words


class LocalKind:
    """Turns of one process on a clock that the test moves."""

    def __init__(self) -> None:
        self._now = 1000.0
        self.turns: Turns = LocalTurns(BREAKER, tick=lambda: self._now)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


class SharedKind:
    """Turns in Redis; time passes by moving what is stored there into the past."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        client.flushall()
        self.turns: Turns = SharedTurns(client, "site-a", dials(BREAKER))

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        for key in self._client.scan_iter("boneflag:ehr:*"):
            for name in _INSTANTS:
                stored = self._client.hget(key, name)
                if stored is not None and float(stored):
                    moved = max(1.0, float(stored) - seconds * 1e6)
                    self._client.hset(key, name, f"{moved:.0f}")
