"""The page of one person: where they stand, why, what would change it, and their timeline.

A newcomer would get three things wrong. Whoever came from a chart gets the same answer for every
other person, known or not. The look is written down before the EHR is asked. And the picture is a
request of its own, drawn from what the page has just read; only where that is gone it reads again.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from service.audit_looks import look_of
from service.patient_sheet.headline import words_of_status
from service.patient_sheet.sheet import Sheet
from service.pictures import Look, draw_timeline
from service.pictures.thresholds import thresholds_of
from service.screening.alert import LOCAL_DECISION
from service.screening.protocol import Protocol
from service.settings import SettingsInvalid
from service.store.entries import KnownPerson
from service.timeline import Timeline
from service.web.access.visitor import Visitor
from service.web.pages.decisions import DecisionForm, decision_form
from service.web.pages.desk import CLINICIANS, Desk, Problem, page
from service.web.pages.person import person_for
from service.web.pages.picture import look_in, picture_response
from service.wiring import effective_for, patient_looks_for, today_for

PATH = "/patients/{key}"
# Where nobody is asked anything, there is nothing to say no to.
_NO_QUESTION = frozenset({"", "error", "not-in-cohort", "excluded", "not-at-risk", "satisfied"})
_TITLE = "Doses in mg prednisone-equivalent"
_MINUS = "\N{MINUS SIGN}"


def patient_routes(desk: Desk) -> list[BaseRoute]:
    """The page and its picture. SettingsInvalid for a template of links that cannot be used."""
    looks = patient_looks_for(desk.settings, desk.ledger)

    def look(visitor: Visitor, person: KnownPerson, protocol: Protocol) -> Sheet:
        desk.record(visitor, [look_of("explain", person.patient_key, protocol)])
        return looks.look(visitor.form_token, person, protocol)

    def show(request: Request, visitor: Visitor) -> Response:
        person = _person(desk, request, visitor)
        protocol = _protocol(desk)
        sheet = look(visitor, person, protocol)
        return desk.render(
            "patient.html",
            visitor,
            here="/worklist",
            sheet=sheet,
            address=f"/patients/{request.path_params['key']}",
            words_of_status=words_of_status,
            decide=_form(desk, request, person, sheet),
            local_decision=LOCAL_DECISION,
            lines=[f"{line.number:g}".replace("-", _MINUS) for line in thresholds_of(protocol)],
        )

    def draw(request: Request, visitor: Visitor) -> Response:
        person, protocol = _person(desk, request, visitor), _protocol(desk)
        timeline = looks.timeline(visitor.form_token, person)
        if timeline is None:
            timeline = look(visitor, person, protocol).timeline
        wanted = look_in(request)
        return picture_response(_drawn(timeline, desk, protocol, wanted), wanted)

    return [
        page(desk, PATH, CLINICIANS, show),
        page(desk, f"{PATH}/timeline.svg", CLINICIANS, draw),
    ]


def _person(desk: Desk, request: Request, visitor: Visitor) -> KnownPerson:
    return person_for(desk, visitor, str(request.path_params["key"]), PATH)


def _protocol(desk: Desk) -> Protocol:
    try:
        return effective_for(desk.settings)[0]
    except SettingsInvalid as fault:
        raise Problem(503, "The protocol cannot be used", f"{fault}.") from None


def _form(desk: Desk, request: Request, person: KnownPerson, sheet: Sheet) -> DecisionForm | None:
    """The form of a no, where there is something to say no to or a no that stands."""
    key = str(request.path_params["key"])
    form = decision_form(desk, person, key, sheet.about, f"/patients/{key}")
    is_open = any(not alert.ended for alert in sheet.alerts)
    has_question = sheet.status not in _NO_QUESTION or is_open or form.standing
    return form if has_question else None


def _drawn(timeline: Timeline, desk: Desk, protocol: Protocol, look: Look) -> bytes:
    on = today_for(desk.settings)
    return draw_timeline(
        timeline.events, on, look, thresholds=thresholds_of(protocol), title=_TITLE
    )
