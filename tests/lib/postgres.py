"""A private PostgreSQL for tests: its own cluster in a temporary directory, on loopback.

Nothing is shared with a PostgreSQL that runs on the machine, and nothing is left behind.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

START_SECONDS = 30

_INITDB_OPTIONS = ("-U", "boneflag", "-E", "UTF8", "--auth=trust", "--no-sync", "--locale=C")


def find_postgres_programs() -> Path | None:
    """The folder of initdb and postgres: the newest of Debian's, else the one on the PATH."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    versions = sorted(
        (f for f in folders if (f / "initdb").exists()), key=lambda f: float(f.parent.name)
    )
    if versions:
        return versions[-1]
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def running_postgres(*, is_durable: bool = False) -> Iterator[str]:
    """The URL of a database in a new cluster, which ends with the block.

    `is_durable` waits for the disk as production does: for benchmarks only.
    """
    programs = find_postgres_programs()
    if programs is None:
        raise RuntimeError("No initdb under /usr/lib/postgresql/*/bin or on the PATH.")
    with tempfile.TemporaryDirectory(prefix="boneflag-postgres-") as folder:
        cluster = Path(folder)
        user = _somebody_who_is_not_root()
        if user is not None:
            shutil.chown(cluster, user)
        port = _free_port()
        _create_cluster(programs, cluster, user)
        server = _start(programs, cluster, port, user, is_durable=is_durable)
        try:
            url = f"postgresql://boneflag@127.0.0.1:{port}/postgres"
            _wait_until_ready(url, server)
            yield url
        finally:
            # Not SIGTERM, by which it waits for every connection that somebody left open.
            server.send_signal(signal.SIGINT)
            server.wait(START_SECONDS)


def _somebody_who_is_not_root() -> str | None:
    """PostgreSQL refuses to run as root; None where we are somebody else already."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _create_cluster(programs: Path, cluster: Path, user: str | None) -> None:
    subprocess.run(
        [programs / "initdb", "-D", cluster / "data", *_INITDB_OPTIONS],
        user=user,
        cwd=cluster,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _start(
    programs: Path, cluster: Path, port: int, user: str | None, *, is_durable: bool
) -> subprocess.Popen[bytes]:
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "on" if is_durable else "off",
        "logging_collector": "off",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return subprocess.Popen(
        [programs / "postgres", "-D", cluster / "data", *options],
        user=user,
        cwd=cluster,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(url):
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("The private PostgreSQL did not start.")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True
