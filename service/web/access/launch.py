"""SMART App Launch: a clinician opens a patient's page from the chart, and sees that patient alone.

A newcomer would get five things wrong. The EHR that launches must be ours, letter by letter:
another `iss` would choose whose login server we trust. The EHR says who the patient is, in the
answer to the code, and nothing of the address does. It must say who looks as well: somebody of whom
nobody knows whether they are the patient is not let in. Nothing is read with the clinician's token,
which is forgotten at once: the page shows what our own connection read. And a launch ends the one
before: two charts in two tabs of one browser never mix, for the older tab is refused.

SMART App Launch 2.2; `need_patient_banner` needs nothing of us, as our pages show no name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from service.identity.errors import SignInRefused
from service.identity.id_token import Claims
from service.identity.provider import Provider
from service.identity.said_of_people import LONGEST_NAME, name_of
from service.store.acts import Act
from service.web.access.refusals import or_refused
from service.web.access.trips import Trips
from service.web.access.visitor import Role, Visitor
from service.web.pages.desk import Desk, Problem

KIND = "launch"
CALLBACK = "/launch/callback"
SCOPES_FROM_A_CHART = "launch openid fhirUser"
SCOPES_STANDALONE = "launch/patient openid fhirUser"
"""The least: who looks, and at whom. What the page shows was read by our own connection."""
_CLINICIAN = frozenset({Role.CLINICIAN})
_NO_STAFF = ("Patient/", "RelatedPerson/")

NOT_KNOWN = Problem(
    404,
    "Not in this programme",
    "BoneFlag looks after the bones of people with multiple sclerosis, and this patient is not"
    " among those it was given. Nothing was read or written.",
)
NOT_FROM_HERE = Problem(
    403,
    "Not from this EHR",
    "The chart is of another EHR than the one that BoneFlag works with. Tell whoever runs it here.",
)
NOT_FOR_PATIENTS = Problem(
    403, "For staff", "This page is for those who care for a patient, not for patients themselves."
)


def launch_routes(desk: Desk, provider: Provider, trips: Trips, base_url: str) -> list[BaseRoute]:
    """`/launch`, with the EHR's words or without any, and the way back."""

    def launch(request: Request) -> Response:
        return or_refused(desk, KIND, lambda: _set_out(request), is_framed=True)

    def callback(request: Request) -> Response:
        return or_refused(desk, KIND, lambda: _let_in(request), is_framed=True)

    def _set_out(request: Request) -> Response:
        given, launched = request.query_params.get("iss"), request.query_params.get("launch")
        if given is not None and given.rstrip("/") != base_url.rstrip("/"):
            raise NOT_FROM_HERE
        if launched and given is None:
            raise NOT_FROM_HERE
        asked = {"aud": given or base_url, "scope": SCOPES_STANDALONE}
        if launched:
            asked |= {"launch": launched, "scope": SCOPES_FROM_A_CHART}
        return trips.set_out(request, provider, {}, asked)

    def _let_in(request: Request) -> Response:
        came, question, _ = trips.came_back(request)
        answered = provider.answered(came, question)
        # Somebody else may sit here by now: what was open ends, whatever comes of this.
        desk.entrance.end(request)
        claims = answered.claims
        if "fhirUser" not in claims:
            claims = provider.more_about(answered)
        name = _clinician_in(claims, base_url)
        key = _known_key(desk, _patient_in(answered.beside))
        visitor = Visitor(name, _CLINICIAN, "", key)
        desk.record(visitor, [Act("sign-in", patient_key=key, detail="from a chart")])
        response = RedirectResponse(f"/patients/{key}", 303, headers={"Cache-Control": "no-store"})
        desk.entrance.let_in(response, name, _CLINICIAN, key, instead_of=request)
        return response

    return [
        Route("/launch", launch, methods=["GET"]),
        Route(CALLBACK, callback, methods=["GET"]),
    ]


def _clinician_in(claims: Claims, base_url: str) -> str:
    """Who looks: `Practitioner/…` of this EHR, else as the EHR writes it.

    Asked of the whole text: a name is cut to its length, and what it is may stand at its end.
    """
    user = claims.get("fhirUser")
    if not isinstance(user, str) or not user.strip():
        raise SignInRefused("the EHR did not say who looks: fhirUser is missing")
    if any(kind in user for kind in _NO_STAFF):
        raise NOT_FOR_PATIENTS
    short = user.removeprefix(f"{base_url.rstrip('/')}/")
    if len(short) > LONGEST_NAME:
        short = "/".join(short.split("/")[-2:])
    return name_of({**claims, "fhirUser": short}, "fhirUser")


def _patient_in(beside: Mapping[str, Any]) -> str:
    patient = beside.get("patient")
    if not isinstance(patient, str) or not patient:
        raise SignInRefused("the EHR did not say which patient it is")
    return patient.removeprefix("Patient/")


def _known_key(desk: Desk, fhir_id: str) -> str:
    """The ledger's key; NOT_KNOWN for somebody whom it does not know, or must not look at."""
    cohort = desk.ledger().cohort
    key = cohort.keys_of([fhir_id]).get(fhir_id, "")
    if not key or not cohort.fhir_ids_of([key]):
        raise NOT_KNOWN
    return key
