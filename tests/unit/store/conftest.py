"""A ledger for each test, on SQLite and, where one can be had, on PostgreSQL."""

from __future__ import annotations

import multiprocessing
import os
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from service.store.database import Database
from service.store.ledger import Ledger
from service.store.tables import METADATA
from tests.lib.postgres import find_postgres_programs, running_postgres

from .builders import ATTEMPTS

PROCESSES = 3


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    given = os.environ.get("BONEFLAG_TEST_POSTGRES_URL")
    if given:
        yield given
    elif find_postgres_programs() is None:
        pytest.skip("no PostgreSQL: install it, or set BONEFLAG_TEST_POSTGRES_URL")
    else:
        with running_postgres() as url:
            yield url


@contextmanager
def _new_database(server_url: str) -> Iterator[str]:
    """A database of its own on the server at a URL, dropped at the end."""
    name = f"boneflag_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/ledger.db"
    else:
        with _new_database(request.getfixturevalue("postgres_url")) as url:
            yield url


@dataclass(frozen=True)
class Prepared:
    """A migrated database, a ledger on it, and a way in to empty it between tests."""

    url: str
    ledger: Ledger
    store: Database


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def prepared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prepared]:
    """One ledger for all tests of a kind: a new one each would compile its SQL again."""
    if request.param == "sqlite":
        place = nullcontext(f"sqlite:///{tmp_path_factory.mktemp('store')}/ledger.db")
    else:
        place = _new_database(request.getfixturevalue("postgres_url"))
    with place as url, Ledger(url, attempts_in_a_run=ATTEMPTS) as ledger:
        ledger.migrate()
        yield Prepared(url, ledger, Database(url))


@pytest.fixture
def url(prepared: Prepared) -> str:
    """The address of a migrated ledger with nothing in it."""
    with prepared.store.writing() as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(table.delete())
    return prepared.url


@pytest.fixture
def ledger(url: str, prepared: Prepared) -> Ledger:
    return prepared.ledger


@pytest.fixture(scope="session")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Real processes, so that nothing in memory can keep two workers apart."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        yield pool


@pytest.fixture
def at_once(processes: ProcessPoolExecutor) -> Callable[..., list[Any]]:
    """Call a function of `at_once` in every process at the same moment; their answers."""

    def run(function: Callable[..., Any], *arguments: Any) -> list[Any]:
        start = time.time() + 0.3
        calls = [
            processes.submit(_at, start, function, number, *arguments)
            for number in range(PROCESSES)
        ]
        return [call.result(timeout=60) for call in calls]

    return run


def _at(start: float, function: Callable[..., Any], *arguments: Any) -> Any:
    time.sleep(max(0.0, start - time.time()))
    return function(*arguments)
