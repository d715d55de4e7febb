"""A span for each task, named by the task; what it was asked to do with is not told."""

from __future__ import annotations

from typing import Any

from celery import Task
from celery.signals import worker_process_init, worker_process_shutdown

from service.settings import load_settings
from service.traces import CARRIED, span, stop_traces
from service.wiring.tracing import start_traces_for


class TracedTask(Task):  # type: ignore[misc] # Celery has no types
    """A task as Celery has it, within a span that goes on with the trace of who sent it."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run it."""
        carried = (self.request.headers or {}).get(CARRIED, "")
        with span(self.name, "consumer", {"boneflag.task": self.name}, carried):
            return super().__call__(*args, **options)


def _start(**_: Any) -> None:
    start_traces_for(load_settings(), "boneflag-worker")


def _stop(**_: Any) -> None:
    stop_traces()


# After the fork: what sends spans is a thread. Celery keeps only weak references to receivers.
worker_process_init.connect(_start)
worker_process_shutdown.connect(_stop)
