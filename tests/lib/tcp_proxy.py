"""A wire that is slow, silent or cut: a TCP proxy before a real server.

`delay_seconds` is waited before each piece of an answer. While `is_silent` nothing is answered and
nothing is closed, as behind a firewall that drops packets. `cut` ends every connection.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PIECE = 65536


class TCPProxy:
    """Passes bytes on between whoever connects to `port` and a server on loopback."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.delay_seconds = 0.0
        self.is_silent = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection; new ones are taken."""
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open = []

    def close(self) -> None:
        """End everything, and take no connection any more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                if self._listener.fileno() < 0:
                    return
                near.close()
                continue
            self._open += [near, far]
            for source, sink, waits in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._pass, args=(source, sink, waits), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, waits: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(_PIECE):
                while self.is_silent:
                    time.sleep(0.01)
                if waits:
                    time.sleep(self.delay_seconds)
                sink.sendall(piece)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def tcp_proxy(target_port: int) -> Iterator[TCPProxy]:
    """A proxy that ends with the block."""
    proxy = TCPProxy(target_port)
    try:
        yield proxy
    finally:
        proxy.is_silent = False
        proxy.close()
