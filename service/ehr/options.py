"""The dials of a `FHIRClient`: who we are, how long we wait, how often we try again."""

from __future__ import annotations

import time
from dataclasses import dataclass

from service.ehr.errors import EHRNotAsked, EHRUnavailable


@dataclass(frozen=True, slots=True, repr=False)
class BearerToken:
    """A fixed token, for sandboxes and gateways."""

    token: str


@dataclass(frozen=True, slots=True, repr=False)
class BasicLogin:
    """A user and a password, for test servers."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long one request may take, in seconds; `pool` is the wait for a free connection."""

    connect_seconds: float = 5.0
    read_seconds: float = 60.0
    write_seconds: float = 30.0
    pool_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """In-request retries; what takes longer is the queue's work.

    The waits grow from `first_wait_seconds` by doubling, with a jitter of up to the same; no new
    attempt begins when `total_seconds` are over. A server that asks for more than
    `longest_wait_seconds` is not waited for.
    """

    attempts: int = 4
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 10.0
    total_seconds: float = 30.0


def wait_or_give_up(retries: RetryOptions, started: float, error: Exception) -> bool | float:
    """Seconds to wait before the next attempt, True for as long as usual, False for none.

    `started` is of the monotonic clock. What may have been carried out is never sent again, and
    whoever was told to wait for a turn has waited already.
    """
    if not isinstance(error, EHRUnavailable) or isinstance(error, EHRNotAsked):
        return False
    if error.outcome_unknown:
        return False
    wait_seconds = error.retry_after_seconds
    if wait_seconds is None:
        return True
    over = time.monotonic() - started + wait_seconds > retries.total_seconds
    return False if over or wait_seconds > retries.longest_wait_seconds else wait_seconds
