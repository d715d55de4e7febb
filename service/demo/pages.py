"""The pages of the demo: the web door of every deployment, in a process of its own."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO
from urllib.parse import urlsplit

from pydantic import SecretStr

from service.settings import Settings

_HOST = "127.0.0.1"
_LONGEST_START_SECONDS = 60.0
_STOP_SECONDS = 10.0


class PagesNotStarted(Exception):
    """The web door ended, or did not answer in time: its log says why."""


def with_pages(settings: Settings) -> Settings:
    """The same settings with an address on this machine and a password that nobody can guess."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
    given = {
        "page_url": f"http://{_HOST}:{port}",
        "page_password": SecretStr(secrets.token_urlsafe(9)),
    }
    return settings.model_copy(update=given)


@contextmanager
def serving_pages(
    settings: Settings, environment: Mapping[str, str], log: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """The web door with these variables, ended with the block; PagesNotStarted if it is not up."""
    port = urlsplit(settings.page_url).port or 0
    command = [sys.executable, "-m", "uvicorn", "service.web.app:app", "--host", _HOST]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
        [*command, "--port", str(port), "--no-access-log", "--log-level", "warning"],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,  # Ctrl-C is for the demo, which ends this one in its turn.
    )
    try:
        _wait_until_up(process, port)
        yield process
    finally:
        _end(process)


def _wait_until_up(process: subprocess.Popen[bytes], port: int) -> None:
    give_up = time.monotonic() + _LONGEST_START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        with socket.socket() as probe:
            if probe.connect_ex((_HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise PagesNotStarted("the pages did not start: look into pages.log")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
