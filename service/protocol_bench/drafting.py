"""A draft of an overlay: today's overlay with some numbers and criteria changed, as a file.

A newcomer would get three things wrong. A draft begins with what the hospital has decided already,
so that trying one number does not undo another. What goes back to the shipped value leaves the file
rather than repeating it. And a signature is of what was signed: a draft has its own author, and
neither an approver nor a day from which it holds, whatever it began with.

The file is made by one pass and read by `overlay_from`, the same that reads every overlay; a draft
that would not come back as it was written is refused.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml

from service.protocol_bench.thresholds import numbers_in
from service.screening.overlay import Overlay, apply_overlay, overlay_from
from service.screening.overlay_file import OVERLAY_NAMES
from service.screening.protocol import ProtocolInvalid

_HEAD = (
    "# A draft, made on BoneFlag's Protocol page. It counts for nothing until a second person has\n"
    "# signed it as its approver, and it was approved: docs/protocol.md.\n"
)
_LONGEST_ID = 40
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to hold: numbers by their place in an overlay, and criteria that are on or off.

    What is not named stays as it is in force.
    """

    numbers: Mapping[str, float] = field(default_factory=dict)
    is_on: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signing:
    """Who drafts, and what for. `why` becomes the source of every number that is new."""

    author: str
    role: str
    title: str
    why: str
    review_by: date | None


def draft_text(
    document: Mapping[str, Any], overlay: Overlay | None, wish: Wish, signing: Signing, site: str
) -> str:
    """The draft as a file; ProtocolInvalid where no overlay can say it."""
    draft = _begun(document, overlay, site)
    draft["author"] = {"name": signing.author} | ({"role": signing.role} if signing.role else {})
    if signing.title:
        draft["title"] = signing.title
    if signing.review_by is not None:
        draft["review_by"] = signing.review_by
    effective = document if overlay is None else apply_overlay(document, overlay)
    _change_numbers(draft, document, effective, wish, signing.why)
    _switch(draft, document, effective, wish)
    return written(draft)


def written(draft: Mapping[str, Any]) -> str:
    """An overlay as a file, in the order in which people read it; ProtocolInvalid if it is none."""
    ordered = {name: draft[name] for name in OVERLAY_NAMES if draft.get(name) not in (None, {}, [])}
    text = _HEAD + yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=_WIDTH)
    if overlay_from(text).written != ordered:
        raise ProtocolInvalid("the draft would not be read as it is meant: write plainer words")
    return text


def _begun(document: Mapping[str, Any], overlay: Overlay | None, site: str) -> dict[str, Any]:
    if overlay is None:
        return {
            "overlay": _id_of(site),
            "for": document["id"],
            "for_version": str(document["version"]),
            "version": 1,
        }
    draft: dict[str, Any] = copy.deepcopy(dict(overlay.written))
    for name in ("approver", "effective_from", "review_by"):
        draft.pop(name, None)
    draft["version"] = _next(overlay.version)
    return draft


def _id_of(site: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", site.lower()).strip("-")[:_LONGEST_ID].rstrip("-")
    return plain or "site"


def _next(version: str) -> str:
    *before, last = version.split(".")
    return ".".join([*before, str(int(last) + 1)])


def _change_numbers(
    draft: dict[str, Any],
    document: Mapping[str, Any],
    effective: Mapping[str, Any],
    wish: Wish,
    why: str,
) -> None:
    shipped = {place: number["value"] for _, place, number in numbers_in(document)}
    current = {place: number["value"] for _, place, number in numbers_in(effective)}
    for place, value in wish.numbers.items():
        if place not in shipped:
            raise ProtocolInvalid(f"{place}: no such number")
        if not math.isfinite(value):
            raise ProtocolInvalid(f"{place}: write a number")
        if value == current[place]:
            continue
        if value == shipped[place]:
            _take_out(draft, place.split("."))
        else:
            whole = int(value) if value == int(value) else value
            _put_in(draft, place.split("."), {"value": whole, "source": why, "certainty": "local"})


def _switch(
    draft: dict[str, Any], document: Mapping[str, Any], effective: Mapping[str, Any], wish: Wish
) -> None:
    shipped = {item["number"]: item.get("is_on", True) for item in document["criteria"]}
    current = {item["number"]: item.get("is_on", True) for item in effective["criteria"]}
    for number, is_on in wish.is_on.items():
        if number not in shipped:
            raise ProtocolInvalid(f"criteria.{number}: no such criterion")
        if is_on == current[number]:
            continue
        path = ["criteria", number, "is_on"]
        if is_on == shipped[number]:
            _take_out(draft, path)
        else:
            _put_in(draft, path, is_on)


def _put_in(tree: dict[str, Any], path: list[str], value: object) -> None:
    *above, last = path
    for name in above:
        tree = tree.setdefault(name, {})
    tree[last] = value


def _take_out(tree: dict[str, Any], path: list[str]) -> None:
    """Remove what stands at a path, and the tables that it leaves empty."""
    first, *rest = path
    if first not in tree:
        return
    if rest:
        _take_out(tree[first], rest)
    if not rest or not tree[first]:
        del tree[first]
