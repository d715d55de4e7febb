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
from service.screening.overlay import Overlay, apply_overlay, overlay_from
from service.screening.protocol import ProtocolInvalid, packaged_document
from service.store.drafts import Draft
from service.web.access.visitor import Role, Visitor
from service.web.pages.desk import HEADERS, STAFF, Desk, Form, Problem, page
from service.web.pages.protocol import HERE, in_force
from service.wiring import shipped_vocabulary_for, today_for

PATH = "/protocol/drafts"
_MOST = 100
_LONGEST_NUMBER = 9
_NO_SUCH_DRAFT = Problem(404, "No such draft", "It was deleted, or never there.")


def draft_routes(desk: Desk) -> list[BaseRoute]:
    """The list, each draft, and each as a file."""

    def show_list(_: Request, visitor: Visitor) -> Response:
        now = in_force(desk).overlay
        drafts = [_Listed(draft, desk, now) for draft in desk.ledger().drafts.newest(_MOST)]
        may_change = Role.CLINICAL_LEAD in visitor.roles
        return desk.render(
            "protocol-drafts.html", visitor, here=HERE, drafts=drafts, may_change=may_change
        )

    def show(request: Request, visitor: Visitor) -> Response:
        kept = draft_of(desk, request.path_params["number"])
        overlay_of(kept)
        draft = _Listed(kept, desk, in_force(desk).overlay)
        remarks = _remarks(desk, draft.overlay)
        return desk.render(
            "protocol-draft.html",
            visitor,
            here=HERE,
            draft=draft,
            against_now=draft.against_now(),
            against_shipped=changes(packaged_document(), draft.overlay),
            errors=[r for r in remarks if r.level is Level.ERROR],
            warnings=[r for r in remarks if r.level is Level.WARNING],
            may_change=Role.CLINICAL_LEAD in visitor.roles,
        )

    def take(request: Request, visitor: Visitor, form: Form) -> Response:
        if Role.CLINICAL_LEAD not in visitor.roles:
            raise Problem(403, "Not for your role", "A clinical lead deletes drafts.")
        if form.get("act") == "delete":
            number = draft_of(desk, request.path_params["number"]).id
            desk.ledger().drafts.delete(number, visitor.name, datetime.now(UTC))
        return RedirectResponse(PATH, 303)

    def give(request: Request, _: Visitor) -> Response:
        draft = draft_of(desk, request.path_params["number"])
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{_file_name(draft)}"'}
        return Response(draft.overlay_text, media_type="application/yaml", headers=headers)

    one = f"{PATH}/{{number}}"
    return [
        page(desk, PATH, STAFF, show_list),
        page(desk, one, STAFF, show, take),
        page(desk, f"{one}/overlay.yaml", STAFF, give),
    ]


@dataclass(frozen=True, slots=True)
class _Listed:
    """A draft as the pages tell it, beside the overlay in force.

    A draft that this version cannot read has no `overlay`.
    """

    draft: Draft
    desk: Desk
    now: Overlay | None

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
            return len(self.against_now())
        except ProtocolInvalid:
            return None

    def against_now(self) -> Sequence[Change]:
        return compared(packaged_document(), self.now, self.overlay)


def draft_of(desk: Desk, number: str) -> Draft:
    """The draft of a number as it came in an address or a form; Problem where there is none."""
    # A number that no database can hold is no draft's either.
    is_one = number.isdecimal() and len(number) <= _LONGEST_NUMBER
    draft = desk.ledger().drafts.get(int(number)) if is_one else None
    if draft is None:
        raise _NO_SUCH_DRAFT
    return draft


def overlay_of(draft: Draft) -> Overlay:
    """Its overlay; Problem where the protocol that ships now has no place for what it says."""
    try:
        overlay = overlay_from(draft.overlay_text)
        apply_overlay(packaged_document(), overlay)
    except ProtocolInvalid as fault:
        raise Problem(
            409,
            "Cannot be read",
            f"This version of BoneFlag cannot read the draft: {fault}. The list of drafts has its"
            " file, and a way to delete it.",
        ) from None
    return overlay


def _file_name(draft: Draft) -> str:
    try:
        overlay = overlay_from(draft.overlay_text)
    except ProtocolInvalid:
        return f"draft-{draft.id}.yaml"
    return f"{overlay.id}-{overlay.version}-draft-{draft.id}.yaml"


def _remarks(desk: Desk, overlay: Overlay) -> Sequence[Remark]:
    vocabulary = shipped_vocabulary_for(desk.settings)
    return check_draft(packaged_document(), vocabulary, overlay, today_for(desk.settings))
