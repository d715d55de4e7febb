"""The one place where HTTP is spoken to the EHR (with `smart_auth`, which gets the token).

A newcomer would get three things wrong.

*Retries.* What may have been carried out is never sent again from here. A read is repeated; a write
only where it surely did not arrive (no connection, or 429). A write whose answer got lost raises
`EHRUnavailable(outcome_unknown=True)`, also when it was conditional: a second conditional create
that races the first makes two Flags on HAPI, Azure and others (integration notes 1.5).

*Turns.* Every request waits for its turn, each repetition and each page too.

*Forks.* A connection belongs to the process that made it: make it after the fork.

No URL, id or body reaches a log or an error text from here.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import httpx
import msgspec
import stamina

from service.ehr.answer import error_in, objects_to_strictness
from service.ehr.bulk.transfer import Download, Exchange
from service.ehr.errors import (
    EHRCutShort,
    EHRMisunderstood,
    EHRRefused,
    EHRRejected,
    EHRUnavailable,
)
from service.ehr.no_connection import why_no_connection
from service.ehr.options import BasicLogin, BearerToken, RetryOptions, Timeouts, wait_or_give_up
from service.ehr.origin import check_base_url, is_safe, origin_of
from service.ehr.politeness import Politeness, Tell
from service.ehr.resource_types import RESOURCE_TYPES
from service.ehr.smart.scopes import Grant
from service.ehr.smart_auth import SmartAuth
from service.traces import Tell as SpanTell
from service.traces import span

FHIR_JSON = "application/fhir+json"
STRICT = "handling=strict"
_BASE_HEADERS = {"Accept": FHIR_JSON}
# Below the five seconds after which Node servers hang up (Medplum): a write on a connection that
# the server is just closing would be a write with an unknown outcome.
_KEEP_ALIVE_SECONDS = 4.0

_TIMEOUTS = Timeouts()
_RETRIES = RetryOptions()

Answer = httpx.Response
Kind = Literal["searches", "pages", "reads", "writes", "exports"]
_Signs = Callable[[httpx.Request], httpx.Request]


class StrictRefusedError(EHRRejected):
    """The server does not understand `Prefer: handling=strict`."""


class MovedError(EHRMisunderstood):
    """The answer is elsewhere; where stands in `location` and in no text."""

    def __init__(self, what: str, status: int, location: str) -> None:
        super().__init__(
            f"The EHR answered a {what} with a redirect, perhaps to the login page of a proxy:"
            " check BONEFLAG_FHIR_BASE_URL",
            status=status,
        )
        self.location = location


class Transport:
    """Requests to one server. Thread safe; one for each process.

    Raises the errors of `service.ehr.errors`; ValueError for a base URL that is not https (http is
    allowed to loopback, or with `allow_insecure`). `allowed_origins` lists other origins, such as
    `https://fhir-2.example.org`, to which next links may lead: they receive the token. Without
    `politeness` nothing is waited for.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: httpx.Auth | BearerToken | BasicLogin | None = None,
        timeouts: Timeouts = _TIMEOUTS,
        retries: RetryOptions = _RETRIES,
        max_connections: int = 5,
        most_pages: int = 2000,
        allowed_origins: Sequence[str] = (),
        allow_insecure: bool = False,
        tls: ssl.SSLContext | bool = True,
        user_agent: str = "BoneFlag",
        politeness: Politeness | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.politeness = politeness
        self.base_url = base_url.rstrip("/")
        check_base_url(self.base_url, allow_insecure)
        self._allow_insecure = allow_insecure
        self.max_connections = max_connections
        # "Patient/" where the server knows nobody by a bare id.
        self.patient_prefix = ""
        self._smart = auth if isinstance(auth, SmartAuth) else None
        self._retries = retries
        self._most_pages = most_pages
        self._origins = {origin_of(self.base_url), *map(origin_of, allowed_origins)}
        self._is_strict = True
        self._counts: Counter[Kind] = Counter()
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._json = msgspec.json.Encoder(decimal_format="number")
        self._http = httpx.Client(
            auth=_auth(auth),
            headers=_BASE_HEADERS | {"User-Agent": user_agent},
            timeout=httpx.Timeout(
                connect=timeouts.connect_seconds,
                read=timeouts.read_seconds,
                write=timeouts.write_seconds,
                pool=timeouts.pool_seconds,
            ),
            limits=httpx.Limits(
                max_connections=max_connections,
                max_keepalive_connections=max_connections,
                keepalive_expiry=_KEEP_ALIVE_SECONDS,
            ),
            follow_redirects=False,
            verify=tls,
            transport=transport,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def request_counts(self) -> dict[Kind, int]:
        """Requests sent so far by kind, repeated ones included; "pages" are continuations."""
        with self._lock:
            return dict(self._counts)

    def show_client_id(self, header: str) -> None:
        """Send our SMART client id under this name from now on; without SMART there is none."""
        if self._smart is not None:
            self._http.headers[header] = self._smart.client_id

    def grant(self) -> Grant | None:
        """What SMART lets us do of what is needed; None for another login. May ask for a token."""
        return self._smart.grant() if self._smart else None

    # Bulk Data

    def exchange(
        self,
        what: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None = None,
    ) -> Exchange:
        """One request about an export, sent once and to our own origin only."""
        if not self._is_ours(url):
            raise EHRMisunderstood(f"The EHR names another server for a {what}: allow that origin")
        request = self._request(what, method, url, headers, content)
        response = self._send_once("exports", what, request)
        return Exchange(response.status_code, response.headers, response.content)

    @contextmanager
    def download(self, what: str, url: str, needs_token: bool) -> Iterator[Download]:
        """A file in pieces; a redirect comes as it is. The token goes to our own origin only.

        EHRCutShort from the pieces where it breaks off, EHRRefused for an address without TLS.
        """
        request = self._request(what, "GET", url, {"Accept": "application/fhir+ndjson"}, None)
        if not is_safe(url, self._allow_insecure):
            raise EHRRefused(f"The EHR names an address without TLS for a {what}: it is not asked")
        auth: dict[str, Any] = {} if needs_token and self._is_ours(url) else {"auth": None}
        response = self._send_once("exports", what, request, stream=True, **auth)
        try:
            yield Download(response.status_code, response.headers, _pieces(response, what))
        finally:
            response.close()

    def _is_ours(self, url: str) -> bool:
        try:
            return origin_of(url) in self._origins and "@" not in urlsplit(url).netloc
        except ValueError:
            return False

    # One request

    def _send(
        self,
        kind: Kind,
        what: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = {},
        content: bytes | None = None,
    ) -> httpx.Response:
        """Send with retries; an answer below 300, or one of our errors."""
        request = self._request(what, method, url, headers, content)
        retries = self._retries
        for attempt in stamina.retry_context(
            on=partial(wait_or_give_up, retries, time.monotonic()),
            attempts=retries.attempts,
            timeout=retries.total_seconds,
            wait_initial=retries.first_wait_seconds,
            wait_jitter=retries.first_wait_seconds,
            wait_max=retries.longest_wait_seconds,
        ):
            with attempt:
                return self._send_once(kind, what, request)
        raise AssertionError("unreachable")

    def _request(
        self, what: str, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> httpx.Request:
        if os.getpid() != self._pid:
            raise RuntimeError("A client was made before the fork: make one in each process")
        try:
            return self._http.build_request(method, url, headers=headers, content=content)
        except (httpx.InvalidURL, ValueError):
            # Only a link of the server's can be that broken; the text of this fault holds it.
            raise EHRMisunderstood(f"The EHR gave an impossible address for a {what}") from None

    def _turn(self, url: httpx.URL) -> AbstractContextManager[Tell]:
        """Our turn at the EHR; a file on another server needs none."""
        if self.politeness is None or not self._is_ours(str(url)):
            return nullcontext(lambda *_: None)
        return self.politeness.turn()

    def _span(self, kind: Kind, request: httpx.Request) -> AbstractContextManager[SpanTell]:
        """What a trace may know of a request: its method, and which type it is about."""
        path = str(request.url).removeprefix(self.base_url).lstrip("/")
        type_ = path.partition("?")[0].partition("/")[0]
        about = {"boneflag.ehr.resource_type": type_} if type_ in RESOURCE_TYPES else {}
        method = request.method
        told = {"http.request.method": method, "boneflag.ehr.kind": kind, **about}
        return span(" ".join(["EHR", method, *about.values()]), "client", told)

    def _send_once(
        self, kind: Kind, what: str, request: httpx.Request, *, stream: bool = False, **auth: Any
    ) -> httpx.Response:
        """`stream` leaves the body unread below 400; `auth=None` sends no login.

        Waits for its turn; EHRNotAsked where that is far away: nothing was sent then.
        """
        with self._lock:
            self._counts[kind] += 1
        is_write = kind == "writes"
        try:
            with self._turn(request.url) as tell, self._span(kind, request) as told:
                response = self._http.send(request, stream=stream, **auth)
                told("", {"http.response.status_code": response.status_code})
                tell(response.status_code, response.headers)
            if stream and response.status_code >= 400:
                response.read()
        # The texts of httpx may hold the URL, so that none of them is kept or chained.
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            why = why_no_connection(error, "BONEFLAG_FHIR_BASE_URL")
            raise EHRUnavailable(f"No connection to the EHR for a {what}: {why}") from None
        except httpx.TransportError as error:
            raise EHRUnavailable(
                f"The EHR did not finish answering a {what} ({type(error).__name__}): where it"
                " stays so, check http or https and the port in BONEFLAG_FHIR_BASE_URL",
                outcome_unknown=is_write,
            ) from None
        except httpx.HTTPError as error:
            raise EHRMisunderstood(
                f"The EHR's answer to a {what} cannot be read ({type(error).__name__})"
            ) from None
        if response.status_code >= (400 if stream else 300):
            content, status = response.content, response.status_code
            is_strict = request.headers.get("Prefer") == STRICT
            if is_strict and objects_to_strictness(content, status):
                raise StrictRefusedError("The EHR does not take strict searches", status=status)
            location = response.headers.get("Location")
            if status < 400 and location and request.method == "GET":
                raise MovedError(what, status, location)
            raise error_in(what, content, status, response.headers, is_write=is_write)
        return response


def usual_tls() -> ssl.SSLContext:
    """Trusts whom httpx trusts by itself: to add a client certificate to."""
    return httpx.create_ssl_context()


def _pieces(response: httpx.Response, what: str) -> Iterator[bytes]:
    try:
        yield from response.iter_bytes()
    except httpx.HTTPError as error:
        raise EHRCutShort(f"A {what} broke off ({type(error).__name__})") from None


def _auth(auth: httpx.Auth | BearerToken | BasicLogin | None) -> httpx.Auth | _Signs | None:
    if isinstance(auth, BearerToken):
        return partial(_with_bearer, auth.token)
    if isinstance(auth, BasicLogin):
        return httpx.BasicAuth(auth.user, auth.password)
    return auth


def _with_bearer(token: str, request: httpx.Request) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {token}"
    return request
