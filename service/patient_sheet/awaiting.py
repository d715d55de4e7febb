"""Work that somebody waits for, but not for long, and what came of it, for a minute.

A newcomer would get three things wrong. Work that takes too long is not broken off and not begun a
second time: whoever asks again under the same name waits for the same work. What is held here is
about one patient and is held for one visitor: the name says both. And nothing outlives its minute,
whether or not anybody asks again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlowError
from typing import Generic, TypeVar

Came = TypeVar("Came")
KEPT_SECONDS = 60.0
_AT_ONCE = 4


class TooSlow(Exception):
    """It goes on and has not come yet."""


class Shelf(Generic[Came]):
    """Things by name, each for so many seconds. Thread safe; one timer, however much lies here."""

    def __init__(self, seconds: float = KEPT_SECONDS) -> None:
        self._seconds = seconds
        self._things: dict[Hashable, tuple[Came, float]] = {}
        self._is_timed = False
        self._lock = threading.Lock()

    def put(self, name: Hashable, thing: Came) -> None:
        """Keep a thing, in the place of an older one of this name."""
        with self._lock:
            self._things[name] = thing, time.monotonic() + self._seconds
            self._set_timer()

    def find(self, name: Hashable) -> Came | None:
        """The thing of this name; None where there is none any more."""
        with self._lock:
            return _unless_over(self._things.get(name))

    def take(self, name: Hashable) -> Came | None:
        """The same, and it is kept no longer."""
        with self._lock:
            return _unless_over(self._things.pop(name, None))

    def _set_timer(self) -> None:
        if self._is_timed or not self._things:
            return
        next_end = min(until for _, until in self._things.values())
        timer = threading.Timer(max(0.0, next_end - time.monotonic()), self._clear)
        timer.daemon = True
        timer.start()
        self._is_timed = True

    def _clear(self) -> None:
        with self._lock:
            now = time.monotonic()
            self._things = {name: kept for name, kept in self._things.items() if kept[1] > now}
            self._is_timed = False
            self._set_timer()


def _unless_over(kept: tuple[Came, float] | None) -> Came | None:
    return kept[0] if kept is not None and kept[1] > time.monotonic() else None


class Awaiting(Generic[Came]):
    """Does at most a few pieces of work at once and waits `patience_seconds` for each."""

    def __init__(self, patience_seconds: float, kept_seconds: float = KEPT_SECONDS) -> None:
        self._patience_seconds = patience_seconds
        self._late: Shelf[Came] = Shelf(kept_seconds)
        self._begun: dict[Hashable, Future[Came]] = {}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="awaiting")

    def do(self, name: Hashable, work: Callable[[], Came]) -> Came:
        """What the work gives, or its error. TooSlow where it has not come: then ask again."""
        late = self._late.take(name)
        if late is not None:
            return late
        with self._lock:
            begun = self._begun.get(name)
            if begun is None:
                begun = self._begun[name] = self._threads.submit(work)
        try:
            came = begun.result(self._patience_seconds)
        except TooSlowError:
            if not begun.done():
                begun.add_done_callback(lambda done: self._came_late(name, done))
                raise TooSlow from None
            self._forget(name, begun)
            raise
        except Exception:
            self._forget(name, begun)
            raise
        self._forget(name, begun)
        # It may lie there for whoever asked first and was told that it is too slow.
        self._late.take(name)
        return came

    def _came_late(self, name: Hashable, done: Future[Came]) -> None:
        """Keep it for whoever asks again, unless somebody has got it since."""
        with self._lock:
            is_wanted = self._begun.get(name) is done and done.exception() is None
            if is_wanted:
                self._late.put(name, done.result())
        self._forget(name, done)

    def _forget(self, name: Hashable, done: Future[Came]) -> None:
        with self._lock:
            if self._begun.get(name) is done:
                del self._begun[name]
