"""Something that takes a while to count, kept: one counts, the others get what was counted last.

A newcomer would get one thing wrong: what is given may be older than its seconds. It is counted
anew then, beside, for the next who asks; only what is older than `at_most_seconds` makes anybody
wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from service.store.errors import StoreError

_log = structlog.get_logger()
Counted = TypeVar("Counted")


class Kept(Generic[Counted]):
    """What `count` gives. Thread safe.

    `pause_seconds` pass before it is counted beside: what is loaded along with the first answer is
    then of the same count. Where counting fails, whoever waits for it gets the error; where nobody
    does, it is logged and what was counted before stays.
    """

    def __init__(
        self,
        count: Callable[[], Counted],
        *,
        seconds: float,
        at_most_seconds: float,
        pause_seconds: float = 0.0,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._seconds = seconds
        self._at_most_seconds = at_most_seconds
        self._pause_seconds = pause_seconds
        self._tick = tick
        self._lock = threading.Lock()
        self._kept: tuple[float, Counted] | None = None

    def get(self) -> Counted:
        """What was counted last, if that is not too long ago."""
        kept = self._kept
        age = None if kept is None else self._tick() - kept[0]
        if kept is None or age is None or age >= self._at_most_seconds:
            with self._lock:
                return self._fresh()
        if age >= self._seconds and self._lock.acquire(blocking=False):
            timer = threading.Timer(self._pause_seconds, self._count_beside)
            timer.daemon = True
            timer.start()
        return kept[1]

    def _count_beside(self) -> None:
        """Under the lock, which whoever started this thread has taken."""
        try:
            self._fresh()
        except StoreError as error:
            _log.warning("not_counted", error=type(error).__name__)
        finally:
            self._lock.release()

    def _fresh(self) -> Counted:
        now = self._tick()
        if self._kept is None or now - self._kept[0] >= self._seconds:
            self._kept = (now, self._count())
        return self._kept[1]
