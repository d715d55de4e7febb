"""What a number can sensibly be, and which way makes fewer people due: plausible.yaml, asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

Way = Literal["higher", "lower", "neither", "unknown"]


@cache
def plausible() -> Mapping[str, Any]:
    """The table, read once."""
    path = files("fhir_profiles") / "protocol" / "plausible.yaml"
    table: Mapping[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return table


def bounds_of(number: str, unit: str) -> Mapping[str, Any] | None:
    """`least`, `most` and `because` of a number such as `low-weight.window_months`; None if any."""
    table = plausible()
    found: Mapping[str, Any] | None = table["numbers"].get(number, table["units"].get(unit))
    return found


def fewer_when(number: str, unit: str) -> Way:
    """Which way this number must go for fewer people to be due."""
    table = plausible()
    if number in table["fewer_when_by_number"]:
        way: Way = table["fewer_when_by_number"][number]
        return way
    if unit in table["strengths"]:
        return "lower"
    name = number.partition(".")[2]
    # The longest ending decides: "_below_without_height" is more than "_height" would be.
    endings = [(e, way) for way in ("higher", "lower") for e in table["fewer_when"][way]]
    for ending, found in sorted(endings, key=lambda pair: -len(pair[0])):
        if name.endswith(ending):
            return found  # type: ignore[return-value] # one of the two above
    return "unknown"


def is_minor_arm(number: str) -> bool:
    """Whether only the MINOR arm of a MAJOR criterion rests on it."""
    return number in plausible()["minor_arms"]
