"""The web door: `python -m uvicorn service.web.app:app`. Health only, so far.

A newcomer would get one thing wrong: settings that cannot be used end the process with one sentence
and exit code 2, as they end every command; nothing else is tried at the start. A database or a
Redis that is away at that moment makes the process not ready, and it recovers by itself.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from service.logs import configure_logs
from service.pipeline import WATERMARK
from service.settings import Settings, SettingsInvalid, load_settings, require_base_url
from service.web.health import EHRWatch, Readiness, answers
from service.wiring import client_for, ledger_for, redis_for

if TYPE_CHECKING:
    from service.store.ledger import Ledger

EXIT_SETTINGS = 2
_NOT_KEPT = {"Cache-Control": "no-store"}


def make_app(readiness: Readiness) -> Starlette:
    """The application that tells about these three."""

    def live(_: Request) -> JSONResponse:
        return JSONResponse({"live": True}, headers=_NOT_KEPT)

    def ready(_: Request) -> JSONResponse:
        checks = readiness.checks()
        is_ready = all(check.is_ok for check in checks.values())
        told = {name: check.as_json() for name, check in checks.items()}
        body = {"ready": is_ready, "checks": told}
        return JSONResponse(body, status_code=200 if is_ready else 503, headers=_NOT_KEPT)

    return Starlette(routes=[Route("/health/live", live), Route("/health/ready", ready)])


def readiness_for(settings: Settings) -> Readiness:
    """What these settings name. SettingsInvalid where they name nothing usable."""
    require_base_url(settings)
    client_for(settings).close()
    redis = redis_for(settings)
    ledger = _opened_once(lambda: ledger_for(settings))

    def ask_ehr() -> None:
        with client_for(settings) as client:
            client.get_json("metadata")

    watch = EHRWatch(
        lambda: ledger().watermarks.get(WATERMARK),
        ask_ehr,
        max_age=timedelta(seconds=settings.health_max_age_seconds),
        now=lambda: datetime.now(UTC),
    )
    return Readiness(
        ehr=watch.check,
        database=lambda: answers(lambda: ledger().watermarks.get(WATERMARK)),
        redis=lambda: answers(redis.ping),
    )


def _opened_once(open_ledger: Callable[[], Ledger]) -> Callable[[], Ledger]:
    """Open at the first use that succeeds: a database that is away now may be back later."""
    lock = threading.Lock()
    opened: list[Ledger] = []

    def ledger() -> Ledger:
        with lock:
            if not opened:
                opened.append(open_ledger())
            return opened[0]

    return ledger


def _start() -> Starlette:
    try:
        settings = load_settings()
        configure_logs(settings.log_level)
        return make_app(readiness_for(settings))
    except SettingsInvalid as error:
        print(f"boneflag: {error}", file=sys.stderr)
        raise SystemExit(EXIT_SETTINGS) from None


def __getattr__(name: str) -> Starlette:
    """Make `app` when a server asks for it, so that importing this module starts nothing."""
    if name == "app":
        return _start()
    raise AttributeError(name)
