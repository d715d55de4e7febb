"""Drafts of overlays: what was proposed, beside what is in force, and on its way to approval.

What a newcomer would get wrong: a draft leaves this page as a file. A second person signs it there,
whoever runs BoneFlag puts it in its place, and `boneflag golive` approves it; no button here does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from service.protocol_bench.check import check_draft
from service.protocol_bench.effective import Change, changes, compared
from service.protocol_bench.remark import Level, Remark
from service.screening.overlay import Overlay, overlay_from
from service.screening.protocol import ProtocolInvalid, packaged_document
from service.store.drafts import Draft
from service.web.access.visitor import Role, Visitor
from service.web.pages.desk import HEADERS, STAFF, Desk, Form, Problem, page
from service.web.pages.protocol import HERE, in_force
from service.wiring import shipped_vocabulary_for, today_for

PATH = "/protocol/drafts"
_MOST = 100


def draft_routes(desk: Desk) -> list[BaseRoute]:
    """The list, each draft, and each as a file."""

    def show_list(_: Request, visitor: Visitor) -> Response:
        drafts = [_Listed(draft, desk) for draft in desk.ledger().drafts.newest(_MOST)]
        may_change = Role.CLINICAL_LEAD in visitor.roles
        return desk.render(
            "protocol-drafts.html", visitor, here=HERE, drafts=drafts, may_change=may_change
        )

    def show(request: Request, visitor: Visitor) -> Response:
        draft = _asked_for(desk, request)
        remarks = _remarks(desk, draft.overlay)
        return desk.render(
            "protocol-draft.html",
            visitor,
            here=HERE,
            draft=draft,
            against_now=draft.against(in_force(desk).overlay),
            against_shipped=changes(packaged_document(), draft.overlay),
            errors=[r for r in remarks if r.level is Level.ERROR],
            warnings=[r for r in remarks if r.level is Level.WARNING],
            may_change=Role.CLINICAL_LEAD in visitor.roles,
        )

    def take(request: Request, visitor: Visitor, form: Form) -> Response:
        if Role.CLINICAL_LEAD not in visitor.roles:
            raise Problem(403, "Not for your role", "A clinical lead deletes drafts.")
        if form.get("act") == "delete":
            number = int(request.path_params["number"])
            desk.ledger().drafts.delete(number, visitor.name, datetime.now(UTC))
        return RedirectResponse(PATH, 303)

    def give(request: Request, _: Visitor) -> Response:
        draft = _asked_for(desk, request)
        name = f"{draft.overlay.id}-{draft.overlay.version}-draft-{draft.id}.yaml"
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(draft.text, media_type="application/yaml", headers=headers)

    one = f"{PATH}/{{number:int}}"
    return [
        page(desk, PATH, STAFF, show_list),
        page(desk, one, STAFF, show, take),
        page(desk, f"{one}/overlay.yaml", STAFF, give),
    ]


@dataclass(frozen=True, slots=True)
class _Listed:
    """A draft as the pages tell it; a draft that this version cannot read has no `overlay`."""

    draft: Draft
    desk: Desk

    @property
    def id(self) -> int:
        return self.draft.id

    @property
    def title(self) -> str:
        return self.draft.title

    @property
    def author(self) -> str:
        return self.draft.author

    @property
    def digest(self) -> str:
        return self.draft.protocol_digest

    @property
    def text(self) -> str:
        return self.draft.overlay_text

    @property
    def at(self) -> str:
        return f"{self.draft.at.astimezone(self.desk.settings.zone):%Y-%m-%d %H:%M}"

    @property
    def overlay(self) -> Overlay:
        return overlay_from(self.draft.overlay_text)

    @property
    def number_of_changes(self) -> int | None:
        try:
            return len(self.against(in_force(self.desk).overlay))
        except ProtocolInvalid:
            return None

    def against(self, other: Overlay | None) -> Sequence[Change]:
        return compared(packaged_document(), other, self.overlay)


def _asked_for(desk: Desk, request: Request) -> _Listed:
    draft = desk.ledger().drafts.get(int(request.path_params["number"]))
    if draft is None:
        raise Problem(404, "No such draft", "It was deleted, or never there.")
    try:
        overlay_from(draft.overlay_text)
    except ProtocolInvalid as fault:
        raise Problem(409, "Cannot be read", f"This version cannot read it: {fault}.") from None
    return _Listed(draft, desk)


def _remarks(desk: Desk, overlay: Overlay) -> Sequence[Remark]:
    vocabulary = shipped_vocabulary_for(desk.settings)
    return check_draft(packaged_document(), vocabulary, overlay, today_for(desk.settings))
