"""Queues and tasks by name; sends work by name.

A message holds patient keys of the ledger (opaque numbers of our own) and nothing else: no FHIR id,
no code, no resource. The queue may be emptied at any time; the ledger refills it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from service.traces import carry

FIND_QUEUE = "find"
SCREEN_QUEUE = "screen"
WRITE_QUEUE = "write"
QUEUES = (FIND_QUEUE, SCREEN_QUEUE, WRITE_QUEUE)
KEY_PREFIX = "boneflag:"
"""Before every key of ours in Redis: the access list lets us at no other."""

POLL = "boneflag.poll"
SWEEP = "boneflag.sweep"
REFILL = "boneflag.refill"
SCREEN = "boneflag.screen"
DELIVER = "boneflag.deliver"
BULK_STEP = "boneflag.bulk_step"
PURGE = "boneflag.purge"
NOTICED = "boneflag.noticed"
SIMULATE = "boneflag.simulate"

ROUTES = {
    POLL: FIND_QUEUE,
    SWEEP: FIND_QUEUE,
    REFILL: FIND_QUEUE,
    SCREEN: SCREEN_QUEUE,
    DELIVER: WRITE_QUEUE,
    BULK_STEP: SCREEN_QUEUE,
    PURGE: FIND_QUEUE,
    NOTICED: FIND_QUEUE,
    SIMULATE: SCREEN_QUEUE,
}

TASK_TIME_LIMIT_SECONDS = 900
TASK_SOFT_TIME_LIMIT_SECONDS = 840
VISIBILITY_TIMEOUT_SECONDS = 1800
# A step of a bulk export may download and screen a whole cohort. It is acknowledged before it
# begins, so that the visibility timeout does not concern it: the next tick finds what is left.
BULK_STEP_TIME_LIMIT_SECONDS = 6 * 3600
SIMULATION_TIME_LIMIT_SECONDS = 6 * 3600
"""A simulation reads a whole cohort as politely as a sweep; acknowledged before it begins, too."""


def queue_key(name: str) -> str:
    """The list in Redis in which the messages of a queue wait."""
    return KEY_PREFIX + name


class QueueUnavailable(Exception):
    """The queue's server cannot be reached; nothing was queued (exit code 6)."""


class SendsTasks(Protocol):
    """What is needed of Celery."""

    def send_task(self, name: str, args: Sequence[object] = ..., **options: object) -> object:
        """Put one message into a queue."""
        ...  # pragma: no cover (a protocol)


class Queue:
    """Sends work by task name. Arguments are hidden from every log and event."""

    def __init__(self, app: SendsTasks) -> None:
        self._app = app

    def sweep(self) -> None:
        """Ask for a sweep of the whole cohort."""
        self._send(SWEEP)

    def poll(self) -> None:
        """Ask who changed."""
        self._send(POLL)

    def noticed(self, in_seconds: int = 0) -> None:
        """Look at what notices of the EHR have said, soon."""
        self._send(NOTICED, countdown=in_seconds)

    def refill(self) -> None:
        """Hand out whoever is pending."""
        self._send(REFILL)

    def screen(self, patient_keys: Sequence[str]) -> None:
        """Screen one batch."""
        self._send(SCREEN, list(patient_keys))

    def bulk_step(self) -> None:
        """Go on with the bulk export under way."""
        self._send(BULK_STEP)

    def simulate(self, number: str) -> None:
        """Try the change that was asked for under this number, an opaque one of our own."""
        self._send(SIMULATE, number)

    def deliver(self) -> None:
        """Write what is ready to be written."""
        self._send(DELIVER)

    def _send(self, name: str, *args: object, **options: object) -> None:
        hidden = {"argsrepr": "…", "kwargsrepr": "…"}
        if carried := carry():
            options["headers"] = carried
        self._app.send_task(name, args=args, queue=ROUTES[name], **hidden, **options)
