"""The Worklist page: who needs somebody's look and why, as the ledger knows it, and as a file.

A newcomer would get two things wrong. Whoever is shown is in the audit, person by person, as after
`boneflag worklist`. And somebody who was answered a minute ago is still listed, with the answer
beside it: the line goes when the person is looked at next.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from service.deciding import standing_noes
from service.screening.alert import AlertKind
from service.screening.assess import Status
from service.screening.protocol import Protocol
from service.store.acts import Act
from service.web.access.visitor import Visitor
from service.web.late import once
from service.web.pages.decisions import in_words
from service.web.pages.desk import HEADERS, LEAD, Desk, page
from service.wiring import effective_for, today_for
from service.worklist.choice import MOST_ROWS, ORDERS, Wish, all_wanted, pick, wish_from
from service.worklist.file import write_csv
from service.worklist.lines import Line, with_spans
from service.worklist.listing import Listing
from service.worklist.look import urgent_months
from service.worklist.reasons import REASONS, Priority

HERE = "/worklist"
FILE = "/worklist.csv"
# To these an alert asks, or asked, for an answer; the others go when the chart is completed.
_ANSWERED_BY_A_NO = {
    "due": AlertKind.SCREENING,
    "due-soon": AlertKind.SCREENING,
    "ordered-waiting": AlertKind.SCREENING,
    "order-old": AlertKind.SCREENING,
    "snoozed": AlertKind.SCREENING,
    "declined": AlertKind.SCREENING,
    "treatment-gap": AlertKind.TREATMENT_GAP,
}
_REFERENCE = re.compile(r" \[[A-Z][A-Za-z]+/[^\]\s]+\]")
_SORTS = {"priority": "Priority", "waiting": "Waiting longest", "due": "Due on"}


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """A line as the page shows it: `why` without the references, which stand with the person and
    in the file. `about` is None where a no would not take it away."""

    line: Line
    why: str
    waiting_days: int
    about: AlertKind | None
    answers: tuple[str, ...]


def worklist_routes(desk: Desk) -> list[BaseRoute]:
    """The page and its file."""
    listing = once(lambda: Listing(desk.ledger(), desk.settings.zone))
    desk.before_the_first(lambda: listing().lines(urgent_months(effective_for(desk.settings)[0])))

    def asked(request: Request) -> tuple[Protocol, Wish, list[Line]]:
        protocol = effective_for(desk.settings)[0]
        numbers = frozenset(entry.number for entry in protocol.entries)
        wish = wish_from(request.query_params, numbers)
        return protocol, wish, listing().lines(urgent_months(protocol))

    def show(request: Request, visitor: Visitor) -> Response:
        protocol, wish, lines = asked(request)
        picked = pick(lines, wish)
        shown = with_spans(desk.ledger(), picked.lines)
        desk.record(visitor, _listed(shown))
        return desk.render(
            "worklist.html",
            visitor,
            here=HERE,
            wish=wish,
            picked=picked,
            rows=_rows(desk, shown),
            fields=_fields(protocol),
            is_empty=not lines,
            judged_on=max((x.judged_on for x in lines if x.judged_on), default=None),
            most_rows=MOST_ROWS,
            address=lambda **changes: address(HERE, wish, **changes),
            file=address(FILE, wish, page=1, rows=Wish().rows),
            why_in_words=why_in_words,
        )

    def download(request: Request, visitor: Visitor) -> Response:
        _, wish, lines = asked(request)
        found = with_spans(desk.ledger(), all_wanted(lines, wish))
        desk.record(visitor, _listed(found))
        file = io.StringIO(newline="")
        write_csv(found, file)
        name = f"worklist-{today_for(desk.settings)}.csv"
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(file.getvalue(), media_type="text/csv", headers=headers)

    return [page(desk, HERE, LEAD, show), page(desk, FILE, LEAD, download)]


def address(path: str, wish: Wish, **changes: object) -> str:
    """Where this wish leads, with changes; the first page of it unless a page is named."""
    terms = wish.terms(**({"page": 1} | changes))
    return f"{path}?{urlencode(terms)}" if terms else path


def why_in_words(code: str) -> str:
    """The code of a reason, as docs/worklist.md has it, for a person."""
    return code.replace("-", " ").capitalize().replace(" ms", " MS")


def _rows(desk: Desk, lines: Sequence[Line]) -> list[Row]:
    today = today_for(desk.settings)
    said = desk.ledger().decisions.of(sorted({line.patient_key for line in lines}))
    rows = []
    for line in lines:
        about = _ANSWERED_BY_A_NO.get(line.why)
        noes = standing_noes(said.get(line.patient_key, ()), about, today) if about else []
        answers = tuple(in_words(no) for no in noes)
        why = _REFERENCE.sub("", line.look_at)
        rows.append(Row(line, why, _days(line.since, today), about, answers))
    return rows


def _days(since: date, today: date) -> int:
    return max(0, (today - since).days)


def _fields(protocol: Protocol) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What can be chosen: the name of the field, its word, and value with word."""
    graded = [(e.number, f"{e.title} ({e.number})") for e in protocol.entries if e.grade]
    return [
        ("show", "Show", [("open", "To look at"), ("all", "Also waiting, soon, said no")]),
        ("status", "Status", _any(str(s) for s in Status)),
        ("priority", "Priority", _any(str(p) for p in Priority)),
        ("why", "Reason", [("", "All"), *((r.code, why_in_words(r.code)) for r in REASONS)]),
        ("criterion", "Risk factor", [("", "All"), *graded]),
        ("sort", "Sort by", [(name, _SORTS[name]) for name in ORDERS]),
    ]


def _any(words: Iterable[str]) -> list[tuple[str, str]]:
    return [("", "All"), *((word, word.replace("-", " ")) for word in words)]


def _listed(lines: Sequence[Line]) -> list[Act]:
    keys = sorted({line.patient_key for line in lines})
    return [Act("list", key, reason="worklist") for key in keys]
