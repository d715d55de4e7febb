"""The way to a login server and back: what is remembered meanwhile, and by which browser.

A newcomer would get three things wrong. What is remembered stands in Redis under a state that holds
once, so that an answer that is played again finds nothing. The browser keeps a secret of its own
beside it: an answer that somebody else began, and slipped to this browser, is refused. And several
trips of one browser go on side by side, as two charts may be opened at once.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from service.identity.errors import SignInRefused
from service.identity.provider import Provider, Question, new_question
from service.store.attempts import Attempts
from service.store.sessions import Sessions
from service.web.access.cookies import Cookie

TRIP_SECONDS = 10 * 60
"""As long as a password and a second factor may take."""
_MOST_TEXT = 2000


class TooManyTrips(Exception):
    """More people set out than a hospital has: somebody else does."""


class Trips:
    """The trips of one way in. `kind` is its word; `cookie` keeps the browser's own secret."""

    def __init__(self, kind: str, sessions: Sessions, cookie: Cookie, attempts: Attempts) -> None:
        self._kind = kind
        self._sessions = sessions
        self._cookie = cookie
        self._attempts = attempts

    def set_out(
        self,
        request: Request,
        provider: Provider,
        kept: Mapping[str, str],
        asked: Mapping[str, str],
    ) -> Response:
        """Send the browser there. `kept` comes back with it; `asked` is added to the question.

        Raises TooManyTrips, ProviderAway and RedisError.
        """
        if not self._attempts.count():
            raise TooManyTrips
        question = new_question()
        provider.published()  # Where it is away, nothing is remembered.
        secret = self._cookie.of(request) or secrets.token_urlsafe(32)
        state = self._sessions.open(
            {
                "trip": self._kind,
                "browser": _digest(secret),
                "nonce": question.nonce,
                "verifier": question.verifier,
                "kept": dict(kept),
            },
            TRIP_SECONDS,
        )
        response = RedirectResponse(provider.where_to_ask(state, question, **asked), 303)
        response.headers["Cache-Control"] = "no-store"
        self._cookie.give(response, secret, TRIP_SECONDS)
        return response

    def came_back(self, request: Request) -> tuple[dict[str, str], Question, dict[str, str]]:
        """What the browser brought, what was asked, and what was kept. Or SignInRefused."""
        came = _parameters(request)
        state = came.get("state", "")
        found: dict[str, Any] | None = self._sessions.take(state) if state else None
        if found is None or found.get("trip") != self._kind:
            raise SignInRefused("the answer belongs to no sign-in, or to one that is over")
        if not hmac.compare_digest(found["browser"], _digest(self._cookie.of(request))):
            raise SignInRefused("the answer belongs to a sign-in of another browser")
        return came, Question(found["nonce"], found["verifier"]), found["kept"]


def _parameters(request: Request) -> dict[str, str]:
    """Each parameter that was given once: twice is not allowed (RFC 6749, 3.1)."""
    given = request.query_params.multi_items()
    names = [name for name, _ in given]
    return {n: v for n, v in given if names.count(n) == 1 and len(v) <= _MOST_TEXT}


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
