"""`POST /notices`: what the EHR's Subscriptions tell, noted and answered at once.

A newcomer would get three things wrong. The secret stands in a header and never in the address,
which proxies write down. What comes is not believed: a body is looked at for references and numbers
only, and one that is too long is not read, for a notice that says nothing is as good. And a notice
that cannot be noted is answered with 503, so that the EHR sends it again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import structlog
from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.notice import Notice, notice_in
from service.queue import QueueUnavailable
from service.subscribing import SECRET_HEADER

_log = structlog.get_logger()
MOST_BYTES = 1_000_000
_SIGNATURES = ("X-Hub-Signature", "X-Hub-Signature-256")
_SCHEME = "sha256="

Take = Callable[[Notice], None]


def notice_routes(secret: str, take: Take) -> list[Route]:
    """The page, and what is below it: some servers add the type and id of what changed.

    `take` notes a notice and returns soon; `secret` must not be empty.
    """

    async def notices(request: Request) -> Response:
        body = await _body_of(request)
        if not _is_from_the_ehr(request, body, secret):
            _log.warning("notice_refused")
            return Response(status_code=401)
        try:
            await run_in_threadpool(take, notice_in(body))
        except (RedisError, QueueUnavailable, OSError) as error:
            _log.warning("notice_not_taken", error=type(error).__name__)
            return Response(status_code=503, headers={"Retry-After": "30"})
        return Response(status_code=200)

    methods = ["POST", "PUT"]
    return [
        Route("/notices", notices, methods=methods),
        Route("/notices/{what:path}", notices, methods=methods),
    ]


async def _body_of(request: Request) -> bytes | None:
    """The body, None where it is too long."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def _is_from_the_ehr(request: Request, body: bytes | None, secret: str) -> bool:
    """Whether it shows the secret, or was signed with it (HMAC-SHA-256 over the body)."""
    shown = request.headers.get(SECRET_HEADER, "")
    if shown:
        return hmac.compare_digest(shown.encode(), secret.encode())
    signature = next(filter(None, map(request.headers.get, _SIGNATURES)), "")
    if body is None or not signature.startswith(_SCHEME):
        return False
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = signature.removeprefix(_SCHEME).lower()
    return hmac.compare_digest(given.encode(), expected.encode())
