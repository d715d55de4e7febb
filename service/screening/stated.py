"""Facts that a chart states under a code of its own, as a diagnosis or as an observation.

A newcomer would get two things wrong. An event (a fall) counts by its date, whatever the clinical
status of its record; a state (walks with a stick) counts when it was written down lately, and no
longer once the chart calls it over. And an observation may hold the code as the question ("walks
with a stick: yes") or as the answer ("how do you walk": "with a stick").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from service.screening import diagnoses, measurements
from service.screening.criterion import Evidence, Weight
from service.screening.record import (
    Concepts,
    Condition,
    Observation,
    PatientRecord,
    ResourceRef,
    When,
)

_OVER = frozenset({"resolved", "inactive", "remission"})


@dataclass(frozen=True, slots=True, repr=False)
class Statement:
    """One fact: which of the value sets asked for, when, and how much it weighs.

    `condition` is the diagnosis that states it, None where an observation does.
    """

    ref: ResourceRef
    concepts: Concepts
    when: When | None
    weight: Weight
    note: str
    condition: Condition | None = None

    def but(self, weight: Weight, note: str) -> Statement:
        """The same fact with another weight, and the words that say why."""
        return replace(self, weight=weight, note=note)

    def evidence(self, what: str) -> Evidence:
        """As evidence: "fall, 2026-03-01 (too long ago)"."""
        statement = f"{what}, {diagnoses.words(self.when)}"
        if self.note:
            statement += f" ({self.note})"
        return Evidence(self.ref, statement, self.when.last if self.when else None, self.weight)


def events(record: PatientRecord, concepts: Concepts, since: date, on: date) -> Iterator[Statement]:
    """Events of these value sets, weighed by the day on which they happened."""
    for condition in _coded(record, concepts):
        weight, note = diagnoses.weigh(condition, on)
        if weight is Weight.COUNTS:
            weight, note = diagnoses.recent(condition.happened, since, on)
        yield _of(condition, concepts, condition.happened, weight, note)
    yield from _observed(record, concepts, since, on)


def tendencies(
    record: PatientRecord, concepts: Concepts, since: date, on: date
) -> Iterator[Statement]:
    """What was found to happen again and again, weighed by the day on which it was written down.

    Its onset may lie years back, and its clinical status does not matter.
    """
    for condition in _coded(record, concepts):
        weight, note = diagnoses.weigh(condition, on)
        written = condition.recorded or condition.onset
        if weight is Weight.COUNTS:
            weight, note = diagnoses.recent(written, since, on)
        yield _of(condition, concepts, written, weight, note)
    yield from _observed(record, concepts, since, on)


def states(record: PatientRecord, concepts: Concepts, since: date, on: date) -> Iterator[Statement]:
    """States of these value sets, by the day they were written down; over is over.

    That one is still called active adds nothing: what nobody has looked at since may have changed.
    Only MSO-04 says "or active" (specification 3.3).
    """
    for condition in _coded(record, concepts):
        weight, note = diagnoses.weigh(condition, on)
        written = condition.recorded or condition.onset
        if weight is Weight.COUNTS and condition.clinical in _OVER:
            weight, note = Weight.SEEN, condition.clinical
        elif weight is Weight.COUNTS:
            weight, note = diagnoses.recent(written, since, on)
        yield _of(condition, concepts, written, weight, note)
    yield from _observed(record, concepts, since, on)


def _coded(record: PatientRecord, concepts: Concepts) -> Iterator[Condition]:
    return (c for c in record.conditions if not c.concepts.isdisjoint(concepts))


def _of(
    condition: Condition, concepts: Concepts, when: When | None, weight: Weight, note: str
) -> Statement:
    held = condition.concepts & concepts
    return Statement(condition.ref, held, when, weight, note, condition)


def _observed(
    record: PatientRecord, concepts: Concepts, since: date, on: date
) -> Iterator[Statement]:
    if concepts.isdisjoint(record.concepts):
        return
    for observation in record.observations:
        answered = observation.value_concepts & concepts
        held = answered or observation.concepts & concepts
        if held:
            weight, note = _weigh(observation, bool(answered), since, on)
            yield Statement(observation.ref, held, observation.when, weight, note)


def _weigh(observation: Observation, is_answer: bool, since: date, on: date) -> tuple[Weight, str]:
    weight, note = measurements.weigh(observation, on)
    if weight is Weight.COUNTS and not is_answer:
        weight, note = measurements.answer(observation)
    if weight is Weight.COUNTS:
        weight, note = diagnoses.recent(observation.when, since, on)
    return weight, note
