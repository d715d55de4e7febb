"""The programme's numbers as a FHIR R4 MeasureReport, for whoever collects measures.

A newcomer would get two things wrong. A hidden count is not left out: it is there without a value
and with the data-absent-reason `masked`, or a reader would take it for "nobody". And a share is
computed from the counts as they are shown, never from the exact ones, which it would betray.

`fhir.resources` accepts a canonical with a blank in it and a reporter of any type, so these are
checked here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service.measure import (
    DENOMINATOR,
    GROUP,
    GROUPS,
    MEASURE_URL,
    NUMERATOR,
    POPULATIONS,
    STRATIFIER_SYSTEM,
    STRATIFIERS,
    Stratifier,
    Stratum,
)
from service.report.programme import Programme, released

DATA_ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_IMPROVEMENT = "http://terminology.hl7.org/CodeSystem/measure-improvement-notation"
_REPORTER = re.compile(
    r"(Practitioner|PractitionerRole|Location|Organization)/[A-Za-z0-9\-.]{1,64}"
)
_VERSION = re.compile(r"[^\s|]+")
_MASKED = {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": "masked"}]}

Row = Mapping[str, int | None]


class ReportImpossible(ValueError):
    """No MeasureReport can be made; the message says why and what to do."""


def measure_report(
    programme: Programme, protocol_version: str, at: datetime, reporter: str = ""
) -> dict[str, Any]:
    """A summary MeasureReport over the days of judgement; `at` is now, aware.

    `reporter` is a reference such as `Organization/1`, left out where empty. Raises
    ReportImpossible where nobody was judged, or the reporter or the version cannot be one.
    """
    if programme.first_day is None or programme.last_day is None:
        raise ReportImpossible("nobody was judged yet: run `boneflag sweep` first")
    if reporter and not _REPORTER.fullmatch(reporter):
        raise ReportImpossible(
            "a reporter is a reference to a Practitioner, PractitionerRole, Location or"
            " Organization, such as Organization/1"
        )
    if not _VERSION.fullmatch(protocol_version):
        raise ReportImpossible("the protocol's version cannot stand in a canonical URL: change it")
    body: dict[str, Any] = {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": f"{MEASURE_URL}|{protocol_version}",
        "date": at.isoformat(timespec="seconds"),
        "period": {
            "start": programme.first_day.isoformat(),
            "end": programme.last_day.isoformat(),
        },
        "improvementNotation": _concept(_IMPROVEMENT, "increase", "Increased score"),
        "group": [_group(programme)],
    }
    if reporter:
        body["reporter"] = {"reference": reporter}
    return _built(body)


def _group(programme: Programme) -> dict[str, Any]:
    may_show = released(programme)
    return {
        "code": _concept(GROUPS, GROUP.code, GROUP.display),
        **_counted(may_show.populations),
        "stratifier": [
            _stratifier(s, s.strata or programme.criteria, may_show.tables[s.code])
            for s in STRATIFIERS
        ],
    }


def _stratifier(stratifier: Stratifier, strata: Any, rows: Mapping[str, Row]) -> dict[str, Any]:
    return {
        "code": [_concept(STRATIFIER_SYSTEM, stratifier.code, stratifier.display)],
        "stratum": [_stratum(stratifier, stratum, rows[stratum.code]) for stratum in strata],
    }


def _stratum(stratifier: Stratifier, stratum: Stratum, row: Row) -> dict[str, Any]:
    value = _concept(stratifier.strata_system, stratum.code, stratum.display)
    return {"value": value, **_counted(row)}


def _counted(row: Row) -> dict[str, Any]:
    """The populations of a group or stratum, and its share."""
    populations = [
        {"code": _concept(p.system, p.code, p.display), **_count(row[p.code])} for p in POPULATIONS
    ]
    return {
        "population": populations,
        "measureScore": _score(row[NUMERATOR.code], row[DENOMINATOR.code]),
    }


def _count(count: int | None) -> dict[str, Any]:
    return {"_count": _MASKED} if count is None else {"count": count}


def _score(part: int | None, whole: int | None) -> dict[str, Any]:
    if part is None or not whole:
        return {"_value": _MASKED}
    # Rounded by themselves, a part may come out above its whole.
    return {"value": round(min(part / whole, 1.0), 3)}


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _built(body: dict[str, Any]) -> dict[str, Any]:
    """The report as the R4B model writes it; a ValidationError would be a fault of ours."""
    from fhir.resources.R4B.measurereport import MeasureReport  # Importing costs 0.2 s.

    done: dict[str, Any] = json.loads(MeasureReport.model_validate(body).model_dump_json())
    return done
