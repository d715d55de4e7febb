"""Signing in with the password of a demo, and signing out.

A newcomer would get one thing wrong: the password is for a demo on this machine alone. It gives
every role to whoever knows it, so that it is refused where the pages are reached from elsewhere.
"""

from __future__ import annotations

import hmac

from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from service.web.access.entrance import FORM_TOKEN
from service.web.access.visitor import Role
from service.web.pages.desk import Desk, Problem, form_of

DEMO_ROLES = frozenset({Role.CLINICAL_LEAD, Role.OPERATOR})
_WRONG = "That is not the password. `boneflag demo` prints it beside the address."


def password_routes(desk: Desk, password: str) -> list[BaseRoute]:
    """`/sign-in` with one password, and `/sign-out`."""

    def show(request: Request, wrong: str = "") -> Response:
        return desk.render(
            "sign-in.html", None, status=403 if wrong else 200, wrong=wrong, next=_next(request)
        )

    def check(request: Request, given: str) -> Response:
        if not hmac.compare_digest(given.encode(), password.encode()):
            return show(request, _WRONG)
        response = RedirectResponse(_next(request), 303)
        desk.entrance.let_in(response, "demo", DEMO_ROLES)
        return response

    async def sign_in(request: Request) -> Response:
        if request.method == "GET":
            return show(request)
        form = await form_of(request)
        try:
            return await run_in_threadpool(check, request, form.get("password", ""))
        except RedisError:
            return desk.problem(Problem(503, "Not available now", "Try again in a minute."), None)

    return [Route("/sign-in", sign_in, methods=["GET", "POST"]), sign_out_route(desk)]


def sign_out_route(desk: Desk) -> Route:
    """`/sign-out`, by a form of our own alone."""

    def end(request: Request, form_token: str) -> Response:
        response = RedirectResponse("/sign-in", 303)
        visitor = desk.entrance.visitor(request)
        if visitor is not None and desk.entrance.is_from_our_page(request, visitor, form_token):
            desk.entrance.let_out(request, response)
        return response

    async def sign_out(request: Request) -> Response:
        form = await form_of(request)
        return await run_in_threadpool(end, request, form.get(FORM_TOKEN, ""))

    return Route("/sign-out", sign_out, methods=["POST"])


def _next(request: Request) -> str:
    """Where somebody wanted to go: a path of ours and nothing else."""
    target = request.query_params.get("next", "/")
    is_ours = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if is_ours else "/"
