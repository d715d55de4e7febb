"""The sentences people read, the same in Flag, Task, card and page.

Guard-rails (specification 3.7): "consider", never "has osteoporosis"; no medicine and no dose is
named; evidence with dates and sources; what was not known; the protocol with its version; and that
this is a local decision without an MS-specific national guideline. Nothing found is "none visible
to this service", for scans are done elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.screening.alert import LOCAL_DECISION, AlertKind
from service.screening.assess import Assessment
from service.screening.criterion import Finding, Role, Verdict, Weight
from service.screening.protocol import Protocol, ProtocolEntry

SUMMARY_LIMIT = 139
_MOST_EVIDENCE_LINES = 6
_SHORT_DIGEST = 19
# What a clinician is shown as a citation was seen in a public source, its abstract at least.
_SEEN = frozenset({"V", "V-abs"})


def summary(assessment: Assessment, kind: AlertKind) -> str:
    """One line under 140 characters: what to consider, and the strongest reasons."""
    if kind is AlertKind.TREATMENT_GAP:
        return "Bone health: osteoporosis is on file and no treatment is visible; consider review"
    reasons = [f.title for f in _by_strength(_reasons(assessment))]
    start = "Bone health: consider bone density assessment (MS"
    line = start + "".join(f"; {r}" for r in reasons) + ")"
    shown = len(reasons)
    while len(line) > SUMMARY_LIMIT and shown:
        shown -= 1
        rest = f"; {len(reasons) - shown} more"
        line = start + "".join(f"; {r}" for r in reasons[:shown]) + rest + ")"
    return line


def detail(assessment: Assessment, protocol: Protocol, kind: AlertKind) -> str:
    """The whole text, one fact a line, plain enough for any EHR."""
    lines = [*_opening(assessment, kind), ""]
    if kind is AlertKind.TREATMENT_GAP:
        lines += ["Why:", *_evidence_lines([assessment.finding("treatment-gap")], protocol)]
        lines.append("No osteoporosis treatment in its usual window is visible to this service.")
    else:
        lines += ["Why:", *_evidence_lines(_by_strength(_reasons(assessment)), protocol)]
        lines += _scan_lines(assessment)
    unknown = list(_unknown_lines(assessment))
    if unknown:
        lines += ["", "Not known:", *unknown]
    if assessment.notes:
        lines += ["", *assessment.notes]
    lines += ["", *_closing(assessment, protocol)]
    return "\n".join(lines)


def reasons_of(assessment: Assessment, kind: AlertKind) -> tuple[Finding, ...]:
    """The findings that an alert of this kind rests on."""
    if kind is AlertKind.TREATMENT_GAP:
        return (assessment.finding("treatment-gap"),)
    return tuple(_by_strength(_reasons(assessment)))


def _reasons(assessment: Assessment) -> list[Finding]:
    return [f for f in assessment.risk_factors if f.is_met]


def _by_strength(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: (f.grade != "major", f.number))


def _opening(assessment: Assessment, kind: AlertKind) -> Iterator[str]:
    if kind is AlertKind.TREATMENT_GAP:
        yield "Consider reviewing bone health along the local pathway."
        return
    yield "Consider bone density assessment (central DXA)."
    if assessment.is_urgent:
        yield "Soon: a recent fracture is on file."
    if assessment.uses_t_score is None:
        yield "Read the result by T-score from age 50 or after menopause, else by Z-score."
    elif assessment.uses_t_score:
        yield "Read the result by T-score."
    else:
        yield "Read the result by Z-score: T-scores apply from age 50 or after menopause."


def _evidence_lines(findings: Iterable[Finding], protocol: Protocol) -> Iterator[str]:
    for finding in findings:
        entry = protocol.entry(finding.criterion)
        grade = f", {finding.grade}" if finding.grade else ""
        yield f"- {finding.title} ({finding.number}{grade}):"
        evidence = finding.counting
        for item in evidence[-_MOST_EVIDENCE_LINES:]:
            yield f"  {item.statement} [{item.source}]"
        if len(evidence) > _MOST_EVIDENCE_LINES:
            yield f"  and {len(evidence) - _MOST_EVIDENCE_LINES} more"
        if entry.advice:
            yield f"  {entry.advice}"
        yield f"  Source: {cited(entry)}"


def cited(entry: ProtocolEntry) -> str:
    """What a criterion rests on, as a clinician is shown it."""
    return entry.citation if entry.certainty in _SEEN else "local decision, unconfirmed"


def _scan_lines(assessment: Assessment) -> Iterator[str]:
    scans = [
        e
        for name in ("central-dxa", "dxa-ordered")
        for e in assessment.finding(name).evidence
        if e.weight is not Weight.UNCLEAR
    ]
    yield ""
    if not scans:
        yield "No bone density scan or open order is visible to this service."
    for item in scans:
        yield f"{item.statement[0].upper()}{item.statement[1:]} [{item.source}]"


def _unknown_lines(assessment: Assessment) -> Iterator[str]:
    for finding in assessment.findings:
        if finding.verdict is not Verdict.UNKNOWN or finding.role is Role.COHORT:
            continue
        unclear = [e for e in finding.evidence if e.weight is Weight.UNCLEAR]
        for item in unclear:
            yield f"- {finding.title} ({finding.number}): {item.statement} [{item.source}]"
        if finding.missing and not unclear:
            types = ", ".join(sorted(finding.missing))
            yield f"- {finding.title} ({finding.number}): not readable here: {types}"


def _closing(assessment: Assessment, protocol: Protocol) -> Iterator[str]:
    """The hospital's own lines stand before the protocol's name."""
    yield (
        f"{LOCAL_DECISION} Only what this EHR shows to the service was looked at; please judge for"
        " yourself."
    )
    yield from protocol.local_lines
    digest = assessment.protocol_digest[:_SHORT_DIGEST]
    yield f"Protocol {assessment.protocol_id} {assessment.protocol_version} ({digest})"
