"""The tasks: each takes a lease, calls the line once, and says what comes next.

The lease saves work; it is not what makes this correct. A message holds patient keys only.
"""

from __future__ import annotations

from typing import Any

from celery import Task

from service.ehr.errors import EHRUnavailable
from service.queue import DELIVER, POLL, REFILL, SCREEN, SWEEP
from service.store.errors import StoreUnavailable
from workers.app import app
from workers.site import REFILL_LIMIT, Site, site

_RETURN_SECONDS, _MOST_RETURNS = 3, 10
# A poll, a refill and a delivery come again by themselves: a retry of each would only pile up.
_TICK: dict[str, Any] = {"bind": True, "ignore_result": True}
_POLICY: dict[str, Any] = {
    **_TICK,
    "autoretry_for": (EHRUnavailable, StoreUnavailable),
    "retry_backoff": 30,
    "retry_backoff_max": 600,  # Well below half of the visibility timeout.
    "max_retries": 30,
}


@app.task(name=SWEEP, **_POLICY)
def sweep(_: Task) -> None:
    """Find the cohort, mark everybody pending, and hand them out."""
    with site().alone("sweep") as here:
        if here is not None:
            here.pipeline.start_sweep()
            _hand_out(here)


@app.task(name=POLL, **_TICK)
def poll(_: Task) -> None:
    """Find who changed, and hand them out."""
    with site().alone("poll") as here:
        if here is not None and here.pipeline.start_poll() is not None:
            _hand_out(here)


@app.task(name=REFILL, **_TICK)
def refill(_: Task) -> None:
    """Hand out whoever is pending and not in the queue: after an emptied queue, or a pause."""
    with site().alone("refill") as here:
        if here is not None:
            _hand_out(here)


@app.task(name=SCREEN, **_POLICY)
def screen(_: Task, patient_keys: list[str]) -> None:
    """Screen one batch; the last one of a run asks for its delivery."""
    with site().alone("screen", *patient_keys) as here:
        if here is not None:
            here.pipeline.screen(patient_keys)
            if here.pipeline.ledger.runs.to_deliver():
                here.queue.deliver()


@app.task(name=DELIVER, **_TICK)
def deliver(task: Task) -> None:
    """Write what is ready to be written."""
    with site().alone("deliver") as here:
        if here is not None:
            here.pipeline.deliver()
        elif task.request.retries < _MOST_RETURNS:
            # Whoever delivers now may have looked before the last batch of a run had reported.
            raise task.retry(countdown=_RETURN_SECONDS, max_retries=_MOST_RETURNS)


def _hand_out(here: Site) -> None:
    for keys in here.next_batches(REFILL_LIMIT):
        here.queue.screen(keys)
