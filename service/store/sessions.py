"""Who is signed in to the pages, in Redis for all processes of the web door.

A newcomer would get two things wrong. Only a hash of the token is stored, so that whoever reads
Redis cannot sign in as somebody. And a session names a patient by the ledger's key alone. Losing
Redis signs everybody out and costs nothing else.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

import redis

KEY_PREFIX = "boneflag:session:"
IDLE_SECONDS = 30 * 60
"""A session that nobody used for so long is over; a local choice, as for a shared computer."""
LONGEST_SECONDS = 10 * 60 * 60
"""A working day: then everybody signs in anew."""


class Sessions:
    """Opens, finds and closes sessions. RedisError passes through. Thread safe."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def open(self, content: Mapping[str, Any], seconds: int = LONGEST_SECONDS) -> str:
        """Keep a JSON object for at most so many seconds; the token that finds it again."""
        token = secrets.token_urlsafe(32)
        name = _name(token)
        with self._client.pipeline() as pipe:
            pipe.set(name, json.dumps(content), ex=min(seconds, IDLE_SECONDS))
            pipe.set(f"{name}:end", b"", ex=seconds)
            pipe.execute()
        return token

    def find(self, token: str, *, is_use: bool = True) -> dict[str, Any] | None:
        """What was kept, and used just now; None where the session is over or never was.

        `is_use`: without it the session ends as soon as if nobody had asked.
        """
        name = _name(token)
        with self._client.pipeline() as pipe:
            pipe.get(name)
            pipe.ttl(f"{name}:end")
            kept, seconds_left = pipe.execute()
        if kept is None or seconds_left <= 0:
            return None
        if is_use:
            self._client.expire(name, min(seconds_left, IDLE_SECONDS))
        found: dict[str, Any] = json.loads(kept)
        return found

    def take(self, token: str) -> dict[str, Any] | None:
        """What was kept, for the last time: of two who ask at once, one gets nothing."""
        name = _name(token)
        with self._client.pipeline() as pipe:
            pipe.getdel(name)
            pipe.delete(f"{name}:end")
            kept, _ = pipe.execute()
        found: dict[str, Any] | None = None if kept is None else json.loads(kept)
        return found

    def close(self, token: str) -> None:
        """End it now."""
        name = _name(token)
        self._client.delete(name, f"{name}:end")


def _name(token: str) -> str:
    return KEY_PREFIX + hashlib.sha256(token.encode()).hexdigest()
