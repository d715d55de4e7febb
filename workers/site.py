"""The one site that a worker process serves: its line, its queue and its leases.

Made on first use in each process, after the fork: connections do not survive one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Self

import msgspec
import redis
import structlog
from celery.exceptions import SoftTimeLimitExceeded

from service.acting import acting_as
from service.bulk_sweep import BulkSweep
from service.pipeline import Pipeline
from service.purging import purge_and_anchor
from service.queue import (
    SCREEN_QUEUE,
    VISIBILITY_TIMEOUT_SECONDS,
    Queue,
)
from service.settings import Settings, SettingsInvalid, load_settings
from service.simulate.asked import CannotBeTried, carry_out
from service.simulate.tally import Simulation
from service.store.leases import Leases
from service.store.ledger import Ledger
from service.store.noticed import Noticed
from service.store.simulations import Question
from service.wiring import (
    pipeline_for,
    protocol_of,
    redis_for,
    restored_for,
    simulation_for,
    simulations_for,
    spans_for,
    today_for,
)
from service.wiring.bulk import bulk_sweep_for
from workers.app import KEY_PREFIX, app

_log = structlog.get_logger()
REFILL_LIMIT = 20_000
# Short on purpose: a killed worker keeps its lease, and what runs longer may run twice unharmed.
_LEASE_SECONDS = 180
_TIME_IS_OVER = (SoftTimeLimitExceeded,)


class Site:
    """What a task needs."""

    def __init__(
        self,
        pipeline: Pipeline,
        queue: Queue,
        client: redis.Redis,
        bulk: BulkSweep | None = None,
        purge: Callable[[], object] = lambda: None,
        restored: int | None = None,
        simulate: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.pipeline = pipeline
        self.purge = purge
        self.simulate = simulate
        self.restored = restored
        self.bulk = bulk
        self.queue = queue
        self.noticed = Noticed(client)
        self._redis = client
        self._leases = Leases(client, KEY_PREFIX.rstrip(":"))

    @contextmanager
    def alone(self, *names: str) -> Iterator[Self | None]:
        """This site while nobody else does the same; None where somebody does."""
        lease = self._leases.take("|".join(names), _LEASE_SECONDS)
        if lease is None:
            _log.info("work_is_done_elsewhere", task=names[0])
            yield None
            return
        with lease:
            yield self

    def next_batches(self, limit: int) -> list[tuple[str, ...]]:
        """Who is to be screened next; those in the queue are left out while it holds any."""
        return self.pipeline.hand_out(
            limit,
            queue_is_empty=self._queue_is_empty(),
            forgotten_after=timedelta(seconds=VISIBILITY_TIMEOUT_SECONDS),
        )

    def _queue_is_empty(self) -> bool:
        """Whether no batch waits or is being worked on, as far as Redis knows.

        False where Redis cannot be asked: then people are handed out again only once every message
        must have come back.
        """
        try:
            waiting = self._redis.llen(KEY_PREFIX + SCREEN_QUEUE)
            taken = self._redis.hvals(KEY_PREFIX + "unacked")
        except redis.RedisError:
            return False
        return not waiting and not any(_is_a_batch(message) for message in taken)


def _is_a_batch(message: bytes | str) -> bool:
    """Whether a message that a worker took is a batch: kombu keeps [message, exchange, queue]."""
    try:
        return bool(msgspec.json.decode(message)[2] == SCREEN_QUEUE)
    except (msgspec.DecodeError, IndexError, KeyError, TypeError):
        return True


def site() -> Site:
    """The site of this process, made anew once a rollback changed the protocol in force."""
    here = _site_of(os.getpid())
    if here.pipeline.going_live.restored() == here.restored:
        return here
    _log.warning("protocol_in_force_changed")
    _site_of.cache_clear()
    here.pipeline.ehr.close()
    return _site_of(os.getpid())


@cache
def _site_of(_pid: int) -> Site:
    settings = load_settings()
    # Asked before the protocol is read: what changes in between is found by the next task.
    rollback = restored_for(settings)
    with acting_as("worker"):
        pipeline = pipeline_for(settings, stops_for=_TIME_IS_OVER)
    bulk = bulk_sweep_for(settings, pipeline)

    def purge() -> None:
        today = today_for(settings)
        purge_and_anchor(pipeline.ledger, spans_for(settings), datetime.now(UTC), today)

    def simulate(number: str) -> None:
        asked = simulations_for(settings)
        carry_out(asked, number, partial(simulation_asked_for, settings, pipeline.ledger))

    restored = rollback.restores if rollback else None
    return Site(pipeline, Queue(app), redis_for(settings), bulk, purge, restored, simulate)


def simulation_asked_for(
    settings: Settings, ledger: Ledger, question: Question, progress: Callable[[int, int], None]
) -> Simulation:
    """Today's protocol against the one of a question, on this site's cohort.

    CannotBeTried where the settings, or one of the overlays, cannot be used.
    """
    try:
        return simulation_for(
            settings,
            ledger,
            protocol_of(settings, question.overlay_text),
            today_for(settings),
            sample=question.sample,
            tell=lambda _: None,
            progress=progress,
            stops_for=_TIME_IS_OVER,
        )
    except SettingsInvalid as fault:
        raise CannotBeTried(str(fault)) from None
