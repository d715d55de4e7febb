"""Falls as the chart tells them: dated events, the answer to a question, injuries of the same day.

A newcomer would get three things wrong. One fall has many records: a later visit carries the same
code with another seventh character, and two records of one day are one fall. A date may be a month
or a year, so how many falls there were has a least and a most. And the question "falls in the past
year" is answered with a number, a yes or no, or a code; however often it was answered, it tells of
one year, so that only the latest answer is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from service.screening import measurements
from service.screening.criterion import Weight
from service.screening.diagnoses import recent
from service.screening.edss import bare_unit
from service.screening.injuries import visit_of
from service.screening.record import Observation, PatientRecord, When
from service.screening.stated import Statement, events

EVENTS = frozenset({"fall", "fall-from-wheelchair"})
QUESTION = "falls-question"
INJURIES = frozenset({"fracture-any", "head-injury"})
_HISTORY = "fracture-history"
_VISITS = {"follow-up": "a later visit for the same", "late effect": "a late effect"}
_UNITS = frozenset({"", "1", "fall", "falls", "count", "#"})


def fall_events(record: PatientRecord, since: date, on: date) -> Iterator[Statement]:
    """Every record of a fall; later visits and late effects are seen only."""
    for statement in events(record, EVENTS, since, on):
        yield _as_event(statement)


def injuries(record: PatientRecord, since: date, on: date) -> Iterator[Statement]:
    """Fractures and head injuries as events; a fracture of the past is none."""
    for statement in events(record, INJURIES, since, on):
        condition = statement.condition
        if condition is not None and _HISTORY not in condition.concepts:
            yield _as_event(statement)


def _as_event(statement: Statement) -> Statement:
    visit = visit_of(statement.condition) if statement.condition else "active"
    if visit != "active" and statement.weight is not Weight.SEEN:
        return statement.but(Weight.SEEN, _VISITS[visit])
    return statement


def least_and_most(falls: Iterable[Statement]) -> tuple[int, int]:
    """How many different days on which somebody fell these tell of, at least and at most.

    Dates that are the same, to the day or not, are one fall: a chart repeats itself.
    """
    falls = [f for f in falls if f.weight is not Weight.SEEN]
    certain = [f.when for f in falls if f.weight is Weight.COUNTS and f.when is not None]
    least, reached = 0, date.min
    for when in sorted(certain, key=lambda w: (w.last, w.first)):
        if not least or when.first > reached:
            least, reached = least + 1, when.last
    return least, len({f.when for f in falls})


def may_be_same_day(one: When | None, other: When | None) -> bool | None:
    """Whether two dates are the same day; None where they may be."""
    if one is None or other is None:
        return None
    if one.last < other.first or other.last < one.first:
        return False
    return True if one == other and one.first == one.last else None


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """An answer to how often somebody fell in the past year; `count` None where it is not used.

    `count` is the least number of falls that it tells of, `most` the greatest.
    """

    statement: Statement
    count: int | None
    most: int = 0


def answers(record: PatientRecord, needed: float, since: date, on: date) -> list[Answer]:
    """All answers; only the latest that can be read has a count. `needed` falls are enough.

    One that cannot be read and is not older than that is unclear.
    """
    told = [_told(o, needed, since, on) for o in measurements.measured(record, QUESTION)]
    readable = [a for a in told if a.count is not None]
    if not readable:
        return told
    latest = max(readable, key=lambda a: (_last(a, on), a.count or 0, a.statement.ref))
    return [a if a is latest else _beside(a, latest, on) for a in told]


def _beside(answer: Answer, latest: Answer, on: date) -> Answer:
    statement = answer.statement
    if statement.weight is Weight.SEEN or (
        statement.weight is Weight.UNCLEAR and _last(answer, on) > _last(latest, on)
    ):
        return answer
    return Answer(statement.but(Weight.SEEN, "a later answer counts"), None)


def _last(answer: Answer, on: date) -> date:
    return answer.statement.when.last if answer.statement.when else on


def _told(observation: Observation, needed: float, since: date, on: date) -> Answer:
    weight, note = measurements.weigh(observation, on)
    if weight is Weight.COUNTS:
        weight, note = recent(observation.when, since, on)
    count = falls_answered(observation, needed)
    if weight is Weight.COUNTS and count is None:
        # Asked and left open is no "no": the specification says "else unknown" (2.4).
        is_open = not observation.has_value
        weight, note = Weight.UNCLEAR, "without an answer" if is_open else "answer not understood"
    statement = Statement(observation.ref, observation.concepts, observation.when, weight, note)
    if count is None or weight is not Weight.COUNTS:
        return Answer(statement, None)
    return Answer(statement, *count)


def falls_answered(observation: Observation, needed: float) -> tuple[int, int] | None:
    """The least and the greatest number of falls that an answer tells of; no is none.

    Yes is one fall (section 7), and so is every "at least": however many more there were is not
    said. None for what is no count: a fraction, a negative number, a foreign unit, or an upper
    bound that leaves open whether there were as many as are `needed`.
    """
    if observation.boolean is not None:
        return int(observation.boolean), int(observation.boolean)
    quantity = observation.quantity
    if quantity is None or bare_unit(quantity.unit) not in _UNITS:
        return None
    if quantity.value < 0 or not float(quantity.value).is_integer():
        return None
    number = int(quantity.value)
    match quantity.comparator:
        case "":
            return number, number
        case ">=" | ">":
            least = number + (quantity.comparator == ">")
            return (least, least) if least else None
        case "<=" | "<":
            most = number - (quantity.comparator == "<")
            return (0, most) if 0 <= most < needed else None
    return None
