"""The protocol: which criteria count, in which grade and domain, with which numbers and citations.

The code says how a criterion is computed; the protocol says that it counts, and owns every number.
A protocol that lacks a number, names an unknown criterion or gives a number without unit or source
is refused when it is read, not when a patient is judged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from service.screening import bone_density, interval
from service.screening.criteria import CRITERIA
from service.screening.criterion import Criterion, Finding, Grade, Parameters, Role, Verdict
from service.screening.decision_meaning import NUMBERS as DECISION_NUMBERS
from service.screening.decision_meaning import POLICY as DECISION_REASONS
from service.screening.decision_meaning import Reasons, ReasonsInvalid, reasons_from
from service.screening.osteoporosis import THERAPIES
from service.screening.prednisone_equivalents import NUMBERS as EQUIVALENTS
from service.screening.prednisone_equivalents import POLICY as PREDNISONE_EQUIVALENTS
from service.screening.value_sets import DataRequirement, Vocabulary

RESCREEN_INTERVAL = "rescreen_interval_months"
"""Computed by `assess` for each patient, so no protocol gives it."""
SHORTEST_INTERVAL = "rescreen_interval_shortest_months"
"""The same, had everything that could not be read been a risk factor."""
OTHER_RISK_FACTORS = "other_risk_factors_met"
"""How many risk factors are met beside this one: what asks for it is judged last."""
OTHERS_UNKNOWN = "other_risk_factors_unknown"
"""How many of them are unknown."""
_COMPUTED = frozenset({RESCREEN_INTERVAL, SHORTEST_INTERVAL, OTHER_RISK_FACTORS, OTHERS_UNKNOWN})

CERTAINTIES = frozenset({"V", "V-abs", "local"})
"""Seen in a public source; only its abstract seen; a local decision that nobody has confirmed."""
# They only add to what other types tell, so a protocol may save the searches.
_MAY_STAY_UNREAD = frozenset({"Appointment", "DocumentReference"})
# The policies and the numbers that each must give. A criterion shares one of them by naming it
# with its policy, as in `therapy-windows.oral_months`.
_POLICIES = {
    "decision": frozenset(
        {
            "majors_needed",
            "minor_domains_needed",
            "minor_domains_needed_when_young",
            "young_below_age",
            "due_soon_days",
            "snooze_months",
            "declined_months",
            "reopen_within_months",
        }
    ),
    DECISION_REASONS: DECISION_NUMBERS,
    "bone-density": frozenset(name.partition(".")[2] for name in bone_density.PARAMETERS),
    "rescreen-interval": interval.PARAMETERS,
    PREDNISONE_EQUIVALENTS: EQUIVALENTS,
    "therapy-windows": frozenset(name.partition(".")[2] for name in THERAPIES.values()),
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
    """One criterion as this protocol uses it.

    `numbers` are its own; `parameters` also hold the values that it shares with others. `advice` is
    a sentence for the alert's reader where it is met; `arms_off` names what of the specification is
    not computed, for want of a sourced code.
    """

    criterion: Criterion
    number: str
    title: str
    grade: Grade | None
    domain: str
    citation: str
    certainty: str
    numbers: Mapping[str, ProtocolNumber]
    parameters: Parameters
    advice: str = ""
    arms_off: tuple[str, ...] = ()
    not_read: frozenset[str] = frozenset()
    needed: frozenset[str] = field(init=False, compare=False)
    silence: Finding = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once what every patient is asked for.

        `needed` are the types without which silence means nothing; `silence` is the finding about
        whoever has nothing of what the criterion looks for, and of whom these were read.
        """
        object.__setattr__(self, "needed", frozenset(n.type for n in self.criterion.needs))
        c, no = self.criterion, Verdict.NOT_MET
        silence = Finding(c.id, self.number, self.title, c.role, no, self.grade, self.domain, ())
        object.__setattr__(self, "silence", silence)

    @property
    def awaits_interval(self) -> bool:
        """Whether it can be judged only when the re-screen interval is known."""
        return RESCREEN_INTERVAL in self.criterion.parameters

    @property
    def awaits_others(self) -> bool:
        """Whether it can be judged only when every other risk factor is."""
        return OTHER_RISK_FACTORS in self.criterion.parameters

    @property
    def reads(self) -> tuple[DataRequirement, ...]:
        """What is read for it: not the types that cost more than they tell (`not_read`)."""
        return tuple(need for need in self.criterion.reads if need.type not in self.not_read)


