"""CodeSystems of criteria and statuses, the reasons for a no, and the maps between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_package.source import (
    CRITERION_SYSTEM,
    STATUS_SYSTEM,
    Resource,
    Source,
    canonical,
    citation_of,
    headed,
    numbers_in_words,
)
from service import measure
from service.screening.assess import GAP_CODES, Status
from service.screening.criterion import Role
from service.screening.protocol import ProtocolEntry

GAP_SYSTEM = "http://hl7.org/fhir/uv/deqm/CodeSystem/deqm-gaps-status"
"""Seen in HL7/davinci-deqm, input/resources/CodeSystem-deqm-gaps-status.json (2026-08). Older
editions say http://hl7.org/fhir/us/davinci-deqm/CodeSystem/gaps-status."""

# Display and definition of each status; the conditions are those of specification section 7.
STATUS_WORDS: dict[Status, tuple[str, str]] = {
    Status.ERROR: ("Error", "The record could not be judged at all."),
    Status.NOT_IN_COHORT: (
        "Not in the cohort",
        "Multiple sclerosis is not confirmed; possible and resolved MS stay here.",
    ),
    Status.EXCLUDED: (
        "Excluded",
        "MS is confirmed, and an exclusion of the protocol holds (under age, deceased, record "
        "inactive or merged, hospice or terminal care, pregnancy, bone agent at oncology dose).",
    ),
    Status.RESULT_NEEDS_ACTION: (
        "Result needs action",
        "Osteoporosis is known and no therapy in its window is visible: the treatment gap.",
    ),
    Status.DECLINED: ("Declined", "The patient refused, and the refusal has not lapsed."),
    Status.SNOOZED: ("Snoozed", "A clinician turned the alert down, and that has not lapsed."),
    Status.SATISFIED: (
        "Satisfied",
        "A central DXA stands inside its interval, or known osteoporosis is on therapy.",
    ),
    Status.DUE_SOON: (
        "Due soon",
        "The interval of the last central DXA is about to end, and due would follow.",
    ),
    Status.COULD_NOT_DETERMINE: (
        "Could not be determined",
        "A required resource type could not be read, the birth date is missing, or there is "
        "nothing to judge by.",
    ),
    Status.ORDERED_WAITING: ("Ordered, waiting", "Due, and a recent central DXA order is active."),
    Status.DUE: ("Due", "The decision rule is reached and nothing stands against it."),
    Status.NOT_AT_RISK: (
        "Not at risk",
        "Read completely; the decision rule is not reached and no DXA interval runs.",
    ),
}

# Where the DEQM code says something else than we mean, with what the difference is (cmd-1).
_INEXACT: dict[Status, str] = {
    Status.ERROR: "DEQM has no code for a record that could not be judged; no gap is claimed.",
    Status.EXCLUDED: "DEQM has no code for an exclusion after the initial population.",
    Status.COULD_NOT_DETERMINE: "DEQM has no code for what could not be read; no gap is claimed.",
    Status.NOT_AT_RISK: "In the cohort, but the protocol asks for nothing.",
}


def terminology(source: Source) -> Iterator[Resource]:
    """Every CodeSystem, ValueSet and ConceptMap that is generated but for the refusals."""
    yield criterion_system(source)
    yield status_system(source)
    yield value_set_of(source, "status", "Where a patient stands", STATUS_SYSTEM)
    yield gap_map(source)
    yield from _programme_systems(source)


def criterion_system(source: Source) -> Resource:
    """Every criterion that the protocol uses, by its number."""
    concepts = [_criterion(source, entry) for entry in source.protocol.entries]
    properties = [
        ("criterion", "The id of the computable criterion", "string"),
        ("role", "What the criterion is for", "string"),
        ("grade", "MAJOR is enough alone; two MINOR of different domains are needed", "string"),
        ("domain", "Criteria of one domain count once", "string"),
        ("certainty", "V seen, V-abs abstract seen, local: a local decision", "string"),
        ("citation", "What the criterion rests on", "string"),
        ("number", "A threshold or window, with unit, source and certainty", "string"),
        ("not-computed", "What the specification asks for and no sourced code allows", "string"),
    ]
    return headed(
        source,
        "CodeSystem",
        "criterion",
        "Criteria of the protocol",
        f"Every criterion of the protocol {source.protocol.id} {source.version}. A proposal for a "
        "clinical lead; nothing here has been validated on patients.",
        caseSensitive=True,
        content="complete",
        count=len(concepts),
        property=[
            {"code": c, "uri": f"{CRITERION_SYSTEM}#{c}", "description": d, "type": t}
            for c, d, t in properties
        ],
        concept=concepts,
    )


