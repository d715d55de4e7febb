"""The programme's page: who stands where, what came of alerts, and what this site does not show.

A newcomer would get two things wrong. The page, its pictures and its CSV are cut from one sheet of
this process, which is counted at most once a minute: so they agree, and the page says when it was
counted, a quarter of an hour ago at most. And no number is exact: what may be shown was decided
before the sheet was made (service/report).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from service.paper.programme import programme_values
from service.pictures import Look
from service.report.sheet import Sheet
from service.report.sheet_csv import sheet_csv
from service.report.sheet_pictures import PICTURES
from service.web.access.visitor import Visitor
from service.web.kept import Kept
from service.web.pages.desk import HEADERS, STAFF, Desk, Problem, page
from service.web.pages.picture import look_in, picture_response
from service.wiring import moment_for, sheet_source_for

KEPT_SECONDS = 60.0
KEPT_AT_MOST_SECONDS = 900.0
_PICTURES_COME_WITHIN_SECONDS = 10.0


def programme_routes(desk: Desk) -> list[BaseRoute]:
    """The page, its pictures, and its numbers as CSV."""
    kept = Kept(
        sheet_source_for(desk.settings, desk.ledger),
        seconds=KEPT_SECONDS,
        at_most_seconds=KEPT_AT_MOST_SECONDS,
        pause_seconds=_PICTURES_COME_WITHIN_SECONDS,
    )
    desk.before_the_first(kept.get)
    draw = _drawing(kept)

    def show(_: Request, visitor: Visitor) -> Response:
        sheet = kept.get()
        moment = moment_for(desk.settings, desk.ledger(), sheet.protocol)
        return desk.render(
            "programme.html",
            visitor,
            here="/programme",
            **programme_values(sheet, moment),
        )

    def download(_: Request, __: Visitor) -> Response:
        name = f"boneflag-programme-{kept.get().counted_at:%Y-%m-%d}.csv"
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(sheet_csv(kept.get()), media_type="text/csv", headers=headers)

    def picture(request: Request, _: Visitor) -> Response:
        name = request.path_params["picture"]
        if name not in PICTURES:
            raise Problem(404, "No such picture", "Open the programme's page again.")
        look = look_in(request)
        return picture_response(draw(name, look), look)

    return [
        page(desk, "/programme", STAFF, show),
        page(desk, "/programme.csv", STAFF, download),
        page(desk, "/programme/{picture}.svg", STAFF, picture),
    ]


def _drawing(kept: Kept[Sheet]) -> Callable[[str, Look], bytes]:
    """Draws each picture of a sheet once in each look."""
    lock = threading.Lock()
    drawn: dict[tuple[str, Look], tuple[datetime, bytes]] = {}

    def draw(name: str, look: Look) -> bytes:
        sheet = kept.get()
        with lock:
            counted_at, picture = drawn.get((name, look), (None, b""))
            if counted_at != sheet.counted_at:
                picture = PICTURES[name].draw(sheet, look)
                drawn[name, look] = (sheet.counted_at, picture)
        return picture

    return draw
