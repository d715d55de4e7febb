"""Reading fields of FHIR JSON that may be missing, misshapen or nonsense: none of these raises.

A bad optional field loses that field, and nothing else.
"""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Any

from service.screening.record import ResourceRef, When

Json = Mapping[str, Any]
_NOTHING: Json = {}
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?=$|T|\s))?)?(?![\d-])")


def object_in(source: Json, key: str) -> Json:
    """The object under `key`; an empty one where there is none."""
    value = source.get(key)
    return value if isinstance(value, dict) else _NOTHING


def objects_in(source: Json, key: str) -> list[Json]:
    """The objects of the list under `key`; a single object counts as a list of one."""
    value = source.get(key)
    if value is None:
        return []
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts_in(source: Json, key: str) -> list[str]:
    """The strings of the list under `key`."""
    value = source.get(key)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text_in(source: Json, key: str) -> str:
    """The string under `key`, stripped; "" where there is none."""
    value = source.get(key)
    return value.strip() if isinstance(value, str) else ""


def number_in(source: Json, key: str) -> float | None:
    """The finite number under `key`; a boolean or a number in quotes is none."""
    value = source.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def when_in(source: Json, key: str) -> When | None:
    """The days that the date or dateTime under `key` can mean, as it was written there."""
    text = text_in(source, key)
    if text[4:5] == text[7:8] == "-" and text[10:11] in ("", "T"):  # Nearly every date.
        try:
            return When.day(date.fromisoformat(text[:10]))
        except ValueError:
            pass  # Such as a 31st of February, or a month that is "1-": see below.
    match = _DATE.match(text)
    if match is None:
        return None
    year, month, day = (int(part) if part else 0 for part in match.groups())
    try:
        if day:
            return When.day(date(year, month, day))
        if month:
            return When(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
        return When(date(year, 1, 1), date(year, 12, 31))
    except ValueError:
        return None


def reference_in(source: Json, key: str) -> ResourceRef | None:
    """The resource that the Reference under `key` points to, whatever its base and version."""
    return parse_reference(text_in(object_in(source, key), "reference"))


def references_in(source: Json, key: str) -> tuple[ResourceRef, ...]:
    """The resources that the References under `key` point to; those without a target are left."""
    found = (parse_reference(text_in(item, "reference")) for item in objects_in(source, key))
    return tuple(ref for ref in found if ref is not None)


def parse_reference(reference: str) -> ResourceRef | None:
    """`Type/id` at the end of a relative or absolute reference; None for "#x" and urn forms."""
    parts = reference.split("/_history/")[0].split("/")
    if len(parts) < 2 or not parts[-2].isalpha() or not parts[-1]:
        return None
    return ResourceRef(parts[-2], parts[-1])
