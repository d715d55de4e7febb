"""Cards under load: 200 calls a second, over the wire, to `web` as docker-compose.yml runs it.

10,000 people are in the ledger, of whom those who are due stand told by cards. Each call shows a
signed token that is used once, and brings a whole chart. `web` with its workers, Redis, the
database, and whoever asks share the machine. What a call costs alone, without the wire, is what
`cards` measures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import urlopen

import jwt

from benchmarks.cards import PEOPLE, Charts, fill, prefetch_of
from benchmarks.figures import print_note, print_table
from benchmarks.open_loop import load
from service.ehr.smart.keys import SigningKey, new_key, public_jwks
from service.settings import Settings
from service.wiring import ledger_for
from tests.lib.postgres import running_postgres
from tests.lib.redis_server import free_port, running_redis

CALLS_PER_SECOND = 200
SECONDS = 60
_WARM_UP = 400
_WORKERS = 2
_URL = "https://boneflag.example"
_ISSUER = "https://ehr.example"
_PATH = "/cds-services/ms-bone-health"
_START_SECONDS = 60


def measure() -> None:
    """Print what was answered, on both databases, with a whole chart and without any."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        rows += _on("SQLite", f"sqlite:///{Path(folder) / 'ledger.sqlite3'}")
    with running_postgres(is_durable=True) as url:
        rows += _on("PostgreSQL", url)
    title = f"Cards, {CALLS_PER_SECOND} calls a second for {SECONDS} s, {PEOPLE} people, ms"
    print_table(title, ("", "median", "99 %", "99.9 %", "longest", "answered"), rows)
    print_note(f"{_WORKERS} processes of web; load of the machine {os.getloadavg()[0]:.1f}")


def _on(name: str, database_url: str) -> list[tuple[str, ...]]:
    rows = []
    key = new_key("ES384")
    with running_redis() as redis_url, _keys_at(key) as keys_url:
        environment = {
            "MODE": "live",
            "FHIR_BASE_URL": "http://127.0.0.1:9/fhir",
            "DELIVERY": "cds-hooks",
            "CDS_HOOKS_URL": _URL,
            "CDS_HOOKS_ISSUERS": _ISSUER,
            "CDS_HOOKS_KEY_URLS": keys_url,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "LOG_LEVEL": "WARNING",
        }
        settings = Settings(**{n.lower(): value for n, value in environment.items()})
        with ledger_for(settings) as ledger:
            charts = fill(settings, ledger, PEOPLE)
        with _web(environment) as port:
            for told, brings in (("a whole chart", True), ("nothing", False)):
                load(port, _requests(charts, key, _WARM_UP, brings), CALLS_PER_SECOND / 4)
                requests = _requests(charts, key, CALLS_PER_SECOND * SECONDS, brings)
                found = load(port, requests, CALLS_PER_SECOND)
                times = [f"{found.percentile(p):.1f}" for p in (50, 99, 99.9, 100)]
                counts = ", ".join(f"{n} x {s}" for s, n in sorted(found.statuses.items()))
                rows.append((f"{name}, {told} comes", *times, counts))
    return rows


def _requests(charts: Charts, key: SigningKey, count: int, brings: bool) -> Sequence[bytes]:
    """Whole requests, each with a token of its own, about people in turn."""
    people = islice(cycle(charts), count)
    return [_request(id_, charts[id_] if brings else {}, key) for id_ in people]


def _request(id_: str, chart: dict[str, Any], key: SigningKey) -> bytes:
    body = json.dumps(
        {
            "hook": "patient-view",
            "hookInstance": str(uuid.uuid4()),
            "context": {"userId": "Practitioner/neuro", "patientId": id_},
            "prefetch": prefetch_of(chart),
        }
    ).encode()
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": _ISSUER,
        "aud": _URL + _PATH,
        "iat": now,
        "exp": now + 600,
        "jti": uuid.uuid4().hex,
    }
    token = jwt.encode(claims, key.private, algorithm=key.alg, headers={"kid": key.kid})
    head = (
        f"POST {_PATH} HTTP/1.1\r\nHost: boneflag.example\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def _web(environment: dict[str, str]) -> Iterator[int]:
    """`web` in processes of its own; its port."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "service.web.app:app", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning", "--workers", str(_WORKERS)]
    values = {f"BONEFLAG_{name}": value for name, value in environment.items()}
    web = subprocess.Popen(command, env={**os.environ, **values})
    try:
        _wait_until_alive(f"http://127.0.0.1:{port}/health/live")
        yield port
    finally:
        web.terminate()
        web.wait(30)


def _wait_until_alive(url: str) -> None:
    give_up = time.monotonic() + _START_SECONDS
    while True:
        try:
            urlopen(url, timeout=5).close()
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)
        else:
            return


@contextmanager
def _keys_at(key: SigningKey) -> Iterator[str]:
    """The page on which the EHR publishes its keys."""
    body = json.dumps(public_jwks([key])).encode()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/jwks.json"
        server.shutdown()
