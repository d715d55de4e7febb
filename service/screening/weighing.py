"""The decision: are there enough risk factors, and what is missing to enough?

One MAJOR is enough; so are MINOR ones from enough different domains. A MAJOR counts in its domain
too. How many are enough is the protocol's to say, and may be said apart for younger people. An age
that is not known counts as young, where more may be asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from service.screening.criterion import Finding, Grade, Parameters, Role, Verdict


@dataclass(frozen=True, slots=True, repr=False)
class Weighing:
    """The decision with its truth values filled in: what is met against what is needed."""

    majors: int
    domains: frozenset[str]
    majors_needed: int
    domains_needed: int

    @property
    def is_reached(self) -> bool:
        """Whether somebody is at risk by this protocol."""
        return self.majors >= self.majors_needed or len(self.domains) >= self.domains_needed

    def with_also(self, factors: Iterable[tuple[str, Grade | None]]) -> Weighing:
        """The same with further risk factors, given as domain and grade, taken as met."""
        given = tuple(factors)
        return replace(
            self,
            majors=self.majors + sum(grade is Grade.MAJOR for _, grade in given),
            domains=self.domains | {domain for domain, _ in given},
        )


def reason_of(finding: Finding) -> str:
    """A risk factor that is met, as an alert remembers it: number and grade."""
    return f"{finding.number}|{finding.grade}"


def unknown_since(findings: Iterable[Finding], reasons: frozenset[str]) -> dict[str, Finding]:
    """What an alert rests on and nobody can tell any more, by reason, in the grade it was met in.

    An alert that remembers nothing may rest on anything: then every unknown risk factor is one.
    """
    unknown = [f for f in findings if f.role is Role.RISK_FACTOR and f.verdict is Verdict.UNKNOWN]
    if not reasons:
        return {reason_of(f): f for f in unknown}
    by_number = {f.number: f for f in unknown}
    remembered = {reason: by_number.get(reason.partition("|")[0]) for reason in reasons}
    return {reason: finding for reason, finding in remembered.items() if finding is not None}


def weigh_findings(findings: Iterable[Finding], age: int | None, numbers: Parameters) -> Weighing:
    """Weigh the risk factors that are met; `numbers` are those of the policy `decision`."""
    met = [f for f in findings if f.role is Role.RISK_FACTOR and f.is_met]
    is_young = age is None or age < numbers["young_below_age"]
    needed = "minor_domains_needed_when_young" if is_young else "minor_domains_needed"
    return Weighing(
        majors=sum(f.grade is Grade.MAJOR for f in met),
        domains=frozenset(f.domain for f in met),
        majors_needed=int(numbers["majors_needed"]),
        domains_needed=int(numbers[needed]),
    )
