"""The turns to ask the EHR, shared by every worker: one hash in Redis and one script.

A newcomer would get three things wrong. The rules are those of `service.ehr.turns`, decided inside
Redis and by its clock, because workers' clocks differ. Nothing here is worth a backup: an emptied
Redis forgets a wait, an outage and how many requests the day has had, and the next answers of the
EHR teach them anew; the pause switch stands in the ledger for that reason. And a Redis that is away
must cost a worker milliseconds and not seconds: it is asked once, and then not for a while.

The key holds a hash of the site's name; there is no patient in it or behind it.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, Self

import redis
import structlog
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

_log = structlog.get_logger()

KEY_PREFIX = "boneflag:ehr:"
_MICROSECONDS = 1_000_000
_ASK_REDIS_AGAIN_SECONDS = 5.0

# Instants and spans in microseconds: Lua's numbers hold them exactly. They are written by %.0f,
# because Lua itself would write an instant with fourteen digits. What lies further ahead than it
# can have been set (the clock of Redis was put back) counts as the furthest that can be.
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local key, word = KEYS[1], ARGV[1]
local raw, s = redis.call('HGETALL', key), {}
for i = 1, #raw, 2 do s[raw[i]] = raw[i + 1] end
local function number(name) return tonumber(s[name]) or 0 end
local function put(name, value) redis.call('HSET', key, name, string.format('%.0f', value)) end

local burst, longest_hold, failures, first, longest, probe =
  tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]),
  tonumber(ARGV[7])
local held_until = math.min(number('held_until'), now + longest_hold)
local open_until = math.min(number('open_until'), now + longest)
local probe_until = math.min(number('probe_until'), now + probe)
local used, day = number('used'), s['day'] or ''

if word == 'look' then
  local is_due = open_until > 0 and math.max(open_until, probe_until) <= now
  if ARGV[8] > day then used = 0 end
  local outage = open_until > 0 and math.max(0, open_until - now) or 0
  return {math.max(0, held_until - now), outage, is_due and 1 or 0, used}
end

if word == 'answered' then
  local verdict, hold = ARGV[8], math.min(tonumber(ARGV[9]), longest_hold)
  local change, seconds = '', 0
  if hold > 0 then put('held_until', math.max(held_until, now + hold)) end
  if verdict == 'ok' then
    if number('failures') > 0 then put('failures', 0) end
    if open_until > 0 then
      put('open_until', 0) put('probe_until', 0) put('closed_at', now)
      change = 'closed'
    end
  elseif verdict == 'failed' then
    local failed, opens = number('failures') + 1, number('opens')
    put('failures', failed)
    local opens_now = open_until > 0 and open_until <= now
    if open_until == 0 and failed >= failures then
      opens_now = true
      if now - number('closed_at') > longest then opens = 0 end
    end
    if opens_now then
      seconds = math.min(first * 2 ^ opens, longest)
      put('open_until', now + seconds) put('probe_until', 0) put('opens', math.min(opens + 1, 30))
      change = 'opened'
    end
  end
  redis.call('EXPIRE', key, 172800)
  return {change, seconds}
end

local is_login = ARGV[8] == '1'
if held_until > now then return {'asked', held_until - now} end
if word == 'check' then
  if open_until > now and not is_login then return {'outage', open_until - now} end
  return {'go', 0}
end

local until_probe = math.max(open_until, probe_until)
if open_until > 0 and until_probe > now and not is_login then
  return {'outage', until_probe - now}
end
local interval, longest_wait, budget = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[12])
if ARGV[11] > day then day = ARGV[11] used = 0 end
if budget > 0 and used >= budget then return {'budget', 0} end
local next_at = number('next_at')
if next_at > now + 2 * longest_wait + 2 * interval then next_at = now end
local starts_at = math.max(now, next_at - burst)
if starts_at - now > longest_wait then return {'rate', starts_at - now} end
put('next_at', math.max(starts_at, next_at) + interval)
put('used', used + 1)
redis.call('HSET', key, 'day', day)
if open_until > 0 and not is_login then put('probe_until', now + probe) end
redis.call('EXPIRE', key, 172800)
return {'go', starts_at - now}
"""


