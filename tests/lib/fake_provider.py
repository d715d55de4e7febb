"""A fake login server on the wire: OpenID Connect below its origin, SMART below `/fhir`.

It checks what a real one checks (code once, PKCE, redirect address, client), and each test changes
what it needs: claims, the header of the ID token, what stands beside it, what is published.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.lib.wire import answer
from tests.lib.wire_server import wire_server

CLIENT, SECRET = "the-pages", "a+secret/with:signs"
KEY = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "two", "use": "sig", "alg": "ES256"})


class FakeProvider:
    """One login server; `origin` is known once it runs."""

    def __init__(self) -> None:
        self.origin = ""
        self.claims: dict[str, Any] = {"preferred_username": "a.lead", "roles": []}
        self.userinfo: dict[str, Any] = {}
        self.beside: dict[str, Any] = {}
        self.published: dict[str, Any] = {}
        self.keys = [KEY]
        self.sign = lambda claims: jwt.encode({"alg": "ES256", "kid": "one"}, claims, KEY)
        self.is_away = False
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.headers: list[httpx.Headers] = []
        self._codes: dict[str, dict[str, str]] = {}

    def approve(self, location: str) -> dict[str, str]:
        """What the browser brings back, after somebody signed in at this address."""
        asked = {name: v[0] for name, v in parse_qs(urlsplit(location).query).items()}
        assert location.startswith(f"{self.origin}/authorize?")
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Take one request."""
        path = request.url.path
        self.asked.append(path)
        self.headers.append(request.headers)
        if self.is_away:
            return httpx.Response(503, text="away: SECRET")
        if path.endswith((".well-known/openid-configuration", "smart-configuration")):
            return answer(self._configuration())
        if path == "/jwks":
            return answer({"keys": [key.as_dict(private=False) for key in self.keys]})
        if path == "/userinfo":
            return answer(self.userinfo)
        return self._token(request) if path == "/token" else httpx.Response(404)

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.origin,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "jwks_uri": f"{self.origin}/jwks",
            "code_challenge_methods_supported": ["S256"],
            **self.published,
        }

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode()))
        self.forms.append(form)
        asked = self._codes.pop(form["code"], None)
        if asked is None:
            return answer({"error": "invalid_grant", "error_description": "SECRET"}, 400)
        if self._client_of(request, form) != (CLIENT, SECRET):
            return answer({"error": "invalid_client"}, 401)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"]
        assert form["redirect_uri"] == asked["redirect_uri"]
        now = int(time.time())
        stamped = {"iss": self.origin, "aud": CLIENT, "sub": "s-1", "iat": now, "exp": now + 300}
        claims = {**stamped, "nonce": asked["nonce"], **self.claims}
        token = self.sign({n: v for n, v in claims.items() if v is not None})
        given = {"access_token": "AT", "token_type": "Bearer", "id_token": token, **self.beside}
        return answer({name: value for name, value in given.items() if value is not None})

    def _client_of(self, request: httpx.Request, form: dict[str, str]) -> tuple[str, str]:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic":
            return form.get("client_id", ""), form.get("client_secret", "")
        name, _, secret = base64.b64decode(given).decode().partition(":")
        return unquote_plus(name), unquote_plus(secret)


def unsigned(claims: dict[str, Any]) -> str:
    """A token with `alg: none`."""

    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def signed_with_the_public_key(claims: dict[str, Any]) -> str:
    """HS256 with what everybody knows: the classic confusion of algorithms."""
    signed = f"{_part({'alg': 'HS256', 'kid': 'one'})}.{_part(claims)}"
    mac = hmac.digest(KEY.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def signed_by(key: ECKey | RSAKey, kid: str, alg: str = "ES256"):
    """Signs with another key, or under another name."""
    return lambda claims: jwt.encode({"alg": alg, "kid": kid}, claims, key)


def with_query(path: str, given: dict[str, str]) -> str:
    """The path with these parameters."""
    return f"{path}?{urlencode(given)}"


@contextmanager
def fake_provider() -> Iterator[FakeProvider]:
    """One that answers on a port of its own."""
    provider = FakeProvider()
    with wire_server(provider) as origin:
        provider.origin = origin
        yield provider
