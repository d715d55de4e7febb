"""A citation with links to what can be read in public: `fhir_profiles/protocol/addresses.yaml`.

A newcomer would get one thing wrong: a citation is words, written for a person. The words stay as
they are, and those that name a known public source become a link.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

_ADDRESS = re.compile(r"https://[^\s,;)]+")


@dataclass(frozen=True, slots=True)
class Words:
    """A stretch of a citation; `address` is "" where there is nothing to open."""

    text: str
    address: str = ""


def linked(citation: str) -> tuple[Words, ...]:
    """The citation in stretches that follow each other, none of them lost."""
    addresses = _addresses()
    known = "|".join(map(re.escape, sorted(addresses, key=len, reverse=True)))
    pattern = re.compile(rf"\b(?:{known})\b|{_ADDRESS.pattern}")
    stretches: list[Words] = []
    begin = 0
    for match in pattern.finditer(citation):
        if match.start() > begin:
            stretches.append(Words(citation[begin : match.start()]))
        stretches.append(Words(match[0], addresses.get(match[0], match[0])))
        begin = match.end()
    if begin < len(citation):
        stretches.append(Words(citation[begin:]))
    return tuple(stretches)


@cache
def _addresses() -> Mapping[str, str]:
    path = files("fhir_profiles") / "protocol" / "addresses.yaml"
    return {line["words"]: line["address"] for line in yaml.safe_load(path.read_text("utf-8"))}
