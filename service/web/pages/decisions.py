"""A no that is said on a page: snooze or decline with a coded reason, and taking it back.

A newcomer would get three things wrong. A page never writes to the EHR: the no goes into the
ledger, the person is looked at anew, and the line takes down what is shown. A press of a button
without a reason changes nothing: it opens the form, so that every no was confirmed. And where
somebody goes afterwards is a path of the two pages that have the form, whatever the form says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from service.deciding import Answer, Deciding, DecisionInvalid, standing_noes
from service.reason_words import Choice, choices, words_of
from service.screening.alert import AlertKind
from service.screening.record import NO_END, Decision
from service.store.acts import Act
from service.store.entries import KnownPerson
from service.web.access.visitor import Visitor
from service.web.pages.desk import CLINICIANS, Desk, Form, Problem, page
from service.web.pages.person import UNKNOWN, person_for
from service.wiring import effective_for, today_for

PATH = "/decisions"
_BACK = re.compile(r"/(?:worklist|patients/[0-9a-f]{32})(?:\?[\w=&.+%-]*)?(?:#[\w-]*)?")
_TITLES = {
    AlertKind.SCREENING: "Bone density assessment",
    AlertKind.TREATMENT_GAP: "Osteoporosis without visible treatment",
}


@dataclass(frozen=True, slots=True, repr=False)
class DecisionForm:
    """What `parts/decide.html` shows: what may be said, and what stands already, in words."""

    patient_key: str
    about: AlertKind
    title: str
    groups: Mapping[str, Sequence[Choice]]
    standing: tuple[str, ...]
    next: str
    today: date

    @property
    def tomorrow(self) -> date:
        """The first day on which it may be asked again."""
        return self.today + timedelta(days=1)


def decision_form(
    desk: Desk, person: KnownPerson, key: str, about: AlertKind, back: str
) -> DecisionForm:
    """The form about one person and one kind of alert; `back` is the path of the page it is on.

    `key` is the one by which the visitor asked for the person, and the form comes back with it.
    """
    on = today_for(desk.settings)
    said = desk.ledger().decisions.of([person.patient_key]).get(person.patient_key, ())
    return DecisionForm(
        key,
        about,
        _TITLES[about],
        choices(effective_for(desk.settings)[0], on),
        tuple(in_words(d) for d in standing_noes(said, about, on)),
        back,
        on,
    )


def in_words(decision: Decision) -> str:
    """A no that stands: what, why, until when, by whom, and where it was said."""
    until = "without an end by date" if decision.until == NO_END else f"until {decision.until}"
    where = f"in the EHR, {decision.source.type}" if decision.source else "told to BoneFlag"
    by = f" by {decision.decided_by}" if decision.decided_by else ""
    why = words_of(decision.code or decision.reason)
    return f"{decision.kind} on {decision.made_on}{by}: {why}; {until} ({where})"


def decision_routes(desk: Desk) -> list[BaseRoute]:
    """`/decisions`, where forms go; nobody opens it by its address."""

    def show(_: Request, __: Visitor) -> Response:
        raise UNKNOWN

    def take(_: Request, visitor: Visitor, form: Form) -> Response:
        key, about = form.get("patient", ""), _kind(form.get("about", ""))
        person = person_for(desk, visitor, key, PATH)
        if form.get("act") in ("decide", "take-back"):
            _carry_out(desk, visitor, person.fhir_id, about, form)
            return RedirectResponse(_back(form, key), 303)
        desk.record(visitor, [Act("view", person.patient_key, detail=PATH)])
        asked = decision_form(desk, person, key, about, _back(form, key))
        return desk.render(
            "decision.html", visitor, here="/worklist", decide=asked, fhir_id=person.fhir_id
        )

    return [page(desk, PATH, CLINICIANS, show, take)]


def _carry_out(desk: Desk, visitor: Visitor, fhir_id: str, about: AlertKind, form: Form) -> None:
    on, at = today_for(desk.settings), datetime.now(UTC)
    protocol = effective_for(desk.settings)[0]
    deciding = Deciding(desk.ledger(), protocol, desk.settings.mode)
    try:
        if form["act"] == "take-back":
            deciding.take_back(fhir_id, about, on, at, visitor.name)
            return
        days = (_day(form.get("until", "")), _day(form.get("done_on", "")))
        answer = Answer(form.get("reason", ""), visitor.name, about, *days, is_signed_in=True)
        deciding.decide(fhir_id, answer, on, at)
    except DecisionInvalid as fault:
        raise Problem(400, "Not kept", f"{str(fault).capitalize()}.") from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Problem(400, "Not kept", "A day is written as 2027-01-10.") from None


def _kind(text: str) -> AlertKind:
    try:
        return AlertKind(text)
    except ValueError:
        raise Problem(400, "Not kept", "Open the page again and repeat what you did.") from None


def _back(form: Form, patient_key: str) -> str:
    wanted = form.get("next", "")
    return wanted if _BACK.fullmatch(wanted) else f"/patients/{patient_key}"
