"""Searching the audit: by day, by what was done, by whom, and about one person.

A newcomer would get three things wrong. What is looked for comes by a form that is posted: a
patient's id or a colleague's name must not stand in an address. What is shown leads to nobody and
says nothing of a chart: no reason, no reference, no detail (`boneflag audit patient` has those).
And whoever searches is in the audit too, with the person whom they asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from service.audit_sentences import DONE
from service.store.acts import Act, AuditRow
from service.store.audit import Search
from service.web.access.visitor import Visitor
from service.web.pages.desk import OPERATOR, Desk, Form, Problem, page
from service.web.pages.operations import clock
from service.wiring import today_for

HERE = "/operations/audit"
MOST_ROWS = 200
_DAYS_AT_FIRST = 7
_NO_DAY = Problem(400, "Nothing found", "A day is written as 2027-01-10.")


def audit_routes(desk: Desk) -> list[BaseRoute]:
    """The page of the search."""

    def show(_: Request, visitor: Visitor) -> Response:
        today = today_for(desk.settings)
        asked = {"since": str(today - timedelta(days=_DAYS_AT_FIRST)), "until": str(today)}
        return _page(desk, visitor, asked, None)

    def find(_: Request, visitor: Visitor, form: Form) -> Response:
        search = _search(desk, form)
        keys = search.patient_keys or ()
        desk.record(visitor, [_told(form, keys)])  # Validated above: days, and an act of ours.
        asked = {name: form.get(name, "") for name in ("since", "until", "what", "who")}
        if search.patient_keys == ():
            return _page(desk, visitor, asked, [], is_unknown=True)
        rows = desk.ledger().audit.find(search, MOST_ROWS)
        return _page(desk, visitor, asked, rows, is_about_one=bool(keys))

    return [page(desk, HERE, OPERATOR, show, find)]


def _page(
    desk: Desk,
    visitor: Visitor,
    asked: dict[str, str],
    rows: Sequence[AuditRow] | None,
    *,
    is_unknown: bool = False,
    is_about_one: bool = False,
) -> Response:
    return desk.render(
        "audit.html",
        visitor,
        here="/operations",
        asked={"what": "", "who": "", **asked},
        rows=rows,
        is_unknown=is_unknown,
        is_about_one=is_about_one,
        acts=DONE,
        most_rows=MOST_ROWS,
        clock=lambda instant: clock(desk, instant),
    )


def _search(desk: Desk, form: Form) -> Search:
    since, until = _day(form, "since"), _day(form, "until")
    what, fhir_id = form.get("what", ""), form.get("patient", "").strip()
    if what and what not in DONE:
        raise Problem(400, "Nothing found", "Choose one of the acts, or all.")
    keys = None
    if fhir_id:
        keys = tuple(desk.ledger().audit.keys_of(fhir_id.removeprefix("Patient/")))
    return Search(
        since=None if since is None else _midnight(desk, since),
        until=None if until is None else _midnight(desk, until, days_after=1),
        what=what,
        by=form.get("who", "").strip(),
        patient_keys=keys,
    )


def _day(form: Form, name: str) -> date | None:
    text = form.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _NO_DAY from None


def _midnight(desk: Desk, day: date, days_after: int = 0) -> datetime:
    try:
        first = datetime(day.year, day.month, day.day) + timedelta(days=days_after)
        return first.replace(tzinfo=desk.settings.zone).astimezone(UTC)
    except OverflowError:  # The first or the last day that a computer knows.
        raise _NO_DAY from None


def _told(form: Form, keys: Sequence[str]) -> Act:
    """What was asked, in words of ours: the days and the act, and nothing that was typed."""
    days = [f"{name} {form[name]}" for name in ("since", "until") if form.get(name)]
    what = [form["what"]] if form.get("what") else []
    key = keys[0] if keys else ""
    return Act("show-audit" if key else "search-audit", key, detail=" ".join(days + what))
