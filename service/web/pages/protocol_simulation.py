"""The simulation that was asked for: how far it is, what came out, and how to go on from there.

A newcomer would get two things wrong. A worker carries it out, not the web process: reading and
judging a whole cohort takes minutes, and cards are answered here in milliseconds (decision 0031).
And how far it is, is asked for every few seconds by the page itself: those questions are no looks,
leave no row in the audit, since they tell two numbers, and keep no session alive.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from service.going_live.leave import Volume
from service.queue import Queue, QueueUnavailable
from service.report.disclosure import HIDDEN_UP_TO, ROUNDED_TO, rounded
from service.screening.protocol import ProtocolInvalid
from service.settings import SettingsInvalid
from service.simulate.scans import Outlook, joining_shown, outlook
from service.store.acts import Act
from service.store.drafts import NewDraft
from service.store.simulations import AskedSimulation, Question, Simulations
from service.web.access.visitor import Visitor
from service.web.late import once
from service.web.pages.desk import LEAD, Desk, Form, Problem, page
from service.web.pages.protocol import HERE
from service.web.pages.protocol_change import MOST_SLOTS, change_routes, save_draft
from service.wiring import effective_for, protocol_of, simulations_for

PATH = "/protocol/simulation"
_log = structlog.get_logger()
_NO_WORKERS = Problem(
    503,
    "Nobody to carry it out",
    "A simulation is carried out by the workers, and their queue cannot be reached now. Nothing was"
    " started: try again, or use `boneflag simulate`.",
)


def simulation_routes(desk: Desk) -> list[BaseRoute]:
    """The form of a change, and the simulation that it starts."""
    simulations = once(lambda: simulations_for(desk.settings))
    queue = once(lambda: _queue(desk))

    def start(visitor: Visitor, question: Question, digest: str) -> Response:
        if desk.ledger().switches.paused() is not None:
            raise Problem(409, "Paused", "BoneFlag is paused and reads nothing: try it afterwards.")
        _hand_to_workers(queue)
        number = simulations().begin(question, datetime.now(UTC))
        if number is None:
            raise Problem(
                409,
                "One at a time",
                "Another simulation is under way. Wait for it, or cancel it on its page.",
            )
        try:
            desk.record(visitor, [Act("simulate", detail=PATH, protocol_digest=digest)])
            _hand_to_workers(queue, number)
        except Exception:
            # Nobody will take it, and it would keep others from asking.
            simulations().fail(number, "It could not be handed to the workers: try it again.")
            raise
        return RedirectResponse(PATH, 303)

    def show(request: Request, visitor: Visitor) -> Response:
        asked = simulations().newest(datetime.now(UTC))
        slots = _slots(request.query_params.get("slots", ""), asked)
        return desk.render(
            "protocol-simulation.html",
            visitor,
            here=HERE,
            asked=asked,
            asked_at=_time(asked, desk),
            is_of_another_protocol=_is_of_another_protocol(desk, asked),
            slots=slots,
            most_slots=MOST_SLOTS,
            outlooks=_outlooks(asked, slots),
            limits=_limits(desk, asked),
            rounded=rounded,
            hidden_up_to=HIDDEN_UP_TO,
            rounded_to=ROUNDED_TO,
        )

    def take(_: Request, visitor: Visitor, form: Form) -> Response:
        asked = simulations().newest(datetime.now(UTC))
        if asked is None or asked.number != form.get("number"):
            raise Problem(409, "Not this one", "Another simulation took its place: look again.")
        if form.get("act") == "cancel":
            if simulations().cancel(asked.number):
                desk.record(visitor, [Act("simulation cancelled", detail=PATH)])
            return RedirectResponse(PATH, 303)
        question = asked.question
        try:
            digest = protocol_of(desk.settings, question.overlay_text)[0].digest
        except SettingsInvalid as fault:
            raise Problem(409, "Cannot be drafted", f"{fault}. Try it again.") from None
        new = NewDraft(question.title, question.author, digest, question.overlay_text)
        return RedirectResponse(f"/protocol/drafts/{save_draft(desk, visitor, new)}", 303)

    return [
        *change_routes(desk, start),
        page(desk, PATH, LEAD, show, take),
        _progress_route(desk, simulations),
    ]


def _progress_route(desk: Desk, simulations: Callable[[], Simulations]) -> Route:
    def progress(request: Request) -> Response:
        try:
            visitor = desk.entrance.visitor(request, is_use=False)
            if visitor is None or not visitor.roles & LEAD:
                return JSONResponse({}, 403)
            asked = simulations().newest(datetime.now(UTC))
        except RedisError as error:
            _log.warning("progress_unknown", error=type(error).__name__)
            return JSONResponse({}, 503)
        body = {"state": asked.state, "done": asked.done, "total": asked.total} if asked else {}
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(progress, request)

    return Route(f"{PATH}/progress", endpoint)


def _queue(desk: Desk) -> Queue:
    from workers.sending import queue_for

    return queue_for(desk.settings)


def _hand_to_workers(queue: Callable[[], Queue], number: str = "") -> None:
    """Queue it; without a number only ask whether that is possible."""
    try:
        simulate = queue().simulate
        if number:
            simulate(number)
    except (QueueUnavailable, SettingsInvalid) as error:
        _log.warning("simulation_not_queued", error=type(error).__name__)
        raise _NO_WORKERS from None


def _time(asked: AskedSimulation | None, desk: Desk) -> str:
    return f"{asked.asked_at.astimezone(desk.settings.zone):%Y-%m-%d %H:%M}" if asked else ""


def _is_of_another_protocol(desk: Desk, asked: AskedSimulation | None) -> bool:
    """Whether what it calls today's protocol is in force no more; not where that is unknown."""
    if asked is None or asked.counts is None:
        return False
    try:
        now = effective_for(desk.settings)[0].digest
    except (SettingsInvalid, ProtocolInvalid):
        return False
    return bool(asked.counts["today"]["digest"] != now)


