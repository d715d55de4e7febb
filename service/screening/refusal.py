"""A person's no: which one stands on a day, and what breaks it.

A no comes from the ledger, from our Flag or Task, or from the chart: a DXA that was not done, or an
order taken back, because the patient said no. Besides its end three things break it: a
break-through (a new fracture, or a criterion below that was not met on the day), a new major
version of the protocol, and for "does not meet eligibility" any new major criterion. A diagnosis
that a person called wrong is none of that: only a new confirmed diagnosis breaks it, another
resource that was recorded afterwards. And an alert that the hospital took back stays back until the
hospital takes that decision back. Source: specification 3.5 and section 7, integration 3.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from service.screening.alert import AlertKind
from service.screening.bone_density import CENTRAL
from service.screening.criteria.multiple_sclerosis import CRITERION as COHORT
from service.screening.criteria.multiple_sclerosis import MS
from service.screening.criterion import Finding, Grade
from service.screening.dates import add_months
from service.screening.decision import BY_HOSPITAL
from service.screening.decision_meaning import Meaning
from service.screening.diagnoses import is_future
from service.screening.judgement import evaluate_entry, judge
from service.screening.protocol import Protocol
from service.screening.record import (
    Condition,
    Decision,
    PatientRecord,
    Problem,
    ResourceRef,
    When,
)

# What breaks a person's no when it becomes true afterwards (specification 3.5).
_BREAKS_WHEN_IT_BECOMES_TRUE = (
    "disability-severe",
    "wheelchair-chair-or-bed",
    "sustained-glucocorticoid",
)
_FRACTURE = "low-trauma-fracture"
_REFUSAL = "refusal-reason"


def standing_decision(
    record: PatientRecord,
    protocol: Protocol,
    findings: Mapping[str, Finding],
    on: date,
    about: AlertKind = AlertKind.SCREENING,
) -> Decision | None:
    """The newest no to alerts of this kind that has neither lapsed nor been broken through.

    A wrong diagnosis goes before all others, and is about every kind.
    """
    standing = [
        d
        for d in _running(record, protocol, on, about)
        if not _is_broken(d, record, protocol, findings, on)
    ]

    def rank(d: Decision) -> tuple[bool, date, date, str]:
        return is_wrong_diagnosis(d, protocol), d.made_on, d.until, d.kind

    return max(standing, key=rank, default=None)


def is_said_since(
    record: PatientRecord, protocol: Protocol, since: date, on: date, about: AlertKind
) -> bool:
    """Whether a no to alerts of this kind was said on this day or later, and has not lapsed.

    What could break it is not looked at: for somebody who has not all of the chart at hand.
    """
    return any(d.made_on >= since for d in _running(record, protocol, on, about))


def _running(
    record: PatientRecord, protocol: Protocol, on: date, about: AlertKind
) -> list[Decision]:
    """Every no to alerts of this kind that has begun and not lapsed."""
    decisions = list(record.decisions)
    if about is AlertKind.SCREENING:
        months = protocol.policies["decision"]["declined_months"]
        decisions += _chart_refusals(record, months, on)
    return [
        d
        for d in decisions
        if (d.about == about or is_wrong_diagnosis(d, protocol)) and d.made_on <= on < d.until
    ]


def is_wrong_diagnosis(decision: Decision | None, protocol: Protocol) -> bool:
    """Whether a person said that this is no multiple sclerosis."""
    meaning = None if decision is None else protocol.reasons.get(decision.code)
    return meaning is Meaning.WRONG_DIAGNOSIS


def was_done_elsewhere(decision: Decision | None, protocol: Protocol) -> bool:
    """Whether a person said that the scan was done where this EHR does not see it."""
    meaning = None if decision is None else protocol.reasons.get(decision.code)
    return meaning is Meaning.DONE_ELSEWHERE


def undated_refusals(record: PatientRecord) -> Iterator[Problem]:
    """What somebody should correct in the chart."""
    for ref, when in _refused(record):
        if when is None:
            yield Problem(str(ref), "a refusal without a date: it cannot be respected")


def _chart_refusals(record: PatientRecord, months: float, on: date) -> Iterator[Decision]:
    """A date that is not exact is taken for the latest day it can mean: a no is kept rather too
    long."""
    for ref, when in _refused(record):
        if when is not None and not is_future(when, on):
            made_on = min(when.last, on)
            until = add_months(made_on, months)
            yield Decision("declined", made_on, until, "refused by the patient", ref)


def _refused(record: PatientRecord) -> Iterator[tuple[ResourceRef, When | None]]:
    for procedure in record.procedures:
        is_refused = procedure.status == "not-done" and _REFUSAL in procedure.reason_concepts
        if is_refused and CENTRAL in procedure.concepts:
            yield procedure.ref, procedure.when
    for order in record.orders:
        is_refused = order.status == "revoked" and _REFUSAL in order.reason_concepts
        if is_refused and CENTRAL in order.concepts:
            yield order.ref, order.authored


def _is_broken(
    decision: Decision,
    record: PatientRecord,
    protocol: Protocol,
    findings: Mapping[str, Finding],
    on: date,
) -> bool:
    if decision.code == BY_HOSPITAL:
        return False
    meaning = protocol.reasons.get(decision.code)
    if meaning is Meaning.WRONG_DIAGNOSIS:
        return _is_diagnosed_anew(decision, record, protocol, on)
    if _is_of_an_older_major(decision, protocol):
        return True
    if meaning is Meaning.UNTIL_FACTS_CHANGE and _is_new_major(
        decision, record, protocol, findings
    ):
        return True
    return _is_broken_through(decision, record, protocol, findings)


def _is_diagnosed_anew(
    decision: Decision, record: PatientRecord, protocol: Protocol, on: date
) -> bool:
    """Whether what was recorded after the day of the decision makes the diagnosis by itself."""

    def is_new(condition: Condition) -> bool:
        recorded = condition.recorded
        return recorded is not None and recorded.first > decision.made_on

    later = tuple(c for c in record.conditions if MS not in c.concepts or is_new(c))
    alone = replace(record, conditions=later)
    return evaluate_entry(protocol.entry(COHORT.id), alone, on).is_met


def _is_of_an_older_major(decision: Decision, protocol: Protocol) -> bool:
    """False where nobody knows by which version the person was told."""
    then = _major(decision.protocol_version)
    return then is not None and then < (_major(protocol.version) or 0)


def _major(version: str) -> int | None:
    number = version.partition(".")[0]
    return int(number) if number.isdecimal() else None


def _is_new_major(
    decision: Decision,
    record: PatientRecord,
    protocol: Protocol,
    findings: Mapping[str, Finding],
) -> bool:
    """Whether a major criterion is met that was not met on the day of the decision."""
    before, _ = judge(record, protocol, decision.made_on)
    return any(
        f.is_met and f.grade is Grade.MAJOR and not before[name].is_met
        for name, f in findings.items()
    )


def _is_broken_through(
    decision: Decision,
    record: PatientRecord,
    protocol: Protocol,
    findings: Mapping[str, Finding],
) -> bool:
    """A fracture since then, or a criterion that was not met on the day of the no.

    A criterion that the protocol has switched off breaks nothing.
    """
    if _FRACTURE in findings:
        known = evaluate_entry(protocol.entry(_FRACTURE), record, decision.made_on).counting
        if {e.source for e in findings[_FRACTURE].counting} - {e.source for e in known}:
            return True
    return any(
        name in findings
        and findings[name].is_met
        and not evaluate_entry(protocol.entry(name), record, decision.made_on).is_met
        for name in _BREAKS_WHEN_IT_BECOMES_TRUE
    )
