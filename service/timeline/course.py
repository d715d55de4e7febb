"""The course of the disease on the timeline: relapses, disability, falls, fractures.

A newcomer would get one thing wrong: what was refuted, entered in error, unconfirmed or dated in
the future has not happened, and is left out here; the findings name it where it mattered. What
could not be judged stands here with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening import measurements
from service.screening.criteria.disability_moderate import RELAPSE
from service.screening.criteria.falls import REPEATED
from service.screening.criteria.low_trauma_fracture import OSTEOPOROTIC, SITES
from service.screening.criteria.walking_impaired import AID, GAIT
from service.screening.criteria.wheelchair_chair_or_bed import STATE
from service.screening.criterion import Weight
from service.screening.diagnoses import coded, weigh
from service.screening.edss import edss_readings
from service.screening.falls import QUESTION, fall_events, falls_answered
from service.screening.injuries import visit_of
from service.screening.record import Condition, PatientRecord
from service.screening.stated import Statement, states, tendencies
from service.timeline.event import Lane, TimelineEvent, Undated
from service.timeline.placing import noted, placed

Found = Iterator[TimelineEvent | Undated]
_EVER = date.min
_ANY_FRACTURE = "fracture-any"
_STATES = {
    STATE: "uses a wheelchair, or is confined to chair or bed",
    AID: "walks with an aid",
    GAIT: "poor gait or mobility",
}
_VISITS = {"active": "", "follow-up": ", a later visit", "late effect": ", a late effect"}
# Only an upper bound is compared with it: "less than one fall" is none, "less than five" is open.
_ONE_FALL = 1


def relapses(record: PatientRecord, on: date) -> Found:
    """Relapses by the day on which they began."""
    for condition in coded(record, RELAPSE):
        weight, note = weigh(condition, on)
        if weight is not Weight.SEEN:
            label = noted("relapse", weight, note)
            yield placed(Lane.RELAPSES, condition.happened, label, condition.ref, on=on)


def disability(record: PatientRecord, on: date) -> Found:
    """EDSS values, and how somebody walks, by the day on which it was written down."""
    for reading in edss_readings(record, on)[0]:
        label = f"EDSS {reading.value:g}"
        yield placed(Lane.DISABILITY, reading.when, label, reading.ref, reading.value, on=on)
    for state in states(record, frozenset(_STATES), _EVER, on):
        if state.weight is not Weight.SEEN:
            label = next(words for concept, words in _STATES.items() if concept in state.concepts)
            yield _stated(Lane.DISABILITY, state, label, on)


def falls(record: PatientRecord, on: date) -> Found:
    """Falls by their day, and what was answered to the question for them."""
    for fall in fall_events(record, _EVER, on):
        if fall.weight is not Weight.SEEN:
            is_from_wheelchair = "fall-from-wheelchair" in fall.concepts
            label = "fall from a wheelchair" if is_from_wheelchair else "fall"
            yield _stated(Lane.FALLS, fall, label, on)
    for told in tendencies(record, frozenset({REPEATED}), _EVER, on):
        if told.weight is not Weight.SEEN:
            yield _stated(Lane.FALLS, told, "repeated falls", on)
    for observation in measurements.measured(record, QUESTION):
        count = falls_answered(observation, _ONE_FALL)
        if count is not None and measurements.weigh(observation, on)[0] is Weight.COUNTS:
            # Yes is one fall at least; how many is not said (section 7).
            said = "yes" if observation.boolean else f"{count[0]}"
            label = f"falls in the year before, answered: {said}"
            yield placed(Lane.FALLS, observation.when, label, observation.ref, on=on)


def _stated(lane: Lane, statement: Statement, label: str, on: date) -> TimelineEvent | Undated:
    note = statement.note if statement.when is not None else ""
    label = noted(label, statement.weight, note)
    return placed(lane, statement.when, label, statement.ref, on=on)


def fractures(record: PatientRecord, on: date) -> Found:
    """Every fracture, whatever the force; a fracture of the past has only the day of its record."""
    for condition in coded(record, OSTEOPOROTIC, *SITES, _ANY_FRACTURE):
        weight, note = weigh(condition, on)
        if weight is not Weight.SEEN:
            label = noted(_fracture(condition), weight, note)
            yield placed(Lane.FRACTURES, condition.happened, label, condition.ref, on=on)


def _fracture(condition: Condition) -> str:
    sites = [words for concept, words in SITES.items() if concept in condition.concepts]
    if sites:
        what = sites[0]
    else:
        what = "osteoporotic fracture" if OSTEOPOROTIC in condition.concepts else "fracture"
    if "fracture-history" in condition.concepts:
        return f"{what} in the history, written down"
    return what + _VISITS[visit_of(condition)]
