"""Real workers on a real Redis for a ward of the demo EHR."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from service.embedded_redis import embedded_redis
from service.queue import QUEUES
from service.settings import PREFIX, Settings

PATIENCE_SECONDS = 60.0


@contextmanager
def real_redis(directory: Path) -> Iterator[str]:
    """A `redis-server` of the machine where there is one, else the embedded Valkey."""
    program = shutil.which("redis-server")
    if program is None:
        with embedded_redis() as url:
            yield url
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        client = redis.Redis(port=port)
        wait_until(lambda: _answers(client), "Redis answers")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables by which another process gets these settings."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    given = settings.model_dump(exclude_defaults=True)
    plain = {n: getattr(v, "get_secret_value", lambda v=v: v)() for n, v in given.items()}
    # Whoever runs the tests may be root, which production never is, and Celery warns of it.
    inherited["PYTHONWARNINGS"] = "ignore:You're running the worker"
    return inherited | {PREFIX + name.upper(): str(value) for name, value in plain.items()}


class Worker:
    """A Celery worker on every queue, in a process group of its own."""

    def __init__(self, settings: Settings, log: Path, processes: int = 2) -> None:
        command = [sys.executable, "-m", "celery", "-A", "workers.app", "--quiet", "worker"]
        command += ["-Q", ",".join(QUEUES), "-c", str(processes), "-l", "INFO"]
        command += ["--without-mingle", "--without-gossip"]
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                command,
                env=environment_of(settings),
                stdout=stream,
                stderr=stream,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it and its children at once, as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def wait_until(
    is_so: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS, every: float = 0.1
) -> None:
    """Wait for something; TimeoutError that names it."""
    give_up = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > give_up:
            raise TimeoutError(f"still not so after {seconds} s: {what}")
        time.sleep(every)
