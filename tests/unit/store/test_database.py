from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.store import database
from service.store.errors import (
    StoreConflict,
    StoreDamaged,
    StoreError,
    StoreMisconfigured,
    StoreNotReady,
    StoreUnavailable,
)
from service.store.ledger import Ledger

from .builders import ATTEMPTS, NOW, alert, begin, entry, people, screening


def open_ledger(url: str) -> Ledger:
    return Ledger(url, attempts_in_a_run=ATTEMPTS)


@pytest.mark.parametrize(
    "url",
    ["", "boneflag.db", "mysql://host/name", "sqlite://", "sqlite:///:memory:", "oracle://x"],
)
def test_an_address_that_cannot_work_is_refused_when_the_ledger_is_made(url):
    with pytest.raises(StoreMisconfigured):
        open_ledger(url)


def what_is_told(error: BaseException) -> str:
    """The messages that a traceback prints, without the lines of source between them."""
    lines = traceback.TracebackException.from_exception(error)
    told = []
    while lines is not None:
        told += lines.format_exception_only()
        lines = lines.__cause__ or (None if lines.__suppress_context__ else lines.__context__)
    return "".join(told)


@pytest.mark.parametrize("address", ["mysql://boneflag:secret@host/x", "boneflag:secret@host/x"])
def test_a_refused_address_is_not_repeated_because_it_may_hold_a_password(address):
    with pytest.raises(StoreMisconfigured) as caught:
        open_ledger(address)
    assert "secret" not in what_is_told(caught.value)


def test_a_folder_that_does_not_exist_is_named_to_the_operator(tmp_path):
    with pytest.raises(StoreMisconfigured, match="missing-folder"):
        open_ledger(f"sqlite:///{tmp_path}/missing-folder/ledger.db")


def test_the_file_can_be_read_by_its_owner_only(tmp_path):
    path = tmp_path / "ledger.db"
    with open_ledger(f"sqlite:///{path}") as ledger:
        ledger.migrate()
        modes = [stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()]
    assert set(modes) == {0o600}


def test_a_ledger_that_was_never_migrated_says_so(empty_url):
    with open_ledger(empty_url) as ledger, pytest.raises(StoreNotReady):
        ledger.cohort.members()


def test_a_file_that_is_no_ledger_is_called_damaged(tmp_path):
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is a letter, not a database" * 100)
    with open_ledger(f"sqlite:///{path}") as ledger, pytest.raises(StoreDamaged):
        ledger.migrate()


def test_a_locked_ledger_asks_to_try_again(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.05)
    path = tmp_path / "ledger.db"
    with open_ledger(f"sqlite:///{path}") as ledger:
        ledger.migrate()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            ledger.cohort.add(["p1"], "group", NOW)
        other.close()


def test_a_reader_does_not_wait_for_a_writer(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.05)
    path = tmp_path / "ledger.db"
    with open_ledger(f"sqlite:///{path}") as ledger:
        ledger.migrate()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert ledger.cohort.members() == []
        other.close()


def test_a_database_that_is_gone_asks_to_try_again():
    with (
        open_ledger("postgresql://boneflag@127.0.0.1:1/boneflag") as ledger,
        pytest.raises(StoreUnavailable),
    ):
        ledger.cohort.members()


def test_a_conflict_is_told_without_the_values_that_conflict(ledger):
    (key,) = people(ledger, "p1")
    ledger.alerts.remember(key, entry("secret-key-1", episode=1), NOW)
    with pytest.raises(StoreConflict) as caught:
        ledger.alerts.remember(key, entry("secret-key-2", episode=1), NOW)
    told = what_is_told(caught.value)
    assert "secret-key" not in told
    assert key not in told


def test_a_screening_of_an_unknown_person_is_a_conflict(ledger):
    run_id = begin(ledger)
    with pytest.raises(StoreConflict):
        ledger.screenings.store(screening("nobody", run_id), NOW)


def test_an_instant_without_a_time_zone_is_refused(ledger):
    with pytest.raises(StoreError):
        ledger.watermarks.advance("poll", datetime(2026, 11, 22))
    assert ledger.watermarks.get("poll") is None


def test_an_error_inside_a_transaction_leaves_nothing_written(url):
    store = database.Database(url)
    with pytest.raises(RuntimeError), store.writing() as connection:
        connection.exec_driver_sql("INSERT INTO watermarks VALUES ('poll', '2026-11-22 03:00:00')")
        raise RuntimeError
    with store.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM watermarks").scalar() == 0
    store.close()


def run_in_a_fork(work: Callable[[], None]) -> None:
    """Run it as Celery's prefork runs a task: in a child that inherits everything."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_forked_worker_does_not_share_connections_with_its_parent(ledger):
    people(ledger, "p1")
    run_in_a_fork(lambda: people(ledger, "p2"))
    people(ledger, "p3")
    run_in_a_fork(lambda: people(ledger, "p4"))
    assert len(ledger.cohort.members()) == 4


def test_a_second_ledger_in_a_process_does_not_unlock_the_first(tmp_path):
    """Closing any handle of the file would: others would then clear away the log in use."""
    path = tmp_path / "ledger.db"
    with open_ledger(f"sqlite:///{path}") as ledger:
        ledger.migrate()
        people(ledger, "p1")
        open_ledger(f"sqlite:///{path}").close()
        in_another_process(path, "INSERT INTO watermarks VALUES ('poll', '2026-11-22')")
        people(ledger, "p2")
        assert in_another_process(path, "SELECT count(*) FROM patients") == "2"
        assert in_another_process(path, "SELECT count(*) FROM watermarks") == "1"
        assert in_another_process(path, "PRAGMA integrity_check") == "ok"


def in_another_process(path: Path, statement: str) -> str:
    program = (
        "import sqlite3, sys\n"
        "file = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "print(*(file.execute(sys.argv[2]).fetchone() or ()))\n"
        "file.close()\n"
    )
    command = [sys.executable, "-c", program, str(path), statement]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_more_values_than_one_statement_takes_are_asked_for_in_parts(ledger):
    people(ledger, "p1")
    many = [f"p{number}" for number in range(2 * database.CHUNK_SIZE + 1)]
    assert list(ledger.cohort.keys_of(many)) == ["p1"]


@pytest.mark.parametrize("shown", [entry(), alert(), screening("k", 1)])
def test_what_may_name_a_patient_does_not_print_itself(shown):
    assert "alert-1" not in repr(shown)
    assert "MSO-02" not in repr(shown)


def test_what_a_thread_reads_together_is_one_transaction(ledger):
    begun = []
    sa.event.listen(ledger._database._pool, "begin", begun.append)
    with ledger.reading_together():
        ledger.cohort.members()
        ledger.cohort.members()
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(ledger.cohort.members).result()
    assert len(begun) == 2


def test_nothing_is_written_while_reading_together(ledger):
    with ledger.reading_together(), pytest.raises(RuntimeError, match="read first"):
        ledger.cohort.add(["p1"], "test", NOW)
    assert ledger.cohort.add(["p1"], "test", NOW) == 1
