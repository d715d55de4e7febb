"""Try a protocol on cases: the real parser, the real assessment, and each difference explained."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.ehr.alert_history import AlertHistory
from service.ehr.bundle_file import read_bundle
from service.ehr.parse import RecordParser
from service.protocol_bench.cases import Case
from service.protocol_bench.fhir_facts import Resource
from service.screening.assess import Assessment
from service.screening.criterion import Finding, Role, Verdict, Weight
from service.screening.plain_yaml import nearest
from service.screening.protocol import Protocol
from service.screening.value_sets import Vocabulary
from service.thought import Thought, think

_SITE = "bench"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one case came out; `differences` is empty where everything is as expected."""

    name: str
    status: str
    differences: tuple[str, ...]

    @property
    def is_as_expected(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def try_case(case: Case, protocol: Protocol, vocabulary: Vocabulary) -> Outcome:
    """Judge one invented person and compare with what was expected."""
    parser = RecordParser(vocabulary)
    chart = read_bundle(_bundle(case))
    shown = {t: r for t, r in chart.resources.items() if t not in case.refused}
    record = parser.record(
        chart.patient_id, shown, chart.medications, unread=case.refused, reported=chart.problems
    )
    thought = think(record, AlertHistory(), protocol, case.on, site=_SITE, decisions=case.decisions)
    return Outcome(
        case.name,
        str(thought.assessment.status),
        tuple(_differences(case, thought)),
    )


def _bundle(case: Case) -> bytes:
    """The resources as a Bundle, each with an id and about the person."""
    entries = []
    for number, given in enumerate(case.resources):
        resource: Resource = copy.deepcopy(given)
        kind = resource["resourceType"]
        resource.setdefault("id", f"{kind.lower()}-{number}")
        if kind != "Patient":
            name = "patient" if kind in ("Device", "FamilyMemberHistory") else "subject"
            resource.setdefault(name, {"reference": "Patient/person"})
        entries.append({"resource": resource})
    return json.dumps({"resourceType": "Bundle", "entry": entries}, default=str).encode()


def _differences(case: Case, thought: Thought) -> Iterator[str]:
    assessment, expected = thought.assessment, case.expected
    by_number = {f.number: f for f in assessment.findings}
    for number in expected.verdicts.keys() - by_number.keys():
        known = nearest(number, by_number)
        yield f"{number} is switched off, or not a criterion of this protocol; {known}"
    differing = [
        f"expected {number} {verdict}{' ' + grade if grade else ''}, is {explained(found)}"
        for number, (verdict, grade) in expected.verdicts.items()
        if (found := by_number.get(number)) is not None
        and (found.verdict != verdict or (grade and found.grade != grade))
    ]
    yield from differing
    if expected.status is not None and assessment.status is not expected.status:
        why = "; ".join(_why(assessment))
        yield f"expected {expected.status}, is {assessment.status}: {why}"
    if expected.has_due_on and assessment.due_on != expected.due_on:
        yield f"expected due on {expected.due_on or 'no day'}, is {assessment.due_on or 'no day'}"
    if expected.is_urgent is not None and assessment.is_urgent is not expected.is_urgent:
        yield "expected urgent, is not" if expected.is_urgent else "expected not urgent, is urgent"
    yield from _missing_words(expected.says, _said(thought), "says")
    yield from _missing_words(expected.reports, _reported(assessment), "reports")


def _missing_words(wanted: Iterable[str], said: str, verb: str) -> Iterator[str]:
    for words in wanted:
        if words.lower() not in said.lower():
            yield f"expected that it {verb} {words!r}, it does not"


def _said(thought: Thought) -> str:
    statements = [e.statement for f in thought.assessment.findings for e in f.evidence]
    alerts = [p.alert for p in thought.plans if p.alert is not None]
    return "\n".join([*statements, *(a.summary for a in alerts), *(a.detail for a in alerts)])


def _reported(assessment: Assessment) -> str:
    return "\n".join(f"{p.source}: {p.problem}" for p in assessment.reported)


def explained(finding: Finding) -> str:
    """A finding in words: its verdict, and what it saw."""
    verdict = str(finding.verdict).replace("-", " ")
    if finding.verdict is Verdict.MET and finding.grade:
        verdict += f" {finding.grade}"
    wanted = {
        Verdict.MET: (Weight.COUNTS,),
        Verdict.UNKNOWN: (Weight.UNCLEAR,),
        Verdict.NOT_MET: (Weight.SEEN, Weight.UNCLEAR),
    }[finding.verdict]
    # Several resources may say the same; it is read once.
    seen = list(dict.fromkeys(e.statement for e in finding.evidence if e.weight in wanted))
    if finding.missing and finding.verdict is Verdict.UNKNOWN:
        seen.append(f"could not be read: {', '.join(sorted(finding.missing))}")
    return f"{verdict}: {', '.join(seen)}" if seen else f"{verdict}: nothing of it in the chart"


def _why(assessment: Assessment) -> Iterator[str]:
    """Everything that speaks for or against a status, and how the decision was counted."""
    for finding in assessment.findings:
        if finding.role is Role.COHORT:
            if not finding.is_met:
                yield f"{finding.number} {explained(finding)}"
        elif finding.is_met or finding.evidence or finding.verdict is Verdict.UNKNOWN:
            yield f"{finding.number} {explained(finding)}"
    if assessment.unread:
        yield f"could not be read: {', '.join(sorted(assessment.unread))}"
    weighing = assessment.weighing
    yield (
        f"{weighing.majors} MAJOR of {weighing.majors_needed} needed, {len(weighing.domains)}"
        f" domains ({', '.join(sorted(weighing.domains)) or 'none'}) of"
        f" {weighing.domains_needed} needed"
    )
