"""The Protocol page: every criterion with its numbers and sources, and what this hospital changed.

What a newcomer would get wrong: this page shows what is in force, which in live mode may be what a
rollback restored, whatever the overlay's file says. Changing anything happens elsewhere: a change
is tried, drafted, checked and approved (docs/protocol.md), never switched on here. And the file is
read anew for each page, by a worker when it starts: where the last run judged by another protocol,
the page says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from service.going_live.leave import GoingLive
from service.protocol_bench.citing import linked
from service.protocol_bench.sheet import Sheet, sheet_of
from service.protocol_bench.words import CERTAINTIES, plain_words
from service.screening.overlay import Overlay
from service.screening.protocol import Protocol, ProtocolInvalid, packaged_document
from service.settings import SettingsInvalid
from service.store.approvals import Approval
from service.store.ledger import Ledger
from service.web.access.visitor import Role, Visitor
from service.web.pages.desk import STAFF, Desk, Problem, page
from service.wiring import (
    effective_for,
    overlay_in_force_for,
    shipped_vocabulary_for,
    today_for,
)

HERE = "/protocol"
_MOST_APPROVALS = 20


@dataclass(frozen=True, slots=True)
class InForce:
    """The protocol in force, the overlay that it has, and both laid out."""

    protocol: Protocol
    overlay: Overlay | None
    sheet: Sheet


def protocol_routes(desk: Desk) -> list[BaseRoute]:
    """The Protocol page."""

    def show(_: Request, visitor: Visitor) -> Response:
        found = in_force(desk)
        ledger = desk.ledger()
        return desk.render(
            "protocol.html",
            visitor,
            here=HERE,
            protocol=found.protocol,
            overlay=found.overlay,
            sheet=found.sheet,
            today=today_for(desk.settings),
            leave=GoingLive(ledger, desk.settings.mode).leave(found.protocol.digest).sentence(),
            is_of_last_run=_is_of_last_run(ledger, found.protocol.digest),
            approvals=list(_approvals(desk, found.protocol.digest)),
            may_try=Role.CLINICAL_LEAD in visitor.roles,
            certainties=CERTAINTIES,
            linked=linked,
            plain_words=plain_words,
        )

    return [page(desk, HERE, STAFF, show)]


def _is_of_last_run(ledger: Ledger, digest: str) -> bool:
    """Whether the last run judged by this protocol; also where there was none yet."""
    return all(run.protocol_digest == digest for run in ledger.runs.newest(1))


def in_force(desk: Desk) -> InForce:
    """What counts now; Problem where the overlay's file cannot be read."""
    shipped = shipped_vocabulary_for(desk.settings)
    try:
        protocol, vocabulary = effective_for(desk.settings)
        overlay = overlay_in_force_for(desk.settings)
        sheet = sheet_of(packaged_document(), overlay, shipped, vocabulary)
    except (SettingsInvalid, ProtocolInvalid) as fault:
        raise Problem(500, "The protocol cannot be read", f"{fault}.") from None
    return InForce(protocol, overlay, sheet)


@dataclass(frozen=True, slots=True)
class _Approved:
    """An approval as the page tells it."""

    at: str
    by: str
    stage: str
    version: str
    digest: str
    is_in_force: bool
    ended: str


def _approvals(desk: Desk, digest: str) -> Iterator[_Approved]:
    for one in desk.ledger().approvals.newest(_MOST_APPROVALS):
        yield _Approved(
            at=_day(one.at, desk),
            by=" and ".join(filter(None, (one.approver, one.second_approver))),
            stage=_stage(one),
            version=one.protocol_version,
            digest=one.protocol_digest,
            is_in_force=one.protocol_digest == digest,
            ended=f"{_day(one.ended_at, desk)}: {one.ended_why}" if one.ended_at else "",
        )


def _stage(one: Approval) -> str:
    whom = f"canary of {one.people} people" if one.stage == "canary" else "everybody"
    return f"{whom}, brought back" if one.restores is not None else whom


def _day(at: datetime, desk: Desk) -> str:
    return f"{at.astimezone(desk.settings.zone):%Y-%m-%d %H:%M}"
