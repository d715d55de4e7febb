"""The whole job in this process: find, screen, deliver, with nothing queued.

For a first look, for one patient, and for tests that need to know when it is over.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta

from service.bulk_sweep import BulkSweep
from service.pipeline import Pipeline
from service.store.entries import Run

_ALL = 1_000_000
_LONGEST_PAUSE_SECONDS = 60.0


def run_inline(pipeline: Pipeline, start: Callable[[], int | None]) -> Run | None:
    """Start a run and see it through; None where nobody changed.

    Everybody pending is screened, those of an older run included, and every run that is ready is
    delivered.
    """
    run_id = start()
    if run_id is None:
        return None
    batches = pipeline.hand_out(_ALL, queue_is_empty=True, forgotten_after=timedelta())
    for keys in _with_progress(batches):
        pipeline.screen(keys)
    pipeline.deliver()
    return pipeline.ledger.runs.get(run_id)


def run_bulk_inline(
    pipeline: Pipeline, bulk: BulkSweep, pause: Callable[[float], None] = time.sleep
) -> Run | None:
    """The same by bulk export, waiting for the EHR as long as it takes."""
    run_id = bulk.start()
    while (wait_seconds := bulk.step()) is not None:
        pause(min(wait_seconds, _LONGEST_PAUSE_SECONDS))
    return run_inline(pipeline, lambda: run_id)


def screen_inline(pipeline: Pipeline, fhir_id: str) -> Run | None:
    """Screen one patient and deliver what follows from it; nobody else's turn comes by this."""
    run_id, key = pipeline.start_screening(fhir_id)
    pipeline.screen([key])
    pipeline.deliver(run_id)
    return pipeline.ledger.runs.get(run_id)


def _with_progress(batches: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The same batches, with a bar on a terminal."""
    if not sys.stderr.isatty():
        return batches
    from rich.console import Console
    from rich.progress import track

    return track(batches, "Screening", console=Console(stderr=True), transient=True)  # type: ignore[return-value] # an iterable of the same
