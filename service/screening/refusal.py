"""A person's no: which one stands on a day, and what breaks it.

A no comes from the ledger, from our Flag or Task, or from the chart: a DXA that was not done, or an
order taken back, because the patient said no. Source: specification 3.5 and section 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from service.screening.alert import AlertKind
from service.screening.bone_density import CENTRAL
from service.screening.criterion import Finding
from service.screening.dates import add_months
from service.screening.diagnoses import is_future
from service.screening.judgement import evaluate_entry
from service.screening.protocol import Protocol
from service.screening.record import Decision, PatientRecord, Problem, ResourceRef, When

# What breaks a person's no when it becomes true afterwards (specification 3.5).
_BREAKS_WHEN_IT_BECOMES_TRUE = (
    "disability-severe",
    "wheelchair-chair-or-bed",
    "sustained-glucocorticoid",
)
_FRACTURE = "low-trauma-fracture"
_REFUSAL = "refusal-reason"


def standing_decision(
    record: PatientRecord, protocol: Protocol, findings: Mapping[str, Finding], on: date
) -> Decision | None:
    """The newest no to the screening alert that has neither lapsed nor been broken through."""
    months = protocol.policies["decision"]["declined_months"]
    decisions = [*record.decisions, *_chart_refusals(record, months, on)]
    standing = [
        d
        for d in decisions
        if d.about == AlertKind.SCREENING
        and d.made_on <= on < d.until
        and not _is_broken(d, record, protocol, findings)
    ]
    return max(standing, key=lambda d: (d.made_on, d.until, d.kind), default=None)


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
