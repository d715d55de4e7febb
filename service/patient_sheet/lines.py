"""Findings as lines: what each criterion said, on which resources, by which source.

The page of a person and the file of `boneflag explain --html` show these same words.

A newcomer would get one thing wrong: a finding that is unknown is a group of its own. It is neither
met nor not met, and a clinician who fills the gap changes the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from service.patient_sheet.source_link import SourceLinks
from service.screening.assess import Assessment
from service.screening.criterion import Evidence, Finding, Role, Verdict, Weight
from service.screening.protocol import Protocol
from service.screening.wording import cited

_WEIGHTS = {
    Weight.COUNTS: "counts",
    Weight.SEEN: "seen, does not count",
    Weight.UNCLEAR: "not clear",
}


@dataclass(frozen=True, slots=True, repr=False)
class EvidenceLine:
    """One fact with its sources, each with its link, which is "" where the EHR has none."""

    says: str
    weight: str
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, repr=False)
class FindingLine:
    """One criterion: what decided, and beside it what was `seen` and does not count."""

    number: str
    title: str
    verdict: str
    grade: str
    domain: str
    evidence: tuple[EvidenceLine, ...]
    seen: tuple[EvidenceLine, ...]
    missing: tuple[str, ...]
    citation: str
    advice: str


@dataclass(frozen=True, slots=True, repr=False)
class FindingGroups:
    """`reasons` are the risk factors that are met; `others` the diagnosis and what else is met."""

    reasons: tuple[FindingLine, ...] = ()
    others: tuple[FindingLine, ...] = ()
    unknown: tuple[FindingLine, ...] = ()
    unmet: tuple[FindingLine, ...] = ()


def grouped(
    assessment: Assessment, protocol: Protocol, links: SourceLinks, why: Mapping[str, str]
) -> FindingGroups:
    """Every finding, in the order of the protocol but for the reasons: the strongest first."""

    def lines(findings: list[Finding]) -> tuple[FindingLine, ...]:
        return tuple(line_of(finding, protocol, links, why) for finding in findings)

    def of(role_is_cohort: bool, verdict: Verdict) -> list[Finding]:
        return [
            f
            for f in assessment.findings
            if f.verdict is verdict and (f.role is Role.COHORT) is role_is_cohort
        ]

    met = of(False, Verdict.MET)
    reasons = [f for f in met if f.role is Role.RISK_FACTOR]
    reasons.sort(key=lambda f: (f.grade != "major", f.number))
    # Whether somebody has the disease is read beside the answer, also where it is refuted.
    diagnosis = [f for f in assessment.findings if f.role is Role.COHORT]
    return FindingGroups(
        lines(reasons),
        lines([*diagnosis, *(f for f in met if f.role is not Role.RISK_FACTOR)]),
        lines(of(False, Verdict.UNKNOWN)),
        lines(of(False, Verdict.NOT_MET)),
    )


def line_of(
    finding: Finding, protocol: Protocol, links: SourceLinks, why: Mapping[str, str]
) -> FindingLine:
    """One finding in words, for the page and for the file; `why` says why a type did not come."""
    entry = protocol.entry(finding.criterion)
    deciding = [e for e in finding.evidence if e.weight is not Weight.SEEN]
    seen = [e for e in finding.evidence if e.weight is Weight.SEEN]
    return FindingLine(
        number=finding.number,
        title=finding.title,
        verdict=str(finding.verdict).replace("-", " "),
        grade=str(finding.grade or ""),
        domain=finding.domain if finding.grade else "",
        evidence=_evidence(deciding, links),
        seen=_evidence(seen, links),
        missing=tuple(_missing(type_, why) for type_ in sorted(finding.missing)),
        citation=cited(entry) if finding.role is Role.RISK_FACTOR else "",
        advice=entry.advice if finding.is_met else "",
    )


def _evidence(items: list[Evidence], links: SourceLinks) -> tuple[EvidenceLine, ...]:
    """The newest first. Many doses of one course say the same: one line, with every source."""
    items = sorted(items, key=lambda e: e.date or date.min, reverse=True)
    same: dict[tuple[str, Weight], list[Evidence]] = {}
    for item in items:
        same.setdefault((item.statement, item.weight), []).append(item)
    return tuple(
        EvidenceLine(
            f"{statement[:1].upper()}{statement[1:]}",
            _WEIGHTS[weight],
            tuple((str(e.source), links.of(e.source)) for e in found),
        )
        for (statement, weight), found in same.items()
    )


def _missing(type_: str, why: Mapping[str, str]) -> str:
    return f"{type_} ({why[type_]})" if why.get(type_) else type_
