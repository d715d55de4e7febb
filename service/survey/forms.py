"""A survey as JSON; the printed report is made of the same.

A newcomer would get one thing wrong: null is a hidden count, never "none"; 0 is none. Of a type
that could not be read for anybody (`is_read`), nobody having any says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from service.ehr.unread import NOT_LISTED
from service.report.forms import small_numbers
from service.screening.overlay_file import SYSTEMS
from service.screening.protocol import Protocol
from service.screening.value_sets import fold_system
from service.survey.codes import SharedCode
from service.survey.hints import hint_of
from service.survey.run import Survey
from service.survey.shares import (
    MET,
    NOT_MET,
    UNKNOWN,
    part_of,
    records_shown,
    verdicts_shown,
)
from service.survey.sights import SIGHTS, Sight
from service.survey.steroids import TOLD

MOST_CODES = 50
"""How many codes of a kind are told, those of most people first."""
# Codes that mean the same everywhere: most of them are rightly in no value set of ours.
_STANDARD = frozenset(SYSTEMS.values()) | {
    "http://hl7.org/fhir/sid/cvx",
    "http://hl7.org/fhir/sid/ndc",
    "http://unitsofmeasure.org",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
}
_HL7 = ("http://terminology.hl7.org/", "http://hl7.org/fhir/")


def survey_json(found: Survey, protocol: Protocol) -> dict[str, Any]:
    """One JSON-able object."""
    return {
        "on": found.on.isoformat(),
        "protocol": {"version": protocol.version, "digest": protocol.digest},
        "people": {
            "cohort": found.cohort,
            "is_cohort_complete": found.is_cohort_complete,
            "chosen": found.chosen,
            "surveyed": found.people,
            "failed": found.failed,
            "unreadable_charts": found.unreadable,
        },
        "small_numbers": small_numbers(),
        "types": [_type(found, type_) for type_ in found.asked],
        "on_file": [_sight(found, sight) for sight in SIGHTS],
        "steroid_records": _steroids(found),
        "criteria": _criteria(found, protocol),
        "problems": [
            {"problem": problem, **_part(found, people)}
            for problem, people in sorted(found.problems.items())
        ],
        "codes": codes_json(found),
    }


def _part(found: Survey, count: int, among: int | None = None) -> dict[str, Any]:
    total = found.people if among is None else among
    part = part_of(count, total)
    if part.people is None or part.people <= found.people != count:
        return asdict(part)
    # How many were surveyed is known: a rounded "everybody" would only look like a mistake.
    return asdict(part) | {"people": found.people}


def _type(found: Survey, type_: str) -> dict[str, Any]:
    unread = sum(people for (of_type, _), people in found.unread.items() if of_type == type_)
    return {
        "type": type_,
        "is_listed": type_ not in found.not_listed,
        "is_read": unread < found.people,
        **_part(found, found.types[type_]),
        "is_empty": not found.types[type_] and not unread,
        "unread": [
            {"why": why, **_part(found, people)}
            for (of_type, why), people in sorted(found.unread.items())
            # What the server does not list was not asked for; that it is not listed says it.
            if of_type == type_ and why != NOT_LISTED
        ],
    }


def _sight(found: Survey, sight: Sight) -> dict[str, Any]:
    total = found.sights[sight.among] if sight.among else found.people
    return {
        "id": sight.id,
        "words": sight.words,
        "among": sight.among or None,
        **_part(found, found.sights[sight.id], total),
    }


def _steroids(found: Survey) -> dict[str, Any]:
    records = found.steroid_records
    total = records_shown(records.total(), found.with_steroid)
    return {
        "records": total,
        **_part(found, found.with_steroid),
        "by_what_can_be_told": [
            {
                "reason": reason,
                "is_told": reason == TOLD,
                "records": (shown := records_shown(records[reason], people)),
                "share": round(min(1.0, shown / total), 2) if shown and total else None,
            }
            for reason, people in sorted(
                found.steroid_people.items(), key=lambda item: (item[0] != TOLD, item[0])
            )
        ],
    }


def _criteria(found: Survey, protocol: Protocol) -> list[dict[str, Any]]:
    return [
        {
            "number": entry.number,
            "title": entry.title,
            **verdicts_shown(
                found.verdicts[entry.number, MET],
                found.verdicts[entry.number, UNKNOWN],
                found.verdicts[entry.number, NOT_MET],
                has_evidence=found.with_evidence[entry.number] > 0,
            ),
            "with_any_evidence": _part(found, found.with_evidence[entry.number]),
        }
        for entry in protocol.entries
    ]


def codes_json(found: Survey) -> dict[str, Any]:
    """Shared codes that are not ours: with a hint, of the hospital, and of standard systems."""
    shared = found.codes.shared()
    hinted = [c for c in shared if _hint(c)]
    others = [c for c in shared if not _hint(c)]
    return {
        "with_hint": _listed(hinted, found),
        "local": _listed((c for c in others if not is_standard(c.system)), found),
        "standard": _listed((c for c in others if is_standard(c.system)), found),
        "is_cut_short": found.codes.is_full,
    }


def is_standard(system: str) -> bool:
    """Whether a code of this system means the same everywhere."""
    return fold_system(system) in _STANDARD or system.startswith(_HL7)


def _hint(code: SharedCode) -> str:
    return hint_of(code.type, code.display, code.code)


def _listed(codes: Iterable[SharedCode], found: Survey) -> list[dict[str, Any]]:
    return [
        {
            "type": code.type,
            "system": code.system or None,
            "code": code.code,
            "display": code.display or None,
            "hint": _hint(code) or None,
            **_part(found, code.people),
        }
        for code in list(codes)[:MOST_CODES]
    ]
