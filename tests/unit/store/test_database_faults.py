"""The ledger's database slow, locked, full, restarted, or failed over: told apart, nothing lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from service.store import database
from service.store.cohort import insert_people
from service.store.errors import StoreUnavailable
from service.store.ledger import Ledger
from tests.lib.full_disk import full_disk
from tests.lib.tcp_proxy import TCPProxy, tcp_proxy

from .builders import ATTEMPTS, NOW, begin, create, people, screening

SOME = [f"p{n}" for n in range(400)]


@pytest.fixture
def proxied(postgres_url: str, url: str) -> Iterator[tuple[TCPProxy, Ledger]]:
    """The migrated PostgreSQL ledger behind a wire of ours."""
    address = sa.make_url(url)
    if address.get_backend_name() != "postgresql":
        pytest.skip("SQLite has no wire")
    with tcp_proxy(address.port) as proxy:
        near = address.set(port=proxy.port).render_as_string(hide_password=False)
        with Ledger(near, attempts_in_a_run=ATTEMPTS) as ledger:
            yield proxy, ledger


@pytest.fixture
def pings(monkeypatch) -> list[object]:
    """The connections that were asked whether they live."""
    asked: list[object] = []
    ping = PGDialect_psycopg.do_ping

    def do_ping(dialect, connection):
        asked.append(connection)
        return ping(dialect, connection)

    monkeypatch.setattr(PGDialect_psycopg, "do_ping", do_ping)
    return asked


# Full


@pytest.fixture
def full(tmp_path) -> Iterator[tuple[Ledger, sqlite3.Connection]]:
    """An SQLite ledger with somebody in it, whose file may not grow any more."""
    path = tmp_path / "ledger.db"
    with Ledger(f"sqlite:///{path}", attempts_in_a_run=ATTEMPTS) as ledger:
        ledger.migrate()
        ledger.cohort.add(["p0"], "group", NOW)
        pages = sqlite3.connect(path).execute("PRAGMA page_count").fetchone()[0]

        def allow_no_more(connection, _):
            connection.execute(f"PRAGMA max_page_count = {pages}")

        ledger._database._pool.dispose()
        sa.event.listen(ledger._database._pool, "connect", allow_no_more)
        yield ledger


def test_a_full_sqlite_file_asks_to_try_again_and_keeps_what_it_had(full):
    with pytest.raises(StoreUnavailable):
        full.cohort.add(SOME, "group", NOW)
    assert list(full.cohort.keys_of(["p0", *SOME])) == ["p0"]


def test_a_full_sqlite_file_goes_on_when_there_is_room(full):
    with pytest.raises(StoreUnavailable):
        full.cohort.add(SOME, "group", NOW)
    with full._database.reading() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    full.cohort.add(SOME, "group", NOW)
    assert len(full.cohort.members()) == len(SOME)


def test_a_disk_without_room_for_the_sqlite_file_loses_nothing_and_goes_on_with_room(tmp_path):
    path = tmp_path / "ledger.db"
    with Ledger(f"sqlite:///{path}", attempts_in_a_run=ATTEMPTS) as ledger:
        ledger.migrate()
        ledger.cohort.add(["p0"], "group", NOW)
        with full_disk(path.with_name("ledger.db-wal").stat().st_size):
            with pytest.raises(StoreUnavailable):
                ledger.cohort.add(SOME, "group", NOW)
            assert list(ledger.cohort.keys_of(SOME)) == ["p0"]
        ledger.cohort.add(SOME, "group", NOW)
        assert len(ledger.cohort.members()) == len(SOME)


@pytest.mark.parametrize("code", ["53100", "53200", "57014", "25006"])
def test_what_postgresql_says_when_it_is_full_or_failed_over_asks_to_try_again(ledger, url, code):
    """The server itself raises it here, in a trigger: its disk is not filled."""
    if not url.startswith("postgresql"):
        pytest.skip("these are codes of PostgreSQL")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'p1 has no room' USING ERRCODE = '{code}'; END $$"
        )
        connection.execute("CREATE TRIGGER no BEFORE INSERT ON patients EXECUTE FUNCTION no()")
        try:
            with pytest.raises(StoreUnavailable) as raised:
                ledger.cohort.add(["p1"], "group", NOW)
        finally:
            connection.execute("DROP FUNCTION no CASCADE")
    assert "p1" not in str(raised.value)


# Locked


def test_a_postgresql_that_is_locked_by_somebody_asks_to_try_again(url, monkeypatch):
    if not url.startswith("postgresql"):
        pytest.skip("SQLite's lock is tested with its file")
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 1)
    with (
        Ledger(url, attempts_in_a_run=ATTEMPTS) as ledger,
        psycopg.connect(url) as other,
    ):
        other.execute("LOCK TABLE patients IN EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable):
            ledger.cohort.add(["p1"], "group", NOW)


# Slow, cut, restarted


def test_a_slow_database_loses_nothing(proxied):
    proxy, ledger = proxied
    proxy.delay_seconds = 0.02
    keys = people(ledger, "p1", "p2")
    run = begin(ledger, keys)
    for number, key in enumerate(keys):
        ledger.screenings.store(screening(key, run, create(f"alert-{number}")), NOW)
    assert ledger.runs.get(run).open_plans == 2


def test_a_database_that_is_cut_off_in_the_middle_of_a_write_asks_to_try_again(proxied):
    proxy, ledger = proxied
    with pytest.raises(StoreUnavailable), ledger._database.writing() as connection:
        insert_people(connection, ["p1"], "group", NOW)
        proxy.cut()
        insert_people(connection, ["p2"], "group", NOW)
    assert ledger.cohort.keys_of(["p1", "p2"]) == {}


def test_a_connection_that_was_used_a_moment_ago_is_not_asked_whether_it_lives(proxied, pings):
    _, ledger = proxied
    for _ in range(3):
        ledger.cohort.members()
    assert pings == []


def test_a_connection_that_nobody_used_for_a_while_is_asked_whether_it_lives(
    proxied, pings, monkeypatch
):
    _, ledger = proxied
    ledger.cohort.members()
    monkeypatch.setattr(database, "_LIVES_ON_SECONDS", 0)
    ledger.cohort.members()
    assert len(pings) == 1


@pytest.mark.parametrize("lives_on_seconds", [0, 60])
def test_a_database_that_was_restarted_is_used_again_at_once(
    ledger, url, lives_on_seconds, monkeypatch
):
    if not url.startswith("postgresql"):
        pytest.skip("SQLite is not restarted")
    monkeypatch.setattr(database, "_LIVES_ON_SECONDS", lives_on_seconds)
    ledger.cohort.members()
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert ledger.cohort.members() == []


def test_after_it_was_cut_off_a_database_is_used_again_without_a_restart(proxied):
    proxy, ledger = proxied
    key = people(ledger, "p1")[0]
    run = begin(ledger, [key])
    proxy.cut()
    ledger.screenings.store(screening(key, run, create()), NOW)
    assert ledger.runs.get(run).open_plans == 1
