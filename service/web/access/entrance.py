"""From a cookie to a visitor, and back: every page asks here who looks.

A newcomer would get three things wrong. The cookie holds a random token and nothing else. A form is
taken only with the token of the visitor's own session and from our own origin: a cookie alone is
sent by a browser whoever asked it to. And one browser has one session, the newest: whoever opens a
chart is nobody else in that browser from then on, and the chart that was open before is refused.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from service.store.sessions import LONGEST_SECONDS, Sessions
from service.web.access.cookies import Cookie
from service.web.access.visitor import Role, Visitor

FORM_TOKEN = "form_token"  # noqa: S105 - the name of a field, not a secret
CHART_SECONDS = 2 * 60 * 60
"""A chart that stands open longer is opened again: a local choice, about one clinic's morning."""


class Entrance:
    """Lets visitors in. `url` is the address of the pages as browsers see it, without a path;
    `frame_origins` are those that may show the page of a chart in a frame."""

    def __init__(self, sessions: Sessions, url: str, frame_origins: Sequence[str] = ()) -> None:
        self.sessions = sessions
        self.url = url.rstrip("/")
        self.frame_origins = tuple(frame_origins)
        self.is_secure = urlsplit(url).scheme == "https"
        self._staff = Cookie.named("boneflag", is_secure=self.is_secure)
        self._chart = Cookie.named(
            "boneflag-chart", is_secure=self.is_secure, is_framed=bool(frame_origins)
        )
        # The chart's first: it is never more than the other would be.
        self._cookies = (self._chart, self._staff)

    @property
    def cookies(self) -> tuple[str, ...]:
        """The names of the cookies that may hold a session."""
        return tuple(cookie.name for cookie in self._cookies)

    def visitor(self, request: Request, *, is_use: bool = True) -> Visitor | None:
        """Who looks, None for somebody who has not signed in. RedisError passes through.

        `is_use` is for a person; what a page asks by itself keeps no session alive.
        """
        for token in self._tokens(request):
            kept = self.sessions.find(token, is_use=is_use)
            if kept is not None and "roles" in kept:
                return Visitor(
                    str(kept["name"]),
                    frozenset(Role(role) for role in kept["roles"]),
                    str(kept["form_token"]),
                    str(kept["patient_key"]),
                )
        return None

    def came_from_a_chart(self, request: Request) -> bool:
        """Whether this browser was let in from a chart, though its session may be over."""
        return bool(self._chart.of(request))

    def forget_chart(self, response: Response) -> None:
        """Let the browser forget that it came from a chart."""
        self._chart.take_back(response)

    def let_in(
        self,
        response: Response,
        name: str,
        roles: frozenset[Role],
        patient_key: str = "",
        *,
        instead_of: Request | None = None,
    ) -> None:
        """Open a session for somebody who has shown who they are; always a new token.

        The sessions that came with the request `instead_of` end with that.
        """
        if instead_of is not None:
            self.end(instead_of)
        is_chart = Role.CLINICIAN in roles
        cookie, other = (self._chart, self._staff) if is_chart else (self._staff, self._chart)
        seconds = CHART_SECONDS if is_chart else LONGEST_SECONDS
        token = self.sessions.open(
            {
                "name": name,
                "roles": sorted(roles),
                "form_token": secrets.token_urlsafe(16),
                "patient_key": patient_key,
            },
            seconds,
        )
        cookie.give(response, token, seconds)
        other.take_back(response)

    def let_out(self, request: Request, response: Response) -> None:
        """End the session, and let the browser forget it."""
        self.end(request)
        for cookie in self._cookies:
            cookie.take_back(response)

    def end(self, request: Request) -> None:
        """End the sessions that came with a request."""
        for token in self._tokens(request):
            self.sessions.close(token)

    def is_from_our_page(self, request: Request, visitor: Visitor, form_token: str) -> bool:
        """Whether a form was filled in on a page that this visitor got from us."""
        origin = request.headers.get("Origin")
        is_ours = origin is None or origin == self.url
        is_ours = is_ours and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        return is_ours and hmac.compare_digest(form_token.encode(), visitor.form_token.encode())

    def _tokens(self, request: Request) -> list[str]:
        return [token for cookie in self._cookies if (token := cookie.of(request))]
