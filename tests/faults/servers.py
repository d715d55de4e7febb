"""A Redis and a database that can be taken away and come back on the same port."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import redis

from tests.lib import postgres
from tests.lib.redis_server import _wait_until_ready, free_port


class RestartedRedis:
    """A redis-server without persistence: a restart empties it."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self._folder = folder
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._start()

    def _start(self) -> None:
        program = shutil.which("redis-server")
        assert program, "the fault run needs redis-server"
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        options += ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
        self._server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        _wait_until_ready(self.url)

    def empty(self) -> None:
        """Forget everything."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def restart(self) -> None:
        """Die at once and come back with nothing."""
        self.stop()
        time.sleep(0.2)
        self._start()

    def stop(self) -> None:
        """End it."""
        self._server.kill()
        self._server.wait()


class LedgerServer(Protocol):
    """A database under the ledger."""

    url: str

    def disturb(self) -> str:
        """Take it away for a moment; what was done."""
        ...


class LockedSQLite:
    """A file that another process locks for longer than the workers wait for it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.url = f"sqlite:///{path}"

    def disturb(self) -> str:
        """Lock the file for longer than anybody waits."""
        connection = sqlite3.connect(self._path, timeout=5, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(1.6)
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return ""
        finally:
            connection.close()
        return "SQLite locked"


class RestartedPostgreSQL:
    """A cluster whose server is ended at once, in the middle of transactions, and started again."""

    def __init__(self, folder: Path) -> None:
        programs = postgres.find_postgres_programs()
        assert programs is not None, "the fault run needs PostgreSQL"
        self._programs = programs
        self._folder = folder
        self._user = postgres._somebody_who_is_not_root()
        if self._user is not None:
            shutil.chown(folder, self._user)
        self._port = postgres._free_port()
        postgres._create_cluster(programs, folder, self._user)
        self._address = f"postgresql://boneflag@127.0.0.1:{self._port}/postgres"
        self.url = self._address.replace("postgresql:", "postgresql+psycopg:")
        self._start()

    def _start(self) -> None:
        self._server = postgres._start(
            self._programs, self._folder, self._port, self._user, is_durable=False
        )
        postgres._wait_until_ready(self._address, self._server)

    def disturb(self) -> str:
        """End it as a power cut does, and start it again."""
        self.stop()
        self._start()
        return "PostgreSQL restarted"

    def stop(self) -> None:
        """Immediate shutdown: no transaction is finished, the log is replayed at the start."""
        self._server.send_signal(3)
        self._server.wait(30)


@contextmanager
def ledger_on(kind: str, folder: Path) -> Iterator[LedgerServer]:
    """A ledger on `sqlite` or `postgresql`, ended with the block."""
    if kind == "sqlite":
        yield LockedSQLite(folder / "ledger.sqlite3")
        return
    with tempfile.TemporaryDirectory(prefix="boneflag-faults-") as cluster:
        server = RestartedPostgreSQL(Path(cluster))
        try:
            yield server
        finally:
            server.stop()
