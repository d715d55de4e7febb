"""What the EHR's login server answered to a request for a token.

A newcomer would get two things wrong. `error_description` may repeat what was sent, assertion
included, so that only the error codes of the standard are read. And Epic sometimes answers a good
assertion with a bare 400 (integration notes 1.2): that is an unexplained refusal, worth one more
try, not a no.

RFC 6749, 5.1 and 5.2; SMART App Launch 2.2, backend services.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from service.ehr.answer import decode, retry_after_seconds
from service.ehr.bundle import http_date
from service.ehr.errors import EHRLoginRefused, EHRMisunderstood, EHRUnavailable

_USUAL_SECONDS = 300.0
_LONGEST_SECONDS = 86_400.0
_MOST_SKEW_SECONDS = 60
_MOST_SCOPES_NAMED = 4
_TOKEN = re.compile(r"[\x21-\x7e]+")
_CODES = frozenset(
    """
    invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type
    invalid_scope
    """.split()
)
_CLIENT_CODES = frozenset({"invalid_client", "invalid_grant"})
_FOR_LATER = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
_BUSY = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, repr=False)
class AccessToken:
    """A token, how long it lives, and its scopes; None where the answer is as was asked."""

    value: str
    lifetime_seconds: float
    scopes: tuple[str, ...] | None
    skew_seconds: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """No token. `code` is one of RFC 6749, "" where none was given.

    `skew_seconds` is how far our clock is ahead of the server's; 0 where nobody can tell.
    """

    code: str
    status: int
    skew_seconds: int

    @property
    def is_about_the_client(self) -> bool:
        """Whether another key of ours may be the one that the server knows."""
        return self.code in _CLIENT_CODES

    @property
    def is_unexplained(self) -> bool:
        """Whether the server said no without any reason."""
        return not self.code

    def error(self, kid: str, scopes: tuple[str, ...]) -> EHRLoginRefused:
        """What the operator reads; the key id and the scopes are public."""
        told = self.code or "without a reason"
        return EHRLoginRefused(
            f"The EHR's login server gave no token ({told}): {self._advice(kid, scopes)}",
            status=self.status,
        )

    def _advice(self, kid: str, scopes: tuple[str, ...]) -> str:
        if self.code == "invalid_scope":
            named = " ".join(scopes)
            if len(scopes) > _MOST_SCOPES_NAMED:
                named = f"the {len(scopes)} scopes that `boneflag keys scopes` prints"
            return (
                f"ask your EHR team to allow this client {named}, or set BONEFLAG_SMART_SCOPES to"
                " what it was allowed"
            )
        if self.code in ("unauthorized_client", "unsupported_grant_type"):
            return (
                "ask your EHR team to allow this client the grant client_credentials"
                " (SMART Backend Services)"
            )
        if abs(self.skew_seconds) > _MOST_SKEW_SECONDS:
            way = "ahead of" if self.skew_seconds > 0 else "behind"
            return (
                f"this machine's clock is {abs(self.skew_seconds)} s {way} the server's: set it by"
                " NTP"
            )
        key = f"key id {kid}" if len(kid) <= 64 and kid.isprintable() else "the key id of our JWKS"
        return (
            f"ask your EHR team whether the client id and the public key ({key}) are registered in"
            " this environment"
        )


def token_in(
    status: int, content: bytes, headers: Mapping[str, str], now: datetime
) -> AccessToken | Refusal:
    """A token or a refusal; EHRUnavailable, or EHRMisunderstood for what is neither."""
    skew_seconds = _skew_seconds(headers, now)
    if 200 <= status < 300:
        return _token(_object(content, status), status, skew_seconds)
    code = _code(content)
    if status in _BUSY or (status >= 500 and status != 501) or code in _FOR_LATER:
        raise EHRUnavailable(
            "The EHR's login server cannot give a token now: try again later",
            status=status,
            retry_after_seconds=retry_after_seconds(headers),
        )
    if status == 401 or code in _CODES:
        return Refusal(code if code in _CODES else "invalid_client", status, skew_seconds)
    if status in (400, 403):
        return Refusal("", status, skew_seconds)
    raise EHRMisunderstood(
        "The EHR's token endpoint is not where we asked: check BONEFLAG_SMART_TOKEN_URL, or unset"
        " it to let the EHR say where it is",
        status=status,
    )


def _token(body: Mapping[str, Any], status: int, skew_seconds: int) -> AccessToken:
    value, kind, scope = body.get("access_token"), body.get("token_type"), body.get("scope")
    is_bearer = kind is None or (isinstance(kind, str) and kind.lower() == "bearer")
    if not isinstance(value, str) or not _TOKEN.fullmatch(value) or not is_bearer:
        raise EHRMisunderstood(
            "The EHR's login server answered without a bearer token: ask your EHR team",
            status=status,
        )
    scopes = tuple(scope.split()) if isinstance(scope, str) else None
    return AccessToken(value, _lifetime_seconds(body.get("expires_in")), scopes, skew_seconds)


def _lifetime_seconds(value: object) -> float:
    """`expires_in`; five minutes, as SMART recommends, where it says nothing that can be read."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:9])
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return _USUAL_SECONDS
    return float(min(max(value, 0.0), _LONGEST_SECONDS))


def _object(content: bytes, status: int) -> Mapping[str, Any]:
    try:
        return decode(content)
    except EHRMisunderstood:
        raise EHRMisunderstood(
            "The EHR's token endpoint does not answer with JSON: check BONEFLAG_SMART_TOKEN_URL",
            status=status,
        ) from None


def _code(content: bytes) -> str:
    try:
        code = decode(content).get("error")
    except EHRMisunderstood:
        return ""
    return code if isinstance(code, str) and code in _CODES | _FOR_LATER else ""


def _skew_seconds(headers: Mapping[str, str], now: datetime) -> int:
    theirs = http_date(headers.get("Date"))
    return 0 if theirs is None else round((now.astimezone(UTC) - theirs).total_seconds())
