"""MSO-10: too little weight.

A newcomer would get four things wrong. Z68.1 means a BMI of 19.9 or less, not below 18.5, so it is
MINOR. People in wheelchairs often have no usable height: then low weight itself is looked at. And
the unit decides, never the code: a BMI without a unit, or a weight in pounds taken for kilograms,
would be dangerous in both directions. And what cannot be read makes the finding unknown only where
it could change the answer: not where something newer can be read. Source: specification 2.4, 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from service.screening.body import (
    Measure,
    Unreadable,
    body_masses,
    heights,
    unreadable,
    weights,
)
from service.screening.criterion import Criterion, Evidence, Grade, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import coded, evidence_of, recent, weigh
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """The latest BMI of the window, weight alone or weight loss where there is none, and codes."""
    since = add_months(on, -parameters["window_months"])
    indices = body_masses(record, on, since)
    weighed = [m for m in weights(record, on) if m.day >= since]
    newest = indices[-1].day if indices else None
    for index in unreadable(record, "bmi", on, since):
        yield _unread("BMI", index, may_matter=_may_be_newest(index, newest))
    lost_since = add_months(on, -parameters["loss_months"])
    yield from _unread_weights(record, indices, weighed, lost_since, since, on)
    if indices:
        yield _judge_index(indices[-1], parameters)
    elif weighed and not heights(record, on):
        yield _judge_weight(weighed[-1], parameters)
    yield from _loss(weighed, parameters, on)
    for condition in coded(record, "underweight"):
        weight, note = weigh(condition, on)
        if weight is Weight.COUNTS and condition.clinical in ("resolved", "inactive"):
            weight, note = Weight.SEEN, condition.clinical
        if weight is Weight.COUNTS:
            weight, note = recent(condition.recorded or condition.onset, since, on)
        evidence = evidence_of(condition, "low weight coded", weight, note)
        yield replace(evidence, grade=Grade.MINOR)
    for condition in coded(record, "abnormal-weight-loss"):
        # R63.4 does not say that it was the tenth of the weight that the specification asks for.
        note = weigh(condition, on)[1] or "how much is not said"
        yield evidence_of(condition, "weight loss coded", Weight.SEEN, note)


def _judge_index(index: Measure, parameters: Parameters) -> Evidence:
    statement = f"BMI {index.value:.1f} kg/m2, {index.day}{index.note}"
    if index.value < parameters["bmi_major_below"]:
        return Evidence(index.ref, statement, index.day, Weight.COUNTS, Grade.MAJOR)
    low = index.value <= parameters["bmi_minor_at_most"]
    weight = Weight.COUNTS if low else Weight.SEEN
    return Evidence(index.ref, statement, index.day, weight, Grade.MINOR)


def _judge_weight(weighed: Measure, parameters: Parameters) -> Evidence:
    low = weighed.value < parameters["weight_kg_below_without_height"]
    statement = f"weight {weighed.value:.1f} kg, {weighed.day} (height not known)"
    weight = Weight.COUNTS if low else Weight.SEEN
    return Evidence(weighed.ref, statement, weighed.day, weight, Grade.MINOR)


def _loss(weighed: list[Measure], parameters: Parameters, on: date) -> Iterator[Evidence]:
    """A fall of the latest weight against the highest of the span, intended or not."""
    since = add_months(on, -parameters["loss_months"])
    recent = [m for m in weighed if m.day >= since]
    if len(recent) < 2:
        return
    highest = max(recent, key=lambda m: m.value)
    latest = recent[-1]
    percent = 100 * (highest.value - latest.value) / highest.value
    if highest.day < latest.day and percent >= parameters["loss_percent_at_least"]:
        statement = f"weight loss of {percent:.0f} %, {highest.day} to {latest.day}"
        note = " (whether intended is not recorded)"
        yield Evidence(latest.ref, statement + note, latest.day, Weight.COUNTS, Grade.MINOR)


def _unread_weights(
    record: PatientRecord,
    indices: list[Measure],
    weighed: list[Measure],
    lost_since: date,
    since: date,
    on: date,
) -> Iterator[Evidence]:
    """A weight matters where it stands for the index, and beside another one as a loss."""
    unread = unreadable(record, "body-weight", on, since)
    is_index_recorded = bool(indices) and not indices[-1].note
    newest = weighed[-1].day if weighed else None
    measured = [m.day for m in weighed] + [m.day for m in unread]
    days = [day for day in measured if day is None or day >= lost_since]
    for measure in unread:
        may_matter = not is_index_recorded and _may_be_newest(measure, newest)
        if measure.day is None or measure.day >= lost_since:
            may_matter = may_matter or _has_another(measure, days)
        yield _unread("weight", measure, may_matter=may_matter)


def _has_another(measure: Unreadable, days: list[date | None]) -> bool:
    """Whether something else was, or may have been, measured on another day."""
    return any(day != measure.day for day in days) or (measure.day is None and len(days) > 1)


def _may_be_newest(measure: Unreadable, newest: date | None) -> bool:
    return newest is None or measure.day is None or measure.day >= newest


def _unread(what: str, measure: Unreadable, *, may_matter: bool) -> Evidence:
    weight = Weight.UNCLEAR if may_matter else Weight.SEEN
    return Evidence(measure.ref, f"{what} ({measure.note})", measure.day, weight)


CRITERION = Criterion(
    id="low-weight",
    role=Role.RISK_FACTOR,
    needs=(
        DataRequirement("Observation", ("bmi", "body-weight", "body-height")),
        DataRequirement("Condition"),
    ),
    find=find,
    looks_for=frozenset({"bmi", "body-weight", "underweight", "abnormal-weight-loss"}),
    parameters=frozenset(
        {
            "bmi_major_below",
            "bmi_minor_at_most",
            "window_months",
            "weight_kg_below_without_height",
            "loss_percent_at_least",
            "loss_months",
        }
    ),
)
