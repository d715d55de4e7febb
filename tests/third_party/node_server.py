"""Starts a server of `servers/` as a Node process of its own on the loopback address.

The packages are installed once, by `npm ci` from the lock file, into `servers/node_modules`, and
again only when the lock file changes. A server prints the port that it got, and ends when its
standard input closes: a killed test run leaves no Node behind.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SERVERS = Path(__file__).resolve().parent / "servers"
LOCK_FILE = SERVERS / "package-lock.json"
INSTALLED_FROM = SERVERS / "node_modules" / ".installed-from"
STOP_TIMEOUT_SECONDS = 10.0


class NodeServer:
    """A running server; use it as a context manager. `options` are what its file explains."""

    def __init__(self, name: str, **options: Any) -> None:
        self._name = name
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - open as long as the server
        self.port = 0

    @property
    def origin(self) -> str:
        """The server's address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """The FHIR base, without a slash at its end."""
        return f"{self.origin}/fhir"

    def __enter__(self) -> Self:
        install()
        self._process = subprocess.Popen(
            ["node", str(SERVERS / self._name), json.dumps(self._options)],
            cwd=SERVERS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self._process.stdout
        said = self._process.stdout.readline()
        if not said.strip().isdigit():
            self.__exit__(None, None, None)
            raise RuntimeError(f"{self._name} did not start:\n{self.log()}")
        self.port = int(said)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe
            pipe.close()

    def log(self) -> str:
        """What it printed to standard error."""
        self._log.seek(0)
        return self._log.read()[-4000:]


def install() -> None:
    """Install the packages unless they were installed from this very lock file."""
    digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()
    with LOCK_FILE.open() as lock:  # Test processes that start together install once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if INSTALLED_FROM.exists() and INSTALLED_FROM.read_text() == digest:
            return
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=SERVERS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"npm could not install the servers:\n{done.stdout[-4000:]}")
        INSTALLED_FROM.write_text(digest)
