"""Asking politely: every request to the EHR waits here for its turn, and tells how it was answered.

A newcomer would get three things wrong.

*Short waits sleep, long ones go up.* A worker that slept for ten minutes would hold its batch and
its lease: `EHRNotAsked` says when to come back, and the batch is put off. Nothing was sent then, so
that even a write may simply be tried again.

*All alike.* Reads, pages, writes, repeated requests and tokens from the EHR's own server take turns
and count for the day's budget: what the EHR team was promised holds for everything. The budget's
day begins at midnight and the sweep later, so that alerts which were left over go first.

*Without Redis.* Where the shared turns cannot be asked, each process goes on by its own count at a
quarter of the rate and of the budget: compose runs four processes that ask. That is never a flood,
and no stop either.

Waits must not happen inside a transaction of the ledger; nothing that asks the EHR opens one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import structlog

from service.ehr.answer import retry_after_seconds
from service.ehr.errors import EHRError, EHRNotAsked, is_outage
from service.ehr.pace import Pace
from service.ehr.turns import LocalTurns, Look, Request, Turns

_log = structlog.get_logger()

# A worker has nothing better to do than to wait for its turn, but for what a server asks for.
LONGEST_TURN_SECONDS = 60.0
LONGEST_ASKED_SECONDS = 10.0
_LONGEST_IN_ALL_SECONDS = 120.0
_SHARE_WITHOUT_REDIS = 0.25

Reason = Literal["paused", "asked", "outage", "budget", "rate"]
Tell = Callable[[int, Mapping[str, str]], None]
"""Takes status and headers of an answer."""
_SENTENCES: dict[str, str] = {
    "paused": "BoneFlag is paused and asks nothing of the EHR: `boneflag resume` lets it go on",
    "asked": "The EHR asked us to wait, and nobody asks before its time",
    "outage": "The EHR failed many times in a row and is left alone for now",
    "budget": (
        "Today's requests to the EHR are used up (BONEFLAG_EHR_REQUESTS_PER_DAY): what is left"
        " comes tomorrow"
    ),
    "rate": (
        "Too many wait for their turn to ask the EHR (BONEFLAG_EHR_REQUESTS_PER_SECOND): try again"
        " later"
    ),
}


@dataclass(frozen=True, slots=True)
class Standstill:
    """Why the EHR is not asked, and for how many seconds more; None where nobody knows."""

    reason: Reason
    seconds: float | None

    def __str__(self) -> str:
        for_now = "" if self.seconds is None else f" (another {self.seconds:.0f} s)"
        return _SENTENCES[self.reason] + for_now


class Politeness:
    """What a client asks before each request. Thread safe; one for each process.

    `is_paused` is asked before every request and should answer from memory most of the time; `now`
    gives aware instants. `turns` are shared by all workers where there is a Redis.
    """

    def __init__(
        self,
        turns: Turns,
        pace: Pace,
        *,
        is_paused: Callable[[], bool] = lambda: False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._turns = turns
        self._spare = turns if isinstance(turns, LocalTurns) else LocalTurns()
        self._pace = pace
        self._is_paused = is_paused
        self._heeds_pause = True
        self._now = now
        self._sleep = sleep

    @contextmanager
    def turn(self, *, is_login: bool = False) -> Iterator[Tell]:
        """One request's turn: send it in the block, and tell how it was answered.

        Waits as `wait_for_turn` does. A block that ends by an exception before it told got no
        answer; one of our own errors says that the request was not sent at all.
        """
        self.wait_for_turn(is_login=is_login)
        answers: list[int] = []

        def tell(status: int, headers: Mapping[str, str]) -> None:
            answers.append(status)
            self.answered(status, retry_after_seconds(headers), is_login=is_login)

        try:
            yield tell
        except EHRError:
            raise
        except Exception:
            if not answers:
                self.answered(None, None, is_login=is_login)
            raise

    def wait_for_turn(self, *, is_login: bool = False) -> None:
        """Return when one request may be sent; EHRNotAsked where that is too far away."""
        waited, has_turn = 0.0, False
        while True:
            if self._heeds_pause and self._is_paused():
                raise _not_asked("paused", None)
            word, seconds = self._check(is_login) if has_turn else self._take(is_login)
            if word == "go" and not seconds:
                return
            is_short = word == "go" or (word == "asked" and seconds <= LONGEST_ASKED_SECONDS)
            waited += seconds
            if not is_short or waited > _LONGEST_IN_ALL_SECONDS:
                raise self._refusal(word, seconds)
            has_turn = word == "go"
            self._sleep(seconds)

    def _take(self, is_login: bool) -> tuple[str, float]:
        request = self._request(is_login)
        told = self._turns.take(request)
        return self._spare.take(_shared_out(request)) if told is None else told

    def _check(self, is_login: bool) -> tuple[str, float]:
        request = self._request(is_login)
        told = self._turns.check(request)
        return self._spare.check(request) if told is None else told

    def _request(self, is_login: bool) -> Request:
        now, pace = self._now(), self._pace
        return Request(
            rate_per_second=pace.rate_at(now),
            longest_wait_seconds=LONGEST_TURN_SECONDS,
            day=pace.day_at(now),
            requests_per_day=pace.requests_per_day,
            is_login=is_login,
        )

    def _refusal(self, word: str, seconds: float) -> EHRNotAsked:
        if word == "budget":
            return _not_asked("budget", self._pace.seconds_to_tomorrow(self._now()))
        # What went well was a turn that came too late after other waits.
        return _not_asked("rate" if word == "go" else word, seconds)

    def answered(
        self, status: int | None, retry_after_seconds: float | None, *, is_login: bool = False
    ) -> None:
        """Say how a request ended; `status` is None where no answer came.

        A login server may be another server than the EHR: its answers prove nothing about that.
        """
        failed = status is None or is_outage(status)
        hold_seconds = (retry_after_seconds or 0.0) if failed else 0.0
        verdict = "neutral" if is_login else "failed" if failed else "ok"
        told = self._turns.answered(verdict, hold_seconds)
        if self._spare is not self._turns:
            # What this process has seen for itself holds on when Redis goes away.
            own = self._spare.answered(verdict, hold_seconds)
            told = own if told is None else told
        if hold_seconds:
            _log.warning("ehr_asked_us_to_wait", seconds=round(hold_seconds), status=status)
        self._tell(*(told or ("", 0.0)))

    def _tell(self, change: str, seconds: float) -> None:
        if change == "opened":
            _log.error("ehr_left_alone", seconds=round(seconds))
        elif change == "closed":
            _log.warning("ehr_is_back")

    # For those who hand out work and those who report

    def look(self) -> Look:
        """How it stands, without taking a turn."""
        day = self._pace.day_at(self._now())
        return Look(*(self._turns.look(day) or self._spare.look(day)))

    def ignore_pause(self) -> None:
        """An operator asks by hand, to find out whether to resume."""
        self._heeds_pause = False

    def __str__(self) -> str:
        """What is promised, and whether it is paused, for `boneflag check`."""
        return f"{self._pace}{'; PAUSED: see boneflag report' if self._is_paused() else ''}"

    def standstill(self) -> Standstill | None:
        """Why no work should be begun now; None where it may. Short waits are none."""
        if self._heeds_pause and self._is_paused():
            return Standstill("paused", None)
        look, now, most = self.look(), self._now(), self._pace.requests_per_day
        if look.asked_seconds > LONGEST_ASKED_SECONDS:
            return Standstill("asked", look.asked_seconds)
        if look.outage_seconds > 0:
            return Standstill("outage", look.outage_seconds)
        if 0 < most <= look.requests_today:
            return Standstill("budget", self._pace.seconds_to_tomorrow(now))
        return None


def _shared_out(request: Request) -> Request:
    """A share of what all workers may do together, never less than one request a day."""
    share = _SHARE_WITHOUT_REDIS
    most = request.requests_per_day
    return replace(
        request,
        rate_per_second=request.rate_per_second * share,
        requests_per_day=max(1, int(most * share)) if most else 0,
    )


def _not_asked(reason: str, seconds: float | None) -> EHRNotAsked:
    return EHRNotAsked(_SENTENCES[reason], retry_after_seconds=seconds)
