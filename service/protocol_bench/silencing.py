"""Whether an overlay would silence a MAJOR criterion: the change that nobody should make by chance.

Silenced is what is off, has its grade lowered, or has a number moved so that fewer people are met,
also a number that it shares with others through a policy. Whoever means it says so under `accepts`,
with the reason. What makes fewer people due in another way (a wider exclusion, a longer interval)
is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.protocol_bench.plausible import Way, fewer_when, is_minor_arm
from service.protocol_bench.remark import Remark, error, note, warning
from service.protocol_bench.thresholds import numbers_in
from service.screening.criteria import CRITERIA
from service.screening.criterion import Role
from service.screening.overlay_file import Overlay

Document = Mapping[str, Any]


def silencing_remarks(shipped: Document, effective: Document, overlay: Overlay) -> Iterator[Remark]:
    """What this overlay silences, accepted or not, and what it accepts without need."""
    silenced = list(_silenced(shipped, effective))
    for name, where, what in silenced:
        reason = overlay.accepts.get(name)
        if reason is None:
            yield error(
                where,
                f"{what}: this silences the MAJOR criterion {name}",
                f"take it back, or write accepts: {{{name}: the reason}}",
            )
        else:
            yield note(where, f"{what}: accepted, {reason}", "nothing, if the reason still holds")
    for name in overlay.accepts.keys() - {name for name, _, _ in silenced}:
        yield warning(f"accepts.{name}", "nothing of that name is silenced", "take it out")
    yield from _fewer_otherwise(shipped, effective)


def _silenced(shipped: Document, effective: Document) -> Iterator[tuple[str, str, str]]:
    """The criterion's number, the place, and what was done to it."""
    now = {item["criterion"]: item for item in effective["criteria"]}
    for item in shipped["criteria"]:
        if item.get("grade") != "major" or not item.get("is_on", True):
            continue
        new, where = now[item["criterion"]], f"criteria.{item['number']}"
        if not new.get("is_on", True):
            yield item["number"], f"{where}.is_on", "switched off"
        elif new["grade"] != "major":
            yield item["number"], f"{where}.grade", "graded MINOR"
    majors = {
        item["criterion"]: item["number"]
        for item in shipped["criteria"]
        if item.get("grade") == "major"
    }
    for name, where, what in _moved_to_fewer(shipped, effective):
        if is_minor_arm(name):
            continue
        if name == "decision.majors_needed":
            yield name, where, what
        for criterion, number in majors.items():
            own = name.partition(".")[0] == criterion
            if own or name in CRITERIA[criterion].parameters:
                yield number, where, what


def _moved_to_fewer(
    shipped: Document, effective: Document, ways: tuple[Way, ...] = ("higher", "lower")
) -> Iterator[tuple[str, str, str]]:
    """Every number that went the way in which fewer people are due."""
    before = {name: number for name, _, number in numbers_in(shipped)}
    for name, where, number in numbers_in(effective):
        old, new = before[name]["value"], number["value"]
        way = fewer_when(name, str(number["unit"]))
        went: Way = "higher" if new > old else "lower"
        if new != old and (way == went or way == "unknown") and went in ways:
            unsure = "" if way == went else " (nobody has said which way makes fewer people due)"
            yield name, f"{where}.value", f"{old:g} -> {new:g} {number['unit']}{unsure}"


def _fewer_otherwise(shipped: Document, effective: Document) -> Iterator[Remark]:
    """Numbers of exclusions, completions and policies that went the way of fewer alerts."""
    risk = {c.id for c in CRITERIA.values() if c.role is Role.RISK_FACTOR}
    shared = {n for c in risk for n in CRITERIA[c].parameters if "." in n}
    for name, where, what in _moved_to_fewer(shipped, effective):
        is_own = name.partition(".")[0] in risk
        if not is_own and name not in shared and name != "decision.majors_needed":
            yield warning(where, f"{what}: fewer people will be told", "see it with simulate")
