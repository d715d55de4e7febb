"""Something that takes a while to count, kept for some seconds: one counts, the others wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Counted = TypeVar("Counted")


class Kept(Generic[Counted]):
    """What `count` gives, counted again by the first who asks after its seconds. Thread safe.

    Where counting fails, whoever asked gets the error and nothing is kept.
    """

    def __init__(
        self,
        count: Callable[[], Counted],
        seconds: float,
        *,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._seconds = seconds
        self._tick = tick
        self._lock = threading.Lock()
        self._kept: tuple[float, Counted] | None = None

    def get(self) -> Counted:
        """What was counted last, if that is not too long ago."""
        with self._lock:
            now = self._tick()
            if self._kept is None or now - self._kept[0] >= self._seconds:
                self._kept = (now, self._count())
            return self._kept[1]
