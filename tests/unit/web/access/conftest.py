"""The ways in, before a fake login server, with a real Redis and a real ledger."""

from __future__ import annotations

import pytest
import redis
from starlette.applications import Starlette
from starlette.testclient import TestClient

from service.settings import Settings
from service.store.ledger import Ledger
from service.store.sessions import Sessions
from service.web.pages.opening import page_routes_for
from tests.lib.fake_provider import CLIENT, SECRET, fake_provider, with_query
from tests.lib.redis_server import running_redis

URL = "https://pages.hospital.example"


class Door:
    """Somebody's browser at the pages, and the login server behind them."""

    def __init__(self, provider, ledger, redis_url) -> None:
        self.provider = provider
        self.ledger = ledger
        self._redis_url = redis_url

    def opens(self, **settings) -> TestClient:
        """A new browser at pages with these settings beside the usual ones."""
        usual = {
            "page_url": URL,
            "redis_url": self._redis_url,
            "fhir_base_url": f"{self.provider.origin}/fhir",
            "sign_in_issuer": self.provider.origin,
            "sign_in_client_id": CLIENT,
            "sign_in_client_secret": SECRET,
            "launch_client_id": CLIENT,
            "launch_client_secret": SECRET,
        }
        chosen = Settings(**{**usual, **settings})
        app = Starlette(routes=page_routes_for(chosen, lambda: self.ledger))
        return TestClient(app, base_url=chosen.page_url, follow_redirects=False)

    def form_token(self, browser) -> str:
        """What the forms of this browser's session hold."""
        with redis.Redis.from_url(self._redis_url) as client:
            kept = [Sessions(client).find(token) for token in browser.cookies.values()]
        return next(str(found["form_token"]) for found in kept if found and "roles" in found)

    def comes_back(self, browser, begun, path="/sign-in/callback", **more):
        """The answer to what the login server gave after `begun`, the answer that led there."""
        assert begun.status_code == 303, begun.text
        given = self.provider.approve(begun.headers["location"]) | more
        return browser.get(with_query(path, given))

    def signs_in(self, browser, where="/sign-in/begin", path="/sign-in/callback"):
        """The whole way there and back."""
        return self.comes_back(browser, browser.get(where), path)


@pytest.fixture(scope="session")
def redis_url():
    with running_redis() as url:
        yield url


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite3"
    with Ledger(f"sqlite:///{path}", attempts_in_a_run=5) as ledger:
        ledger.migrate()
        yield ledger


@pytest.fixture
def door(empty_ledger, redis_url):
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    with fake_provider() as provider:
        yield Door(provider, empty_ledger, redis_url)
