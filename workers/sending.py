"""The queue as Celery serves it, for the doors that only send."""

from __future__ import annotations

from service.queue import Queue
from service.settings import Settings
from service.wiring import redis_for


def queue_for(settings: Settings) -> Queue:
    """A queue on the configured Redis; SettingsInvalid where none is configured."""
    from workers.app import make_app

    redis_for(settings).close()  # Says what is wrong with the URL before Celery tries it.
    return Queue(make_app(settings))
