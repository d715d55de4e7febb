"""Try a change: a form of what may be tried, and what becomes of it.

A newcomer would get two things wrong. What comes in is held against the bounds again: a browser's
limits are for the person, not for us. And nothing that is chosen here is in force: it becomes a
simulation, or a draft.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from service.protocol_bench.dials import Bench, benches_of
from service.protocol_bench.drafting import Signing, Wish, draft_text
from service.screening.overlay import Overlay
from service.screening.protocol import ProtocolInvalid, packaged_document
from service.settings import SettingsInvalid
from service.store.drafts import NewDraft
from service.store.simulations import Question
from service.web.access.visitor import Visitor
from service.web.pages.desk import LEAD, Desk, Form, Problem, page
from service.web.pages.protocol import HERE, in_force
from service.web.pages.protocol_drafts import draft_of, overlay_of
from service.wiring import protocol_of, today_for

PATH = "/protocol/change"
MOST_SLOTS = 10_000
MOST_PEOPLE = 1_000_000
_CHANGED_MEANWHILE = Problem(
    409,
    "Changed meanwhile",
    "The protocol in force is another one than when you opened the form. Open it again and repeat"
    " your change.",
)
Start = Callable[[Visitor, Question, str], Response]
"""Starts a simulation of a question; the digest is of the changed protocol."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a change begins with: the overlay in force, or that of a draft (0 is none).

    `digest` is of the protocol in force where it begins with that; a draft never changes.
    """

    overlay: Overlay | None
    draft: int
    title: str
    digest: str = ""


def change_routes(desk: Desk, start: Start) -> list[BaseRoute]:
    """The form, and where it goes."""

    def show(request: Request, visitor: Visitor) -> Response:
        begun = _beginning(desk, request.query_params.get("draft", ""))
        benches = benches_of(packaged_document(), begun.overlay)
        return desk.render(
            "protocol-change.html",
            visitor,
            here=HERE,
            begun=begun,
            policies=[bench for bench in benches if not bench.number],
            domains=_by_domain(benches),
            others=[bench for bench in benches if bench.number and not bench.may_be_off],
            most_slots=MOST_SLOTS,
            most_people=MOST_PEOPLE,
            today=today_for(desk.settings),
        )

    def take(_: Request, visitor: Visitor, form: Form) -> Response:
        begun = _beginning(desk, form.get("draft", ""))
        if form.get("begun_with", begun.digest) != begun.digest:
            # The form holds every number as it was: it would undo what was decided meanwhile.
            raise _CHANGED_MEANWHILE
        text, digest = _drafted(desk, visitor, begun, form)
        title = form.get("title", "").strip() or begun.title or "A change without a title"
        if form.get("act") == "simulate":
            sample = _whole(form.get("sample", ""), 1, MOST_PEOPLE, "People to read")
            slots = _whole(form.get("slots", ""), 0, MOST_SLOTS, "DXA slots a month")
            asked = Question(text, title, visitor.name, sample, slots, begun.draft)
            return start(visitor, asked, digest)
        number = save_draft(desk, visitor, NewDraft(title, visitor.name, digest, text))
        return RedirectResponse(f"/protocol/drafts/{number}", 303)

    return [page(desk, PATH, LEAD, show, take)]


def save_draft(desk: Desk, visitor: Visitor, new: NewDraft) -> int:
    """Keep a draft in the ledger; its number."""
    return desk.ledger().drafts.save(new, visitor.name, datetime.now(UTC))


def _beginning(desk: Desk, number: str) -> Beginning:
    if not number or number == "0":
        found = in_force(desk)
        return Beginning(found.overlay, 0, "", found.protocol.digest)
    draft = draft_of(desk, number)
    return Beginning(overlay_of(draft), draft.id, draft.title)


def _by_domain(benches: tuple[Bench, ...]) -> dict[str, list[Bench]]:
    found: dict[str, list[Bench]] = {}
    for bench in benches:
        if bench.may_be_off:
            found.setdefault(bench.domain, []).append(bench)
    return found


def _drafted(desk: Desk, visitor: Visitor, begun: Beginning, form: Form) -> tuple[str, str]:
    """The draft as a file, and the digest of the protocol that it makes."""
    benches = benches_of(packaged_document(), begun.overlay)
    wish = Wish(dict(_numbers(benches, form)), dict(_switches(benches, form)))
    today = today_for(desk.settings)
    why = form.get("why", "").strip() or f"local decision of {visitor.name}, {today}"
    signing = Signing(
        visitor.name,
        form.get("role", "").strip(),
        form.get("title", "").strip(),
        why,
        _day(form.get("review_by", "")),
    )
    try:
        site = desk.settings.site_id
        text = draft_text(packaged_document(), begun.overlay, wish, signing, site)
        return text, protocol_of(desk.settings, text)[0].digest
    except (ProtocolInvalid, SettingsInvalid) as fault:
        raise Problem(400, "Cannot be drafted", f"{fault}. Go back and correct it.") from None


def _numbers(benches: tuple[Bench, ...], form: Form) -> Iterator[tuple[str, float]]:
    for bench in benches:
        for dial in bench.dials:
            given = form.get(dial.place, "").strip()
            if not given:
                continue
            value = _number(given, f"{bench.title}, {dial.name}")
            least = dial.value if dial.least is None else dial.least
            most = dial.value if dial.most is None else dial.most
            if dial.least is not None and not least <= value <= most:
                raise Problem(
                    400,
                    "Cannot be tried",
                    f"{bench.title}, {dial.name}: {value:g} is outside {least:g} to {most:g}"
                    f" {dial.unit}. Go back and correct it.",
                )
            yield dial.place, value


def _switches(benches: tuple[Bench, ...], form: Form) -> Iterator[tuple[str, bool]]:
    for bench in benches:
        given = form.get(f"on.{bench.number}")
        if bench.may_be_off and given is not None:
            yield bench.number, given == "yes"


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Problem(400, "Cannot be tried", f"{what}: write a number. Go back.") from None


def _whole(text: str, least: int, most: int, what: str) -> int | None:
    if not text.strip():
        return None
    value = _number(text, what)
    if value != value // 1 or not least <= value <= most:
        raise Problem(400, "Cannot be tried", f"{what}: a whole number from {least} to {most}.")
    return int(value)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError:
        raise Problem(400, "Cannot be drafted", "A day is written as 2027-01-10.") from None
