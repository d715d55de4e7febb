"""A chart that anything may happen to, and what may be said of it by a judge of its own.

The judge is no second copy of the plan: it says only what must never happen. It reads the few facts
below, not FHIR and not our findings, so that a shared mistake would not cancel out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from service.screening.alert import AlertKind
from service.screening.dates import add_months
from service.screening.record import REQUIRED_TYPES
from tests.lib.patients import condition as diagnosis
from tests.lib.patients import (
    dispensed,
    dxa,
    dxa_order,
    edss,
    icd,
    ms,
    woman,
)
from tests.lib.wire import Resource

IMPOSSIBLE_EDSS = 65.0
LOWEST_SCORE_OF_OSTEOPOROSIS = -2.5
LOWEST_NORMAL_SCORE = -1.0
SEVERE_FROM_EDSS = 6.0


@dataclass
class AnyChart:
    """One person. Facts are lists of (number, day, value), the newest last."""

    id: str
    born: date
    edss: list[tuple[int, date, float]] = field(default_factory=list)
    fractures: list[tuple[int, date]] = field(default_factory=list)
    scans: list[tuple[int, date, float]] = field(default_factory=list)
    orders: list[tuple[int, date]] = field(default_factory=list)
    therapies: list[tuple[int, date]] = field(default_factory=list)
    is_refuted: bool = False
    is_dead: bool = False
    replaced_by: str = ""
    unread: frozenset[str] = frozenset()
    _number: int = 0

    def number(self) -> int:
        """An id that nothing else in this chart has."""
        self._number += 1
        return self._number

    def numbers(self) -> set[int]:
        """The numbers of all that is in it."""
        facts = (self.edss, self.fractures, self.scans, self.orders, self.therapies)
        return {fact[0] for of_kind in facts for fact in of_kind}

    def resources(self) -> list[Resource]:
        """The chart as FHIR; of a merged record only who it is, and which one stands for it."""
        if self.replaced_by:
            link = {"other": {"reference": f"Patient/{self.replaced_by}"}, "type": "replaced-by"}
            return [woman(self.born.isoformat(), id=self.id, active=False, link=[link])]
        verification = "refuted" if self.is_refuted else "confirmed"
        person = woman(self.born.isoformat(), id=self.id, deceasedBoolean=self.is_dead or None)
        found = [person, self._about(0, ms(verification=verification))]
        for n, on, value in self.edss:
            found.append(self._about(n, edss(value, on=on.isoformat())))
        for n, on in self.fractures:
            found.append(self._about(n, diagnosis(icd("S72.001A"), onset=on.isoformat())))
        for n, on, t in self.scans:
            found.append(self._about(n, dxa(t=t, on=on.isoformat())))
        for n, on in self.orders:
            found.append(self._about(n, dxa_order(on=on.isoformat())))
        for n, on in self.therapies:
            medicine = "alendronate 70 mg oral tablet"
            found.append(self._about(n, dispensed(medicine, on=on.isoformat(), days=90)))
        return found

    def take_over(self, other: AnyChart) -> None:
        """Hold the facts of a record that was merged into this one, under numbers of its own."""
        days = {on for _, on, _ in self.edss}
        self.edss += [(self.number(), on, v) for _, on, v in other.edss if on not in days]
        self.scans += [(self.number(), on, t) for _, on, t in other.scans]
        for name in ("fractures", "orders", "therapies"):
            getattr(self, name).extend((self.number(), on) for _, on in getattr(other, name))

    def _about(self, number: int, resource: Resource) -> Resource:
        return {
            **resource,
            "id": f"{self.id}-{number}",
            "subject": {"reference": f"Patient/{self.id}"},
        }


@dataclass(frozen=True, slots=True)
class Known:
    """What a look could know of a chart, and what follows from it in the judge's eyes."""

    may_open: frozenset[AlertKind]
    may_close: frozenset[AlertKind]


NOTHING_KNOWN = Known(frozenset(), frozenset())


def known_of(chart: AnyChart, on: date, reasons: frozenset[str]) -> Known:
    """What may follow from a chart on a day; `reasons` are the criteria an open alert rests on."""
    may_open = set()
    may_close = set()
    is_blind = bool(chart.unread & REQUIRED_TYPES)
    sees_scans = "Observation" not in chart.unread
    is_over = chart.is_dead or (chart.is_refuted and "Condition" not in chart.unread)
    is_low = sees_scans and any(t <= LOWEST_SCORE_OF_OSTEOPOROSIS for _, _, t in chart.scans)
    age = _age(chart.born, on)
    # Two minor ones are enough: a bone mass that is known to be low, from 50 on.
    is_fragile = sees_scans and any(t < LOWEST_NORMAL_SCORE for _, _, t in chart.scans)
    has_two_minor = is_fragile and age >= 50
    is_at_risk = is_severe(chart, on) or bool(chart.fractures) or age >= 65 or has_two_minor
    is_scanned = any(on < add_months(day, 12) for _, day, _ in chart.scans)
    if not is_blind and not is_over and is_at_risk and not is_scanned:
        may_open.add(AlertKind.SCREENING)
    if not is_blind and not is_over and is_low and not _is_treated(chart, on):
        may_open.add(AlertKind.TREATMENT_GAP)
    # MSO-02 is EDSS 6.0 or more: of a chart with impossible values only, nobody can tell it.
    is_lost = is_edss_unclear(chart) and any(r.startswith("MSO-02") for r in reasons)
    is_told = (sees_scans and bool(chart.scans)) or bool(chart.therapies)
    if is_over or is_told or not (is_blind or is_lost):
        may_close.add(AlertKind.SCREENING)
    if is_over or bool(chart.therapies) or not is_blind:
        may_close.add(AlertKind.TREATMENT_GAP)
    return Known(frozenset(may_open), frozenset(may_close))


def is_severe(chart: AnyChart, on: date) -> bool:
    """Whether the latest possible EDSS up to a day is 6.0 or more."""
    values = [(day, n, v) for n, day, v in chart.edss if day <= on and v != IMPOSSIBLE_EDSS]
    return bool(values) and max(values)[2] >= SEVERE_FROM_EDSS


def is_edss_unclear(chart: AnyChart) -> bool:
    """Whether there are only values that cannot be."""
    return bool(chart.edss) and all(v == IMPOSSIBLE_EDSS for _, _, v in chart.edss)


def _is_treated(chart: AnyChart, on: date) -> bool:
    return any(day <= on and (on - day).days <= 30 for _, day in chart.therapies)


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def kind_of(resource: Resource) -> AlertKind:
    """The kind of one of our Flags or Tasks."""
    codes: list[dict[str, Any]] = resource["code"]["coding"]
    return next(AlertKind(c["code"]) for c in codes if c["code"] in set(AlertKind))
