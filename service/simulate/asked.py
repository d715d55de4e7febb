"""Carrying out a simulation that was asked for on a page, beside whatever else the site does.

A newcomer would get one thing wrong: however it ends, it says so. An EHR that is away, a pause and
a fault of ours each leave a sentence on the page, because whoever asked looks there and not into a
log.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from service.ehr.errors import EHRError
from service.screening.protocol import ProtocolInvalid
from service.simulate.kept import kept_counts
from service.simulate.tally import Simulation
from service.store.errors import StoreError
from service.store.simulations import Question, Simulations

_log = structlog.get_logger()
Progress = Callable[[int, int], None]
Run = Callable[[Question, Progress], Simulation]
FAULT = (
    "It ended with a fault of BoneFlag itself. Nothing was written; its log names the fault, and"
    " whoever runs BoneFlag here can read it."
)


class _Cancelled(Exception):
    """Somebody wants no answer any more."""


def carry_out(simulations: Simulations, number: str, run: Run) -> None:
    """Simulate what was asked for under this number, if somebody still wants to know."""
    question = simulations.take(number, datetime.now(UTC))
    if question is None:
        return

    def progress(done: int, total: int) -> None:
        if not simulations.progress(number, done, total, datetime.now(UTC)):
            raise _Cancelled

    try:
        found = run(question, progress)
    except _Cancelled:
        _log.info("simulation_cancelled")
    except (EHRError, StoreError, ProtocolInvalid) as error:
        _log.warning("simulation_failed", error=type(error).__name__)
        simulations.fail(number, f"{error}.")
    except Exception:
        simulations.fail(number, FAULT)
        raise
    else:
        simulations.finish(number, kept_counts(found))
