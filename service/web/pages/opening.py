"""The pages as the settings want them; each module of a page gives its own routes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.resources import files
from urllib.parse import urlsplit

from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from service.settings import Settings, SettingsInvalid
from service.store.errors import StoreError
from service.store.ledger import Ledger
from service.store.sessions import Sessions
from service.web.access.entrance import Entrance
from service.web.access.opening import ways_in
from service.web.access.visitor import Visitor
from service.web.pages.audit_search import audit_routes
from service.web.pages.decisions import decision_routes
from service.web.pages.desk import STAFF, Desk, page, places_for
from service.web.pages.operations import operation_routes
from service.web.pages.patient import patient_routes
from service.web.pages.picture import get_ready_to_draw
from service.web.pages.programme import programme_routes
from service.web.pages.protocol import protocol_routes
from service.web.pages.protocol_drafts import draft_routes
from service.web.pages.protocol_simulation import simulation_routes
from service.web.pages.worklist import worklist_routes
from service.wiring import redis_for


def page_routes_for(settings: Settings, ledger: Callable[[], Ledger]) -> Sequence[BaseRoute]:
    """The routes of the pages, none where they are switched off. SettingsInvalid for bad ones."""
    if not settings.page_url:
        return ()
    parts = urlsplit(settings.page_url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.path.strip("/"):
        raise SettingsInvalid(
            "BONEFLAG_PAGE_URL is no address without a path: give one such as"
            " https://boneflag.hospital.example"
        )
    client = redis_for(settings)
    entrance = Entrance(Sessions(client), settings.page_url, settings.frame_origins)
    desk = Desk(settings, ledger, entrance)
    routes = [*ways_in(desk, client), *pages(desk)]
    desk.before_the_first(get_ready_to_draw)
    threading.Thread(target=_get_ready, args=(desk,), name="get-ready", daemon=True).start()
    return routes


def _get_ready(desk: Desk) -> None:
    """Do beside what would let the first reader of a page wait."""
    # From the end: what draws is the quickest, and the worklist takes longest.
    for work in reversed(desk.slow_at_first):
        with suppress(StoreError, RedisError, SettingsInvalid):
            work()


def pages(desk: Desk) -> list[BaseRoute]:
    """Every page that needs a visitor, and what they load."""
    static = StaticFiles(directory=str(files("service.web").joinpath("static")))
    return [
        Mount("/static", static),
        page(desk, "/", STAFF, _first),
        *decision_routes(desk),
        *worklist_routes(desk),
        *patient_routes(desk),
        *operation_routes(desk),
        *audit_routes(desk),
        *protocol_routes(desk),
        *programme_routes(desk),
        *draft_routes(desk),
        *simulation_routes(desk),
    ]


def _first(_: Request, visitor: Visitor) -> Response:
    return RedirectResponse(places_for(visitor)[0].path, 303)
