"""Signing in with the password of a demo, and signing out.

A newcomer would get two things wrong. The password is for a demo on this machine alone: it gives
every role to whoever knows it, so that it is refused where the pages or the EHR are elsewhere, and
not taken under another name of this machine, as behind a proxy. And signing out answers with a page
that leads on: a browser follows no redirect from a form to the login server of the hospital.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from service.store.acts import Act
from service.store.attempts import Attempts
from service.web.access.entrance import FORM_TOKEN
from service.web.access.refusals import TOO_MANY, or_refused
from service.web.access.visitor import Role, Visitor
from service.web.pages.desk import Desk, Problem, form_of

_HERE = frozenset({"127.0.0.1", "::1", "localhost"})
DEMO_ROLES = frozenset({Role.CLINICAL_LEAD, Role.OPERATOR})
_KIND = "password"
_NOT_HERE = Problem(
    403,
    "For a demo on this machine",
    "The password is taken on the machine on which the demo runs, at the address that it printed.",
)
_WRONG = "That is not the password. `boneflag demo` prints it beside the address."
# Nothing that a browser reads as another host: no second slash, no backslash, no blank or control.
_OWN_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\\x7f]*")
_LONGEST_PATH = 1000


def password_routes(desk: Desk, password: str, attempts: Attempts) -> list[BaseRoute]:
    """`/sign-in` with one password, and `/sign-out`."""

    def show(request: Request, wrong: str = "") -> Response:
        return desk.render(
            "sign-in.html", None, status=403 if wrong else 200, wrong=wrong, next=own_path(request)
        )

    def check(request: Request, given: str) -> Response:
        if not _came_from_here(request):
            raise _NOT_HERE
        if not attempts.count():
            raise TOO_MANY
        if not hmac.compare_digest(given.encode(), password.encode()):
            return show(request, _WRONG)
        desk.record(Visitor("demo", DEMO_ROLES, ""), [Act("sign-in", detail="with the password")])
        response = RedirectResponse(own_path(request), 303)
        desk.entrance.let_in(response, "demo", DEMO_ROLES, instead_of=request)
        return response

    async def sign_in(request: Request) -> Response:
        if request.method != "POST":
            return show(request)
        given = (await form_of(request)).get("password", "")
        return await run_in_threadpool(or_refused, desk, _KIND, lambda: check(request, given))

    return [Route("/sign-in", sign_in, methods=["GET", "POST"]), sign_out_route(desk)]


def is_here(url: str) -> bool:
    """Whether an address is on this machine, by its name."""
    try:
        return urlsplit(url).hostname in _HERE
    except ValueError:
        return False


def _came_from_here(request: Request) -> bool:
    """A proxy brings a form under its own name; so does a page that lends its name to us."""
    origin = request.headers.get("Origin")
    host = request.headers.get("Host", "")
    return is_here(f"//{host}") and (origin is None or is_here(origin))


def sign_out_route(desk: Desk, elsewhere: Callable[[], str] = str) -> Route:
    """`/sign-out`, by a form of our own alone; `elsewhere` tells where it goes on, "" nowhere."""

    def end(request: Request, form_token: str) -> Response:
        visitor = desk.entrance.visitor(request)
        if visitor is None or not desk.entrance.is_from_our_page(request, visitor, form_token):
            return RedirectResponse("/sign-in", 303)
        is_framed = Role.CLINICIAN in visitor.roles
        where = "" if is_framed else elsewhere()
        response: Response = RedirectResponse("/sign-in", 303)
        if is_framed or where:
            response = desk.render("signed-out.html", None, is_framed=is_framed, where=where)
        desk.entrance.let_out(request, response)
        return response

    async def sign_out(request: Request) -> Response:
        given = (await form_of(request)).get(FORM_TOKEN, "")
        return await run_in_threadpool(or_refused, desk, "sign-out", lambda: end(request, given))

    return Route("/sign-out", sign_out, methods=["POST"])


def own_path(request: Request) -> str:
    """Where somebody wanted to go: a path of ours and nothing else."""
    target = request.query_params.get("next", "/")
    is_ours = _OWN_PATH.fullmatch(target) and len(target) <= _LONGEST_PATH
    return target if is_ours else "/"
