"""The Celery application: `celery -A workers.app worker -Q screen`, `celery -A workers.app beat`.

A newcomer would get three things wrong. Messages are acknowledged late, so every task may run twice
and must not mind. The visibility timeout has to be longer than the hard time limit, or Redis gives
a message that is being worked on to a second worker; no message may be scheduled further ahead than
half of it. And results are not kept: what happened stands in the ledger, not in Redis.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import structlog
from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging, task_failure, task_retry

from service.logs import configure_logs
from service.queue import (
    KEY_PREFIX,
    QUEUES,
    ROUTES,
    SCREEN_QUEUE,
    TASK_SOFT_TIME_LIMIT_SECONDS,
    TASK_TIME_LIMIT_SECONDS,
    VISIBILITY_TIMEOUT_SECONDS,
)
from service.settings import PREFIX, Settings, SettingsInvalid, load_settings
from workers.schedule import beat_schedule
from workers.traced import TracedTask

_log = structlog.get_logger()
_EXIT_SETTINGS = 2
_NO_REDIS = "memory://not-configured"
_SOFT_SHUTDOWN_SECONDS = 60
_TRANSPORT = {
    "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
    "global_keyprefix": KEY_PREFIX,
    "socket_keepalive": True,
    "socket_timeout": 30,
    "health_check_interval": 30,
}


def make_app(settings: Settings) -> Celery:
    """The application for these settings; nothing is connected before it is used."""
    app = Celery("boneflag", include=["workers.tasks"], task_cls=TracedTask)
    app.conf.update(
        broker_url=settings.redis_url.get_secret_value() or _NO_REDIS,
        broker_transport_options=_TRANSPORT,
        broker_connection_retry_on_startup=True,
        visibility_timeout=VISIBILITY_TIMEOUT_SECONDS,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_acks_late=True,
        task_retry_on_worker_lost=True,
        task_time_limit=TASK_TIME_LIMIT_SECONDS,
        task_soft_time_limit=TASK_SOFT_TIME_LIMIT_SECONDS,
        task_default_queue=SCREEN_QUEUE,
        task_create_missing_queues=True,
        task_routes={task: {"queue": queue} for task, queue in ROUTES.items()},
        worker_prefetch_multiplier=1,
        worker_max_tasks_per_child=200,
        worker_soft_shutdown_timeout=_SOFT_SHUTDOWN_SECONDS,
        # What waits in an idle worker for its hour stands in the ledger too: nothing is waited for.
        worker_enable_soft_shutdown_on_idle=False,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        timezone=settings.time_zone,
        enable_utc=True,
        beat_schedule=beat_schedule(settings),
        # The schedule is made of settings: a file of last runs would only outlive them.
        beat_schedule_filename=os.environ.get(
            PREFIX + "BEAT_FILE",
            f"/tmp/boneflag-beat-{os.getuid()}",  # noqa: S108 - a tmpfs in the container; holds no secret
        ),
    )
    return app


def _set_up_logs(**_: Any) -> None:
    configure_logs(load_settings().log_level)


def _say_failed(sender: Any = None, exception: Any = None, **_: Any) -> None:
    _log.error("task_failed", task=sender.name, error=type(exception).__name__)


def _say_retried(sender: Any = None, reason: Any = None, **_: Any) -> None:
    cause = getattr(reason, "exc", None)
    if cause is not None:  # Without one the task only stands back for another worker.
        _log.warning("task_comes_again", task=sender.name, error=type(cause).__name__)


def _need_redis(**_: Any) -> None:
    if app.conf.broker_url == _NO_REDIS:
        _stop("BONEFLAG_REDIS_URL is not set: workers need the Redis that holds the queue")


def _stop(sentence: str) -> None:
    """End the process as every command ends on settings that cannot be used."""
    print(f"boneflag: {sentence}", file=sys.stderr)
    raise SystemExit(_EXIT_SETTINGS)


def _app() -> Celery:
    try:
        return make_app(load_settings())
    except SettingsInvalid as error:
        _stop(str(error))
        raise AssertionError("unreachable") from None


# Celery keeps only weak references to receivers; these live as long as the module.
setup_logging.connect(_set_up_logs)
task_failure.connect(_say_failed)
task_retry.connect(_say_retried)
celeryd_init.connect(_need_redis)
beat_init.connect(_need_redis)
app = _app()
__all__ = ["KEY_PREFIX", "QUEUES", "app", "make_app"]
