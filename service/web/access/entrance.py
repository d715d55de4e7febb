"""From a cookie to a visitor, and back: every page asks here who looks.

A newcomer would get two things wrong. The cookie holds a random token and nothing else. And a form
is taken only with the token of the visitor's own session and from our own origin: a cookie alone is
sent by a browser whoever asked it to.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from service.store.sessions import LONGEST_SECONDS, Sessions
from service.web.access.visitor import Role, Visitor

FORM_TOKEN = "form_token"  # noqa: S105 - the name of a field, not a secret


class Entrance:
    """Lets visitors in. `url` is the address of the pages as browsers see it, without a path."""

    def __init__(self, sessions: Sessions, url: str) -> None:
        self.sessions = sessions
        self.url = url.rstrip("/")
        self._is_secure = urlsplit(url).scheme == "https"
        # The prefix makes browsers keep it to this host, and to https.
        self.cookie = "__Host-boneflag" if self._is_secure else "boneflag"

    def visitor(self, request: Request) -> Visitor | None:
        """Who looks, None for somebody who has not signed in. RedisError passes through."""
        token = request.cookies.get(self.cookie, "")
        kept = self.sessions.find(token) if token else None
        if kept is None or "roles" not in kept:
            return None
        return Visitor(
            str(kept["name"]),
            frozenset(Role(role) for role in kept["roles"]),
            str(kept["form_token"]),
            str(kept["patient_key"]),
        )

    def let_in(
        self, response: Response, name: str, roles: frozenset[Role], patient_key: str = ""
    ) -> None:
        """Open a session for somebody who has shown who they are; always a new token."""
        token = self.sessions.open(
            {
                "name": name,
                "roles": sorted(roles),
                "form_token": secrets.token_urlsafe(16),
                "patient_key": patient_key,
            }
        )
        response.set_cookie(
            self.cookie,
            token,
            max_age=LONGEST_SECONDS,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )

    def let_out(self, request: Request, response: Response) -> None:
        """End the session."""
        token = request.cookies.get(self.cookie, "")
        if token:
            self.sessions.close(token)
        response.delete_cookie(self.cookie, path="/", secure=self._is_secure, httponly=True)

    def is_from_our_page(self, request: Request, visitor: Visitor, form_token: str) -> bool:
        """Whether a form was filled in on a page that this visitor got from us."""
        origin = request.headers.get("Origin")
        is_ours = origin is None or origin == self.url
        return is_ours and hmac.compare_digest(form_token.encode(), visitor.form_token.encode())
