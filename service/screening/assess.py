"""Assess one patient on one date: every finding, and the one status that follows.

The order of statuses is the specification's (section 7): the first that holds. Two orders inside it
surprise people. Known osteoporosis without therapy comes before a person's no, for it is another
question (a no to it is in `gap_decision`), unless the person said that the diagnosis is wrong. And
a scan inside its interval comes before missing data, for it answers the question whatever else
could not be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from service.screening.alert import AlertKind
from service.screening.bone_density import latest_scan
from service.screening.corrections import before_corrections
from service.screening.criteria.multiple_sclerosis import was_refuted
from service.screening.criterion import Finding, Role, Verdict, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import coded, weigh
from service.screening.edss import edss_value
from service.screening.judgement import judge
from service.screening.measurements import CONTRADICTED, measured
from service.screening.measurements import weigh as weigh_observation
from service.screening.person import is_known_postmenopausal, with_possible_birth, youngest_age
from service.screening.protocol import Protocol
from service.screening.record import REQUIRED_TYPES, Decision, PatientRecord, Problem, ResourceRef
from service.screening.refusal import (
    is_wrong_diagnosis,
    standing_decision,
    undated_refusals,
    was_done_elsewhere,
)
from service.screening.weighing import Weighing, weigh_findings


class Status(StrEnum):
    """Where a patient stands; exactly one holds."""

    ERROR = "error"
    NOT_IN_COHORT = "not-in-cohort"
    EXCLUDED = "excluded"
    RESULT_NEEDS_ACTION = "result-needs-action"
    DECLINED = "declined"
    SNOOZED = "snoozed"
    SATISFIED = "satisfied"
    DUE_SOON = "due-soon"
    COULD_NOT_DETERMINE = "could-not-determine"
    ORDERED_WAITING = "ordered-waiting"
    DUE = "due"
    NOT_AT_RISK = "not-at-risk"


GAP_CODES: Mapping[Status, str] = {
    # HL7 Da Vinci DEQM gap status. Where nobody may judge, no gap is claimed.
    Status.ERROR: "not-applicable",
    Status.NOT_IN_COHORT: "not-applicable",
    Status.EXCLUDED: "not-applicable",
    Status.RESULT_NEEDS_ACTION: "open-gap",
    Status.DECLINED: "open-gap",
    Status.SNOOZED: "open-gap",
    Status.SATISFIED: "closed-gap",
    Status.DUE_SOON: "prospective-gap",
    Status.COULD_NOT_DETERMINE: "not-applicable",
    Status.ORDERED_WAITING: "open-gap",
    Status.DUE: "open-gap",
    Status.NOT_AT_RISK: "not-applicable",
}

# Findings that must be known before anybody is told anything.
_MUST_BE_KNOWN = ("central-dxa", "osteoporosis-known", "osteoporosis-therapy", "dxa-ordered")
# Here an exclusion, missing data or the gap itself decides, whatever was taken back.
_OTHERWISE_DECIDED = (Status.EXCLUDED, Status.RESULT_NEEDS_ACTION, Status.COULD_NOT_DETERMINE)
_FRACTURE = "low-trauma-fracture"


@dataclass(frozen=True, slots=True, repr=False)
class Assessment:
    """What one protocol says about one patient on one date.

    `due_on` is the day on which the running DXA interval ends, None where none runs. `decision` is
    the person's no that stands, `gap_decision` the no to the treatment gap. `refuted` holds the
    kinds of alert whose ground was refuted or entered in error, or whose diagnosis a person called
    wrong: whichever of them is open should never have been there.
    `uses_t_score` says which score a scan would be read by, None where that was not kept. `notes`
    are sentences for whoever reads the alert. `weighing` is the decision with its truth values
    filled in.
    """

    patient: ResourceRef
    protocol_id: str
    protocol_version: str
    protocol_digest: str
    on: date
    status: Status
    findings: tuple[Finding, ...]
    weighing: Weighing
    due_on: date | None = None
    decision: Decision | None = None
    gap_decision: Decision | None = None
    refuted: frozenset[AlertKind] = frozenset()
    is_urgent: bool = False
    uses_t_score: bool | None = False
    notes: tuple[str, ...] = ()
    unread: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    reported: tuple[Problem, ...] = ()

    def finding(self, criterion_id: str) -> Finding:
        """The finding of one criterion; KeyError where the protocol does not use it."""
        for finding in self.findings:
            if finding.criterion == criterion_id:
                return finding
        raise KeyError(criterion_id)

    @property
    def risk_factors(self) -> tuple[Finding, ...]:
        """The findings that may make somebody due."""
        return tuple(f for f in self.findings if f.role is Role.RISK_FACTOR)


RESULT_ELSEWHERE = "A scan was done elsewhere, somebody said: ask for its result."
"""A note of whoever is snoozed for it (specification 3.5)."""


def assess(record: PatientRecord, protocol: Protocol, on: date) -> Assessment:
    """Judge one record. Pure: the same record, protocol and date always give the same answer."""
    record, impossible = with_possible_birth(record, on)
    findings, months = judge(record, protocol, on)
    decision = standing_decision(record, protocol, findings, on)
    age = youngest_age(record, on)
    weighing = weigh_findings(findings.values(), age, protocol.policies["decision"])
    scan = latest_scan(record, protocol.entry("central-dxa").parameters, on)
    # The earliest meaning of a partial date, as in the criterion: the anniversary is never late.
    due_on = add_months(scan.when.first, months) if scan is not None else None
    status = _status(record, protocol, findings, weighing, decision, due_on, on)
    is_wrong = status is Status.SNOOZED and is_wrong_diagnosis(decision, protocol)
    is_here = findings["central-dxa"].is_met
    is_elsewhere = status is Status.SNOOZED and was_done_elsewhere(decision, protocol)
    has_gap = status is Status.RESULT_NEEDS_ACTION or is_wrong
    is_running = status in (Status.SATISFIED, Status.DUE_SOON) and is_here
    return Assessment(
        patient=record.patient,
        protocol_id=protocol.id,
        protocol_version=protocol.version,
        protocol_digest=protocol.digest,
        on=on,
        status=status,
        findings=tuple(findings.values()),
        weighing=weighing,
        due_on=due_on if is_running else None,
        decision=decision if status in (Status.DECLINED, Status.SNOOZED) else None,
        gap_decision=(
            standing_decision(record, protocol, findings, on, AlertKind.TREATMENT_GAP)
            if has_gap
            else None
        ),
        refuted=frozenset(AlertKind if is_wrong else _refuted_kinds(record, protocol, status, on)),
        is_urgent=is_urgent(findings.get(_FRACTURE), protocol, on),
        uses_t_score=_uses_t_score(record, protocol, on),
        notes=(*_notes(record, on), *([RESULT_ELSEWHERE] if is_elsewhere and not is_here else [])),
        unread=record.unread,
        withheld=record.withheld,
        reported=record.reported + impossible + tuple(_to_correct(record)),
    )


def _status(
    record: PatientRecord,
    protocol: Protocol,
    findings: Mapping[str, Finding],
    weighing: Weighing,
    decision: Decision | None,
    due_on: date | None,
    on: date,
) -> Status:
    """The first status that holds, in the order of section 7."""
    if record.is_unreadable:
        return Status.ERROR
    cohort = findings["multiple-sclerosis"].verdict
    if cohort is not Verdict.MET:
        return Status.NOT_IN_COHORT if cohort is Verdict.NOT_MET else Status.COULD_NOT_DETERMINE
    if any(f.role is Role.EXCLUSION and f.is_met for f in findings.values()):
        return Status.EXCLUDED
    if is_wrong_diagnosis(decision, protocol):
        return Status.SNOOZED
    if findings["treatment-gap"].is_met and _exclusions_are_known(record, findings):
        return Status.RESULT_NEEDS_ACTION
    if decision is not None:
        return Status.DECLINED if decision.kind == "declined" else Status.SNOOZED
    if _treatment_is_unknown(findings):
        return Status.COULD_NOT_DETERMINE
    if findings["osteoporosis-therapy"].is_met:
        return Status.SATISFIED
    if findings["central-dxa"].is_met:
        return _satisfied_or_due_soon(record, protocol, due_on, on)
    if _cannot_be_determined(record, findings):
        return Status.COULD_NOT_DETERMINE
    if not weighing.is_reached:
        return Status.NOT_AT_RISK
    return Status.ORDERED_WAITING if findings["dxa-ordered"].is_met else Status.DUE


def _satisfied_or_due_soon(
    record: PatientRecord, protocol: Protocol, due_on: date | None, on: date
) -> Status:
    soon = timedelta(days=protocol.policies["decision"]["due_soon_days"])
    if due_on is None or on < due_on - soon:
        return Status.SATISFIED
    # Judged as on that day: by then a risk factor may have gone, and the interval be longer.
    then = assess(record, protocol, due_on).status
    is_due = then in (Status.DUE, Status.ORDERED_WAITING)
    return Status.DUE_SOON if is_due else Status.SATISFIED


def _exclusions_are_known(record: PatientRecord, findings: Mapping[str, Finding]) -> bool:
    """No exclusion is open because a type was withheld that must be known, or one is unclear."""
    return not any(
        f.role is Role.EXCLUSION
        and f.verdict is not Verdict.NOT_MET
        and (f.missing & record.wanting or f.is_unclear)
        for f in findings.values()
    )


def _treatment_is_unknown(findings: Mapping[str, Finding]) -> bool:
    return findings["osteoporosis-known"].is_met and (
        findings["treatment-gap"].is_unclear or findings["treatment-gap"].is_met
    )


def _cannot_be_determined(record: PatientRecord, findings: Mapping[str, Finding]) -> bool:
    """A required type is unread, the age or everything is missing, or a stop is unclear.

    A stop is also unclear where a type was withheld that it is read from (see `withheld`).
    """
    return (
        bool(record.unread & REQUIRED_TYPES)
        or record.birth is None
        or findings["data-gap"].is_met
        or not _exclusions_are_known(record, findings)
        or any(_is_open(findings[name], record) for name in _MUST_BE_KNOWN)
    )


def _is_open(finding: Finding, record: PatientRecord) -> bool:
    return finding.is_unclear or (not finding.is_met and bool(finding.missing & record.withheld))


def _refuted_kinds(
    record: PatientRecord, protocol: Protocol, status: Status, on: date
) -> Iterator[AlertKind]:
    """The alerts that only a diagnosis or a finding held up that was taken back since (3.5)."""
    if status is Status.NOT_IN_COHORT:
        if was_refuted(record):
            yield from AlertKind
        return
    if status in _OTHERWISE_DECIDED:
        return
    before = before_corrections(record)
    if before is record:
        return
    was = assess(before, protocol, on).status
    if status is Status.NOT_AT_RISK and was in (Status.DUE, Status.ORDERED_WAITING):
        yield AlertKind.SCREENING
    if was is Status.RESULT_NEEDS_ACTION:
        yield AlertKind.TREATMENT_GAP


def is_urgent(fracture: Finding | None, protocol: Protocol, on: date) -> bool:
    """Whether a low-trauma fracture is so recent that a scan should not wait."""
    if fracture is None or not fracture.is_met:  # None where the hospital switched it off.
        return False
    since = add_months(on, -protocol.entry(_FRACTURE).parameters["urgent_months"])
    return any(e.date is not None and e.date >= since for e in fracture.counting)


def _uses_t_score(record: PatientRecord, protocol: Protocol, on: date) -> bool:
    age = youngest_age(record, on)
    from_age = protocol.policies["bone-density"]["age_for_t_score"]
    return (age is not None and age >= from_age) or is_known_postmenopausal(record, on)


def _notes(record: PatientRecord, on: date) -> Iterator[str]:
    if any(weigh(c, on)[0] is Weight.COUNTS for c in coded(record, "palliative-care")) or any(
        "palliative-care" in p.concepts and p.status == "completed" for p in record.procedures
    ):
        yield "Palliative care is on file: weigh whether a scan would help."


def _to_correct(record: PatientRecord) -> Iterator[Problem]:
    """What somebody should correct in the chart: an EDSS that cannot be, a no without a date."""
    for observation in measured(record, "edss-invalid"):
        yield Problem(str(observation.ref), "EDSS under a code that is not an observation code")
    for observation in measured(record, "edss"):
        weight, _ = weigh_observation(observation, date.max)
        if weight is Weight.SEEN or edss_value(observation) is not None:
            continue
        is_contradicted = observation.is_absent and observation.has_value
        problem = CONTRADICTED if is_contradicted else "EDSS is not a value of the scale"
        yield Problem(str(observation.ref), problem)
    yield from undated_refusals(record)


def with_decisions(record: PatientRecord, decisions: tuple[Decision, ...]) -> PatientRecord:
    """The record with what people decided about our alerts."""
    return replace(record, decisions=record.decisions + decisions) if decisions else record
