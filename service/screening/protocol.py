"""The protocol: which criteria count, in which grade and domain, with which numbers and citations.

The code says how a criterion is computed; the protocol says that it counts, and owns every number.
A protocol that lacks a number, names an unknown criterion or gives a number without unit or source
is refused when it is read, not when a patient is judged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from service.screening import interval
from service.screening.criteria import CRITERIA
from service.screening.criterion import Criterion, Grade, Parameters, Role
from service.screening.value_sets import DataRequirement, Vocabulary

RESCREEN_INTERVAL = "rescreen_interval_months"
"""Computed by `assess` for each patient, so no protocol gives it."""
SHORTEST_INTERVAL = "rescreen_interval_shortest_months"
"""The same, had everything that could not be read been a risk factor."""
_COMPUTED = frozenset({RESCREEN_INTERVAL, SHORTEST_INTERVAL})

_CERTAINTIES = frozenset({"V", "V-abs", "local"})
_POLICIES = {
    "decision": frozenset(
        {
            "majors_needed",
            "minor_domains_needed",
            "due_soon_days",
            "snooze_months",
            "declined_months",
            "reopen_within_months",
        }
    ),
    "rescreen-interval": interval.PARAMETERS,
}


class ProtocolInvalid(ValueError):
    """The protocol file cannot be used; the message says which entry and what to do."""


@dataclass(frozen=True, slots=True)
class ProtocolNumber:
    """One number with its unit, its source and how sure we are of it."""

    value: float
    unit: str
    source: str
    certainty: str


@dataclass(frozen=True, slots=True)
class ProtocolEntry:
    """One criterion as this protocol uses it."""

    criterion: Criterion
    number: str
    title: str
    grade: Grade | None
    domain: str
    citation: str
    certainty: str
    numbers: Mapping[str, ProtocolNumber]
    parameters: Parameters

    @property
    def awaits_interval(self) -> bool:
        """Whether it can be judged only when the re-screen interval is known."""
        return RESCREEN_INTERVAL in self.criterion.parameters


@dataclass(frozen=True, slots=True)
class Protocol:
    """An effective protocol. `digest` covers every word of it and every code of its value sets."""

    id: str
    version: str
    title: str
    digest: str
    entries: tuple[ProtocolEntry, ...]
    policies: Mapping[str, Parameters]

    @property
    def needs(self) -> tuple[DataRequirement, ...]:
        """What must be read: each type once, with the union of the value sets asked for."""
        wanted: dict[str, set[str]] = {}
        for entry in self.entries:
            for need in entry.criterion.reads:
                wanted.setdefault(need.type, set()).update(need.value_sets)
        return tuple(DataRequirement(t, tuple(sorted(v))) for t, v in sorted(wanted.items()))

    def entry(self, criterion_id: str) -> ProtocolEntry:
        """The entry of one criterion; KeyError where the protocol does not use it."""
        for entry in self.entries:
            if entry.criterion.id == criterion_id:
                return entry
        raise KeyError(criterion_id)


def protocol_from(document: Mapping[str, Any], vocabulary: Vocabulary) -> Protocol:
    """Build a protocol from its parsed YAML; raises ProtocolInvalid."""
    for name in ("id", "version", "title", "policies", "criteria"):
        if name not in document:
            raise ProtocolInvalid(f"the protocol has no {name!r}: add it")
    entries = tuple(_entry(item) for item in document["criteria"] if item.get("is_on", True))
    _refuse_repeated(entries)
    for entry in entries:
        for need in entry.criterion.reads:
            for value_set in need.value_sets:
                if value_set not in vocabulary:
                    raise ProtocolInvalid(f"{entry.number} needs value set {value_set!r}: add it")
    return Protocol(
        id=document["id"],
        version=document["version"],
        title=document["title"],
        digest=_digest(document, vocabulary),
        entries=entries,
        policies=_policies(document["policies"]),
    )


def _entry(item: Mapping[str, Any]) -> ProtocolEntry:
    criterion = CRITERIA.get(item.get("criterion", ""))
    if criterion is None:
        known = ", ".join(sorted(CRITERIA))
        raise ProtocolInvalid(f"criterion {item.get('criterion')!r} is not known; known: {known}")
    where = f"criterion {criterion.id!r}"
    for name in ("number", "title", "citation", "certainty"):
        if not item.get(name):
            raise ProtocolInvalid(f"{where} has no {name!r}: add it")
    is_risk = criterion.role is Role.RISK_FACTOR
    if is_risk and not (item.get("grade") in set(Grade) and item.get("domain")):
        raise ProtocolInvalid(f"{where} is a risk factor: give it a grade and a domain")
    wanted = criterion.parameters - _COMPUTED
    numbers = _numbers(item.get("numbers", {}), wanted, where)
    return ProtocolEntry(
        criterion=criterion,
        number=item["number"],
        title=item["title"],
        grade=Grade(item["grade"]) if is_risk else None,
        domain=item.get("domain", ""),
        citation=item["citation"],
        certainty=item["certainty"],
        numbers=numbers,
        parameters={name: number.value for name, number in numbers.items()},
    )


def _numbers(
    given: Mapping[str, Mapping[str, Any]], wanted: frozenset[str], where: str
) -> dict[str, ProtocolNumber]:
    missing, unknown = wanted - given.keys(), given.keys() - wanted
    if missing:
        raise ProtocolInvalid(f"{where} lacks the number {', '.join(sorted(missing))}: add it")
    if unknown:
        raise ProtocolInvalid(f"{where} does not read {', '.join(sorted(unknown))}: remove it")
    numbers = {}
    for name, number in given.items():
        value = number.get("value")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ProtocolInvalid(f"{where}: {name} is not a number")
        if not number.get("unit") or not number.get("source"):
            raise ProtocolInvalid(f"{where}: {name} needs a unit and a source")
        if number.get("certainty") not in _CERTAINTIES:
            raise ProtocolInvalid(f"{where}: certainty of {name} is one of V, V-abs, local")
        numbers[name] = ProtocolNumber(
            value, str(number["unit"]), number["source"], number["certainty"]
        )
    return numbers


def _policies(given: Mapping[str, Any]) -> dict[str, Parameters]:
    missing = _POLICIES.keys() - given.keys()
    if missing:
        raise ProtocolInvalid(f"the protocol lacks the policy {', '.join(sorted(missing))}: add it")
    return {
        name: {
            n: number.value
            for n, number in _numbers(
                given[name].get("numbers", {}), wanted, f"policy {name!r}"
            ).items()
        }
        for name, wanted in _POLICIES.items()
    }


def _refuse_repeated(entries: tuple[ProtocolEntry, ...]) -> None:
    for what in ([e.criterion.id for e in entries], [e.number for e in entries]):
        repeated = {name for name in what if what.count(name) > 1}
        if repeated:
            raise ProtocolInvalid(f"{', '.join(sorted(repeated))} stands twice: keep one")


def _digest(document: Mapping[str, Any], vocabulary: Vocabulary) -> str:
    text = json.dumps(document, sort_keys=True, default=str) + vocabulary.fingerprint
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@cache
def packaged_document() -> Mapping[str, Any]:
    """The protocol that ships with BoneFlag, as parsed YAML."""
    path = files("fhir_profiles") / "protocol" / "ms-bone-health.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: Mapping[str, Any] = yaml.load(path.read_text("utf-8"), Loader=loader)  # noqa: S506 - both loaders are the safe ones
    return document


def packaged_protocol(vocabulary: Vocabulary) -> Protocol:
    """The protocol that ships with BoneFlag, on these value sets."""
    return protocol_from(packaged_document(), vocabulary)
