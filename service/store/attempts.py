"""How often something was tried lately, in Redis for all processes: a brake, not a lock."""

from __future__ import annotations

import redis

KEY_PREFIX = "boneflag:attempts:"


class Attempts:
    """Counts tries of one kind in spans of some seconds. RedisError passes through."""

    def __init__(self, client: redis.Redis, kind: str, most: int, seconds: int = 60) -> None:
        self._client = client
        self._name = KEY_PREFIX + kind
        self._most = most
        self._seconds = seconds

    def count(self) -> bool:
        """Count a try; False where it is one too many until the span is over."""
        with self._client.pipeline() as pipe:
            pipe.set(self._name, 0, nx=True, ex=self._seconds)
            pipe.incr(self._name)
            _, tries = pipe.execute()
        return int(tries) <= self._most
