"""A reverse proxy that writes down every request and can answer in the server's place.

Tests put it between BoneFlag and a FHIR server to count searches, to assert that not one write
was sent, and to inject faults. It replaces the server's address by its own in headers and bodies,
both ways, so next links stay on the proxy. Nagle's algorithm is off: without that, every answer on
a kept connection would wait 40 ms for a delayed acknowledgement.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

HOST = "127.0.0.1"
UPSTREAM_TIMEOUT_SECONDS = 120.0
SHUTDOWN_POLL_SECONDS = 0.02
BODILESS = (204, 304)
NOT_FORWARDED = frozenset(
    ("connection", "keep-alive", "transfer-encoding", "content-length", "accept-encoding", "host")
)

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers and body; status 0 drops the connection without an answer."""
OnRequest = Callable[[str, str], Answer | None]
OnAnswer = Callable[[str, str, int], Answer | None]


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request as the client sent it: `path` is below the base, without the query.

    A path outside the FHIR base, such as `/auth/token`, keeps its leading slash.
    `parameters` holds the query and the form of a POST search, in order; `status` is what the
    client got, and 0 where it got nothing. `arrived_at` are seconds of a monotonic clock.
    """

    method: str
    path: str
    parameters: tuple[tuple[str, str], ...]
    status: int
    arrived_at: float = field(default=0.0, compare=False)

    @property
    def is_search(self) -> bool:
        """Whether it was a search by GET or by POST, continuation pages included."""
        is_post = self.method == "POST" and self.path.endswith("/_search")
        is_type_alone = self.path[:1].isupper() and "/" not in self.path
        return is_post or (self.method == "GET" and is_type_alone)

    @property
    def is_write(self) -> bool:
        """Whether it could have changed a chart; a batch counts, whatever is in it.

        A search by POST, `$validate` and a request outside the FHIR base (a token) are not writes.
        """
        reads = self.path.startswith("/") or self.path.endswith(("/_search", "$validate"))
        return self.method in ("POST", "PUT", "PATCH", "DELETE") and not reads


class RecordingProxy:
    """A running proxy in front of the FHIR server at `target_base_url`; a context manager.

    `on_request(method, path)` is asked before anything is forwarded and `on_answer(method, path,
    status)` after the server has done its work; either may return an Answer that the client gets
    instead. The second is how a write happens whose answer is lost.
    """

    def __init__(self, target_base_url: str) -> None:
        target = urlsplit(target_base_url.rstrip("/"))
        self.target_origin = f"{target.scheme}://{target.netloc}"
        self.base_path = target.path
        self.on_request: OnRequest | None = None
        self.on_answer: OnAnswer | None = None
        self._requests: list[RecordedRequest] = []
        self._lock = threading.Lock()
        self._server = _Server((HOST, 0), _Exchange)
        self._server.proxy = self
        self.origin = f"http://{HOST}:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(SHUTDOWN_POLL_SECONDS,), daemon=True
        )
        self._thread.start()

    @property
    def base_url(self) -> str:
        """The FHIR base to give to the client."""
        return self.origin + self.base_path

    @property
    def requests(self) -> list[RecordedRequest]:
        """Everything since the start or the last `forget`, in the order of the answers."""
        with self._lock:
            return list(self._requests)

    @property
    def searches(self) -> list[RecordedRequest]:
        """The searches among the requests."""
        return [request for request in self.requests if request.is_search]

    @property
    def writes(self) -> list[RecordedRequest]:
        """The writes among the requests, whether they succeeded or not."""
        return [request for request in self.requests if request.is_write]

    def forget(self) -> None:
        """Start counting anew."""
        with self._lock:
            self._requests.clear()

    def record(self, request: RecordedRequest) -> None:
        """Write one request down."""
        with self._lock:
            self._requests.append(request)

    def respond(
        self, method: str, path: str, query: str, headers: Mapping[str, str], content: bytes
    ) -> Answer:
        """What the client gets where no test answers: the request goes to the server behind.

        `path` is below the FHIR base, or absolute outside of it.
        """
        own, theirs = self.origin.encode(), self.target_origin.encode()
        sent = {
            name: value.replace(self.origin, self.target_origin)
            for name, value in headers.items()
            if name.lower() not in NOT_FORWARDED
        }
        url = path if path.startswith("/") else f"{self.base_path}/{path}".rstrip("/")
        url += f"?{query}" if query else ""
        netloc = urlsplit(self.target_origin).netloc
        upstream = http.client.HTTPConnection(netloc, timeout=UPSTREAM_TIMEOUT_SECONDS)
        try:
            upstream.request(method, url, content.replace(own, theirs) or None, sent)
            found = upstream.getresponse()
            answered = found.read().replace(theirs, own)
        except (OSError, http.client.HTTPException):
            return 502, {"Content-Type": "application/fhir+json"}, _outage()
        finally:
            upstream.close()
        kept = {
            name: value.replace(self.target_origin, self.origin)
            for name, value in found.getheaders()
            if name.lower() not in NOT_FORWARDED
        }
        return found.status, kept, answered

    def stop(self) -> None:
        """Stop listening; the server behind stays as it is."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    proxy: RecordingProxy


class _Exchange(BaseHTTPRequestHandler):
    """One client connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def _exchange(self) -> None:
        arrived_at = time.monotonic()
        proxy, length = self.server.proxy, int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        url = urlsplit(self.path)
        is_fhir = f"{url.path}/".startswith(f"{proxy.base_path}/")
        path = url.path.removeprefix(proxy.base_path).strip("/") if is_fhir else url.path
        answer = proxy.on_request(self.command, path) if proxy.on_request else None
        if answer is None:
            headers = dict(self.headers.items())
            answer = proxy.respond(self.command, path, url.query, headers, body)
            lost = proxy.on_answer(self.command, path, answer[0]) if proxy.on_answer else None
            answer = lost or answer
        is_form = "form-urlencoded" in self.headers.get("Content-Type", "")
        pairs = parse_qsl(url.query, keep_blank_values=True)
        pairs += parse_qsl(body.decode(errors="replace"), keep_blank_values=True) if is_form else []
        request = RecordedRequest(self.command, path, tuple(pairs), answer[0], arrived_at)
        proxy.record(request)
        self._answer(*answer)

    # The names are those that http.server looks up.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _exchange  # noqa: N815 - see above

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        if status == 0:
            self.close_connection = True
            return
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in BODILESS:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status not in BODILESS and self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing: the requests are recorded, not logged."""


def _outage() -> bytes:
    issue = {"severity": "fatal", "code": "transient", "diagnostics": "The server is not there"}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()