@dataclass(frozen=True, slots=True)
class Protocol:
    """An effective protocol. `digest` covers every word of it and every code of its value sets.

    `reasons` is what each coded reason of a no means. `local_lines` are what the hospital adds to
    every alert: its owner, its pathway, a closing line.
    """

    id: str
    version: str
    title: str
    digest: str
    entries: tuple[ProtocolEntry, ...]
    policies: Mapping[str, Parameters]
    reasons: Reasons
    local_lines: tuple[str, ...] = ()
    rounds: tuple[tuple[ProtocolEntry, ...], ...] = field(init=False, compare=False)
    silence: Mapping[str, Finding] = field(init=False, compare=False)
    _by_id: Mapping[str, ProtocolEntry] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once what every patient is asked for.

        `rounds` are the entries in the three turns in which they can be judged: those that stand
        alone, those that await the re-screen interval, those that await all other risk factors.
        `silence` is what each says of whoever has nothing of it.
        """
        rounds: tuple[list[ProtocolEntry], ...] = ([], [], [])
        for entry in self.entries:
            rounds[2 if entry.awaits_others else int(entry.awaits_interval)].append(entry)
        object.__setattr__(self, "rounds", tuple(map(tuple, rounds)))
        silence = {entry.criterion.id: entry.silence for entry in self.entries}
        object.__setattr__(self, "silence", silence)
        object.__setattr__(self, "_by_id", {e.criterion.id: e for e in self.entries})

    @property
    def needs(self) -> tuple[DataRequirement, ...]:
        """What must be read: each type once, with the union of the value sets asked for."""
        wanted: dict[str, set[str]] = {}
        for entry in self.entries:
            for need in entry.reads:
                wanted.setdefault(need.type, set()).update(need.value_sets)
        return tuple(DataRequirement(t, tuple(sorted(v))) for t, v in sorted(wanted.items()))

    def entry(self, criterion_id: str) -> ProtocolEntry:
        """The entry of one criterion; KeyError where the protocol does not use it."""
        return self._by_id[criterion_id]

    def uses(self, criterion_id: str) -> bool:
        """Whether a criterion is on."""
        return criterion_id in self._by_id


def protocol_from(document: Mapping[str, Any], vocabulary: Vocabulary) -> Protocol:
    """Build a protocol from its parsed YAML; raises ProtocolInvalid."""
    for name in ("id", "version", "title", "policies", "criteria"):
        if name not in document:
            raise ProtocolInvalid(f"the protocol has no {name!r}: add it")
    policies = _policies(document["policies"])
    every = tuple(_entry(item, policies) for item in document["criteria"])
    _refuse_repeated(every)
    is_on = {item["criterion"]: item.get("is_on", True) for item in document["criteria"]}
    entries = tuple(entry for entry in every if is_on[entry.criterion.id])
    _refuse_missing(entries)
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
        policies=policies,
        reasons=_reasons(document["policies"]),
        local_lines=tuple(document.get("local_lines", ())),
    )


def _entry(item: Mapping[str, Any], policies: Mapping[str, Parameters]) -> ProtocolEntry:
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
    shared = frozenset(name for name in criterion.parameters if "." in name)
    numbers = _numbers(item.get("numbers", {}), criterion.parameters - _COMPUTED - shared, where)
    own = {name: number.value for name, number in numbers.items()}
    return ProtocolEntry(
        criterion=criterion,
        number=item["number"],
        title=item["title"],
        grade=Grade(item["grade"]) if is_risk else None,
        domain=item.get("domain", ""),
        citation=item["citation"],
        certainty=item["certainty"],
        numbers=numbers,
        parameters=own | {name: _shared(name, policies) for name in shared},
        advice=item.get("advice", ""),
        arms_off=tuple(item.get("arms_off", ())),
        not_read=_not_read(item.get("not_read", ()), criterion, where),
    )


def _not_read(given: Iterable[str], criterion: Criterion, where: str) -> frozenset[str]:
    """Types that this protocol does without: of the others, silence would be taken for a no."""
    types = frozenset(given)
    wrong = types - (_MAY_STAY_UNREAD & {need.type for need in criterion.reads})
    if wrong:
        raise ProtocolInvalid(f"{where}: not_read cannot name {', '.join(sorted(wrong))}")
    return types


def _shared(name: str, policies: Mapping[str, Parameters]) -> float:
    """A number that a criterion takes from a policy; KeyError would be a fault of ours."""
    policy, _, number = name.partition(".")
    return policies[policy][number]


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
        if number.get("certainty") not in CERTAINTIES:
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


def _reasons(policies: Mapping[str, Any]) -> Reasons:
    try:
        return reasons_from(policies[DECISION_REASONS].get("reasons", {}), CERTAINTIES)
    except ReasonsInvalid as fault:
        raise ProtocolInvalid(f"policy {DECISION_REASONS!r}: {fault}") from None


def _refuse_repeated(entries: tuple[ProtocolEntry, ...]) -> None:
    for what in ([e.criterion.id for e in entries], [e.number for e in entries]):
        repeated = {name for name in what if what.count(name) > 1}
        if repeated:
            raise ProtocolInvalid(f"{', '.join(sorted(repeated))} stands twice: keep one")


def _refuse_missing(entries: tuple[ProtocolEntry, ...]) -> None:
    """Only risk factors may be off: the statuses are made of everything else."""
    held_up = {c.id for c in CRITERIA.values() if c.role is not Role.RISK_FACTOR}
    missing = held_up - {entry.criterion.id for entry in entries}
    if missing:
        raise ProtocolInvalid(
            f"{', '.join(sorted(missing))} cannot be left out or off: only risk factors can"
        )


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
