"""Whether a medicine is a patch or a gel that is meant to act through the skin.

A newcomer would get one thing wrong: `route` calls everything on the skin local, which is right for
a steroid and wrong for an oestrogen. What is also called vaginal acts in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from service.ehr.fields import Json, objects_in, text_in

_SKIN = re.compile(
    r"\b(?:patch(?:es)?|transdermal|(?:per)?cutaneous|topical(?:ly)?|skin|gels?)\b",
    re.IGNORECASE,
)
_VAGINA = re.compile(r"vagina|pessar", re.IGNORECASE)


def is_through_skin(resource: Json, names_and_forms: tuple[str, ...]) -> bool:
    """By the words of the product's names and forms and of its dosage's route."""
    return _says_so("; ".join([*names_and_forms, *_route_words(resource)]))


def _route_words(resource: Json) -> Iterator[str]:
    for key in ("dosageInstruction", "dosage"):
        for dosage in objects_in(resource, key):
            for route in objects_in(dosage, "route"):
                yield text_in(route, "text")
                yield from (text_in(c, "display") for c in objects_in(route, "coding"))


@lru_cache(maxsize=4096)
def _says_so(words: str) -> bool:
    return _SKIN.search(words) is not None and _VAGINA.search(words) is None
