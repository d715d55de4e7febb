"""Who asks for a card: the token of a CDS Hooks client, verified.

A newcomer would get four things wrong. Nothing of a token is believed before its signature: the
address of the keys that it names is only looked up in the hospital's list, and never fetched
because a token says so. The audience is the address that was called, letter by letter. A token
holds once: whoever overhears it cannot ask again, as long as it lives and for as long as we allow
one to live. And a page of keys that does not answer may keep nobody waiting whose key is known, or
one outage of it, or a stranger who names keys that nobody has, would keep every card away.

CDS Hooks 2.0, trusting CDS clients: RS384 and ES384 are recommended there; `none` and every
symmetric algorithm are forbidden.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import jwt

from service.ehr.errors import EHRError

# CallerRefused          whoever asks has not shown who they are: answer 401
# CallerUnverifiable     nobody can tell now, because the keys could not be fetched: answer 503

ALGORITHMS = ("RS384", "ES384")
_REQUIRED = ["iss", "aud", "exp", "iat", "jti"]
_LEEWAY = timedelta(seconds=60)
LONGEST_LIFE = timedelta(hours=1)
"""A token that lives longer is refused: its `jti` would have to be remembered for ever."""
_KEYS_KEPT_FOR = timedelta(hours=1)
_ASK_AGAIN_AFTER = timedelta(minutes=1)
_ASK_AGAIN_AFTER_FAILURE = timedelta(seconds=10)
_MOST_BYTES = 16_384

Keys = Mapping[str, Any]


class CallerRefused(Exception):
    """The token proves nothing; the message says what is wrong and holds no part of it."""


class CallerUnverifiable(Exception):
    """The keys of whoever asks could not be fetched."""


class TakeOnce(Protocol):
    """Remembers a name for some seconds; False where it was taken already."""

    def __call__(self, name: str, seconds: int) -> bool:
        """Take a name."""
        ...  # pragma: no cover (a protocol)


@dataclass(frozen=True, slots=True)
class _KeyPage:
    """The keys that a page gave when it answered last, and how it went when it was asked last.

    `failure` is "" where it answered. What it gave before an outage is theirs all through it.
    """

    keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    came_at: datetime | None = None
    asked_at: datetime | None = None
    failure: str = ""

    def will_do(self, wanted: str, now: datetime) -> bool:
        """Whether it need not be asked now, for the sake of this key."""
        if wanted in self.keys and self.came_at and now - self.came_at < _KEYS_KEPT_FOR:
            return True
        pause = _ASK_AGAIN_AFTER_FAILURE if self.failure else _ASK_AGAIN_AFTER
        return self.asked_at is not None and now - self.asked_at < pause


class Callers:
    """Verifies tokens. Thread safe; one for each process.

    `issuers` and `key_urls` are all that is trusted; the first address holds for a token that names
    none. `fetch_keys` gets a JWK Set, or raises EHRError. `now` gives aware instants.
    """

    def __init__(
        self,
        issuers: Sequence[str],
        key_urls: Sequence[str],
        fetch_keys: Callable[[str], Keys],
        take_once: TakeOnce,
        now: Callable[[], datetime],
    ) -> None:
        self._issuers = tuple(issuers)
        self._key_urls = tuple(key_urls)
        self._fetch_keys = fetch_keys
        self._take_once = take_once
        self._now = now
        self._asking = {url: threading.Lock() for url in key_urls}
        self._pages = {url: _KeyPage() for url in key_urls}

    def verify(self, authorization: str | None, audience: str) -> str:
        """The issuer of a token in an Authorization header, which is used up by this.

        Raises CallerRefused, and CallerUnverifiable where it cannot be told now.
        """
        token = _bearer(authorization)
        header = _header_of(token)
        key = self._key(header)
        claims = self._claims(token, key, str(header["alg"]), audience)
        now = self._now()
        if claims["exp"] > (now + LONGEST_LIFE + _LEEWAY).timestamp():
            raise CallerRefused("the token lives for more than an hour: issue it for each call")
        seconds = int(claims["exp"] - (now - _LEEWAY).timestamp()) + 1
        if not self._take_once(_fingerprint(claims), seconds):
            raise CallerRefused("the token was used before: issue a new one for each call")
        return str(claims["iss"])

    def _claims(
        self, token: str, key: Mapping[str, Any], algorithm: str, audience: str
    ) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                jwt.PyJWK(dict(key), algorithm=algorithm),
                algorithms=[algorithm],
                audience=audience,
                issuer=list(self._issuers),
                leeway=_LEEWAY,
                options={"require": _REQUIRED, "strict_aud": False},
            )
        except jwt.ExpiredSignatureError:
            raise CallerRefused("the token has expired") from None
        except jwt.InvalidAudienceError:
            raise CallerRefused(
                "the token is for another address (aud): it must be the address that is called,"
                " below BONEFLAG_CDS_HOOKS_URL"
            ) from None
        except jwt.InvalidIssuerError:
            raise CallerRefused(
                "the token is from somebody (iss) who is not in BONEFLAG_CDS_HOOKS_ISSUERS"
            ) from None
        except jwt.InvalidSignatureError:
            raise CallerRefused("the signature of the token is not theirs") from None
        # The texts of the library may quote the token.
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise CallerRefused(f"the token cannot be used ({type(error).__name__})") from None
        if not isinstance(claims["jti"], str) or not claims["jti"]:
            raise CallerRefused("the token has no jti that is a text")
        if type(claims["exp"]) not in (int, float):
            raise CallerRefused("the token has no exp that is a number")
        return claims

    def _key(self, header: Mapping[str, Any]) -> Mapping[str, Any]:
        url = header.get("jku", self._key_urls[0])
        if url not in self._key_urls:
            raise CallerRefused(
                "the token names keys (jku) that are not in BONEFLAG_CDS_HOOKS_KEY_URLS"
            )
        key = self._keys_at(url, header["kid"]).get(header["kid"])
        if key is None:
            raise CallerRefused("the token names a key (kid) that its owner does not publish")
        if key.get("alg", header["alg"]) != header["alg"]:
            raise CallerRefused("the token is signed by another algorithm than its key is for")
        return key

    def _keys_at(self, url: str, wanted: str) -> Mapping[str, Mapping[str, Any]]:
        """The keys by name; asked for again where one is unknown, at most once a minute."""
        page = self._pages[url]
        if not page.will_do(wanted, self._now()):
            page = self._asked_by_one(url, wanted, page)
        if page.failure and wanted not in page.keys:
            raise CallerUnverifiable(
                f"the keys of whoever asks could not be fetched ({page.failure})"
            )
        return page.keys

    def _asked_by_one(self, url: str, wanted: str, page: _KeyPage) -> _KeyPage:
        """What it says now. While one asks, the others wait for nothing that may be known already.

        Nor do they for a page that did not answer last: all our threads would.
        """
        waits = wanted not in page.keys and not page.failure
        if not self._asking[url].acquire(blocking=waits):
            return page
        try:
            return self._asked(url, wanted)
        finally:
            self._asking[url].release()

    def _asked(self, url: str, wanted: str) -> _KeyPage:
        """What the page says now, unless somebody else has just asked it."""
        page, now = self._pages[url], self._now()
        if page.will_do(wanted, now):
            return page
        try:
            page = _KeyPage(_by_name(self._fetch_keys(url)), now, now)
        except EHRError as error:
            page = replace(page, asked_at=self._now(), failure=type(error).__name__)
        self._pages[url] = page
        return page


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise CallerRefused("there is no bearer token: CDS Hooks asks for one with every call")
    if len(token) > _MOST_BYTES:
        raise CallerRefused("the token is too long")
    return token.strip()


def _header_of(token: str) -> dict[str, Any]:
    try:
        header: dict[str, Any] = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise CallerRefused("the token is no JWT") from None
    if header.get("alg") not in ALGORITHMS:
        raise CallerRefused(f"the token is not signed by one of {', '.join(ALGORITHMS)}")
    if not isinstance(header.get("kid"), str) or not header["kid"]:
        raise CallerRefused("the token does not name its key (kid)")
    return header


def _by_name(keys: Keys) -> dict[str, Mapping[str, Any]]:
    listed = keys.get("keys")
    found = [k for k in listed if isinstance(k, dict)] if isinstance(listed, list) else []
    return {k["kid"]: k for k in found if isinstance(k.get("kid"), str)}


def _fingerprint(claims: Mapping[str, Any]) -> str:
    text = f"{claims['iss']}|{claims['jti']}"
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
