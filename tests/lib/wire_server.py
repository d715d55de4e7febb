"""A fake wire on a real port: for commands that open their own connections."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

LOOPBACK = "127.0.0.1"


@contextmanager
def wire_server(
    answer: Callable[[httpx.Request], httpx.Response], certificate: tuple[str, str] | None = None
) -> Iterator[str]:
    """The origin of a server that answers like this; with a certificate and its key, by TLS."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Else every answer on a kept connection waits 40 ms for a delayed acknowledgement.
        disable_nagle_algorithm = True
        wbufsize = -1

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = f"{scheme}://{self.headers['Host']}{self.path}"
            headers = [*self.headers.items()]
            said = answer(httpx.Request(self.command, url, headers=headers, content=content))
            self.send_response_only(said.status_code)
            given = {"date": self.date_time_string(), **said.headers}
            for name, value in given.items():
                if name != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.content)))
            self.end_headers()
            self.wfile.write(said.content)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the names that http.server looks up

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that does not trust us is what is tested."""

    server = Quiet((LOOPBACK, 0), Answer)
    scheme = "https" if certificate else "http"
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"{scheme}://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
