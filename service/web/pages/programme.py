"""The programme's page: who stands where, what came of alerts, and what this site does not show.

A newcomer would get two things wrong. The page, its pictures and its CSV are cut from one sheet,
which is counted at most once a minute: so they agree, and the page says when it was counted. And no
number is exact: what may be shown was decided before the sheet was made (service/report).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from service.measure import PROGRAMME, STRATIFIERS, Stratifier
from service.pictures import Look
from service.reason_words import words_of
from service.report.answers import NO_CODE, OLDER, OUTCOMES, YOUNGER
from service.report.disclosure import HIDDEN_UP_TO, ROUNDED_TO
from service.report.over_time import HAPPENINGS
from service.report.programme import MET, NOT_MET, UNCLEAR
from service.report.sheet import Sheet
from service.report.sheet_csv import sheet_csv
from service.report.sheet_pictures import PICTURES
from service.web.access.visitor import Visitor
from service.web.kept import Kept
from service.web.pages.desk import HEADERS, STAFF, Desk, Problem, page
from service.web.pages.picture import look_in, picture_response
from service.wiring import moment_for, sheet_source_for

KEPT_SECONDS = 60.0
# Columns of the tables by group; the CSV has every population.
_COLUMNS = {
    "initial-population": "Cohort",
    "due": "Due",
    "waiting": "Waiting",
    "done": "Done",
    "declined-or-snoozed": "Declined or snoozed",
    "result-needs-action": "Result needs action",
    "not-at-risk": "Not at risk",
    "could-not-determine": "Unknown",
}
_DIVISIONS = tuple(s for s in STRATIFIERS if s.code in ("sex", "age-band", "sex-and-age"))
Row = Mapping[str, int | None]
_VERDICTS = {MET: "Met", UNCLEAR: "Unknown", NOT_MET: "Not met"}


def programme_routes(desk: Desk) -> list[BaseRoute]:
    """The page, its pictures, and its numbers as CSV."""
    kept = Kept(sheet_source_for(desk.settings, desk.ledger), KEPT_SECONDS)
    draw = _drawing(kept)

    def show(_: Request, visitor: Visitor) -> Response:
        sheet = kept.get()
        moment = moment_for(desk.settings, desk.ledger(), sheet.protocol)
        return desk.render(
            "programme.html",
            visitor,
            here="/programme",
            sheet=sheet,
            now=moment,
            pictures=PICTURES,
            parts=PROGRAMME,
            columns=_COLUMNS,
            divisions=_DIVISIONS,
            rows_of=_rows_of,
            source_columns={part.code: part.display for part in PROGRAMME},
            criterion_rows=_criterion_rows(sheet),
            remarks=_remarks,
            verdicts=_VERDICTS,
            happenings=HAPPENINGS,
            outcomes=OUTCOMES,
            older=OLDER,
            younger=YOUNGER,
            reasons=[(_said(code), n) for code, n in sheet.answers.reasons.items()],
            hidden_up_to=HIDDEN_UP_TO,
            rounded_to=ROUNDED_TO,
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


def _rows_of(division: Stratifier, sheet: Sheet) -> Iterator[tuple[str, Row]]:
    """The groups of a division of which anything may be shown."""
    for stratum in division.strata:
        row = sheet.numbers.tables[division.code][stratum.code]
        if any(count is not None for count in row.values()):
            yield stratum.display, row


def _criterion_rows(sheet: Sheet) -> list[tuple[str, Row]]:
    """Every criterion, those first that most people meet as far as it is shown."""
    rows = [(f"{c.code} {c.display}", sheet.numbers.criteria[c.code]) for c in sheet.criteria]
    return sorted(rows, key=lambda row: -(row[1][MET] or 0))


def _said(code: str) -> str:
    """A reason in words, as a clinician chose it."""
    return "No reason given" if code == NO_CODE else words_of(code)


def _remarks(source: Mapping[str, Any]) -> str:
    """What a reading of the cohort says of one source."""
    return "; ".join(filter(None, (source.get("problem"), *source.get("remarks", ()))))


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
