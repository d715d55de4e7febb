"""The web door: `python -m uvicorn service.web.app:app`. Health, our keys, and cards.

A newcomer would get two things wrong. The JWKS is for the EHR, which fetches it without a login: it
is made of public keys alone. Of the rest only notices and CDS Hooks may be reached by it, where
they are switched on, and both verify who comes. And settings that cannot be used end the process
with one sentence and exit code 2, as they end every command; nothing else is tried at the start. A
database or a Redis that is away at that moment makes the process not ready, and it recovers by
itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from service.logs import configure_logs
from service.pipeline import WATERMARK
from service.settings import Settings, SettingsInvalid, load_settings, require_base_url
from service.web.cds_hooks.opening import card_routes_for
from service.web.health import EHRWatch, Readiness, answers
from service.web.late import once
from service.web.metrics import Gauges, metrics_route
from service.web.notices import notice_routes
from service.web.pages.opening import page_routes_for
from service.web.traced import TracedRequests
from service.wiring import (
    client_for,
    gauge_sources_for,
    ledger_for,
    redis_for,
    signing_keys_for,
)
from service.wiring.tracing import start_traces_for

if TYPE_CHECKING:
    from service.notice import Notice
    from service.store.ledger import Ledger

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

    async def live(_: Request) -> JSONResponse:  # Waits for no thread: all may wait for others.
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
    app = Starlette(routes=routes, middleware=[Middleware(TracedRequests)])
    # It would lead to whatever host the caller named, by http behind a proxy, form and token along.
    app.router.redirect_slashes = False
    return app


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
    ledger = once(lambda: ledger_for(settings))
    watch = EHRWatch(
        lambda: ledger().watermarks.get(WATERMARK),
        lambda: client.get_json("metadata"),
        max_age=timedelta(seconds=settings.health_max_age_seconds),
        now=lambda: datetime.now(UTC),
        is_paused=lambda: ledger().switches.paused() is not None,
    )
    return Readiness(
        ehr=watch.check,
        database=lambda: answers(lambda: ledger().watermarks.get(WATERMARK)),
        redis=lambda: answers(redis.ping),
    )


def wanted_routes(settings: Settings) -> list[BaseRoute]:
    """The pages that are there only where a setting asks for them."""
    ledger = once(lambda: ledger_for(settings))
    routes: list[BaseRoute] = [*card_routes_for(settings, ledger)]
    if token := settings.metrics_token.get_secret_value():
        sources = gauge_sources_for(settings, ledger)
        routes.append(metrics_route(Gauges(sources), token))
    if secret := settings.notice_secret.get_secret_value():
        routes += notice_routes(secret, _noting(settings, ledger))
    routes += page_routes_for(settings, ledger)
    return routes


def _noting(settings: Settings, ledger: Callable[[], Ledger]) -> Callable[[Notice], None]:
    """Notes notices. Redis and the ledger are opened by the first that comes."""
    from service.noticing import take
    from service.store.noticed import Noticed
    from workers.sending import queue_for

    noticed = Noticed(redis_for(settings))
    queue = once(lambda: queue_for(settings))

    def keys_of(fhir_ids: Sequence[str]) -> Mapping[str, str]:
        return ledger().cohort.keys_of(fhir_ids)

    return lambda notice: take(notice, noticed, queue(), keys_of)


def _start() -> Starlette:
    try:
        settings = load_settings()
        configure_logs(settings.log_level)
        start_traces_for(settings, "boneflag-web")
        return make_app(readiness_for(settings), jwks_for(settings), wanted_routes(settings))
    except SettingsInvalid as error:
        print(f"boneflag: {error}", file=sys.stderr)
        raise SystemExit(EXIT_SETTINGS) from None


def __getattr__(name: str) -> Starlette:
    """Make `app` when a server asks for it, so that importing this module starts nothing."""
    if name == "app":
        return _start()
    raise AttributeError(name)
