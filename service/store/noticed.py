"""What notices of the EHR have said and nobody has looked at yet, in Redis.

A newcomer would get two things wrong. Nothing here is worth a backup: a notice only shortens the
time until the next poll or sweep, which find the same people without it. And a flood costs little:
people stand in a set, by our own keys, and a worker is asked for at once and then at most every few
seconds, always once after the last notice.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import redis

_PREFIX = "boneflag:notice:"
_PEOPLE = _PREFIX + "people"
_QUIET_SECONDS = 2
_SWEEP_AGAIN_SECONDS = 3600
_REMEMBERED_SECONDS = 40 * 24 * 3600

Wish = Literal["poll", "sweep"]
_ADVANCE = """
local before = tonumber(redis.call('GET', KEYS[1]) or '-1')
local first, last = tonumber(ARGV[1]), tonumber(ARGV[2])
if last > before or ARGV[4] == '1' then redis.call('SET', KEYS[1], last, 'EX', ARGV[3]) end
if ARGV[4] == '1' or before < 0 then return 0 end
return first > before + 1 and 1 or 0
"""


@dataclass(frozen=True, slots=True, repr=False)
class Noted:
    """What waits: people by key, and whether somebody unnamed changed, or notices were missed."""

    people: frozenset[str]
    poll: bool
    sweep: bool


class Noticed:
    """Shared by the page that takes notices and the workers. Raises RedisError."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis: Any = client  # Its types know one client for waiting and not waiting.
        self._script = client.register_script(_ADVANCE)

    def misses_some(self, subscription: str, first: int, last: int, *, begins: bool) -> bool:
        """Write down the highest number of a subscription; whether some before `first` are missing.

        A subscription that nobody knows misses none: its first number is only written down, and so
        is that of one that `begins` (a handshake).
        """
        key = _PREFIX + "last:" + hashlib.sha256(subscription.encode()).hexdigest()[:32]
        args = [first, last, _REMEMBERED_SECONDS, int(begins)]
        return bool(self._script(keys=[key], args=args))

    def add(self, people: frozenset[str], wishes: frozenset[Wish]) -> None:
        """Note people by key, and what else is wanted; a sweep at most once an hour."""
        if people:
            self._redis.sadd(_PEOPLE, *sorted(people))
        if "poll" in wishes:
            self._redis.set(_PREFIX + "poll", 1)
        if "sweep" in wishes and self._is_first(_PREFIX + "swept", _SWEEP_AGAIN_SECONDS):
            self._redis.set(_PREFIX + "sweep", 1)

    def when(self) -> int | None:
        """In how many seconds to ask for a worker; None where one was asked for already."""
        if self._is_first(_PREFIX + "now", _QUIET_SECONDS):
            return 0
        # The first may have begun to look before this notice came: one more comes after it.
        return _QUIET_SECONDS if self._is_first(_PREFIX + "later", _QUIET_SECONDS) else None

    def noted(self) -> Noted:
        """What waits; it goes on waiting until `settle`, or a wish until now."""
        people = frozenset(key.decode() for key in self._redis.smembers(_PEOPLE))
        wishes = [self._redis.getdel(_PREFIX + wish) is not None for wish in ("poll", "sweep")]
        return Noted(people, *wishes)

    def settle(self, people: frozenset[str]) -> None:
        """Forget people who have been marked pending."""
        if people:
            self._redis.srem(_PEOPLE, *sorted(people))

    def _is_first(self, name: str, seconds: int) -> bool:
        return bool(self._redis.set(name, 1, nx=True, ex=seconds))
