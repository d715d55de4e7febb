"""The cookies of the pages: random tokens and nothing else.

A newcomer would get one thing wrong: a frame of another site gets no cookie that is `Lax`. Where
the EHR shows a patient's page in a frame, the cookie of the chart must be `None` and `Partitioned`,
so that it exists in that frame alone; nobody else's cookie is ever let out so far.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,100}")


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie of this host. `is_framed`: it is sent into a frame of another site as well."""

    name: str
    is_secure: bool
    is_framed: bool = False

    @classmethod
    def named(cls, word: str, *, is_secure: bool, is_framed: bool = False) -> Cookie:
        """The prefix makes browsers keep it to this host, and to https."""
        return cls(f"__Host-{word}" if is_secure else word, is_secure, is_framed and is_secure)

    def of(self, request: Request) -> str:
        """The token that came with a request, "" for none that could be ours."""
        token = request.cookies.get(self.name, "")
        return token if _TOKEN.fullmatch(token) else ""

    def give(self, response: Response, token: str, seconds: int) -> None:
        """Let the browser keep a token. Starlette writes `Partitioned` from Python 3.14 only."""
        parts = [f"{self.name}={token}", "Path=/", f"Max-Age={seconds}", "HttpOnly"]
        parts.append("SameSite=None" if self.is_framed else "SameSite=Lax")
        parts += ["Secure"] if self.is_secure else []
        parts += ["Partitioned"] if self.is_framed else []
        response.headers.append("set-cookie", "; ".join(parts))

    def take_back(self, response: Response) -> None:
        """Let the browser forget it."""
        self.give(response, "", 0)
