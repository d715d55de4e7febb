"""Names that are taken once: which tokens were used already, in Redis for all processes.

A newcomer would get one thing wrong: a Redis that cannot be asked must not make every card vanish.
This process then remembers by itself, so that a token holds once for it still, and says so. One
that gives no answer at all is left alone for a while, or every card would wait for it first.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable

import redis
import structlog
from redis.exceptions import RedisError

_log = structlog.get_logger()
KEY_PREFIX = "boneflag:once:"
_LEFT_ALONE_SECONDS = 5.0


class Nonces:
    """Takes names. Thread safe. `client` is None where there is no Redis; names come hashed."""

    def __init__(
        self, client: redis.Redis | None, *, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._tick = tick
        self._lock = threading.Lock()
        self._own: set[str] = set()
        self._by_end: list[tuple[float, str]] = []
        self._left_alone_until = float("-inf")

    def take(self, name: str, seconds: int) -> bool:
        """Take a name for some seconds; False where it is taken."""
        if not self._take_here(name, seconds):
            return False
        if self._client is None or self._tick() < self._left_alone_until:
            return True
        try:
            return bool(self._client.set(KEY_PREFIX + name, b"", nx=True, ex=seconds))
        except RedisError as error:
            if isinstance(error, redis.TimeoutError):
                self._left_alone_until = self._tick() + _LEFT_ALONE_SECONDS
            _log.warning("token_remembered_without_redis", problem=type(error).__name__)
            return True

    def _take_here(self, name: str, seconds: int) -> bool:
        with self._lock:
            now = self._tick()
            # Never all of them at each call: in a busy hour there are hundreds of thousands.
            while self._by_end and self._by_end[0][0] <= now:
                self._own.discard(heapq.heappop(self._by_end)[1])
            if name in self._own:
                return False
            self._own.add(name)
            heapq.heappush(self._by_end, (now + seconds, name))
            return True
