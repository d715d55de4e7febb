"""When what is asked for. Every tick is idempotent: two beats cost work and change nothing."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

from service.queue import BULK_STEP, DELIVER, POLL, PURGE, REFILL, ROUTES, SWEEP
from service.settings import Settings

TICK_SECONDS = 60


def beat_schedule(settings: Settings) -> dict[str, dict[str, Any]]:
    """Polls by interval, a sweep a night, and a tick that refills the queue and delivers.

    The sweep is at the hospital's local time. A tick that nobody worked on expires, so that a
    worker that was away for a day does not find a thousand of them.
    """
    hour, minute = settings.sweep_at.split(":")
    return {
        "poll": _entry(POLL, settings.poll_interval_seconds, settings.poll_interval_seconds),
        "sweep": _entry(SWEEP, crontab(hour=int(hour), minute=int(minute)), 12 * 3600),
        # An hour before the sweep, so that the two do not wait for each other.
        "purge": _entry(PURGE, crontab(hour=(int(hour) - 1) % 24, minute=int(minute)), 12 * 3600),
        "refill": _entry(REFILL, TICK_SECONDS, TICK_SECONDS),
        "deliver": _entry(DELIVER, TICK_SECONDS, TICK_SECONDS),
        "bulk-step": _entry(BULK_STEP, TICK_SECONDS, TICK_SECONDS),
    }


def _entry(task: str, schedule: float | crontab, expires_seconds: int) -> dict[str, Any]:
    options = {"queue": ROUTES[task], "expires": expires_seconds, "argsrepr": "…"}
    return {"task": task, "schedule": schedule, "options": options}
