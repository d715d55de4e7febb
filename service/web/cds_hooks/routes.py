"""The addresses of CDS Hooks: discovery, the call, the feedback, and the OpenAPI file of the three.

A newcomer would get three things wrong. Discovery needs no token, for it tells nothing about
anybody; every other address verifies who asks before it looks at the body. The audience of a token
is the configured address with the path that was called, because behind a proxy nobody knows under
which name the EHR sees us. And an answer for people holds one sentence and no text from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.cards.call import ChartMissing
from service.cards.feedback import CardFeedback
from service.cards.line import CardLine
from service.deciding import DecisionInvalid
from service.ehr.smart.callers import CallerRefused, Callers, CallerUnverifiable
from service.screening.protocol import Protocol
from service.store.errors import StoreError
from service.web.cds_hooks.call_json import Malformed, call_from, object_in
from service.web.cds_hooks.card_json import Addresses, answer
from service.web.cds_hooks.discovery import SERVICE_ID, services
from service.web.cds_hooks.feedback_json import feedback_from

_log = structlog.get_logger()

MOST_BYTES = 8 * 1024 * 1024
"""A prefetch of a whole chart is a few megabytes at most."""
_NOT_KEPT = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Door:
    """What answers. `line` and `feedback` are opened at the first call: StoreError if they cannot.

    `url` is the address at which the EHR reaches us; `origins` are those of browsers that may ask.
    """

    url: str
    protocol: Protocol
    templates: dict[str, str]
    callers: Callers
    line: Callable[[], CardLine]
    feedback: Callable[[], CardFeedback]
    addresses: Addresses
    origins: tuple[str, ...]


class _Answer(Exception):
    """An answer that is no success; the text is one sentence of ours."""

    def __init__(self, status: int, says: str) -> None:
        super().__init__(says)
        self.status = status


def routes(door: Door) -> Sequence[Route]:
    """The routes of this door."""
    found = services(door.templates)
    document = files("service.web.cds_hooks").joinpath("openapi.json").read_bytes()

    def discover(request: Request) -> Response:
        return _preflight(request) or JSONResponse(found)

    def describe(_: Request) -> Response:
        return Response(document, media_type="application/json")

    async def call(request: Request) -> Response:
        return _preflight(request) or await _answered(door, request, "", _call)

    async def feedback(request: Request) -> Response:
        return _preflight(request) or await _answered(door, request, "/feedback", _feedback)

    anybody = [Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET"])]
    listed = [
        Middleware(
            CORSMiddleware,
            allow_origins=list(door.origins),
            allow_methods=["POST"],
            allow_headers=["Authorization", "Content-Type"],
        )
    ]
    one = "/cds-services/{id}"
    return (
        Route("/cds-services", discover, methods=["GET", "OPTIONS"], middleware=anybody),
        Route(one, call, methods=["POST", "OPTIONS"], middleware=listed),
        Route(f"{one}/feedback", feedback, methods=["POST", "OPTIONS"], middleware=listed),
        Route("/openapi.json", describe, methods=["GET"]),
    )


def _preflight(request: Request) -> Response | None:
    """The answer to an OPTIONS that is no preflight of a browser."""
    return Response(status_code=204) if request.method == "OPTIONS" else None


Work = Callable[[Door, dict[str, Any]], dict[str, Any]]


async def _answered(door: Door, request: Request, below: str, work: Work) -> Response:
    service_id = request.path_params["id"]
    if service_id != SERVICE_ID:
        return _outcome(404, "there is no such service: ask /cds-services which there are")
    try:
        audience = f"{door.url}/cds-services/{service_id}{below}"
        authorization = request.headers.get("Authorization")
        await run_in_threadpool(_verify, door.callers, authorization, audience)
        body = await _body(request)
        done = await run_in_threadpool(_worked, door, body, work)
    except _Answer as told:
        return _outcome(told.status, str(told))
    return JSONResponse(done, headers=_NOT_KEPT)


def _verify(callers: Callers, authorization: str | None, audience: str) -> None:
    try:
        callers.verify(authorization, audience)
    except CallerRefused as refused:
        _log.warning("card_caller_refused", reason=str(refused))
        raise _Answer(401, str(refused)) from None
    except CallerUnverifiable as unknown:
        _log.error("card_caller_unverifiable", reason=str(unknown))
        raise _Answer(503, str(unknown)) from None


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                raise _Answer(413, f"the body is larger than {MOST_BYTES // 1024**2} MB")
    except ClientDisconnect:  # Nobody is there to be answered, and it is no fault of ours.
        raise _Answer(400, "the call broke off") from None
    return bytes(body)


def _worked(door: Door, body: bytes, work: Work) -> dict[str, Any]:
    try:
        return work(door, object_in(body))
    except Malformed as fault:
        raise _Answer(400, str(fault)) from None
    except ChartMissing as missing:
        raise _Answer(412, f"{missing}: prefetch it, or give access to fetch it") from None
    except StoreError as error:
        _log.error("card_without_ledger", error=type(error).__name__)
        raise _Answer(503, "the ledger of this service cannot be reached now") from None


def _call(door: Door, request: dict[str, Any]) -> dict[str, Any]:
    cards = door.line().answer(call_from(request))
    return answer(cards, door.protocol, door.addresses)


def _feedback(door: Door, request: dict[str, Any]) -> dict[str, Any]:
    said = feedback_from(request)
    ear = door.feedback()
    for one in said:
        try:
            ear.hear(one)
        except DecisionInvalid as fault:  # Nothing that the EHR could say otherwise.
            _log.warning("card_feedback_not_taken", error=type(fault).__name__)
    return {}


def _outcome(status: int, says: str) -> JSONResponse:
    issue = {"severity": "error", "code": "processing", "diagnostics": says}
    body = {"resourceType": "OperationOutcome", "issue": [issue]}
    headers = {**_NOT_KEPT, **({"WWW-Authenticate": "Bearer"} if status == 401 else {})}
    return JSONResponse(body, status, headers)
