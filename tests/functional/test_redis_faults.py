"""Redis gone, slow, silent, emptied or failed over: work goes on or waits, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import redis
from pydantic import SecretStr

from service.queue import SCREEN_QUEUE, Queue
from service.wiring import redis_for
from tests.lib.demo_site import due, fine
from tests.lib.real_workers import Worker, real_redis, wait_until
from tests.lib.tcp_proxy import TCPProxy, tcp_proxy
from workers.app import KEY_PREFIX, make_app
from workers.sending import queue_for
from workers.site import Site

pytestmark = pytest.mark.heavy  # A Redis that goes away, and workers that wait for it.

DUE = ["Flag active", "Task requested"]
# A chart is being read when Redis goes. An alert that was being sent would be looked for after
# two minutes, and sent where it is not found: that is waited for too, should it come to that.
SLOW = 5
PATIENCE_SECONDS = 200


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory) -> Iterator[int]:
    with real_redis(tmp_path_factory.mktemp("redis")) as url:
        yield urlsplit(url).port


@pytest.fixture
def wire(redis_port) -> Iterator[TCPProxy]:
    redis.Redis(port=redis_port).flushall()
    with tcp_proxy(redis_port) as proxy:
        yield proxy


@pytest.fixture
def settings(ward, wire):
    return ward.settings(redis_url=SecretStr(f"redis://127.0.0.1:{wire.port}/0"))


@pytest.fixture
def client(settings):
    """As the wiring makes it, but for the patience."""
    client = redis_for(settings)
    client.connection_pool.connection_kwargs |= {"socket_timeout": 0.3}
    return client


@pytest.fixture
def site(ward, settings, client) -> Site:
    return Site(ward.line(settings), Queue(make_app(settings)), client)


def swept(site):
    """A sweep under its lease, handed out, screened and delivered."""
    with site.alone("sweep") as here:
        run_id = here.pipeline.start_sweep()
        for keys in here.next_batches(100):
            here.pipeline.screen(list(keys))
        here.pipeline.deliver()
    return site.pipeline.ledger.runs.get(run_id)


def test_a_slow_redis_costs_time_and_nobody(ward, site, wire):
    somebody = ward.admit(due)
    wire.delay_seconds = 0.05
    assert swept(site).state == "done"
    assert ward.shown(somebody) == DUE


def test_a_redis_that_falls_silent_costs_its_patience_and_the_lease_is_granted(ward, site, wire):
    wire.is_silent = True
    started = time.monotonic()
    with site.alone("deliver") as here:
        assert here is not None
    assert time.monotonic() - started < 10


def test_a_redis_that_is_gone_keeps_a_refill_from_handing_out_twice(ward, site, wire):
    ward.admit_all([due, fine])
    site.pipeline.start_sweep()
    assert len(site.next_batches(100)) == 1
    wire.close()
    assert site.next_batches(100) == []


def test_after_a_failover_to_an_empty_redis_everybody_is_handed_out_again(ward, site, redis_port):
    """The address is the same, another server answers and knows nothing."""
    ward.admit_all([due, fine])
    site.pipeline.start_sweep()
    first = site.next_batches(100)
    client = redis.Redis(port=redis_port)
    client.lpush(f"{KEY_PREFIX}{SCREEN_QUEUE}", *["a batch"] * len(first))
    assert site.next_batches(100) == []
    client.flushall()
    assert site.next_batches(100) == first


def test_a_lease_of_the_old_redis_does_not_keep_the_new_one_from_working(ward, site, redis_port):
    with site.alone("sweep"):
        redis.Redis(port=redis_port).flushall()
        with site.alone("sweep") as second:
            assert second is not None


def test_who_lost_a_lease_in_a_failover_does_not_end_somebody_elses(ward, site, redis_port):
    with site.alone("sweep"):
        redis.Redis(port=redis_port).flushall()
        other = site._leases.take("sweep", 60)
    assert other is not None
    with site.alone("sweep") as third:
        assert third is None


def test_two_beats_at_once_begin_one_sweep(ward, site, client, settings):
    ward.admit(due)
    another = Site(ward.line(settings), Queue(make_app(settings)), client)
    with site.alone("sweep") as first, another.alone("sweep") as second:
        assert first is not None
        assert second is None


def test_two_beats_of_which_the_second_comes_late_tell_nobody_twice(ward, site):
    somebody = ward.admit(due)
    assert swept(site).state == "done"
    assert swept(site).state == "done"
    assert ward.shown(somebody) == DUE


def test_the_work_outlives_a_redis_that_is_restarted_empty_on_the_same_address(ward, tmp_path):
    somebody = ward.admit(due)
    with real_redis(tmp_path) as url, tcp_proxy(urlsplit(url).port) as wire:
        settings = ward.settings(
            fhir_base_url=ward.server.base_url,
            redis_url=SecretStr(f"redis://127.0.0.1:{wire.port}/0"),
            ehr_requests_per_second=SLOW,
        )
        ledger = ward.line(settings).ledger
        workers = [Worker(settings, tmp_path / "worker.log")]

        def is_done():
            # Celery's main process may end when Redis goes in mid-task: it is started again, as
            # docker-compose.yml does (runbook: redis-emptied-or-gone).
            if not workers[-1].is_alive():
                workers.append(Worker(settings, tmp_path / "worker.log"))
            return _asked_again(settings, ledger)

        try:
            queue_for(settings).sweep()
            wait_until(lambda: ledger.runs.newest(1), "the first sweep has begun")
            with real_redis(tmp_path) as other:
                wire.target_port = urlsplit(other).port
                wire.cut()
                wait_until(is_done, "it is done", PATIENCE_SECONDS, every=1)
        finally:
            for worker in workers:
                worker.kill()
    assert ward.shown(somebody) == DUE


def _asked_again(settings, ledger):
    """Beat asks every minute; here every second."""
    queue = queue_for(settings)
    queue.refill()
    queue.deliver()
    (run,) = ledger.runs.newest(1)
    return run.state == "done"
