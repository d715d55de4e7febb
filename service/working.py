"""`boneflag work`: a worker on all queues and a beat in one go, for a first look or a small site.

`boneflag sweep` and `boneflag demo` use the same processes for as long as they need them.

With no Redis configured an embedded one is started. docker-compose.yml runs the same pieces apart,
one process for each purpose.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from service.embedded_redis import embedded_redis
from service.queue import QUEUES
from service.settings import PREFIX, Settings
from service.store.entries import Run, RunState
from service.store.ledger import Ledger

_POLITE_SECONDS = 3.0
_ENDED = (RunState.DONE, RunState.HELD, RunState.FAILED)


class WorkersEnded(Exception):
    """The workers are gone before the work was done (exit code 6)."""


def run_work(settings: Settings) -> None:
    """Work until a signal or the end of one of the two processes."""
    # A service manager ends us with SIGTERM; the children are to be ended as for Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="boneflag-work-")))
        given = {}
        if not settings.redis_url.get_secret_value():
            given[PREFIX + "REDIS_URL"] = stack.enter_context(embedded_redis())
        processes = stack.enter_context(working(given, directory, log=None, polite_seconds=70))
        try:
            os.wait()
        except KeyboardInterrupt:
            pass
        finally:
            for process in processes:
                process.terminate()


@contextmanager
def working(
    variables: Mapping[str, str],
    directory: Path,
    *,
    log: IO[bytes] | None,
    polite_seconds: float = _POLITE_SECONDS,
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A worker and a beat with these variables beside the inherited ones, ended with the block."""
    environment = {**os.environ, **variables, PREFIX + "BEAT_FILE": str(directory / "beat")}
    celery = [sys.executable, "-m", "celery", "-A", "workers.app", "--quiet"]
    # Alone on its queue, a worker has nobody to greet; greeting costs a second at each start.
    alone = ["--without-mingle", "--without-gossip"]
    worker = [*celery, "worker", "-Q", ",".join(QUEUES), "-c", "2", "-l", "INFO", *alone]
    processes = [
        subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
            command,
            env=environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        for command in (worker, [*celery, "beat", "-l", "INFO"])
    ]
    try:
        yield processes
    finally:
        for process in processes:
            _end(process, polite_seconds)


def ended_run(ledger: Ledger, after: int, processes: Sequence[subprocess.Popen[bytes]]) -> Run:
    """The first run after the one with this number that is done, held or failed.

    Waits as long as these processes live; WorkersEnded when one of them does not.
    """
    while all(process.poll() is None for process in processes):
        newer = [run for run in ledger.runs.newest(20) if run.id > after and run.state in _ENDED]
        if newer:
            return min(newer, key=lambda run: run.id)
        time.sleep(0.2)
    raise WorkersEnded("the workers ended before the run did: their log above says why")


def newest_run_number(ledger: Ledger) -> int:
    """The number of the newest run, 0 before the first."""
    return next((run.id for run in ledger.runs.newest(1)), 0)


def _end(process: subprocess.Popen[bytes], polite_seconds: float) -> None:
    """End a process with its children: asked first, then at once."""
    for sign, seconds in ((signal.SIGQUIT, polite_seconds), (signal.SIGKILL, polite_seconds)):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            return
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
