"""Health, proven by traffic and not by state: did the EHR answer, do the database and Redis answer?

A newcomer would get two things wrong. *Live* asks nothing of anybody: a process that is restarted
because the EHR is away would not bring the EHR back. And *ready* never waits for the EHR: what
counts is when it last gave a real answer. The ledger knows that from the polls; only where the last
one is long ago is `/metadata` asked for, in the background and at most once a minute.

While BoneFlag is paused nobody asks the EHR, and once the last answer is too old the problem is
`Paused`: a pause that was forgotten is an outage. An approval that is missing and an alert that
does not go are no matter of readiness, for no other process would do better: docs/monitoring.md
says who tells of them.

`/metadata` is public on most servers, so its answer proves a way to the EHR and not our rights
there; `boneflag check` proves those. Nothing here can name a patient: ages, and names of errors.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from redis.exceptions import RedisError

from service.ehr.errors import EHRError
from service.store.errors import StoreError

_log = structlog.get_logger()

PAUSED = "Paused"
ASK_AGAIN_AFTER = timedelta(seconds=60)
# A watermark is the EHR's clock. One that is further ahead of ours than this proves nothing.
_CLOCK_TOLERANCE = timedelta(minutes=5)
_WHAT_CAN_FAIL = (StoreError, RedisError, EHRError, OSError)

RunsInBackground = Callable[[Callable[[], None]], None]


def in_a_thread(work: Callable[[], None]) -> None:
    """Do something beside the request that asked for it."""
    threading.Thread(target=work, name="ask-ehr", daemon=True).start()


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold. `problem` is "", `Paused` or the name of an error, nothing else."""

    is_ok: bool
    problem: str = ""
    age_seconds: int | None = None

    def as_json(self) -> dict[str, Any]:
        """For the probe of an orchestrator."""
        told = {"ok": self.is_ok, "problem": self.problem, "age_seconds": self.age_seconds}
        return {name: value for name, value in told.items() if value not in ("", None)}


def answers(ask: Callable[[], object]) -> Check:
    """Whether somebody answers at all."""
    try:
        ask()
    except _WHAT_CAN_FAIL as error:
        return Check(False, type(error).__name__)
    return Check(True)


class EHRWatch:
    """Remembers when the EHR last answered. Thread safe; one for each process.

    `last_read` tells what the ledger knows, an aware instant or None; `ask` makes one light request
    and raises where there is no answer; `is_paused` tells whether nobody may ask now and raises
    StoreError where nobody knows; `now` gives aware instants.
    """

    def __init__(
        self,
        last_read: Callable[[], datetime | None],
        ask: Callable[[], object],
        *,
        max_age: timedelta,
        now: Callable[[], datetime],
        is_paused: Callable[[], bool] = lambda: False,
        in_background: RunsInBackground = in_a_thread,
    ) -> None:
        self._last_read = last_read
        self._ask = ask
        self._max_age = max_age
        self._now = now
        self._is_paused = is_paused
        self._in_background = in_background
        self._lock = threading.Lock()
        self._answered: datetime | None = None
        self._asked: datetime | None = None
        self._problem = "NoAnswerYet"

    def check(self) -> Check:
        """Whether the last real answer is young enough; asks again in the background if not."""
        now = self._now()
        last = self._newest_answer(now)
        problem = self._problem
        if last is None or now - last > self._max_age / 2:
            if self._is_pause_known():
                problem = PAUSED
            else:
                self._ask_once_in_a_while(now)
                last, problem = self._newest_answer(now), self._problem
        if last is None:
            return Check(False, problem)
        # The EHR's clock may be ahead of ours.
        age_seconds = int(max(timedelta(), now - last).total_seconds())
        is_ok = now - last <= self._max_age
        return Check(is_ok, "" if is_ok else problem, age_seconds)

    def _is_pause_known(self) -> bool:
        """A ledger that is away says so in its own check."""
        try:
            return self._is_paused()
        except StoreError:
            return False

    def _newest_answer(self, now: datetime) -> datetime | None:
        try:
            told = self._last_read()
        except StoreError:
            told = None
        if told is not None and told > now + _CLOCK_TOLERANCE:
            told = None
        return max(filter(None, (told, self._answered)), default=None)

    def _ask_once_in_a_while(self, now: datetime) -> None:
        with self._lock:
            if self._asked is not None and now - self._asked < ASK_AGAIN_AFTER:
                return
            self._asked = now
        self._in_background(self._ask_and_remember)

    def _ask_and_remember(self) -> None:
        try:
            self._ask()
        except _WHAT_CAN_FAIL as error:
            self._problem = type(error).__name__
            _log.warning("ehr_does_not_answer", error=self._problem)
        else:
            self._answered = self._now()


@dataclass(frozen=True, slots=True)
class Readiness:
    """The three things without which no alert comes about."""

    ehr: Callable[[], Check]
    database: Callable[[], Check]
    redis: Callable[[], Check]

    def checks(self) -> dict[str, Check]:
        """All three, each asked even where another has failed."""
        return {"ehr": self.ehr(), "database": self.database(), "redis": self.redis()}
