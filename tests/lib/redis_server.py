"""A private Redis for tests: Debian's redis-server where it is installed, else Valkey.

On loopback, with no persistence, in a temporary directory; it ends with the block.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from service.embedded_redis import embedded_redis

START_SECONDS = 20


@contextmanager
def running_redis() -> Iterator[str]:
    """The URL of a server of our own."""
    program = shutil.which("redis-server")
    if program is None:
        with embedded_redis() as url:
            yield url
        return
    with tempfile.TemporaryDirectory(prefix="boneflag-redis-") as folder:
        port = free_port()
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        options += ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
        server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        try:
            url = f"redis://127.0.0.1:{port}/0"
            _wait_until_ready(url)
            yield url
        finally:
            server.terminate()
            server.wait(10)


def free_port() -> int:
    """A port of which nobody else is told."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str) -> None:
    give_up = time.monotonic() + START_SECONDS
    with redis.Redis.from_url(url) as client:
        while not _answers(client):
            if time.monotonic() > give_up:
                raise TimeoutError("Redis did not start")
            time.sleep(0.05)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
