"""The queue as Celery serves it, for the doors that only send."""

from __future__ import annotations

from collections.abc import Sequence

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import AuthenticationError, RedisError

from service.queue import Queue, QueueUnavailable
from service.settings import Settings, SettingsInvalid
from service.wiring import redis_for


def queue_for(settings: Settings) -> Queue:
    """A queue on the configured Redis.

    SettingsInvalid where none is configured, QueueUnavailable where it does not answer: Celery
    would say so later, and with a traceback.
    """
    from workers.app import make_app

    client = redis_for(settings)
    try:
        client.ping()
    except AuthenticationError:
        raise SettingsInvalid(
            "Redis does not accept the user and password of BONEFLAG_REDIS_URL"
        ) from None
    except RedisError:
        raise QueueUnavailable(
            "Redis does not answer, nothing was queued: start it or correct BONEFLAG_REDIS_URL;"
            " `--inline` works without it"
        ) from None
    finally:
        client.close()
    return Queue(_Sending(make_app(settings)))


class _Sending:
    """Celery, whose words for a Redis that went away meanwhile are ours."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send_task(self, name: str, args: Sequence[object] = (), **options: object) -> object:
        """Put one message into a queue, or QueueUnavailable."""
        try:
            return self._app.send_task(name, args=args, **options)
        except OperationalError:
            raise QueueUnavailable("Redis does not answer any more, nothing was queued") from None