def _slots(text: str, asked: AskedSimulation | None) -> int | None:
    """What was typed on this page, else what was asked with the simulation."""
    if text.isdecimal() and len(text) <= len(str(MOST_SLOTS)) and int(text) <= MOST_SLOTS:
        return int(text)
    return asked.question.slots if asked is not None else None


def _outlooks(asked: AskedSimulation | None, slots: int | None) -> dict[str, Outlook]:
    if asked is None or asked.counts is None or slots is None:
        return {}
    scans: dict[str, dict[str, Any]] = asked.counts["scans"]
    return {
        name: outlook(s["backlog"] or 0, joining_shown(s["monthly"], s["a_year"]), slots)
        for name, s in scans.items()
    }


@dataclass(frozen=True, slots=True)
class _Held:
    """What a run with so many new alerts would do; `words` are why."""

    is_held: bool
    is_unsure: bool
    words: str


def _limits(desk: Desk, asked: AskedSimulation | None) -> dict[str, _Held]:
    """For each protocol, whether its new alerts would exceed a limit of a run.

    What is known of them is rounded or hidden: near a limit nobody can tell.
    """
    if asked is None or asked.counts is None:
        return {}
    most = desk.settings.max_new_alerts_per_run
    volume = Volume(most, desk.settings.max_new_alerts_percent_per_run)
    cohort, judged = int(asked.counts["cohort"]), int(asked.counts["judged"])
    scale = cohort / judged if judged else 1.0
    return {
        name: _held(volume, number, cohort, scale)
        for name, number in asked.counts["new_alerts"].items()
    }


def _held(volume: Volume, number: int | None, cohort: int, scale: float) -> _Held:
    off = math.ceil(scale * (HIDDEN_UP_TO if number is None else ROUNDED_TO // 2))
    alerts = number or 0
    is_held = bool(volume.why_too_many(max(0, alerts - off), cohort))
    is_unsure = not is_held and bool(volume.why_too_many(alerts + off, cohort))
    return _Held(is_held, is_unsure, volume.why_too_many(alerts, cohort) if is_held else "")
