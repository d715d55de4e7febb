"""The tasks: each takes a lease, calls the line once, and says what comes next.

The lease saves work; it is not what makes this correct. A message holds patient keys only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from celery import Task

from service.ehr.errors import EHRUnavailable
from service.noticing import mark_noticed
from service.queue import (
    BULK_STEP,
    BULK_STEP_TIME_LIMIT_SECONDS,
    DELIVER,
    NOTICED,
    POLL,
    PURGE,
    REFILL,
    SCREEN,
    SIMULATE,
    SIMULATION_TIME_LIMIT_SECONDS,
    SWEEP,
)
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
        if here is None:
            return
        if here.bulk is not None and here.bulk.is_chosen():
            here.bulk.start()
            here.queue.bulk_step()
        else:
            here.pipeline.start_sweep()
            _hand_out(here)


@app.task(name=POLL, **_TICK)
def poll(_: Task) -> None:
    """Find who changed, and hand them out."""
    with site().alone("poll") as here:
        if here is None or here.pipeline.stands_still():
            return
        if here.bulk is not None and here.bulk.has_to_come_first():
            return
        if here.pipeline.start_poll() is not None:
            _hand_out(here)


@app.task(name=NOTICED, **_TICK)
def noticed(task: Task) -> None:
    """Look at what notices of the EHR have said: mark people, poll, or ask for a sweep."""
    with site().alone("poll") as here:
        if here is not None:
            _look_at_notices(here)
        elif task.request.retries < _MOST_RETURNS:
            # Whoever polls now may have asked before the notice came.
            raise task.retry(countdown=_RETURN_SECONDS, max_retries=_MOST_RETURNS)


@app.task(name=REFILL, **_TICK)
def refill(_: Task) -> None:
    """Hand out whoever is pending and not in the queue: after an emptied queue, or a pause."""
    with site().alone("refill") as here:
        if here is not None:
            _hand_out(here)


# Acknowledged at once: a message that waited for hours would be given to a second worker.
@app.task(
    name=BULK_STEP,
    acks_late=False,
    soft_time_limit=BULK_STEP_TIME_LIMIT_SECONDS,
    time_limit=BULK_STEP_TIME_LIMIT_SECONDS + 60,
    **_TICK,
)
def bulk_step(_: Task) -> None:
    """Go on with the bulk export under way, if there is one; the ledger keeps others off."""
    here = site()
    if here.bulk is None:
        return
    here.bulk.step()
    if here.pipeline.ledger.runs.to_deliver():
        here.queue.deliver()


# A process that dies with a batch is not made up for by a retry, which comes after minutes and as
# often as a task may be retried, while the run waits: the next refill hands its people out.
@app.task(name=SCREEN, retry_on_worker_lost=False, **_POLICY)
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


# As a step of a bulk export: what was lost with its worker is told on the page, and asked for anew.
# Nor is it retried by itself: a chart that ended its process would end one after the other.
@app.task(
    name=SIMULATE,
    acks_late=False,
    retry_on_worker_lost=False,
    soft_time_limit=SIMULATION_TIME_LIMIT_SECONDS,
    time_limit=SIMULATION_TIME_LIMIT_SECONDS + 60,
    **_TICK,
)
def simulate(_: Task, number: str) -> None:
    """Try a change of the protocol on the cohort, as somebody asked on a page."""
    site().simulate(number)


@app.task(name=PURGE, **_TICK)
def purge(_: Task) -> None:
    """Take out what is over its span, and write down the end of the audit; also while paused."""
    with site().alone("purge") as here:
        if here is not None:
            here.purge()


def _look_at_notices(here: Site) -> None:
    """While it stands still they wait for the next notice, and the EHR's changes for the poll."""
    if here.pipeline.stands_still():
        return
    noted = here.noticed.noted()
    if noted.sweep:
        here.queue.sweep()
    mark_noticed(here.pipeline, noted.people, datetime.now(UTC))
    here.noticed.settle(noted.people)
    if noted.poll and not (here.bulk is not None and here.bulk.has_to_come_first()):
        here.pipeline.start_poll()
    _hand_out(here)


def _hand_out(here: Site) -> None:
    for keys in here.next_batches(REFILL_LIMIT):
        here.queue.screen(keys)
