"""SMART Backend Services: signs in with a private key, and puts the token on every request.

A newcomer would get four things wrong.

*Where the token is asked for.* On a connection of its own, not in the course of the request that
needs it: a timeout there does not mean that a write may have happened.

*Who asks.* One thread at a time; the others wait and take what it got, a failure included. After a
failure nobody asks before its time: a login server that is busy stays so under five threads, and
one that refuses may lock an account out.

*When.* Early: 30 seconds or a tenth of its life before the token ends, but never before half of it.
While the old token lives, a login server that is away costs nothing.

*A 401.* The token is renewed and the request sent once more: it was surely not carried out. Where
that did not help, the token was not what was wrong, and for a minute none is renewed for a 401:
a server that refuses one type by 401 would be asked for a token with each search of the night.

The token stays in memory. No token, assertion or key reaches a log, a repr or an error text.
SMART App Launch 2.2, backend services; the manners are those of the integration notes, 2.
"""

from __future__ import annotations

import copy
import ssl
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import structlog

from service.ehr.errors import EHRError, EHRMisunderstood, EHRUnavailable
from service.ehr.no_connection import why_no_connection
from service.ehr.options import Timeouts
from service.ehr.origin import origin_of
from service.ehr.politeness import Politeness, Tell
from service.ehr.smart.scopes import Grant, grant_of
from service.ehr.smart.sign_in import LoginAnswer, SignIn, SmartLogin

_log = structlog.get_logger()

_UNAUTHORIZED = 401
_EARLY_SECONDS = 30.0
_EARLY_SHARE = 0.1
_REFUSAL_STANDS_SECONDS = 60.0
_OUTAGE_STANDS_SECONDS = 1.0
_LONGEST_READ_SECONDS = 30.0
_WORTH_TELLING_SKEW_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Clocks:
    """The time of day, which goes into what we sign, and the clock that times tokens."""

    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    tick: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True, repr=False)
class _Held:
    """A token with its times by the monotonic clock, which nobody sets back."""

    header: str
    fresh_until: float
    ends_at: float
    grant: Grant


@dataclass(frozen=True, slots=True)
class _Failure:
    error: EHRError
    at: float
    stands_until: float


_CLOCKS = Clocks()


