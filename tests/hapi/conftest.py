"""One hospital for all tests of this folder: HAPI, Redis, PostgreSQL and real Celery workers.

A start of HAPI costs ten seconds, so the tests share it and stand in the order of the story: each
leaves the hospital as the next one needs it.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.demo_ehr.loading import put_resources
from service.demo_ehr.people import Person, make_people
from service.queue import Queue
from service.settings import PREFIX, Settings
from service.store.entries import Run
from service.store.ledger import Ledger
from service.wiring import ledger_for, today_for
from service.working import working
from tests.hapi.hapi_server import HAPIServer
from tests.lib.expected import status_after_a_sweep
from tests.lib.going_live import go_live
from tests.lib.postgres import find_postgres_programs, running_postgres
from tests.lib.redis_server import running_redis
from workers.sending import queue_for

PROFILES = Path(__file__).parents[2] / "fhir_profiles" / "profiles"
LONGEST_RUN_SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here needs the real server."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.hapi)


@dataclass
class Hospital:
    """The running site and what was loaded into its EHR."""

    server: HAPIServer
    settings: Settings
    ledger: Ledger
    queue: Queue
    people: list[Person]
    today: date

    def search(self, type_: str, **params: str) -> list[dict[str, Any]]:
        """Every resource of a search, past HAPI's cache, all pages."""
        found: list[dict[str, Any]] = []
        url: str | None = f"{self.server.base_url}/{type_}"
        query: dict[str, str] | None = {"_count": "200", **params}
        while url:
            answer = httpx.get(
                url, params=query, headers={"Cache-Control": "no-cache"}, timeout=60
            ).raise_for_status()
            bundle = answer.json()
            found += [entry["resource"] for entry in bundle.get("entry", [])]
            links = {link["relation"]: link["url"] for link in bundle.get("link", [])}
            url, query = links.get("next"), None
        return found

    def alerts(self, type_: str, status: str, code: str = "") -> list[dict[str, Any]]:
        """Our Flags or Tasks in one status, of one kind where a code is given."""
        ours = self.search(type_, identifier="https://boneflag.example/fhir/sid/alert|")
        return [
            r
            for r in ours
            if r["status"] == status and (not code or r["code"]["coding"][0]["code"] == code)
        ]

    def a_group(self, name: str, ids: Sequence[str]) -> str:
        """A Group of these people, made by the hospital; its id."""
        members = [{"entity": {"reference": f"Patient/{id_}"}} for id_ in ids]
        group = {"resourceType": "Group", "id": name, "type": "person", "actual": True}
        url = f"{self.server.base_url}/Group/{name}"
        httpx.put(url, json=group | {"member": members}, timeout=60).raise_for_status()
        return name

    def newest_run(self) -> int:
        """The number of the last run, 0 before the first."""
        return next((run.id for run in self.ledger.runs.newest(1)), 0)

    def finished_after(self, run_id: int, state: str = "done") -> Run:
        """The first run after this one that came to its end."""
        give_up = time.monotonic() + LONGEST_RUN_SECONDS
        while time.monotonic() < give_up:
            for run in reversed(self.ledger.runs.newest(20)):
                if run.id > run_id and run.state == state:
                    return run
            time.sleep(0.3)
        raise TimeoutError(f"no run after {run_id} came to its end")

    def sweep(self) -> Run:
        """A sweep by the workers, seen through."""
        newest = self.newest_run()
        self.queue.sweep()
        return self.finished_after(newest)

    def statuses(self) -> dict[str, str]:
        """The latest status of everybody by FHIR id."""
        keys = self.ledger.cohort.members()
        ids = self.ledger.cohort.fhir_ids_of(keys)
        return {ids[k]: entry.status for k, entry in self.ledger.screenings.latest(keys).items()}

    def expected(self) -> dict[str, str]:
        """Who of the invented people should stand where."""
        return {p.id: status_after_a_sweep(p) for p in self.people}


@pytest.fixture(scope="session")
def hapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HAPIServer]:
    """The server alone, with nothing in it: for tests that need no hospital around it."""
    if shutil.which("java") is None or shutil.which("mvn") is None:
        pytest.skip("a real HAPI server needs Java 17 and Maven, and one of them is not installed")
    with HAPIServer(tmp_path_factory.mktemp("hapi")) as server:
        yield server


@pytest.fixture(scope="session")
def hospital(hapi: HAPIServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """Everything started, our profiles and all people loaded; nothing screened yet."""
    folder = tmp_path_factory.mktemp("hospital")
    server = hapi
    with ExitStack() as stack:
        settings = _settings(
            server.base_url,
            stack.enter_context(running_redis()),
            _database(stack, folder),
        )
        today = today_for(settings)
        people = make_people(today)
        _load_profiles(server.base_url)
        put_resources(server.base_url, (r for p in people for r in p.resources), per_bundle=200)
        ledger = stack.enter_context(ledger_for(settings))
        go_live(settings)
        log = stack.enter_context((folder / "workers.log").open("ab"))
        stack.enter_context(working(_variables(settings), folder, log=log))
        queue = queue_for(settings)
        yield Hospital(server, settings, ledger, queue, people, today)


def _database(stack: ExitStack, folder: Path) -> str:
    """PostgreSQL as in production; SQLite where none is installed."""
    if find_postgres_programs() is None:
        return f"sqlite:///{folder / 'ledger.sqlite3'}"
    url: str = stack.enter_context(running_postgres())
    return url.replace("postgresql://", "postgresql+psycopg://")


def _settings(base_url: str, redis_url: str, database_url: str) -> Settings:
    return Settings(
        site_id="hapi",
        mode="live",
        fhir_base_url=base_url,
        redis_url=redis_url,
        database_url=database_url,
        max_new_alerts_per_run=1000,
        max_new_alerts_percent_per_run=100,
        ehr_requests_per_second=1000,
        alert_profiles=True,
        poll_interval_seconds=3600,
    )


def _variables(settings: Settings) -> dict[str, str]:
    given = {
        "SITE_ID": settings.site_id,
        "MODE": settings.mode,
        "FHIR_BASE_URL": settings.fhir_base_url,
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "DATABASE_URL": settings.database_url,
        "MAX_NEW_ALERTS_PER_RUN": str(settings.max_new_alerts_per_run),
        "MAX_NEW_ALERTS_PERCENT_PER_RUN": str(settings.max_new_alerts_percent_per_run),
        "EHR_REQUESTS_PER_SECOND": str(settings.ehr_requests_per_second),
        "ALERT_PROFILES": "true",
        "POLL_INTERVAL_SECONDS": str(settings.poll_interval_seconds),
    }
    assert not [name for name in os.environ if name.startswith(PREFIX + "FHIR")]
    return {PREFIX + name: value for name, value in given.items()}


def _load_profiles(base_url: str) -> None:
    import json

    for path in sorted(PROFILES.glob("*.json")):
        resource = json.loads(path.read_text())
        answer = httpx.put(
            f"{base_url}/{resource['resourceType']}/{resource['id']}", json=resource, timeout=60
        )
        answer.raise_for_status()
