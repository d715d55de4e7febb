"""The pages as a browser meets them, without a browser: real sessions, a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.testclient import TestClient

from service.settings import Settings
from service.store.ledger import Ledger
from service.store.sessions import Sessions
from service.web.access.entrance import Entrance
from service.web.access.visitor import Role
from service.web.pages.desk import Desk
from service.web.pages.opening import pages

URL = "http://127.0.0.1:8000"


class Browser:
    """Somebody at the pages. `signs_in` with some roles; `reads` and `sends` give answers."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.client = TestClient(
            Starlette(routes=pages(desk)), base_url=URL, follow_redirects=False
        )

    def signs_in(self, *roles: Role, name: str = "A. Lead", patient_key: str = "") -> None:
        """Sign in without a page to do it on."""
        response = Response()
        self.desk.entrance.let_in(response, name, frozenset(roles), patient_key)
        self.client.cookies.clear()
        cookie = response.headers["set-cookie"].partition(";")[0]
        self.client.cookies.set(*cookie.split("=", 1))

    def form_token(self) -> str:
        """The token that a form of this session must carry."""
        token = self.session_token()
        return str((self.desk.entrance.sessions.find(token) or {})["form_token"])

    def session_token(self) -> str:
        """The token of this session."""
        return next(t for n in self.desk.entrance.cookies if (t := self.client.cookies.get(n)))

    def reads(self, path: str) -> str:
        """The text of a page that must be there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
        return answer.text

    def sends(self, path: str, **fields: str):
        """The answer to a form, filled in on our own page."""
        return self.client.post(path, data={"form_token": self.form_token(), **fields})


@contextmanager
def browsing(settings: Settings, ledger: Ledger, redis_url: str) -> Iterator[Browser]:
    """A browser at the pages of this ledger."""
    with redis.Redis.from_url(redis_url) as client:
        yield Browser(Desk(settings, lambda: ledger, Entrance(Sessions(client), URL)))
