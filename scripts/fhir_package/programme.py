"""The Measure that `boneflag report` fills: the tables of `service.measure` in FHIR."""

from __future__ import annotations

from typing import Any

from fhir_package.plan import SUBJECT, in_words
from fhir_package.source import LICENCE_NOTICE, Resource, Source, canonical, headed
from service import measure

_SCORING = "http://terminology.hl7.org/CodeSystem/measure-scoring"
_NOTATION = "http://terminology.hl7.org/CodeSystem/measure-improvement-notation"
_KIND = "http://terminology.hl7.org/CodeSystem/measure-type"


def programme_measure(source: Source) -> Resource:
    """The one group of the programme, its populations and how they are divided."""
    return headed(
        source,
        "Measure",
        measure.MEASURE_NAME,
        measure.MEASURE_TITLE,
        "Who of the cohort stands where, to see who is overlooked. It is no quality measure of a "
        "clinician, and multiple sclerosis is no accepted reason for a scan in CMS249.",
        subjectCodeableConcept=SUBJECT,
        disclaimer="Not validated. Small numbers are hidden in reports.",
        copyright=LICENCE_NOTICE,
        library=[f"{canonical('Library', source.protocol.id)}|{source.version}"],
        scoring=_coded(_SCORING, measure.SCORING),
        type=[_coded(_KIND, "process")],
        improvementNotation=_coded(_NOTATION, "increase"),
        group=[
            {
                "code": _coded(measure.GROUPS, measure.GROUP.code, measure.GROUP.display),
                "description": measure.GROUP.display,
                "population": [_population(p) for p in measure.POPULATIONS],
                "stratifier": [_stratifier(s) for s in measure.STRATIFIERS],
            }
        ],
    )


def _population(population: measure.Population) -> dict[str, Any]:
    statuses = ", ".join(sorted(population.statuses))
    return {
        "code": _coded(population.system, population.code, population.display),
        "description": population.description,
        "criteria": in_words(population.code, f"The status is one of: {statuses}."),
    }


def _stratifier(stratifier: measure.Stratifier) -> dict[str, Any]:
    return {
        "code": _coded(measure.STRATIFIER_SYSTEM, stratifier.code, stratifier.display),
        "description": stratifier.description,
        "criteria": in_words(stratifier.code, stratifier.description),
    }


def _coded(system: str, code: str, display: str = "") -> dict[str, Any]:
    return {
        "coding": [{"system": system, "code": code} | ({"display": display} if display else {})]
    }
