"""What every page works with, and the one way in which a page is shown.

A newcomer would get three things wrong. `page` lets nobody through without a role, writes down who
looked before anything is shown, and takes a form only from our own page: no page does any of that
itself. What a template gets is words and numbers ready to be shown. And nothing is loaded from
another address, nor written into the page as a style or a script: the content policy forbids both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote

import structlog
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from service.acting import software
from service.settings import Settings, SettingsInvalid
from service.store.acts import Act
from service.store.errors import StoreError
from service.store.ledger import Ledger
from service.web.access.entrance import FORM_TOKEN, Entrance
from service.web.access.visitor import Role, Visitor

_log = structlog.get_logger()
MOST_FORM_BYTES = 64 * 1024
_FORM = "application/x-www-form-urlencoded"
LEAD = frozenset({Role.CLINICAL_LEAD})
STAFF = frozenset({Role.CLINICAL_LEAD, Role.OPERATOR})
OPERATOR = frozenset({Role.OPERATOR})
CLINICIANS = frozenset({Role.CLINICAL_LEAD, Role.CLINICIAN})

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors "
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"{POLICY}'none'",
    # With no-referrer browsers would hide the origin of our own forms too, and none were taken.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}

Form = Mapping[str, str]
# What a page shows that a printed file shows as well lies with the press.
_TEMPLATES = ChoiceLoader(
    [
        PackageLoader("service.web", "pages/templates"),
        PrefixLoader({"paper": PackageLoader("service.paper", "templates")}),
    ]
)


class Problem(Exception):
    """What is shown instead of a page: one sentence for whoever looks, and what to do."""

    def __init__(self, status: int, title: str, says: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.says = says


@dataclass(frozen=True, slots=True)
class Place:
    """A page in the navigation: its address, its word, and who has it."""

    path: str
    word: str
    roles: frozenset[Role]


PLACES = (
    Place("/programme", "Programme", STAFF),
    Place("/worklist", "Worklist", LEAD),
    Place("/protocol", "Protocol", STAFF),
    Place("/operations", "Operations", OPERATOR),
)


class Desk:
    """What the pages of one deployment share. `ledger` is opened by the first page that asks."""

    def __init__(
        self, settings: Settings, ledger: Callable[[], Ledger], entrance: Entrance
    ) -> None:
        self.settings = settings
        self.ledger = ledger
        self.entrance = entrance
        self.slow_at_first: list[Callable[[], object]] = []
        self._templates = Environment(
            loader=_TEMPLATES,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def before_the_first(self, work: Callable[[], object]) -> None:
        """Have something done when the process starts that the first reader would wait for.

        It may fail as a page may: then the first reader waits for it.
        """
        self.slow_at_first.append(work)

    def render(
        self,
        template: str,
        visitor: Visitor | None,
        *,
        here: str = "",
        status: int = 200,
        is_framed: bool | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """A page from a template; `here` is the path of the place that it belongs to.

        `is_framed`: the EHR may show it in a frame; without it the visitor's role decides.
        """
        text = self._templates.get_template(template).render(
            visitor=visitor,
            places=places_for(visitor),
            here=here,
            site=self.settings.site_id,
            mode=self.settings.mode,
            software=software(),
            **values,
        )
        if is_framed is None:
            is_framed = visitor is not None and Role.CLINICIAN in visitor.roles
        return HTMLResponse(text, status, headers=self.headers(is_framed=is_framed))

    def headers(self, *, is_framed: bool = False) -> dict[str, str]:
        """What a browser is told with a page; only charts may stand in a frame, and where set."""
        headers = dict(HEADERS)
        if is_framed and self.entrance.frame_origins:
            headers["Content-Security-Policy"] = POLICY + " ".join(self.entrance.frame_origins)
        if self.entrance.is_secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return headers

    def problem(
        self, problem: Problem, visitor: Visitor | None, *, is_framed: bool | None = None
    ) -> HTMLResponse:
        """A page that says what is wrong."""
        return self.render(
            "problem.html",
            visitor,
            status=problem.status,
            is_framed=is_framed,
            title=problem.title,
            says=problem.says,
        )

    def record(self, visitor: Visitor, acts: Sequence[Act]) -> None:
        """Write down what this visitor sees or does; StoreError passes through."""
        told = [replace(act, by=visitor.name) for act in acts]
        self.ledger().audit.record(told, datetime.now(UTC))


def places_for(visitor: Visitor | None) -> tuple[Place, ...]:
    """The pages of the navigation that somebody may open."""
    roles = visitor.roles if visitor is not None else frozenset()
    return tuple(place for place in PLACES if place.roles & roles)


Show = Callable[[Request, Visitor], Response]
"""Answers a GET. Runs in a thread; Problem and what is away or unusable become pages."""

Take = Callable[[Request, Visitor, Form], Response]
"""Answers a form, whose token was looked at already; the last value of each field."""


def page(
    desk: Desk, path: str, roles: Collection[Role], show: Show, take: Take | None = None
) -> Route:
    """A page for who has one of these roles; with `take` it has a form as well.

    Each look is in the audit under the path as it stands here: never with an id in it.
    """

    def answer(request: Request, form: Form | None) -> Response:
        visitor = None
        try:
            visitor = desk.entrance.visitor(request)
            if visitor is None:
                return _chart_over(desk, request) or _to_sign_in(request)
            if not visitor.roles & frozenset(roles):
                return desk.problem(_not_yours(visitor), visitor)
            if _has_nul(request, form):
                return desk.problem(_NOT_OURS, visitor)
            if form is None or take is None:
                desk.record(visitor, [Act("view", detail=path)])
                return show(request, visitor)
            if not desk.entrance.is_from_our_page(request, visitor, form.get(FORM_TOKEN, "")):
                return desk.problem(_NOT_TAKEN, visitor)
            return take(request, visitor, form)
        except Problem as problem:
            return desk.problem(problem, visitor)
        except (StoreError, RedisError) as error:
            _log.error("page_failed", error=type(error).__name__)
            return desk.problem(AWAY, visitor)
        except SettingsInvalid as fault:
            _log.error("page_failed", error=type(fault).__name__)
            return desk.problem(_unusable(fault), visitor)

    async def endpoint(request: Request) -> Response:
        form = await form_of(request) if request.method == "POST" else None
        return await run_in_threadpool(answer, request, form)

    return Route(path, endpoint, methods=["GET", "POST"] if take else ["GET"])


def _has_nul(request: Request, form: Form | None) -> bool:
    """Whether something was asked that PostgreSQL refuses to hold, and no page of ours sends."""
    given = (request.path_params, request.query_params, form or {})
    return any("\0" in str(value) for fields in given for value in fields.values())


_NOT_OURS = Problem(400, "Not an address of ours", "Go to the page that you mean by its link.")
_NOT_TAKEN = Problem(403, "Not taken", "Open the page again and repeat what you did.")
AWAY = Problem(
    503,
    "Not available now",
    "BoneFlag's own database cannot be reached. Nothing is lost: try again in a minute.",
)
CHART_OVER = Problem(
    403,
    "Open it from the chart again",
    "This page was opened from a chart, and that has ended. Go back to the chart in your EHR and"
    " open BoneFlag from there.",
)
OTHER_CHART = Problem(
    403,
    "Another chart",
    "This browser has the chart of somebody else open, or none. Open BoneFlag again from the chart"
    " of the patient whom you mean.",
)
"""What who came from a chart reads at the page of another person, known here or not."""


def _unusable(fault: SettingsInvalid) -> Problem:
    """The overlay's file may be changed, and damaged, while the pages are up."""
    says = f"{fault}. Tell whoever runs BoneFlag here; `boneflag pause` works meanwhile."
    return Problem(503, "The protocol or a setting cannot be used", says)


def _not_yours(visitor: Visitor) -> Problem:
    if not visitor.roles:
        return Problem(
            403,
            "No role yet",
            "You are signed in, and nobody has given you a role in BoneFlag. Ask whoever runs it"
            " here to add you to its clinical leads or operators.",
        )
    return Problem(403, "Not for your role", "This page belongs to another role than yours.")


def _chart_over(desk: Desk, request: Request) -> Response | None:
    """For whoever came from a chart, in a frame or not: nobody signs in there."""
    is_framed = request.headers.get("Sec-Fetch-Dest") == "iframe"
    if not is_framed and not desk.entrance.came_from_a_chart(request):
        return None
    response = desk.problem(CHART_OVER, None, is_framed=True)
    desk.entrance.forget_chart(response)
    return response


def _to_sign_in(request: Request) -> Response:
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    where = "/sign-in"
    if request.method == "GET" and target != "/":
        where += f"?next={quote(target, safe='')}"
    return RedirectResponse(where, 303, headers={"Cache-Control": "no-store"})


async def form_of(request: Request) -> Form:
    """The last value of each field; nothing where it is no form, or larger than any of ours."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        return {}  # Without a token it is refused.
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_FORM_BYTES:
            return {}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}
