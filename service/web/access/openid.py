"""Signing in with the hospital's own accounts, by OpenID Connect, for staff.

A newcomer would get two things wrong. Nobody is let in with a role that the provider did not name
just now: somebody who lost theirs loses it here with the next sign-in, at the latest after a
working day. And `/sign-in` is a page with one button and no redirect: browsers follow no redirect
to another host from a form, and whoever just signed out would be signed in again.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from service.identity.id_token import Claims
from service.identity.provider import Provider
from service.identity.said_of_people import name_of, values_at
from service.store.acts import Act
from service.web.access.refusals import or_refused
from service.web.access.sign_in import own_path, sign_out_route
from service.web.access.trips import Trips
from service.web.access.visitor import Role, Visitor
from service.web.pages.desk import Desk

KIND = "openid"
CALLBACK = "/sign-in/callback"


@dataclass(frozen=True, slots=True)
class RoleClaims:
    """Which claim names the roles, which values make which role, and which claim names people."""

    roles_claim: str
    name_claim: str
    values: dict[Role, frozenset[str]]

    def roles_in(self, claims: Claims) -> frozenset[Role]:
        """What somebody is here by what their provider says."""
        held = values_at(claims, self.roles_claim)
        return frozenset(role for role, wanted in self.values.items() if wanted & held)


def openid_routes(
    desk: Desk, provider: Provider, trips: Trips, role_claims: RoleClaims
) -> list[BaseRoute]:
    """`/sign-in`, the way to the provider, the way back, and `/sign-out`."""

    def sign_in(request: Request) -> Response:
        where = f"/sign-in/begin?next={quote(own_path(request), safe='')}"
        return desk.render("sign-in-elsewhere.html", None, where=where)

    def begin(request: Request) -> Response:
        kept = {"next": own_path(request)}
        return or_refused(desk, KIND, lambda: trips.set_out(request, provider, kept, {}))

    def callback(request: Request) -> Response:
        return or_refused(desk, KIND, lambda: _let_in(request))

    def _let_in(request: Request) -> Response:
        came, question, kept = trips.came_back(request)
        answered = provider.answered(came, question)
        claims = answered.claims
        if not values_at(claims, role_claims.roles_claim) or role_claims.name_claim not in claims:
            claims = provider.more_about(answered)
        roles, name = role_claims.roles_in(claims), name_of(claims, role_claims.name_claim)
        desk.record(Visitor(name, roles, ""), [Act("sign-in", detail=_told(roles))])
        response = RedirectResponse(kept["next"], 303, headers={"Cache-Control": "no-store"})
        desk.entrance.let_in(response, name, roles, instead_of=request)
        return response

    def elsewhere() -> str:
        return provider.sign_out_url(f"{desk.entrance.url}/sign-in")

    return [
        Route("/sign-in", sign_in, methods=["GET"]),
        Route("/sign-in/begin", begin, methods=["GET"]),
        Route(CALLBACK, callback, methods=["GET"]),
        sign_out_route(desk, elsewhere),
    ]


def _told(roles: frozenset[Role]) -> str:
    return f"as {', '.join(sorted(roles))}" if roles else "without a role"
