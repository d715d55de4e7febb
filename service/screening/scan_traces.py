"""The traces that a bone density scan leaves in a chart: procedures, reports, single results.

A newcomer would get three things wrong. A T-score code may carry grams per square centimetre (a
real published example does): code, unit and range together tell what a number is, and one that
fails is no score. A report may hold its result only as an attached document, or only as a coded
conclusion. And a scan of the heel, the forearm or by ultrasound or computed tomography leaves the
same kinds of trace: it is shown and closes nothing.
Source: specification 2.9 and section 7 "Bone density".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from service.screening import measurements
from service.screening.criterion import Evidence, Parameters, Weight
from service.screening.diagnoses import is_future, words
from service.screening.edss import bare_unit
from service.screening.record import (
    NO_CONCEPTS,
    Concepts,
    Observation,
    PatientRecord,
    Procedure,
    Report,
    ResourceRef,
    When,
)

CENTRAL = "dxa-central"
PERIPHERAL = "dxa-peripheral"
SITE_UNKNOWN = "dxa-site-unknown"
OBSERVED = (CENTRAL, PERIPHERAL, SITE_UNKNOWN)
"""What an Observation of a scan may be coded as: what a search must ask for."""
LOWEST = "bone-density.lowest_score"
HIGHEST = "bone-density.highest_score"
RANGE = frozenset({LOWEST, HIGHEST})
_DENSITY = "dxa-bone-mineral-density"
_CENTRAL_SCORES = {"dxa-t-score": "T", "dxa-z-score": "Z"}
_FOREARM_SCORES = {"dxa-forearm-t-score": "T", "dxa-forearm-z-score": "Z"}
_SAID = {"t-score": "T", "z-score": "Z"}
_UNITS = {
    "T": frozenset({"", "1", "t-score", "score", "sd"}),
    "Z": frozenset({"", "1", "z-score", "score", "sd"}),
}
_CONCLUSIONS = frozenset({"osteoporosis", "osteopenia"})
NOT_FOUND = "result not found"
_NO_SCORE = "its value is no valid score"
_DENSITY_ONLY = "bone density without a score"
_DOCUMENT_ONLY = "result only in an attached document"
SHORTFALLS = (_NO_SCORE, _DENSITY_ONLY, _DOCUMENT_ONLY, NOT_FOUND)
"""Why a scan that was done shows no score, what tells most first."""


@dataclass(frozen=True, slots=True, repr=False)
class Trace:
    """One resource that tells of a scan.

    `kind` is "T" or "Z" with a `score`, or "" where it gives no valid one; then `shortfall` says
    why. `concludes` are the diagnoses that a report's coded conclusion names.
    """

    ref: ResourceRef
    when: When
    kind: str = ""
    score: float = 0.0
    shortfall: str = NOT_FOUND
    concludes: Concepts = NO_CONCEPTS


def central_traces(record: PatientRecord, numbers: Parameters, on: date) -> Iterator[Trace]:
    """Everything final and dated up to `on` that tells of a central scan."""
    for part, weight in _events(record, CENTRAL, on):
        if weight is not Weight.COUNTS or part.when is None:
            continue
        if isinstance(part, Observation):
            yield _measured(part, part.when, _CENTRAL_SCORES, numbers)
        elif isinstance(part, Report):
            shortfall = _DOCUMENT_ONLY if part.has_document else NOT_FOUND
            concludes = part.conclusions & _CONCLUSIONS
            yield Trace(part.ref, part.when, shortfall=shortfall, concludes=concludes)
        else:
            yield Trace(part.ref, part.when)


def forearm_traces(record: PatientRecord, numbers: Parameters, on: date) -> Iterator[Trace]:
    """Valid scores of the forearm, which count only where spine and hip cannot be read."""
    for observation in measurements.measured(record, *_FOREARM_SCORES):
        if measurements.weigh(observation, on)[0] is Weight.COUNTS and observation.when is not None:
            trace = _measured(observation, observation.when, _FOREARM_SCORES, numbers)
            if trace.kind:
                yield trace


def fulfilled_orders(record: PatientRecord, on: date) -> frozenset[ResourceRef]:
    """The orders that a finished central scan says it was based on."""
    return frozenset(
        order
        for part, weight in _events(record, CENTRAL, on)
        if weight is not Weight.SEEN
        for order in part.based_on
    )


def unclear_scans(record: PatientRecord, on: date) -> Iterator[Evidence]:
    """Central scans whose status or date cannot be understood, with the latest possible day."""
    for part, weight in _events(record, CENTRAL, on):
        if weight is Weight.UNCLEAR:
            day = part.when.last if part.when else None
            yield Evidence(part.ref, "central DXA, status or date not understood", day, weight)


def other_scans(record: PatientRecord, on: date) -> Iterator[Evidence]:
    """What closes nothing: peripheral scans, sites that are not stated, reports not yet final."""
    for concept, what in (
        (PERIPHERAL, "no central DXA (peripheral, ultrasound, CT or vertebral assessment only)"),
        (SITE_UNKNOWN, "bone density at a site that is not stated, not counted as central DXA"),
    ):
        for part, weight in _events(record, concept, on):
            if weight is Weight.COUNTS and part.when is not None:
                statement = f"{what}, {words(part.when)}"
                yield Evidence(part.ref, statement, part.when.last, Weight.SEEN)
    for report in record.reports:
        if CENTRAL in report.concepts and report.status == "not-final":
            day = report.when.last if report.when else None
            statement = f"report of a central DXA, not final, {words(report.when)}"
            yield Evidence(report.ref, statement, day, Weight.SEEN)


def _events(
    record: PatientRecord, concept: str, on: date
) -> Iterator[tuple[Observation | Procedure | Report, Weight]]:
    if concept not in record.concepts:
        return
    for observation in measurements.measured(record, concept):
        yield observation, measurements.weigh_event(observation, on)[0]
    for procedure in record.procedures:
        if concept in procedure.concepts:
            yield procedure, _done(procedure.status, procedure.when, on)
    for report in record.reports:
        if concept in report.concepts:
            yield report, _done(report.status, report.when, on)


def _done(status: str, when: When | None, on: date) -> Weight:
    if is_future(when, on) or status not in ("completed", "final", "unclear"):
        return Weight.SEEN
    return Weight.UNCLEAR if status == "unclear" or when is None else Weight.COUNTS


def _measured(
    observation: Observation, when: When, scores: dict[str, str], numbers: Parameters
) -> Trace:
    """What one number is, by code, unit and range; an upper bound is low enough to act on."""
    kind = _kind(observation, scores)
    quantity = observation.quantity
    if kind and quantity is not None:
        is_possible = numbers[LOWEST] <= quantity.value <= numbers[HIGHEST]
        is_a_score = bare_unit(quantity.unit) in _UNITS[kind]
        if is_possible and is_a_score and quantity.comparator in ("", "<", "<="):
            return Trace(observation.ref, when, kind, quantity.value)
    if kind and observation.has_value:
        return Trace(observation.ref, when, shortfall=_NO_SCORE)
    is_density = quantity is not None and _DENSITY in observation.concepts
    return Trace(observation.ref, when, shortfall=_DENSITY_ONLY if is_density else NOT_FOUND)


def _kind(observation: Observation, scores: dict[str, str]) -> str:
    """T or Z by the code; where the code names the whole scan, by a unit that says which."""
    for concept, kind in scores.items():
        if concept in observation.concepts:
            return kind
    if _DENSITY in observation.concepts or observation.quantity is None:
        return ""
    return _SAID.get(bare_unit(observation.quantity.unit), "")
