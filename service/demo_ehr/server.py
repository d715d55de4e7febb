"""Starts the FHIR server of the demo: sekmet, a third-party package, as a process of its own.

What a newcomer would get wrong: sekmet answers Tasks by itself unless its simulator is off, listens
on all interfaces unless told otherwise, and builds its next links from `base_url` and not from the
request. It stamps `meta.lastUpdated` with the moment of loading, whatever the resource says.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
import weakref
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from service.demo_ehr.codes import JSON
from service.demo_ehr.errors import DemoEHRNotInstalled, DemoEHRNotStarted
from service.demo_ehr.loading import put_resources

HOST = "127.0.0.1"
START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 10.0
LOG_TAIL_CHARACTERS = 2000


class DemoEHR:
    """A running FHIR R4 server on the loopback interface; use it as a context manager.

    Without a `directory` its data live in a temporary one that `stop` removes; without a `port` a
    free one is chosen and kept over restarts. `checks_resources` lets it refuse resources of a
    wrong structure, as a strict EHR would; without that, loading takes two thirds of the time.
    """

    def __init__(
        self,
        directory: Path | None = None,
        port: int | None = None,
        *,
        checks_resources: bool = True,
    ) -> None:
        if importlib.util.find_spec("sekmet") is None:
            raise DemoEHRNotInstalled
        self._is_temporary = directory is None
        self.directory = (directory or Path(tempfile.mkdtemp(prefix="demo-ehr-"))).absolute()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = port or _free_port()
        self._checks_resources = checks_resources
        self._server_auth: JSON = {}
        self._hospital = f"Demo hospital {uuid.uuid4()}"
        self._process: subprocess.Popen[bytes] | None = None
        self._start()

    @property
    def base_url(self) -> str:
        """The FHIR base, without a slash at its end."""
        return f"http://{HOST}:{self.port}/fhir"

    @property
    def log_file(self) -> Path:
        """What the server printed, over all its starts."""
        return self.directory / "server.log"

    def load(self, resources: Iterable[JSON]) -> int:
        """Load resources with the ids they have; return how many."""
        return put_resources(self.base_url, resources)

    def require_smart(self, clients: Iterable[JSON], token_seconds: int = 3600) -> None:
        """Start again and from now on let only these in, by SMART Backend Services.

        A client is `client_id`, `jwks` and `scopes`, as sekmet's settings name them. Load what the
        hospital holds before: `load` has no login.
        """
        self._server_auth = {
            "types": ["smart"],
            "smart_clients": list(clients),
            "token_lifetime": token_seconds,
        }
        self.restart()

    def stop(self) -> None:
        """End the server in good order; a temporary directory goes with it."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT_SECONDS)
        self.kill()
        if self._is_temporary:
            shutil.rmtree(self.directory, ignore_errors=True)

    def kill(self) -> None:
        """End the server at once, as a power cut would; what was committed stays."""
        if self._process is not None:
            _end(self._process)
            self._process = None

    def restart(self) -> None:
        """Kill the server if it runs and start it again on the same port with the same data."""
        self.kill()
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self) -> None:
        settings = self.directory / "settings.yaml"
        settings.write_text(json.dumps(self._settings(), indent=1))  # JSON is YAML
        command = [sys.executable, "-m", "sekmet.cli", "serve", "--config", str(settings)]
        environment = {key: value for key, value in os.environ.items() if key[:7] != "SEKMET_"}
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
                command,
                cwd=self.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        weakref.finalize(self, _end, self._process)
        self._wait_until_ready(self._process)

    def _settings(self) -> JSON:
        return {
            "base_url": self.base_url,
            "host": HOST,
            "port": self.port,
            "facility_name": self._hospital,
            "data_dir": str(self.directory / "data"),
            "own_private_key_path": str(self.directory / "keys" / "private.pem"),
            "log_inbound": False,
            "server_auth": self._server_auth,
            "simulator": {"enabled": False},
            "validation": {"inbound": "strict" if self._checks_resources else "off"},
        }

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if _answers(self.port, self._hospital):
                return
            time.sleep(0.05)
        self.kill()
        tail = self.log_file.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]
        raise DemoEHRNotStarted(f"The demo EHR did not start on port {self.port}. Its log:\n{tail}")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int, hospital: str) -> bool:
    """Whether this server answers, and not another one that took the port before it."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/fhir/metadata")
        return hospital.encode() in connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
