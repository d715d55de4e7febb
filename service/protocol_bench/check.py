"""Check a protocol for meaning: `boneflag protocol check`, and the gate before live."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.resources import files
from typing import Any

from service.protocol_bench.approval import approval_remarks
from service.protocol_bench.codes import code_remarks
from service.protocol_bench.remark import Remark, error, in_order, note, warning
from service.protocol_bench.silencing import silencing_remarks
from service.protocol_bench.thresholds import reach_remarks, threshold_remarks
from service.screening.overlay import Overlay, apply_overlay, overlaid
from service.screening.protocol import ProtocolInvalid, protocol_from
from service.screening.value_sets import Vocabulary

_LOCAL = ("local", "specification")
_FIGURE = re.compile(r"\d+(?:\.\d+)?")


def check_protocol(
    document: Mapping[str, Any], vocabulary: Vocabulary, overlay: Overlay | None, on: date
) -> tuple[Remark, ...]:
    """Everything there is to say about the effective protocol on a day, errors first.

    A protocol that cannot be built at all has that one error.
    """
    return _in_order_or_invalid(_remarks(document, vocabulary, overlay, on))


def check_draft(
    document: Mapping[str, Any], vocabulary: Vocabulary, overlay: Overlay, on: date
) -> tuple[Remark, ...]:
    """The same without looking each code up, for a page: a draft changes none, and the tabular list
    of ICD-10-CM takes seconds to load."""
    return _in_order_or_invalid(_remarks(document, vocabulary, overlay, on, looks_codes_up=False))


def _in_order_or_invalid(remarks: Iterator[Remark]) -> tuple[Remark, ...]:
    try:
        return in_order(remarks)
    except ProtocolInvalid as fault:
        where, _, what = str(fault).partition(": ")
        return (error(where, what or str(fault), "correct it and check again"),)


def _remarks(
    document: Mapping[str, Any],
    vocabulary: Vocabulary,
    overlay: Overlay | None,
    on: date,
    *,
    looks_codes_up: bool = True,
) -> Iterator[Remark]:
    effective = document
    if overlay is None:
        protocol = protocol_from(document, vocabulary)
    else:
        protocol, vocabulary = overlaid(overlay, document, vocabulary)
        effective = apply_overlay(document, overlay)
        yield from approval_remarks(overlay, str(document["version"]), on)
        yield from silencing_remarks(document, effective, overlay)
        yield from _title_remarks(document, effective)
    if looks_codes_up:
        yield from code_remarks(vocabulary, overlay)
    yield from threshold_remarks(effective)
    yield from reach_remarks(protocol, vocabulary)
    yield from _source_remarks(effective)
    yield from _left_out_remarks(effective)


def _title_remarks(shipped: Mapping[str, Any], effective: Mapping[str, Any]) -> Iterator[Remark]:
    """Titles that go on naming a number which was changed: clinicians would read the old one."""
    for before, now in zip(shipped["criteria"], effective["criteria"], strict=True):
        named = {float(figure) for figure in _FIGURE.findall(now["title"])}
        numbers = now.get("numbers", {})
        for name, number in before.get("numbers", {}).items():
            if number["value"] in named and numbers[name]["value"] != number["value"]:
                yield warning(
                    f"criteria.{now['number']}.title",
                    f"it says {now['title']!r}, and {name} is {numbers[name]['value']:g} now",
                    "write a title that says what holds here",
                )


def _source_remarks(document: Mapping[str, Any]) -> Iterator[Remark]:
    """Claims of a public source where none is named."""
    for item in document["criteria"]:
        where = f"criteria.{item['number']}"
        if item["certainty"] != "local" and _is_local(item["citation"]):
            yield warning(
                f"{where}.citation",
                f"certainty {item['certainty']}, but the citation names no public source",
                "name the source, or write certainty: local",
            )
        for name, number in item.get("numbers", {}).items():
            if number["certainty"] != "local" and str(number["source"]).lower() == "local":
                yield warning(
                    f"{where}.numbers.{name}.source",
                    f"certainty {number['certainty']}, but no source is named",
                    "name the source, or write certainty: local",
                )


def _is_local(citation: str) -> bool:
    return citation.lower().startswith(_LOCAL)


def _left_out_remarks(document: Mapping[str, Any]) -> Iterator[Remark]:
    """What of the specification is not computed, and which codes nobody has verified."""
    for item in document["criteria"]:
        for arm in item.get("arms_off", ()):
            yield note(
                f"criteria.{item['number']}",
                f"not computed: {arm}",
                "source a code, or add local codes",
            )
    folder = files("fhir_profiles") / "unverified"
    for path in sorted((p for p in folder.iterdir() if p.name.endswith(".json")), key=str):
        resource = json.loads(path.read_text("utf-8"))
        codes = [
            concept["code"]
            for include in resource["compose"]["include"]
            for concept in include.get("concept", ())
        ]
        yield note(
            f"value set {resource['id'].removeprefix('unverified-')}",
            f"left out, unverified: {', '.join(codes)}",
            "verify them in the code system, or add them as local codes",
        )
