"""A hospital's overlay: what it changes in the protocol that ships, in a file of its own.

A newcomer would get three things wrong. The shipped protocol is never changed: `apply_overlay`
builds a new document, whose digest covers the overlay too. Codes are only ever added to a value
set. And an overlay is bound to the version it was written for: an older one still loads, but
`boneflag protocol check` reports it and live mode refuses it, for nobody has looked at it since.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from service.screening.guard_rails import why_forbidden
from service.screening.overlay_file import (
    EntryChange,
    LocalCode,
    NumberChange,
    Overlay,
    overlay_from,
)
from service.screening.plain_yaml import nearest
from service.screening.protocol import Protocol, ProtocolInvalid, protocol_from
from service.screening.value_sets import (
    INGREDIENT_NAME,
    ValueSet,
    Vocabulary,
    fold_code,
)

__all__ = ["Overlay", "apply_overlay", "overlaid", "overlay_from", "version_order"]


def overlaid(
    overlay: Overlay, document: Mapping[str, Any], vocabulary: Vocabulary
) -> tuple[Protocol, Vocabulary]:
    """The effective protocol and its value sets; ProtocolInvalid where the overlay cannot be."""
    refuse_forbidden_words(overlay, vocabulary)
    extended = with_local_codes(vocabulary, overlay.local_codes)
    return protocol_from(apply_overlay(document, overlay), extended), extended


def apply_overlay(document: Mapping[str, Any], overlay: Overlay) -> dict[str, Any]:
    """The effective document: the shipped one, which stays as it is, with the overlay's changes."""
    _refuse_another_protocol(document, overlay)
    return {
        **document,
        "version": f"{document['version']}+{overlay.id}-{overlay.version}",
        "policies": _policies(document["policies"], overlay.policies),
        "criteria": _entries(document["criteria"], overlay.entries),
        "overlay": overlay.written,
        "local_lines": list(overlay.local_lines),
    }


def version_order(version: str) -> tuple[int, ...]:
    """Versions such as 0.10.2 in the order of their numbers."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _refuse_another_protocol(document: Mapping[str, Any], overlay: Overlay) -> None:
    if overlay.base != document["id"]:
        raise ProtocolInvalid(
            f"for: this overlay changes {overlay.base!r}, but the protocol here is"
            f" {document['id']!r}: use the overlay of this protocol"
        )
    if version_order(overlay.base_version) > version_order(document["version"]):
        raise ProtocolInvalid(
            f"for_version: written for version {overlay.base_version}, but the protocol here is"
            f" {document['version']}: update BoneFlag"
        )


def _policies(
    shipped: Mapping[str, Any], changes: Mapping[str, Mapping[str, NumberChange]]
) -> dict[str, Any]:
    for name in changes:
        if name not in shipped:
            raise ProtocolInvalid(f"policies.{name}: no such policy; {nearest(name, shipped)}")
    return {
        name: {**policy, "numbers": _numbers(policy["numbers"], changes.get(name, {}))}
        for name, policy in shipped.items()
    }


def _entries(shipped: Iterable[Any], changes: Mapping[str, EntryChange]) -> list[dict[str, Any]]:
    shipped = list(shipped)
    numbers = [item["number"] for item in shipped]
    for number in changes:
        if number not in numbers:
            raise ProtocolInvalid(
                f"criteria.{number}: no such criterion; {nearest(number, numbers)}"
            )
    return [
        _entry(item, changes[item["number"]]) if item["number"] in changes else dict(item)
        for item in shipped
    ]


def _entry(item: Mapping[str, Any], change: EntryChange) -> dict[str, Any]:
    where = f"criteria.{item['number']}"
    is_risk_factor = "grade" in item
    if change.grade is not None and not is_risk_factor:
        raise ProtocolInvalid(f"{where}.grade: only risk factors have a grade; remove it")
    if change.is_on is False and not is_risk_factor:
        raise ProtocolInvalid(f"{where}.is_on: only risk factors can be switched off; remove it")
    if change.advice is not None and not is_risk_factor:
        raise ProtocolInvalid(f"{where}.advice: only risk factors have advice; remove it")
    changed = {
        name: value
        for name in ("is_on", "title", "grade", "advice", "citation")
        if (value := getattr(change, name)) is not None
    }
    if change.citation is not None:
        changed["certainty"] = change.certainty
    merged = {**item, **changed}
    if change.numbers:
        merged["numbers"] = _numbers(item.get("numbers", {}), change.numbers)
    return merged


def _numbers(
    shipped: Mapping[str, Any], changes: Mapping[str, NumberChange]
) -> dict[str, Mapping[str, Any]]:
    for name, change in changes.items():
        if name not in shipped:
            raise ProtocolInvalid(f"{change.path}: no such number; {nearest(name, shipped)}")
        unit = str(shipped[name]["unit"])
        if change.unit is not None and change.unit != unit:
            raise ProtocolInvalid(
                f"{change.path}.unit: the unit stays {unit!r}; give the value in it"
            )
    return {
        name: {
            **number,
            "value": changes[name].value,
            "source": changes[name].source,
            "certainty": changes[name].certainty,
        }
        if name in changes
        else dict(number)
        for name, number in shipped.items()
    }


def refuse_forbidden_words(overlay: Overlay, vocabulary: Vocabulary) -> None:
    """Raise ProtocolInvalid for a text of the overlay that no alert may say."""
    for path, text in overlay.texts:
        why = why_forbidden(text, vocabulary)
        if why:
            raise ProtocolInvalid(f"{path}: {why}")


def with_local_codes(
    vocabulary: Vocabulary, local_codes: Mapping[str, tuple[LocalCode, ...]]
) -> Vocabulary:
    """The value sets with the hospital's codes added; the same object where there are none."""
    if not local_codes:
        return vocabulary
    known = [value_set.id for value_set in vocabulary]
    for name in local_codes:
        if name not in known:
            raise ProtocolInvalid(f"local_codes.{name}: no such value set; {nearest(name, known)}")
    return Vocabulary(_with_codes(s, local_codes.get(s.id, ())) for s in vocabulary)


def _with_codes(value_set: ValueSet, added: tuple[LocalCode, ...]) -> ValueSet:
    names = tuple(c.code.lower() for c in added if c.system == INGREDIENT_NAME)
    listed = tuple((c.system, c.code) for c in added if c.system != INGREDIENT_NAME)
    return replace(
        value_set,
        listed=value_set.listed + listed,
        codes=value_set.codes | {(system, fold_code(system, code)) for system, code in listed},
        names=value_set.names + names,
    )
