"""The web door: `python -m uvicorn service.web.app:app`. Health, and our public keys.

A newcomer would get two things wrong. The JWKS is for the EHR, which fetches it without a login: it
is made of public keys alone, and no other page may be reached from outside. And settings that
cannot be used end the process with one sentence and exit code 2, as they end every command; nothing
else is tried at the start. A database or a Redis that is away at that moment makes the process not
ready, and it recovers by itself.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from service.logs import configure_logs
from service.pipeline import WATERMARK
from service.settings import Settings, SettingsInvalid, load_settings, require_base_url
from service.web.health import EHRWatch, Readiness, answers
from service.web.metrics import Gauges, metrics_route
from service.web.notices import notice_routes
from service.wiring import (
    client_for,
    gauge_sources_for,
    ledger_for,
    redis_for,
    signing_keys_for,
)

if TYPE_CHECKING:
    from service.notice import Notice

Opened = TypeVar("Opened")
EXIT_SETTINGS = 2
_NOT_KEPT = {"Cache-Control": "no-store"}
# Short enough for a new key to be known before it signs (runbook: rotate the keys).
_KEPT_FOR_AN_HOUR = {"Cache-Control": "public, max-age=3600"}


def make_app(
    readiness: Readiness,
    jwks: Mapping[str, object] | None = None,
    more: Sequence[BaseRoute] = (),
) -> Starlette:
    """The application that tells about these three, and gives `jwks`, our public keys.

    Without keys there is no such page. `more` are pages that the settings ask for.
    """

    def live(_: Request) -> JSONResponse:
        return JSONResponse({"live": True}, headers=_NOT_KEPT)

    def ready(_: Request) -> JSONResponse:
        checks = readiness.checks()
        is_ready = all(check.is_ok for check in checks.values())
        told = {name: check.as_json() for name, check in checks.items()}
        body = {"ready": is_ready, "checks": told}
        return JSONResponse(body, status_code=200 if is_ready else 503, headers=_NOT_KEPT)

    def keys(_: Request) -> JSONResponse:
        return JSONResponse(jwks, headers=_KEPT_FOR_AN_HOUR)

    routes: list[BaseRoute] = [*more]
    routes += [Route("/health/live", live), Route("/health/ready", ready)]
    if jwks is not None:
        routes.append(Route("/jwks.json", keys))
    return Starlette(routes=routes)


def jwks_for(settings: Settings) -> Mapping[str, object] | None:
    """Our public keys, None where we sign nothing. SettingsInvalid for keys that are unusable."""
    if not settings.smart_client_id:
        return None
    from service.ehr.smart.keys import public_jwks

    return public_jwks(signing_keys_for(settings))


def readiness_for(settings: Settings) -> Readiness:
    """What these settings name. SettingsInvalid where they name nothing usable."""
    require_base_url(settings)
    # One for good: each new client would sign in anew.
    client = client_for(settings)
    redis = redis_for(settings)
    ledger = _opened_once(lambda: ledger_for(settings))
    watch = EHRWatch(
        lambda: ledger().watermarks.get(WATERMARK),
        lambda: client.get_json("metadata"),
        max_age=timedelta(seconds=settings.health_max_age_seconds),
        now=lambda: datetime.now(UTC),
    )
    return Readiness(
        ehr=watch.check,
        database=lambda: answers(lambda: ledger().watermarks.get(WATERMARK)),
        redis=lambda: answers(redis.ping),
    )


def wanted_routes(settings: Settings) -> list[BaseRoute]:
    """The pages that are there only where a setting asks for them."""
    routes: list[BaseRoute] = []
    if token := settings.metrics_token.get_secret_value():
        sources = gauge_sources_for(settings, _opened_once(lambda: ledger_for(settings)))
        routes.append(metrics_route(Gauges(sources), token))
    if secret := settings.notice_secret.get_secret_value():
        routes += notice_routes(secret, _noting(settings))
    return routes


def _noting(settings: Settings) -> Callable[[Notice], None]:
    """Notes notices. Redis and the ledger are opened by the first that comes."""
    from service.noticing import take
    from service.store.noticed import Noticed
    from workers.sending import queue_for

    noticed = Noticed(redis_for(settings))
    ledger = _opened_once(lambda: ledger_for(settings))
    queue = _opened_once(lambda: queue_for(settings))

    def keys_of(fhir_ids: Sequence[str]) -> Mapping[str, str]:
        return ledger().cohort.keys_of(fhir_ids)

    return lambda notice: take(notice, noticed, queue(), keys_of)


def _opened_once(open_it: Callable[[], Opened]) -> Callable[[], Opened]:
    """Open at the first use that succeeds: a database that is away now may be back later."""
    lock = threading.Lock()
    opened: list[Opened] = []

    def get() -> Opened:
        with lock:
            if not opened:
                opened.append(open_it())
            return opened[0]

    return get


def _start() -> Starlette:
    try:
        settings = load_settings()
        configure_logs(settings.log_level)
        return make_app(readiness_for(settings), jwks_for(settings), wanted_routes(settings))
    except SettingsInvalid as error:
        print(f"boneflag: {error}", file=sys.stderr)
        raise SystemExit(EXIT_SETTINGS) from None


def __getattr__(name: str) -> Starlette:
    """Make `app` when a server asks for it, so that importing this module starts nothing."""
    if name == "app":
        return _start()
    raise AttributeError(name)
