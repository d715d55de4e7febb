"""What can be tried: every number with the bounds in which it makes sense, and what may be off.

The bounds are those of `boneflag protocol check` (plausible.yaml): they catch a slip of the pen and
do not say where a threshold should stand. A newcomer would get one thing wrong: a value in force
may lie outside of them, and is offered all the same, or a form could not be sent unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.protocol_bench.plausible import bounds_of
from service.protocol_bench.words import domain_words, plain_words, unit_words
from service.screening.criteria import CRITERIA
from service.screening.criterion import Role
from service.screening.overlay import Overlay, apply_overlay

_WHOLE = frozenset(
    ("a", "mo", "d", "criteria", "domains", "courses", "different dates", "different days")
)
_HALVES = frozenset(("{score}",))
_TENTHS = frozenset(("{T-score}", "{Z-score}", "kg/m2", "%"))
_MOST_STEPS_OF_A_SLIDER = 120


@dataclass(frozen=True, slots=True)
class Dial:
    """A number that may be tried. `step` is "any" where every number makes sense."""

    place: str
    name: str
    unit: str
    value: float
    shipped: float
    least: float | None
    most: float | None
    step: str

    @property
    def has_slider(self) -> bool:
        """Whether its span is short enough to be slid through."""
        if self.least is None or self.most is None or self.step == "any":
            return False
        return (self.most - self.least) / float(self.step) <= _MOST_STEPS_OF_A_SLIDER


@dataclass(frozen=True, slots=True)
class Bench:
    """The dials of one criterion or policy; `number` is "" for a policy."""

    number: str
    title: str
    grade: str
    domain: str
    is_on: bool
    may_be_off: bool
    dials: tuple[Dial, ...]


def benches_of(document: Mapping[str, Any], overlay: Overlay | None) -> tuple[Bench, ...]:
    """Every policy and every criterion that has something to try, policies first."""
    effective = apply_overlay(document, overlay) if overlay is not None else document
    return (*_of_policies(document, effective), *_of_criteria(document, effective))


def _of_policies(shipped: Mapping[str, Any], effective: Mapping[str, Any]) -> Iterator[Bench]:
    for name, policy in effective["policies"].items():
        before = shipped["policies"][name]["numbers"]
        dials = _dials(name, f"policies.{name}", policy["numbers"], before)
        yield Bench("", policy["title"], "", "", True, False, tuple(dials))


def _of_criteria(shipped: Mapping[str, Any], effective: Mapping[str, Any]) -> Iterator[Bench]:
    for before, item in zip(shipped["criteria"], effective["criteria"], strict=True):
        number = item["number"]
        may_be_off = CRITERIA[item["criterion"]].role is Role.RISK_FACTOR
        numbers, old = item.get("numbers", {}), before.get("numbers", {})
        place = f"criteria.{number}.numbers"
        dials = tuple(_dials(item["criterion"], place, numbers, old))
        if dials or may_be_off:
            grade, domain = item.get("grade", ""), domain_words(item.get("domain", ""))
            is_on = item.get("is_on", True)
            yield Bench(number, item["title"], grade, domain, is_on, may_be_off, dials)


def _dials(
    owner: str,
    place: str,
    numbers: Mapping[str, Mapping[str, Any]],
    shipped: Mapping[str, Mapping[str, Any]],
) -> Iterator[Dial]:
    for name, number in numbers.items():
        value, unit = number["value"], str(number["unit"])
        bounds = bounds_of(f"{owner}.{name}", unit)
        yield Dial(
            place=f"{place}.{name}",
            name=plain_words(name).removesuffix(f" {unit_words(unit)}"),
            unit=unit_words(unit),
            value=value,
            shipped=shipped[name]["value"],
            least=min(bounds["least"], value) if bounds else None,
            most=max(bounds["most"], value) if bounds else None,
            step=_step(unit, value),
        )


def _step(unit: str, value: float) -> str:
    for units, step in ((_WHOLE, 1.0), (_HALVES, 0.5), (_TENTHS, 0.1)):
        if unit in units:
            return f"{step:g}" if abs(value / step - round(value / step)) < 1e-9 else "any"
    return "any"