class _Request(Protocol):
    """What a turn is asked for; `service.ehr.turns.Request` is one."""

    @property
    def rate_per_second(self) -> float: ...
    @property
    def longest_wait_seconds(self) -> float: ...
    @property
    def day(self) -> str: ...
    @property
    def requests_per_day(self) -> int: ...
    @property
    def is_login(self) -> bool: ...


class SharedTurns:
    """`service.ehr.turns.Turns` for all processes of a site. Thread safe.

    `dials` are six numbers of seconds and counts in the order of the script: burst, longest hold,
    failures until the server is left alone, for how long at first and at most, and how long a probe
    may take. A request to the EHR waits for every answer: see `at` for a client that is brief.
    """

    def __init__(
        self,
        client: redis.Redis,
        site: str,
        dials: tuple[float, float, int, float, float, float],
        *,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        digest = hashlib.sha256(site.encode()).hexdigest()[:32]
        self._key = KEY_PREFIX + digest
        burst, longest_hold, failures, first, longest, probe = dials
        spans = [_micro(burst), _micro(longest_hold), failures]
        self._dials = [*spans, _micro(first), _micro(longest), _micro(probe)]
        self._script = client.register_script(_SCRIPT)
        self._tick = tick
        self._lock = threading.Lock()
        self._away_until: float | None = None

    @classmethod
    def at(cls, url: str, site: str, dials: tuple[float, float, int, float, float, float]) -> Self:
        """On the Redis at a URL, by a client that gives up after a second."""
        patience = {"socket_timeout": 1, "socket_connect_timeout": 1}
        client = redis.Redis.from_url(url, **patience, retry=Retry(NoBackoff(), 1))
        return cls(client, site, dials)

    def take(self, request: _Request) -> tuple[str, float] | None:
        """See `Turns`."""
        interval = _micro(1 / request.rate_per_second)
        longest_wait = _micro(request.longest_wait_seconds)
        day, most = request.day, request.requests_per_day
        return _told(self._ask("take", int(request.is_login), interval, longest_wait, day, most))

    def check(self, request: _Request) -> tuple[str, float] | None:
        """See `Turns`."""
        return _told(self._ask("check", int(request.is_login)))

    def answered(self, verdict: str, hold_seconds: float) -> tuple[str, float] | None:
        """See `Turns`."""
        return _told(self._ask("answered", verdict, _micro(hold_seconds)))

    def look(self, day: str) -> tuple[float, float, bool, int] | None:
        """See `Turns`."""
        told = self._ask("look", day)
        if told is None:
            return None
        asked, outage, is_due, used = told
        return asked / _MICROSECONDS, outage / _MICROSECONDS, bool(is_due), used

    def _ask(self, word: str, *args: str | int) -> Any:
        """What the script answers; None where Redis cannot be asked, or could not a moment ago."""
        if self._away_until is not None and self._tick() < self._away_until:
            return None
        try:
            told = self._script(keys=[self._key], args=[word, *self._dials, *args])
        except RedisError as error:
            self._is_away(type(error).__name__)
            return None
        if self._away_until is not None:
            self._away_until = None
            _log.warning("turns_are_shared_again")
        return told

    def _is_away(self, problem: str) -> None:
        with self._lock:
            is_news = self._away_until is None
            self._away_until = self._tick() + _ASK_REDIS_AGAIN_SECONDS
        if is_news:
            _log.warning("turns_are_not_shared", problem=problem)


def _micro(seconds: float) -> int:
    return round(seconds * _MICROSECONDS)


def _told(answer: Any) -> tuple[str, float] | None:
    if answer is None:
        return None
    word, microseconds = answer
    return (word.decode() if isinstance(word, bytes) else word), microseconds / _MICROSECONDS
