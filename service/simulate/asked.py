"""Carrying out a simulation that was asked for on a page, beside whatever else the site does.

A newcomer would get two things wrong. However it ends, it says so: an EHR that is away, a pause
and a fault of ours each leave a sentence on the page, because whoever asked looks there and not
into a log. And a process that is killed says nothing: so a thread beside the work says that it
lives, and a simulation that falls silent keeps nobody off for longer than minutes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog
from redis.exceptions import RedisError

from service.ehr.errors import EHRError
from service.screening.protocol import ProtocolInvalid
from service.simulate.kept import kept_counts
from service.simulate.tally import Simulation
from service.store.errors import StoreError
from service.store.simulations import BEAT_SECONDS, Question, Simulations

_log = structlog.get_logger()
Progress = Callable[[int, int], None]
Run = Callable[[Question, Progress], Simulation]
FAULT = (
    "It ended with a fault of BoneFlag itself. Nothing was written; its log names the fault, and"
    " whoever runs BoneFlag here can read it."
)


class CannotBeTried(Exception):
    """The settings or an overlay do not allow it; the text is for whoever asked."""


class _Cancelled(Exception):
    """Somebody wants no answer any more."""


def carry_out(simulations: Simulations, number: str, run: Run) -> None:
    """Simulate what was asked for under this number, if somebody still wants to know."""
    question = simulations.take(number, datetime.now(UTC))
    if question is None:
        return

    def progress(done: int, total: int) -> None:
        try:
            is_wanted = simulations.progress(number, done, total, datetime.now(UTC))
        except RedisError:
            return  # Hours of reading are not thrown away: the next batch tells again.
        if not is_wanted:
            raise _Cancelled

    try:
        with _heartbeat(simulations, number):
            found = run(question, progress)
    except _Cancelled:
        _log.info("simulation_cancelled")
    except (EHRError, StoreError, ProtocolInvalid, CannotBeTried) as error:
        _log.warning("simulation_failed", error=type(error).__name__)
        simulations.fail(number, f"{error}.")
    except Exception:
        simulations.fail(number, FAULT)
        raise
    else:
        simulations.finish(number, kept_counts(found))


@contextmanager
def _heartbeat(simulations: Simulations, number: str) -> Iterator[None]:
    """Say that this process lives, until the work is over or nobody wants it."""
    is_over = threading.Event()

    def beat() -> None:
        is_wanted = True
        while is_wanted and not is_over.wait(BEAT_SECONDS):
            try:
                is_wanted = simulations.is_wanted(number, datetime.now(UTC))
            except RedisError:
                continue  # It may be back for the next one.

    threading.Thread(target=beat, name="simulation-lives", daemon=True).start()
    try:
        yield
    finally:
        is_over.set()
