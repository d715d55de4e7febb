"""Whether a medicine is injected or swallowed, and whether it is taken only as needed.

A newcomer would get one thing wrong: `route` tells what acts in the whole body from what acts in
one place, and both a tablet and an injection act in the whole body. The same progestogen is a
tablet for two weeks and an injection that lasts for three months.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from service.ehr.fields import Json, object_in, objects_in, text_in

_INJECTED = re.compile(
    r"(?<!\w)(?:injection|injectable|vial|ampoule|syringe|intramuscular(?:ly)?|i\.?m\.?"
    r"|subcutaneous(?:ly)?|s\.?c\.?|subq|subcut|depot?|78421000)(?!\w)",
    re.IGNORECASE,
)
_SWALLOWED = re.compile(
    r"(?<!\w)(?:tablets?|tabs?|capsules?|caps?|oral(?:ly)?|(?:by )?mouth|p\.?o\.?|26643006)(?!\w)",
    re.IGNORECASE,
)


def is_injected(resource: Json, names_and_forms: tuple[str, ...]) -> bool | None:
    """By the route's codes and words, else by the product's; None where neither says so."""
    by_route = _told_by("; ".join(_route_words(resource)))
    return _told_by("; ".join(names_and_forms)) if by_route is None else by_route


def is_as_needed(resource: Json) -> bool:
    """Whether every instruction says so; False without any."""
    dosages = _dosages(resource)
    return bool(dosages) and all(
        dosage.get("asNeededBoolean") is True or bool(object_in(dosage, "asNeededCodeableConcept"))
        for dosage in dosages
    )


def _dosages(resource: Json) -> list[Json]:
    """The instructions of any of the four medicine types; an administration has one."""
    return [d for key in ("dosageInstruction", "dosage") for d in objects_in(resource, key)]


def _route_words(resource: Json) -> Iterator[str]:
    for dosage in _dosages(resource):
        route = object_in(dosage, "route")
        yield text_in(route, "text")
        for coding in objects_in(route, "coding"):
            yield from (text_in(coding, key) for key in ("display", "code"))


@lru_cache(maxsize=4096)
def _told_by(words: str) -> bool | None:
    if _INJECTED.search(words):
        return True
    return False if _SWALLOWED.search(words) else None