def _criterion(source: Source, entry: ProtocolEntry) -> Resource:
    values = [
        ("criterion", entry.criterion.id),
        ("role", str(entry.criterion.role)),
        *([("grade", str(entry.grade))] if entry.grade else []),
        *([("domain", entry.domain)] if entry.domain else []),
        ("certainty", entry.certainty),
        ("citation", citation_of(entry)),
        *(("number", text) for text in numbers_in_words(source, entry)),
        *(("not-computed", text) for text in entry.arms_off),
    ]
    return {
        "code": entry.number,
        "display": entry.title,
        "definition": definition_of(entry),
        "property": [{"code": code, "valueString": text} for code, text in values],
    }


def definition_of(entry: ProtocolEntry) -> str:
    """What a criterion is in one line: its part in the decision, and what it reads."""
    part = str(entry.criterion.role).capitalize()
    if entry.criterion.role is Role.RISK_FACTOR:
        part += f", {str(entry.grade).upper()}, domain {entry.domain}"
    reads = ", ".join(dict.fromkeys(need.type for need in entry.criterion.reads))
    advice = f" {entry.advice}" if entry.advice else ""
    return f"{entry.title}. {part}. Read from: {reads}.{advice}"


def status_system(source: Source) -> Resource:
    """Where a patient may stand; exactly one status holds."""
    concepts = [
        {"code": str(status), "display": words[0], "definition": words[1]}
        for status, words in STATUS_WORDS.items()
    ]
    return headed(
        source,
        "CodeSystem",
        "status",
        "Where a patient stands",
        "The outcome of an assessment: the first status that holds, in this order.",
        caseSensitive=True,
        valueSet=canonical("ValueSet", "status"),
        content="complete",
        count=len(concepts),
        concept=concepts,
    )


def value_set_of(source: Source, id_: str, title: str, system: str) -> Resource:
    """All codes of a CodeSystem of ours."""
    return headed(
        source,
        "ValueSet",
        id_,
        title,
        f"Every code of {system}.",
        immutable=True,
        compose={"include": [{"system": system}]},
    )


def gap_map(source: Source) -> Resource:
    """Our statuses as HL7 Da Vinci DEQM gap statuses, the table `GAP_CODES` of the code."""
    elements = []
    for status, (display, _) in STATUS_WORDS.items():
        target: dict[str, Any] = {"code": GAP_CODES[status], "equivalence": "wider"}
        if status in _INEXACT:
            target |= {"equivalence": "inexact", "comment": _INEXACT[status]}
        elements.append({"code": str(status), "display": display, "target": [target]})
    return headed(
        source,
        "ConceptMap",
        "status-to-gap-status",
        "Status as DEQM gap status",
        "For reports of care gaps. Where nobody may judge, no gap is claimed.",
        sourceCanonical=canonical("ValueSet", "status"),
        group=[{"source": STATUS_SYSTEM, "target": GAP_SYSTEM, "element": elements}],
    )


def _programme_systems(source: Source) -> Iterator[Resource]:
    """The codes that the Measure and its reports use for populations and strata."""
    own = [p for p in measure.POPULATIONS if p.system == measure.PROGRAMME_POPULATIONS]
    yield _plain(
        source,
        measure.PROGRAMME_POPULATIONS,
        "Populations of the programme",
        ((p.code, p.display, p.description) for p in own),
    )
    yield _plain(
        source,
        measure.GROUPS,
        "Groups of the programme's report",
        [(measure.GROUP.code, measure.GROUP.display, "")],
    )
    yield _plain(
        source,
        measure.STRATIFIER_SYSTEM,
        "Divisions of the programme's report",
        ((s.code, s.display, s.description) for s in measure.STRATIFIERS),
    )
    known = {CRITERION_SYSTEM, measure.SEX_SYSTEM}
    for division in measure.STRATIFIERS:
        if division.strata_system not in known:
            known.add(division.strata_system)
            strata = ((s.code, s.display, "") for s in division.strata)
            yield _plain(source, division.strata_system, division.display, strata)


def _plain(
    source: Source, system: str, title: str, codes: Iterable[tuple[str, str, str]]
) -> Resource:
    concepts = [
        {"code": code, "display": display} | ({"definition": said} if said else {})
        for code, display, said in codes
    ]
    return headed(
        source,
        "CodeSystem",
        system.rpartition("/")[2],
        title,
        f"{title}: codes that the Measure {measure.MEASURE_NAME} and its reports use.",
        caseSensitive=True,
        content="complete",
        count=len(concepts),
        concept=concepts,
    )
