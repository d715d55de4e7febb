"""A fake login server on the wire, with an EHR behind it: it checks what a real one checks.

It verifies each assertion by itself (signature, audience, life, `jti` never used twice) with the
registered public keys, and gives tokens that are numbered, so that tests can tell them apart. Each
test changes what it needs: the answer to a token request, to the discovery, to a FHIR request.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt

from service.ehr.client import FHIRClient
from service.ehr.options import Timeouts
from service.ehr.smart.keys import SigningKey, new_key, public_jwks
from service.ehr.smart.scopes import Access
from service.ehr.smart.sign_in import SmartLogin
from service.ehr.smart_auth import Clocks, SmartAuth
from tests.lib.wire import AT_ONCE, BASE, answer, bundle

ORIGIN = "https://ehr.example.org"
TOKEN_URL = f"{ORIGIN}/oauth2/token"
CLIENT_ID = "boneflag-at-st-elsewhere"
KEY = new_key("ES384")
OLD_KEY = new_key("ES384")
ACCESS = Access(frozenset({"Patient", "Condition", "Flag"}), frozenset({"Flag"}))

Instead = Callable[[httpx.Request], httpx.Response | Exception | None]


class StoppedClock:
    """Both clocks of the login, moved on by the test alone."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.seconds_a_look = 0.0
        self.wrong_by = timedelta()

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds

    @property
    def true_now(self) -> datetime:
        """What the server's clock says."""
        return datetime(2026, 11, 22, 8, 0, tzinfo=UTC) + timedelta(seconds=self.seconds)

    @property
    def clocks(self) -> Clocks:
        """Ours, of which the time of day may be wrong."""
        return Clocks(now=lambda: self.true_now + self.wrong_by, tick=self._tick)

    def _tick(self) -> float:
        self.seconds += self.seconds_a_look
        return self.seconds


class LoginServer:
    """Answers as a well-behaved EHR would, but for what a test puts in its place."""

    def __init__(self, registered: Sequence[SigningKey] = (KEY,)) -> None:
        self.clock = StoppedClock()
        self.jwks = public_jwks(registered)
        self.configuration: dict[str, Any] = {"token_endpoint": TOKEN_URL}
        self.token_answer: dict[str, Any] = {"token_type": "bearer", "expires_in": 300}
        self.instead_of_token: Instead = lambda _: None
        self.instead_of_chart: Instead = lambda _: None
        self.requests: list[httpx.Request] = []
        self.tokens_shown: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.assertions: list[dict[str, Any]] = []
        self.given = 0
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Take one request."""
        request.read()
        with self._lock:
            self.requests.append(request)
        if request.url.path.endswith("/.well-known/smart-configuration"):
            return answer(self.configuration)
        if request.method == "POST" and "token" in request.url.path:
            return self._token(request)
        with self._lock:  # Written down now: the same request may come again with another token.
            self.tokens_shown.append(request.headers.get("Authorization", ""))
        return _said(self.instead_of_chart(request)) or answer(bundle())

    def auth(self, *keys: SigningKey, **login: Any) -> SmartAuth:
        """Our side: signs in with these keys."""
        access = login.pop("access", ACCESS)
        allow_insecure = login.pop("allow_insecure", False)
        politeness = login.pop("politeness", None)
        return SmartAuth(
            BASE,
            SmartLogin(CLIENT_ID, keys or (KEY,), access, **login),
            timeouts=Timeouts(),
            allow_insecure=allow_insecure,
            politeness=politeness,
            transport=httpx.MockTransport(self),
            clocks=self.clock.clocks,
        )

    def client(self, auth: SmartAuth | None = None, **options: Any) -> FHIRClient:
        """A real client of ours that signs in here."""
        options.setdefault("retries", AT_ONCE)
        transport = httpx.MockTransport(self)
        return FHIRClient(BASE, auth=auth or self.auth(), transport=transport, **options)

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        with self._lock:
            self.forms.append(form)
        said = _said(self.instead_of_token(request))
        if said is not None:
            return said
        refusal = self._refusal(form["client_assertion"], str(request.url))
        if refusal:
            date = self.clock.true_now.strftime("%a, %d %b %Y %H:%M:%S GMT")
            return answer({"error": "invalid_client", "error_description": refusal}, 401, Date=date)
        with self._lock:
            self.given += 1
            return answer({"access_token": f"token-{self.given}"} | self.token_answer)

    def _refusal(self, assertion: str, url: str) -> str:
        kid = jwt.get_unverified_header(assertion).get("kid")
        known = {key["kid"]: key for key in self.jwks["keys"]}
        if kid not in known:
            return f"unknown kid; we were sent {assertion}"
        key = jwt.PyJWK(known[kid]).key
        required = {"require": ["iss", "sub", "aud", "exp", "iat", "jti"], "verify_exp": False}
        options: Any = required | {"verify_iat": False}
        claims = jwt.decode(assertion, key, [known[kid]["alg"]], options, audience=url)
        now = self.clock.true_now.timestamp()
        if not now < claims["exp"] <= now + 300 or claims["iat"] > now:
            return "the assertion's time is wrong"
        if claims["jti"] in {earlier["jti"] for earlier in self.assertions}:
            return "jti was used"
        with self._lock:
            self.assertions.append(claims)
        return ""


def _said(instead: httpx.Response | Exception | None) -> httpx.Response | None:
    if isinstance(instead, Exception):
        raise instead
    return instead


def oauth_error(code: str, status: int = 400, **headers: str) -> httpx.Response:
    """A refusal as RFC 6749 writes it, with a description that repeats too much."""
    description = "SECRET in the description"
    return answer({"error": code, "error_description": description}, status, **headers)


def in_turn(*answers: httpx.Response | Exception | None) -> Instead:
    """These answers, one for each request; None, and everything after the last, is the usual."""
    left = list(answers)
    return lambda _: left.pop(0) if left else None


def as_json(value: object) -> bytes:
    """JSON as a file holds it."""
    return json.dumps(value).encode()
