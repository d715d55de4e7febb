"""The effective protocol laid out to be read: what counts, why, and what this hospital changed.

A newcomer would get two things wrong. A criterion that is off stands here too, though the protocol
in force knows nothing of it: whoever reads must see what was switched off. And what was changed is
told by comparing with the shipped protocol: an overlay may repeat a shipped value, and that is no
change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.protocol_bench.effective import Change, changes
from service.protocol_bench.words import domain_words, plain_words, unit_words
from service.screening.criteria import CRITERIA
from service.screening.criterion import Criterion, Role
from service.screening.decision_meaning import POLICY as DECISION_REASONS
from service.screening.decision_meaning import SPANS, Meaning
from service.screening.overlay import Overlay, apply_overlay
from service.screening.value_sets import ValueSet, Vocabulary

_HEADINGS = {
    Role.COHORT: "Who is watched",
    Role.RISK_FACTOR: "Risk factors",
    Role.EXCLUSION: "Who is left out",
    Role.COMPLETION: "What closes a gap, and treatment gaps",
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number to be read. `place` is as in an overlay; `shipped` is None where it is unchanged."""

    place: str
    name: str
    value: float
    unit: str
    source: str
    certainty: str
    shipped: float | None


@dataclass(frozen=True, slots=True)
class Codes:
    """A value set that a criterion asks by: how many codes and names, and how many are ours."""

    id: str
    title: str
    codes: int
    names: int
    added: int


@dataclass(frozen=True, slots=True)
class Line:
    """A criterion to be read; grade and domain are "" for what is no risk factor."""

    number: str
    title: str
    grade: str
    domain: str
    is_on: bool
    citation: str
    certainty: str
    advice: str
    not_computed: tuple[str, ...]
    numbers: tuple[Number, ...]
    codes: tuple[Codes, ...]
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Section:
    """Criteria of one role, of risk factors those of one domain."""

    role: Role
    heading: str
    domain: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Numbers that several criteria share, or that decide."""

    name: str
    title: str
    citation: str
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """What a coded reason of a no means, and for how many months; None has no end by date."""

    code: str
    means: str
    months: float | None
    source: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that the protocol says, in the order in which it is read."""

    sections: tuple[Section, ...]
    policies: tuple[Policy, ...]
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every criterion."""
        return tuple(line for section in self.sections for line in section.lines)

    @property
    def numbers(self) -> tuple[Number, ...]:
        """Every number."""
        owners: tuple[Line | Policy, ...] = (*self.policies, *self.lines)
        return tuple(number for owner in owners for number in owner.numbers)


def sheet_of(
    document: Mapping[str, Any], overlay: Overlay | None, shipped: Vocabulary, now: Vocabulary
) -> Sheet:
    """The shipped document under an overlay; `now` are the value sets with the hospital's codes."""
    effective = apply_overlay(document, overlay) if overlay is not None else document
    before = {item["number"]: item for item in document["criteria"]}
    found = changes(document, overlay) if overlay is not None else ()
    codes = _Codes(shipped, now)
    lines = [_line(item, before[item["number"]], codes) for item in effective["criteria"]]
    return Sheet(
        sections=tuple(_sections(lines, effective)),
        policies=tuple(_policies(effective["policies"], document["policies"])),
        reasons=tuple(_reasons(effective["policies"])),
        changes=found,
    )


def _sections(lines: Sequence[Line], effective: Mapping[str, Any]) -> Iterator[Section]:
    roles = {i["number"]: CRITERIA[i["criterion"]].role for i in effective["criteria"]}
    for role, heading in _HEADINGS.items():
        of_role = [line for line in lines if roles[line.number] is role]
        for domain in dict.fromkeys(line.domain for line in of_role):
            chosen = tuple(line for line in of_role if line.domain == domain)
            yield Section(role, heading, domain, chosen)


def _line(item: Mapping[str, Any], before: Mapping[str, Any], codes: _Codes) -> Line:
    return Line(
        number=item["number"],
        title=item["title"],
        grade=item.get("grade", ""),
        domain=domain_words(item.get("domain", "")),
        is_on=item.get("is_on", True),
        citation=item["citation"],
        certainty=item["certainty"],
        advice=item.get("advice", ""),
        not_computed=tuple(item.get("arms_off", ())),
        numbers=tuple(
            _numbers(
                f"criteria.{item['number']}.numbers",
                item.get("numbers", {}),
                before.get("numbers", {}),
            )
        ),
        codes=codes.of(CRITERIA[item["criterion"]]),
        is_changed=dict(item) != dict(before),
    )


def _numbers(
    place: str, given: Mapping[str, Mapping[str, Any]], shipped: Mapping[str, Mapping[str, Any]]
) -> Iterator[Number]:
    for name, number in given.items():
        before, unit = shipped[name]["value"], unit_words(str(number["unit"]))
        yield Number(
            place=f"{place}.{name}",
            # The unit is said behind the value, once.
            name=plain_words(name).removesuffix(f" {unit}"),
            value=number["value"],
            unit=unit,
            source=str(number["source"]),
            certainty=number["certainty"],
            shipped=before if before != number["value"] else None,
        )


def _policies(given: Mapping[str, Any], shipped: Mapping[str, Any]) -> Iterator[Policy]:
    for name, policy in given.items():
        numbers = _numbers(f"policies.{name}", policy["numbers"], shipped[name]["numbers"])
        yield Policy(name, policy["title"], policy["citation"], tuple(numbers))


def _reasons(policies: Mapping[str, Any]) -> Iterator[Reason]:
    for code, row in policies[DECISION_REASONS]["reasons"].items():
        span = SPANS.get(Meaning(row["means"]))
        months = policies[span[0]]["numbers"][span[1]]["value"] if span else None
        yield Reason(code, row["means"], months, row["source"], row["certainty"])


class _Codes:
    """How large the value sets of a criterion are."""

    def __init__(self, shipped: Vocabulary, now: Vocabulary) -> None:
        self._shipped = shipped
        self._now = now

    def of(self, criterion: Criterion) -> tuple[Codes, ...]:
        """What it asks by, and what it looks for, once each."""
        asked = {name for need in criterion.reads for name in need.value_sets}
        names = asked | (criterion.looks_for or frozenset())
        return tuple(self._one(self._now[name]) for name in sorted(names) if name in self._now)

    def _one(self, value_set: ValueSet) -> Codes:
        before = self._shipped[value_set.id]
        size = len(value_set.listed) + len(value_set.names)
        return Codes(
            id=value_set.id,
            title=value_set.title,
            codes=len(value_set.listed),
            names=len(value_set.names),
            added=size - len(before.listed) - len(before.names),
        )
