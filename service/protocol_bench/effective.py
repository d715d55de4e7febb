"""The effective protocol as a table, and what an overlay changed in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from service.protocol_bench.thresholds import numbers_in
from service.protocol_bench.words import unit_words
from service.screening.overlay import Overlay, apply_overlay
from service.screening.protocol import Protocol

_FIELDS = ("title", "grade", "is_on", "advice", "citation", "certainty")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an overlay changes: its place, as shipped, and as it is now."""

    where: str
    shipped: str
    effective: str


def changes(document: Mapping[str, Any], overlay: Overlay) -> tuple[Change, ...]:
    """Everything that differs from the shipped protocol, in its order."""
    return compared(document, None, overlay)


def compared(
    document: Mapping[str, Any], before: Overlay | None, now: Overlay | None
) -> tuple[Change, ...]:
    """What differs between two overlays of one protocol; None is the protocol as it ships.

    `shipped` of a change is then how it stands under the first, `effective` under the second.
    """
    one, other = (
        document if overlay is None else apply_overlay(document, overlay)
        for overlay in (before, now)
    )
    return (*_changes(one, other), *_additions(before, now))


def _changes(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Change]:
    for before, now in zip(one["criteria"], other["criteria"], strict=True):
        for name in _FIELDS:
            default = True if name == "is_on" else ""
            old, new = before.get(name, default), now.get(name, default)
            if old != new:
                yield Change(f"criteria.{before['number']}.{name}", _word(old), _word(new))
    numbers = {where: number for _, where, number in numbers_in(one)}
    for _, where, number in numbers_in(other):
        old, new = numbers[where], number
        if old != new:
            yield Change(where, _number(old), _number(new))


def _additions(before: Overlay | None, now: Overlay | None) -> Iterator[Change]:
    """Codes and lines, which an overlay only ever adds."""
    old, new = (tuple(_added(o)) if o is not None else () for o in (before, now))
    for where, words in old:
        if (where, words) not in new:
            yield Change(where, words, "")
    for where, words in new:
        if (where, words) not in old:
            yield Change(where, "", words)


def _added(overlay: Overlay) -> Iterator[tuple[str, str]]:
    for name, codes in overlay.local_codes.items():
        for code in codes:
            yield f"local_codes.{name}", f"{code.system} {code.code} ({code.display})"
    for line in overlay.local_lines:
        yield "added to every alert", line


def _word(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _number(number: Mapping[str, Any]) -> str:
    unit = unit_words(str(number["unit"]))
    return f"{number['value']:.12g} {unit} ({number['certainty']}: {number['source']})"


def protocol_json(
    protocol: Protocol, document: Mapping[str, Any], overlay: Overlay | None
) -> dict[str, Any]:
    """The effective protocol for machines."""
    effective = apply_overlay(document, overlay) if overlay is not None else document
    return {
        "id": protocol.id,
        "version": protocol.version,
        "title": protocol.title,
        "digest": protocol.digest,
        "overlay": overlay.id if overlay is not None else None,
        "criteria": [
            {
                "number": item["number"],
                "criterion": item["criterion"],
                "title": item["title"],
                "is_on": item.get("is_on", True),
                "grade": item.get("grade"),
                "domain": item.get("domain", ""),
                "citation": item["citation"],
                "certainty": item["certainty"],
                "advice": item.get("advice", ""),
                "numbers": item.get("numbers", {}),
                "arms_off": list(item.get("arms_off", ())),
            }
            for item in effective["criteria"]
        ],
        "policies": {name: p.get("numbers", {}) for name, p in effective["policies"].items()},
        "local_lines": list(protocol.local_lines),
        "changes": [asdict(c) for c in changes(document, overlay)] if overlay is not None else [],
    }
