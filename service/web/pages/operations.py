"""The Operations page: how BoneFlag runs, what waits for an operator, pause, resume and retry.

A newcomer would get two things wrong. An operator sees nobody: people are numbers, and what was
given up has the ledger's own key and a reason, never what stands in a chart. And a switch is thrown
in the ledger, as by `boneflag pause`: the line sees it before its next request.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from service.dead_letters import Wanted, retry
from service.going_live.leave import GoingLive
from service.settings import SettingsInvalid
from service.situation import MOST_LETTERS, people_of, take_situation
from service.standing import Standing
from service.store.switches import LONGEST_REASON
from service.web.access.visitor import Visitor
from service.web.late import once
from service.web.pages.desk import OPERATOR, Desk, Form, Problem, page
from service.wiring import (
    effective_for,
    overlay_for,
    politeness_for,
    queue_lengths_of,
    redis_for,
    today_for,
)

HERE = "/operations"


def operation_routes(desk: Desk) -> list[BaseRoute]:
    """The page, and what its buttons do."""
    politeness = once(lambda: politeness_for(desk.settings))
    redis = once(lambda: redis_for(desk.settings))

    def queues() -> dict[str, int] | None:
        try:
            return queue_lengths_of(redis())
        except (RedisError, SettingsInvalid):
            return None

    def show(_: Request, visitor: Visitor) -> Response:
        settings, ledger, at = desk.settings, desk.ledger(), datetime.now(UTC)
        protocol = effective_for(settings)[0]
        standing = Standing(
            ledger.switches.paused(), politeness().look(), settings.ehr_requests_per_day
        )
        now = take_situation(
            ledger,
            settings.mode,
            protocol.digest,
            standing,
            queues(),
            max_age=timedelta(seconds=settings.health_max_age_seconds),
            on=today_for(settings),
            at=at,
        )
        return desk.render(
            "operations.html",
            visitor,
            here=HERE,
            now=now,
            protocol=protocol,
            has_overlay=overlay_for(settings) is not None,
            ehr=urlsplit(settings.fhir_base_url).hostname or "not set",
            settings=settings,
            people_of=people_of,
            clock=lambda instant: clock(desk, instant),
            span=span,
            most_letters=MOST_LETTERS,
            longest_reason=LONGEST_REASON,
        )

    def act(_: Request, visitor: Visitor, form: Form) -> Response:
        switches, by = desk.ledger().switches, visitor.name
        match form.get("act", ""):
            case "pause":
                switches.pause(_reason(form), datetime.now(UTC), by)
            case "resume":
                switches.resume(by)
            case "retry":
                _retry(desk, by)
            case _:
                raise Problem(400, "Nothing done", "Open the page again and repeat what you did.")
        return RedirectResponse(HERE, 303)

    return [page(desk, HERE, OPERATOR, show, act)]


def _reason(form: Form) -> str:
    reason = " ".join(form.get("reason", "").split())
    if not reason:
        raise Problem(400, "Not paused", "Say why, in a few words; name no patient in it.")
    return reason


def _retry(desk: Desk, by: str) -> None:
    """Judge anew whoever was given up, people and those about whom a plan failed."""
    ledger, settings = desk.ledger(), desk.settings
    digest = effective_for(settings)[0].digest
    wanted = Wanted(people=True, plans=True)
    retry(ledger, wanted, GoingLive(ledger, settings.mode), digest, datetime.now(UTC), by)


def clock(desk: Desk, instant: datetime | None) -> str:
    """An instant as the hospital's clocks show it; "never" where there is none."""
    if instant is None:
        return "never"
    return f"{instant.astimezone(desk.settings.zone):%Y-%m-%d %H:%M %Z}"


def span(length: timedelta) -> str:
    """How long something took or is ago, in the largest unit that tells."""
    seconds = max(0, int(length.total_seconds()))
    for unit, of in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= of * 2:
            return f"{seconds // of} {unit}s"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
