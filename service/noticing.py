"""Notices of the EHR: taken at the door without asking anybody, and looked at by a worker.

A newcomer would get two things wrong. A notice is hearsay: it names people whom we know already, or
says that somebody changed, and what follows is a poll or a screening of people whom we watch, never
more. And where numbers are missing, the sweep finds whom the lost notices were about, because the
EHR may not be able to say who changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from service.notice import Notice
from service.pipeline import Pipeline
from service.queue import Queue
from service.store.errors import StoreError
from service.store.noticed import Noticed, Wish

_log = structlog.get_logger()
KeysOf = Callable[[Sequence[str]], Mapping[str, str]]


def take(notice: Notice, noticed: Noticed, queue: Queue, keys_of: KeysOf) -> None:
    """Note what a notice says and ask for a worker. Raises RedisError where it cannot be noted."""
    wishes: set[Wish] = set()
    if _misses_some(notice, noticed):
        wishes |= {"sweep", "poll"}
        _log.warning("notices_missed")
    people = _known(notice, keys_of)
    if notice.is_somebody or len(people) < len(notice.patient_ids):
        wishes.add("poll")
    if not people and not wishes:
        return
    noticed.add(frozenset(people), frozenset(wishes))
    if (seconds := noticed.when()) is not None:
        queue.noticed(in_seconds=seconds)


def _misses_some(notice: Notice, noticed: Noticed) -> bool:
    if not notice.subscription or notice.first is None or notice.last is None:
        return False
    begins = notice.kind == "handshake"
    return noticed.misses_some(notice.subscription, notice.first, notice.last, begins=begins)


def _known(notice: Notice, keys_of: KeysOf) -> frozenset[str]:
    """The keys of those who are known; nobody while the ledger is away: a poll follows."""
    if not notice.patient_ids:
        return frozenset()
    try:
        return frozenset(keys_of(sorted(notice.patient_ids)).values())
    except StoreError:
        return frozenset()


def mark_noticed(pipeline: Pipeline, people: frozenset[str], at: datetime) -> int | None:
    """Mark those pending whom we watch, in a run of their own; None where we watch none of them."""
    ledger = pipeline.ledger
    watched = {*ledger.cohort.members(), *ledger.alerts.patients_with_open()}
    keys = (people & watched) - ledger.cohort.left_out()
    if not keys:
        return None
    run_id = pipeline.going_live.open_run("screen", pipeline.protocol.digest, at)
    ledger.pending.mark(run_id, keys, at)
    ledger.runs.finish_reading(run_id)
    _log.info("people_noticed", run=run_id, patients=len(keys))
    return run_id
