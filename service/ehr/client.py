"""The one place where BoneFlag speaks HTTP to the EHR (with `smart_auth`, which gets the token).

A newcomer would get four things wrong.

*Retries.* What may have been carried out is never sent again from here. A read is repeated; a write
only where it surely did not arrive (no connection, or 429). A write whose answer got lost raises
`EHRUnavailable(outcome_unknown=True)`, also when it was conditional: a second conditional create
that races the first makes two Flags on HAPI, Azure and others (integration notes 1.5).

*Pages.* A next link is opaque and is followed as it stands, but only to our own origin: the token
goes with it. Pages expire; then the whole search begins again, never in its middle.

*Caches.* Every search says `no-cache`. HAPI answers the same search from memory for a minute, which
would hide a result that arrived a moment ago.

*Forks.* A client belongs to the process that made it: make it after the fork.

No URL, id or body reaches a log or an error text from here.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal
from urllib.parse import quote, urljoin, urlsplit

import httpx
import msgspec
import stamina
import structlog

from service.ehr.answer import decode, error_in, objects_to_strictness, stored_in
from service.ehr.bundle import (
    Page,
    Resource,
    SearchResult,
    Stored,
    read_page,
    read_transaction_response,
)
from service.ehr.errors import EHRCutShort, EHRMisunderstood, EHRRejected, EHRUnavailable
from service.ehr.options import BasicLogin, BearerToken, RetryOptions, Timeouts
from service.ehr.origin import check_base_url, origin_of
from service.ehr.search import Params, collect, follow_pages, query_string
from service.ehr.smart.scopes import Grant
from service.ehr.smart_auth import SmartAuth

_log = structlog.get_logger()

FHIR_JSON = "application/fhir+json"
_BASE_HEADERS = {"Accept": FHIR_JSON}
_STRICT = "handling=strict"
# Below the five seconds after which Node servers hang up (Medplum): a write on a connection that
# the server is just closing would be a write with an unknown outcome.
_KEEP_ALIVE_SECONDS = 4.0

_TIMEOUTS = Timeouts()
_RETRIES = RetryOptions()

Kind = Literal["searches", "pages", "reads", "writes"]


class _StrictRefusedError(EHRRejected):
    """The server does not understand `Prefer: handling=strict`."""


class FHIRClient:
    """Requests to one FHIR R4 server. Thread safe; one for each process.

    Raises the errors of `service.ehr.errors`; ValueError for a base URL that is not https (http is
    allowed to loopback, or with `allow_insecure`). `allowed_origins` lists other origins, such as
    `https://fhir-2.example.org`, to which next links may lead: they receive the token.
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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        check_base_url(self.base_url, allow_insecure)
        self.max_connections = max_connections
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

    def __enter__(self) -> FHIRClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def request_counts(self) -> dict[Kind, int]:
        """Requests sent so far by kind, repeated ones included; "pages" are continuations."""
        with self._lock:
            return dict(self._counts)

    def grant(self) -> Grant | None:
        """What SMART lets us do of what is needed; None for another login. May ask for a token."""
        return self._smart.grant() if self._smart else None

    # Reading

    def get_json(self, path: str) -> Resource:
        """GET a path below the base URL, such as `metadata`; a JSON object or EHRMisunderstood."""
        response = self._send("reads", "read", "GET", f"{self.base_url}/{path.lstrip('/')}")
        return decode(response.content)

    def read(self, type_: str, id_: str) -> Stored:
        """Read one resource with its version; EHRNotFound where it is not there or deleted."""
        url = f"{self.base_url}/{type_}/{quote(id_, safe='')}"
        headers = {"Cache-Control": "no-cache"}
        response = self._send("reads", f"read of {type_}", "GET", url, headers=headers)
        stored = _stored(response)
        if stored.resource is None:
            raise EHRMisunderstood(f"The EHR answered a read of {type_} with something else")
        return stored

    def search(self, type_: str, params: Params, *, post: bool = False) -> SearchResult:
        """All pages of a search, each resource once.

        A search that was cut short comes back with `is_complete` False and what did come; a refused
        or rejected one raises. With `post` everything stands in the body of `_search`.
        """
        return collect(self.pages(type_, params, post=post))

    def pages(self, type_: str, params: Params, *, post: bool = False) -> Iterator[Page]:
        """The pages of a search as they come; raises EHRCutShort where not all of them can come.

        Look at `Page.search_number`: expired pages begin the search again, at most twice.
        """

        def first_page(number: int) -> Page:
            return self._page(type_, self._first_answer(type_, params, post), number)

        def next_page(url: str, number: int) -> Page:
            headers = self._search_headers()
            answer = self._send("pages", f"search for {type_}", "GET", url, headers=headers)
            return self._page(type_, answer, number)

        def resolve(link: str) -> str:
            return self._next_page_url(type_, link)

        return follow_pages(type_, first_page, next_page, resolve, self._most_pages)

    def _page(self, type_: str, answer: httpx.Response, number: int) -> Page:
        clock = answer.headers.get("Date")
        return read_page(decode(answer.content), answer.content, type_, clock, number)

    def _first_answer(self, type_: str, params: Params, post: bool) -> httpx.Response:
        try:
            return self._search_once(type_, params, post)
        except _StrictRefusedError:
            self._is_strict = False
            _log.warning("strict_search_handling_refused", type=type_)
            return self._search_once(type_, params, post)

    def _search_once(self, type_: str, params: Params, post: bool) -> httpx.Response:
        what, url, query = f"search for {type_}", f"{self.base_url}/{type_}", query_string(params)
        headers = self._search_headers()
        if not post:
            return self._send("searches", what, "GET", f"{url}?{query}", headers=headers)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self._send(
            "searches", what, "POST", f"{url}/_search", headers=headers, content=query.encode()
        )

    def _search_headers(self) -> dict[str, str]:
        headers = {"Cache-Control": "no-cache"}
        if self._is_strict:
            headers["Prefer"] = _STRICT
        return headers

    def _next_page_url(self, type_: str, link: str) -> str:
        try:
            url = urljoin(f"{self.base_url}/{type_}", link)
            is_ours = origin_of(url) in self._origins and "@" not in urlsplit(url).netloc
        except ValueError:
            is_ours = False
        if not is_ours:
            raise EHRCutShort(
                f"A search for {type_} continues on another server than the base URL: correct the"
                " base URL, or allow that origin"
            )
        return url

    # Writing

    def create(self, resource: Resource, *, if_none_exist: str | None = None) -> Stored:
        """POST a resource; `if_none_exist` is a query string (see `query_string`).

        `is_new` is False where a conditional create found one: the stored resource is then as it
        was. EHRConflict where it found several.
        """
        type_ = resource["resourceType"]
        headers = {"If-None-Exist": if_none_exist} if if_none_exist else {}
        url = f"{self.base_url}/{type_}"
        response = self._write(f"create of {type_}", "POST", url, resource, headers)
        return _stored(response)

    def update(self, resource: Resource, *, if_match: str | None = None) -> Stored:
        """PUT a resource with its id; `if_match` is the version that was read, None sends without.

        EHRConflict where the version on the server is another one.
        """
        type_ = resource["resourceType"]
        headers = {"If-Match": f'W/"{if_match}"'} if if_match is not None else {}
        url = f"{self.base_url}/{type_}/{quote(resource['id'], safe='')}"
        response = self._write(f"update of {type_}", "PUT", url, resource, headers)
        return _stored(response)

    def transaction(self, bundle: Resource) -> tuple[Stored, ...]:
        """POST a transaction Bundle; what became of each entry, in the order of the entries."""
        response = self._write("transaction", "POST", self.base_url, bundle, {})
        return read_transaction_response(decode(response.content))

    def _write(
        self, what: str, method: str, url: str, resource: Resource, headers: dict[str, str]
    ) -> httpx.Response:
        headers |= {"Content-Type": FHIR_JSON, "Prefer": "return=representation"}
        return self._send(
            "writes", what, method, url, headers=headers, content=self._json.encode(resource)
        )

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
        if os.getpid() != self._pid:
            raise RuntimeError("A FHIRClient was made before the fork: make one in each process")
        try:
            request = self._http.build_request(method, url, headers=headers, content=content)
        except (httpx.InvalidURL, ValueError):
            # Only a next link can be that broken; the text of this fault holds it.
            raise EHRMisunderstood(f"The EHR gave an impossible address for a {what}") from None
        retries = self._retries
        started = time.monotonic()

        def wait_or_give_up(error: Exception) -> bool | float:
            if not isinstance(error, EHRUnavailable) or error.outcome_unknown:
                return False
            wait_seconds = error.retry_after_seconds
            if wait_seconds is None:
                return True
            over = time.monotonic() - started + wait_seconds > retries.total_seconds
            return False if over or wait_seconds > retries.longest_wait_seconds else wait_seconds

        for attempt in stamina.retry_context(
            on=wait_or_give_up,
            attempts=retries.attempts,
            timeout=retries.total_seconds,
            wait_initial=retries.first_wait_seconds,
            wait_jitter=retries.first_wait_seconds,
            wait_max=retries.longest_wait_seconds,
        ):
            with attempt:
                return self._send_once(kind, what, request)
        raise AssertionError("unreachable")

    def _send_once(self, kind: Kind, what: str, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self._counts[kind] += 1
        is_write = kind == "writes"
        try:
            response = self._http.send(request)
        # The texts of httpx may hold the URL, so that none of them is kept or chained.
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise EHRUnavailable(
                f"No connection to the EHR for a {what} ({type(error).__name__}):"
                " check its address and the network"
            ) from None
        except httpx.TransportError as error:
            raise EHRUnavailable(
                f"The EHR did not finish answering a {what} ({type(error).__name__})",
                outcome_unknown=is_write,
            ) from None
        except httpx.HTTPError as error:
            raise EHRMisunderstood(
                f"The EHR's answer to a {what} cannot be read ({type(error).__name__})"
            ) from None
        if response.status_code >= 300:
            content, status = response.content, response.status_code
            is_strict = request.headers.get("Prefer") == _STRICT
            if is_strict and objects_to_strictness(content, status):
                raise _StrictRefusedError("The EHR does not take strict searches", status=status)
            raise error_in(what, content, status, response.headers, is_write=is_write)
        return response


def usual_tls() -> ssl.SSLContext:
    """Trusts whom httpx trusts by itself: to add a client certificate to."""
    return httpx.create_ssl_context()


def _stored(response: httpx.Response) -> Stored:
    return stored_in(response.content, response.status_code, response.headers)


def _auth(auth: httpx.Auth | BearerToken | BasicLogin | None) -> httpx.Auth | None:
    if isinstance(auth, BearerToken):
        return _Bearer(auth.token)
    if isinstance(auth, BasicLogin):
        return httpx.BasicAuth(auth.user, auth.password)
    return auth


class _Bearer(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._value = f"Bearer {token}"

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        request.headers["Authorization"] = self._value
        yield request
