"""The protocol as a PlanDefinition and a Library: when to look, what to read, what to propose.

In the manner of CPG-on-FHIR (type eca-rule: an event, conditions, an action), without claiming its
profiles, which a server that does not hold that guide could not load. A newcomer would get one
thing wrong: the conditions are words. FHIR wants a language code beside every expression and knows
CQL, FHIRPath and queries only. The logic is Python in `service/screening`, and calling it CQL would
promise that a server can run it; so the language is there without a value, and says why: not
applicable. (`text/plain` would be plainer; HAPI calls it an unknown code, though others may be used
where none of the listed fits.) `$apply` therefore cannot run it; BoneFlag does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_package.source import (
    CRITERION_SYSTEM,
    SEEN,
    Resource,
    Source,
    canonical,
    citation_of,
    headed,
    numbers_in_words,
)
from service.ehr.delivery.elements import TITLES
from service.screening.alert import ALERT_CODE_SYSTEM, LOCAL_DECISION, AlertKind
from service.screening.criterion import Grade, Role
from service.screening.protocol import ProtocolEntry

NO_LANGUAGE = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "not-applicable",
        }
    ]
}
WEIGHTS = {Grade.MAJOR: "enough alone", Grade.MINOR: "counts one in its domain"}
SUBJECT = {
    "coding": [
        {
            "system": "http://hl7.org/fhir/resource-types",
            "code": "Patient",
            "display": "Patient",
        }
    ]
}
DAILY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}


def plan(source: Source) -> Resource:
    """The PlanDefinition that every Task of ours instantiates."""
    protocol = source.protocol
    return headed(
        source,
        "PlanDefinition",
        protocol.id,
        protocol.title,
        "When BoneFlag proposes to consider a bone density assessment for a person with multiple "
        f"sclerosis. {LOCAL_DECISION} A proposal for a clinical lead: nothing here has been "
        "validated on patients. The conditions are words; BoneFlag computes them.",
        type=_coded("http://terminology.hl7.org/CodeSystem/plan-definition-type", "eca-rule"),
        subjectCodeableConcept=SUBJECT,
        purpose="Find people with multiple sclerosis whose bone health nobody is watching.",
        usage="Shadow mode first. Every alert is a proposal; a clinician decides. It names no "
        "medicine and no dose, and it says what could not be read.",
        copyright=source.copyright,
        effectivePeriod={"start": source.published},
        topic=[_coded("http://terminology.hl7.org/CodeSystem/definition-topic", "assessment")],
        relatedArtifact=list(_citations(protocol.entries)),
        library=[f"{canonical('Library', protocol.id)}|{source.version}"],
        action=[_screening(source), _treatment_gap(source)],
    )


def library(source: Source) -> Resource:
    """What must be read, type by type, and the value sets that give codes their meaning."""
    return headed(
        source,
        "Library",
        source.protocol.id,
        f"What is read: {source.protocol.title}",
        "The resource types that BoneFlag reads for the protocol. Observations are asked for by "
        "code; every other type is read whole, because medicines and diagnoses are coded too "
        "unevenly to be filtered by a server. The value sets say what codes mean.",
        type=_coded("http://terminology.hl7.org/CodeSystem/library-type", "module-definition"),
        subjectCodeableConcept=SUBJECT,
        copyright=source.copyright,
        relatedArtifact=[
            {
                "type": "depends-on",
                "display": value_set.title,
                "resource": f"{canonical('ValueSet', value_set.id)}|{value_set.version}",
            }
            for value_set in source.vocabulary
        ],
        dataRequirement=data_requirements(source),
    )


def data_requirements(source: Source) -> list[dict[str, Any]]:
    """The protocol's needs: one entry for a type that is read whole, one for each value set else.

    Several filters of one requirement would have to hold at once, which no code does.
    """
    found: list[dict[str, Any]] = []
    for need in source.protocol.needs:
        profile = [f"http://hl7.org/fhir/StructureDefinition/{need.type}"]
        found += [
            {
                "type": need.type,
                "profile": profile,
                "codeFilter": [{"path": "code", "valueSet": canonical("ValueSet", value_set)}],
            }
            for value_set in need.value_sets
        ] or [{"type": need.type, "profile": profile}]
    return found


def _screening(source: Source) -> dict[str, Any]:
    entries = source.protocol.entries
    factors = [e for e in entries if e.criterion.role is Role.RISK_FACTOR]
    return {
        "title": TITLES[AlertKind.SCREENING],
        "description": "Propose to consider a bone density assessment (central DXA): a Flag and a "
        "Task, intent proposal.",
        "priority": "routine",
        "code": [_alert_code(AlertKind.SCREENING)],
        "trigger": _triggers(source),
        "condition": [
            _condition("in-cohort", f"{_numbers(entries, Role.COHORT)} is met."),
            _condition("not-excluded", f"None is met of {_numbers(entries, Role.EXCLUSION)}."),
            _condition(
                "not-done",
                f"None of {_numbers(entries, Role.COMPLETION)} stands against it, and every one "
                "that must be known is known.",
            ),
            _condition("decision", decision_in_words(source)),
        ],
        "type": _coded("http://terminology.hl7.org/CodeSystem/action-type", "create"),
        "groupingBehavior": "logical-group",
        "selectionBehavior": "any",
        "action": [_risk_factor(source, entry) for entry in factors],
    }


def decision_in_words(source: Source) -> str:
    """The decision of the protocol, with its numbers."""
    numbers = source.protocol.policies["decision"]
    words = (
        f"At least {numbers['majors_needed']:g} MAJOR risk factor is met, or MINOR risk factors "
        f"are met in at least {numbers['minor_domains_needed']:g} different domains"
    )
    if "minor_domains_needed_when_young" in numbers:
        words += (
            f" ({numbers['minor_domains_needed_when_young']:g} under the age of "
            f"{numbers['young_below_age']:g})"
        )
    return f"{words}. What is unknown counts for nothing."


def _risk_factor(source: Source, entry: ProtocolEntry) -> dict[str, Any]:
    said = [f"{entry.number} {entry.title}", *numbers_in_words(source, entry)]
    grade = entry.grade or Grade.MINOR
    action = {
        "prefix": entry.number,
        "title": entry.title,
        "description": f"{grade.upper()}, {WEIGHTS[grade]}; domain {entry.domain}."
        + (f" {entry.advice}" if entry.advice else ""),
        "textEquivalent": f"Source: {citation_of(entry)}",
        # Only a recent low-trauma fracture hurries; the alert says so itself.
        "priority": "urgent" if "urgent_months" in entry.numbers else "routine",
        "code": [
            {"coding": [{"system": CRITERION_SYSTEM, "code": entry.number, "display": entry.title}]}
        ],
        "condition": [_condition(entry.criterion.id, f"Met: {'; '.join(said)}.")],
    }
    if entry.certainty in SEEN:
        action["documentation"] = [_citation(entry)]
    return action


def _treatment_gap(source: Source) -> dict[str, Any]:
    gap = source.protocol.entry("treatment-gap")
    excluded = _numbers(source.protocol.entries, Role.EXCLUSION)
    return {
        "title": TITLES[AlertKind.TREATMENT_GAP],
        "description": "Propose to look at known osteoporosis for which no treatment in its "
        "window is visible: a Task of its own, no Flag.",
        "priority": "routine",
        "code": [_alert_code(AlertKind.TREATMENT_GAP)],
        "trigger": _triggers(source),
        "condition": [
            _condition("in-cohort", f"{_numbers(source.protocol.entries, Role.COHORT)} is met."),
            _condition("not-excluded", f"None is met of {excluded}."),
            _condition(gap.criterion.id, f"Met: {gap.number} {gap.title}."),
        ],
        "type": _coded("http://terminology.hl7.org/CodeSystem/action-type", "create"),
    }


def _triggers(source: Source) -> list[dict[str, Any]]:
    """New records matter, and so does the mere passing of days: ages and intervals."""
    return [
        {"type": "data-changed", "data": data_requirements(source)},
        {"type": "periodic", "timingTiming": DAILY},
    ]


def _condition(name: str, words: str) -> dict[str, Any]:
    return {"kind": "applicability", "expression": in_words(name, words)}


def in_words(name: str, words: str) -> dict[str, Any]:
    """An Expression for people: no machine is meant to evaluate it."""
    return {"name": name, "_language": NO_LANGUAGE, "expression": words}


def _numbers(entries: Iterable[ProtocolEntry], role: Role) -> str:
    named = (f"{e.number} ({e.title})" for e in entries if e.criterion.role is role)
    return ", ".join(named)


def _citations(entries: Iterable[ProtocolEntry]) -> Iterator[dict[str, str]]:
    return (_citation(entry) for entry in entries if entry.certainty in SEEN)


def _citation(entry: ProtocolEntry) -> dict[str, str]:
    return {
        "type": "citation",
        "label": entry.number,
        "display": entry.title,
        "citation": f"{entry.citation} ({entry.certainty})",
    }


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _alert_code(kind: AlertKind) -> dict[str, Any]:
    return {"coding": [{"system": ALERT_CODE_SYSTEM, "code": kind, "display": TITLES[kind]}]}