class SmartAuth(httpx.Auth):
    """Signs in at the EHR's login server and renews the token; thread safe, one for each process.

    A login server on the EHR's own origin is asked by turns, with the same `politeness`.
    ValueError for a configured token endpoint that is neither https nor loopback. The requests
    raise EHRUnavailable, EHRRefused (ask your EHR team) or EHRMisunderstood, never with a secret.
    """

    def __init__(
        self,
        base_url: str,
        login: SmartLogin,
        *,
        timeouts: Timeouts,
        tls: ssl.SSLContext | bool = True,
        allow_insecure: bool = False,
        user_agent: str = "BoneFlag",
        politeness: Politeness | None = None,
        transport: httpx.BaseTransport | None = None,
        clocks: Clocks = _CLOCKS,
    ) -> None:
        self._politeness = politeness
        self._ehr_origin = origin_of(base_url)
        wire = LoginWire(timeouts, tls, user_agent, self._turn, transport)
        self._sign_in = SignIn(base_url, login, wire.send, allow_insecure=allow_insecure)
        self.client_id = login.client_id
        self._access = login.access
        self._clocks = clocks
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._failure: _Failure | None = None
        self._told: Grant | None = None
        self._no_help_until = float("-inf")

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with a token; once more with a new one after a 401."""
        held = self._current()
        request.headers["Authorization"] = held.header
        response = yield request
        if response.status_code != _UNAUTHORIZED:
            return
        renewed = self._instead_of(held)
        if renewed is None:
            return
        request.headers["Authorization"] = renewed.header
        if self._politeness is not None:
            self._politeness.wait_for_turn(is_login=True)
        response = yield request
        if response.status_code == _UNAUTHORIZED:
            self._no_help_until = self._clocks.tick() + _REFUSAL_STANDS_SECONDS

    def grant(self) -> Grant:
        """What the token covers of what is needed; asks for a token where none is held."""
        return self._current().grant

    def _turn(self, url: str) -> AbstractContextManager[Tell]:
        if self._politeness is None or origin_of(url) != self._ehr_origin:
            return _at_once(url)
        return self._politeness.turn(is_login=True)

    # One token, many threads

    def _current(self) -> _Held:
        came_at = self._clocks.tick()
        held = self._held
        if held is not None and came_at < held.fresh_until:
            return held
        with self._lock:
            held = self._held
            if held is not None and self._clocks.tick() < held.fresh_until:
                return held
            try:
                return self._renewed(came_at)
            except EHRUnavailable:
                if held is not None and self._clocks.tick() < held.ends_at:
                    return held
                raise

    def _instead_of(self, refused: _Held) -> _Held | None:
        """Another token than the one that got a 401; None where a new one would not help."""
        came_at = self._clocks.tick()
        with self._lock:
            if self._held is not None and self._held is not refused:
                return self._held
            if self._clocks.tick() < self._no_help_until:
                return None
            self._held = None
            return self._renewed(came_at)

    def _renewed(self, came_at: float) -> _Held:
        """Ask for a token, unless somebody just failed; only under the lock."""
        self._raise_standing_failure(came_at)
        try:
            token, asked = self._sign_in.token(self._clocks.now)
        except EHRError as error:
            at = self._clocks.tick()
            self._failure = _Failure(error, at, at + _stands_seconds(error))
            raise
        self._failure = None
        at, life = self._clocks.tick(), token.lifetime_seconds
        early = min(max(_EARLY_SECONDS, life * _EARLY_SHARE), life / 2)
        grant = grant_of(self._access, asked if token.scopes is None else token.scopes)
        self._tell(grant, token.skew_seconds)
        self._held = _Held(f"Bearer {token.value}", at + life - early, at + life, grant)
        return self._held

    def _raise_standing_failure(self, came_at: float) -> None:
        failure, now = self._failure, self._clocks.tick()
        if failure is None or (now >= failure.stands_until and failure.at < came_at):
            return
        error = copy.copy(failure.error)
        if isinstance(error, EHRUnavailable) and error.retry_after_seconds is not None:
            error.retry_after_seconds = max(failure.stands_until - now, 0.0)
        raise error

    def _tell(self, grant: Grant, skew_seconds: int) -> None:
        """Say in the log what is missing, once; `boneflag check` says it every time."""
        if abs(skew_seconds) > _WORTH_TELLING_SKEW_SECONDS:
            _log.warning("clock_differs_from_the_ehr", seconds=skew_seconds)
        if grant == self._told:
            return
        self._told = grant
        if not grant.is_clear:
            _log.warning("granted_scopes_not_understood")
        elif not grant.is_whole:
            types = sorted({*grant.unread, *grant.unwritable, *grant.restricted})
            _log.warning("fewer_scopes_granted_than_needed", types=" ".join(types))


def _at_once(_: str) -> AbstractContextManager[Tell]:
    return nullcontext(lambda *_: None)


class LoginWire:
    """Single requests to a login server, each on a connection of its own; no redirects.

    People sign in over it too, at once and without a turn: they are few, and they wait.
    """

    def __init__(
        self,
        timeouts: Timeouts,
        tls: ssl.SSLContext | bool,
        user_agent: str = "BoneFlag",
        turn: Callable[[str], AbstractContextManager[Tell]] = _at_once,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._turn = turn
        self._timeout = httpx.Timeout(
            connect=timeouts.connect_seconds,
            read=min(timeouts.read_seconds, _LONGEST_READ_SECONDS),
            write=timeouts.write_seconds,
            pool=timeouts.pool_seconds,
        )
        self._tls = tls
        self._headers = {"Accept": "application/json", "User-Agent": user_agent}
        self._transport = transport

    def send(
        self,
        method: str,
        url: str,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str] | None = None,
    ) -> LoginAnswer:
        """The answer, whatever its status; EHRUnavailable or EHRMisunderstood where none came."""
        try:
            with (
                self._turn(url) as tell,
                httpx.Client(
                    headers=self._headers,
                    timeout=self._timeout,
                    follow_redirects=False,
                    verify=self._tls,
                    transport=self._transport,
                ) as http,
            ):
                response = http.request(method, url, data=form, headers=headers)
                tell(response.status_code, response.headers)
        # The texts of httpx may hold what was sent, so that none of them is kept or chained.
        except httpx.TransportError as error:
            setting = "BONEFLAG_SMART_TOKEN_URL" if form else "BONEFLAG_FHIR_BASE_URL"
            why = why_no_connection(error, setting)
            raise EHRUnavailable(f"No answer from the EHR's login server: {why}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EHRMisunderstood(
                f"The answer of the EHR's login server cannot be read ({type(error).__name__})"
            ) from None
        return LoginAnswer(response.status_code, response.content, response.headers)


def _stands_seconds(error: EHRError) -> float:
    """How long nobody asks again after this failure."""
    if isinstance(error, EHRUnavailable):
        return error.retry_after_seconds or _OUTAGE_STANDS_SECONDS
    return _REFUSAL_STANDS_SECONDS
