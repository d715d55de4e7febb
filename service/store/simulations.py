"""The simulation that somebody asked for on a page, in Redis: one at a time for a deployment.

    (nothing) ── begin ──> waiting ── take ──> reading ── finish ──> done
                              │                   ├────── fail ────> failed: why
                              └───── cancel ──────┴────── cancel ──> cancelled

A newcomer would get two things wrong. What is kept is an overlay and counts, never a person, and
it goes by itself after some hours; losing Redis loses a question and nothing else. And a worker can
die in the middle: a simulation of which nothing was heard for a while is `lost`, and keeps nobody
from asking for the next one. Its worker says every few seconds that it lives, also while it is long
at one batch. What was cancelled, or replaced by the next one, writes nothing more.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis

KEY_PREFIX = "boneflag:simulation:"
KEPT_SECONDS = 12 * 3600
"""So long a result can be read; a local choice, for a meeting in the afternoon."""
WAITING_SECONDS = 600
"""So long it may wait for a worker."""
BEAT_SECONDS = 15
"""So often a worker says that it lives."""
SILENT_SECONDS = 120
"""So long a worker may be silent: for some beats that Redis did not take, and for clocks of two
machines that differ by a minute."""

_BEGIN = """
local state, until_ = redis.call('HGET', KEYS[1], 'state'), redis.call('HGET', KEYS[1], 'until')
local is_alive = state == 'waiting' or state == 'reading'
if is_alive and tonumber(until_) > tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""
_CHANGE = """
local state = redis.call('HGET', KEYS[1], 'state')
if redis.call('HGET', KEYS[1], 'number') ~= ARGV[1] then return 0 end
if state ~= 'waiting' and state ~= 'reading' then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: an overlay, how many people of the cohort to read (None: everybody), DXA slots
    a month (None: not asked), who asks, and from which draft it came (0: none)."""

    overlay_text: str
    title: str
    author: str
    sample: int | None
    slots: int | None
    draft: int = 0


@dataclass(frozen=True, slots=True)
class AskedSimulation:
    """Where a simulation stands. `counts` are `kept_counts` once it is done."""

    number: str
    state: str
    asked_at: datetime
    question: Question
    done: int
    total: int
    why: str
    counts: Mapping[str, Any] | None

    @property
    def is_under_way(self) -> bool:
        """Whether it waits or reads."""
        return self.state in ("waiting", "reading")


class Simulations:
    """The one simulation of a site. RedisError passes through. Thread safe."""

    def __init__(self, client: redis.Redis, site: str) -> None:
        self._client = client
        self._key = KEY_PREFIX + hashlib.sha256(site.encode()).hexdigest()[:32]
        self._begin = client.register_script(_BEGIN)
        self._change = client.register_script(_CHANGE)

    def begin(self, question: Question, at: datetime) -> str | None:
        """Ask; its number, None while another one is under way."""
        number = secrets.token_hex(8)
        values: dict[str, str | float] = {
            "number": number,
            "state": "waiting",
            "until": at.timestamp() + WAITING_SECONDS,
            "asked_at": at.isoformat(),
            "question": json.dumps({n: getattr(question, n) for n in Question.__slots__}),
        }
        pairs = [part for pair in values.items() for part in pair]
        began = self._begin(keys=[self._key], args=[at.timestamp(), KEPT_SECONDS, *pairs])
        return number if began else None

    def newest(self, at: datetime) -> AskedSimulation | None:
        """The last one that was asked for; None where nothing is kept any more."""
        kept: dict[str, str] = {
            _text(name): _text(value) for name, value in self._client.hgetall(self._key).items()
        }
        if "number" not in kept:
            return None
        state = kept["state"]
        if state in ("waiting", "reading") and float(kept["until"]) <= at.timestamp():
            state = "lost"
        return AskedSimulation(
            number=kept["number"],
            state=state,
            asked_at=datetime.fromisoformat(kept["asked_at"]).astimezone(UTC),
            question=Question(**json.loads(kept["question"])),
            done=int(kept.get("done", 0)),
            total=int(kept.get("total", 0)),
            why=kept.get("why", ""),
            counts=json.loads(kept["counts"]) if "counts" in kept else None,
        )

    def take(self, number: str, at: datetime) -> Question | None:
        """Begin to read; None where it was cancelled or is another's by now."""
        if not self._tell(number, state="reading", until=at.timestamp() + SILENT_SECONDS):
            return None
        newest = self.newest(at)
        return newest.question if newest is not None else None

    def progress(self, number: str, done: int, total: int, at: datetime) -> bool:
        """Say how far it is; False where it is to stop."""
        return self._tell(number, done=done, total=total, until=at.timestamp() + SILENT_SECONDS)

    def is_wanted(self, number: str, at: datetime) -> bool:
        """Say that its worker lives; False where nobody wants the answer any more."""
        return self._tell(number, until=at.timestamp() + SILENT_SECONDS)

    def finish(self, number: str, counts: Mapping[str, Any]) -> bool:
        """Keep the answer; False where nobody wants it any more."""
        return self._tell(number, state="done", counts=json.dumps(counts))

    def fail(self, number: str, why: str) -> bool:
        """Say why there is no answer, in a sentence that holds nobody."""
        return self._tell(number, state="failed", why=why)

    def cancel(self, number: str) -> bool:
        """Stop it; False where it has ended."""
        return self._tell(number, state="cancelled")

    def _tell(self, number: str, **values: str | float) -> bool:
        pairs = [part for pair in values.items() for part in pair]
        return bool(self._change(keys=[self._key], args=[number, *pairs]))


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
