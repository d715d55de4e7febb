"""MSO-07: falls.

A newcomer would get four things wrong. Z91.81 also means "at risk for falling": it never counts,
also not beside one dated fall. The question "falls in the past year" counts as one fall where it is
answered yes, although that may be a fall which is on file already (section 7). A fall from a
wheelchair is a fall, and meets MSO-04 besides. And falls from a height, in traffic and by assault
are accidents of great force: they are no falls here, as they are none for MSO-06.

A fall with an injury is one with a fracture or a head injury of the same day: what else is a fall
with injury is a question for the clinical lead (section 6). Source: specification 2.4, 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.falls import (
    EVENTS,
    QUESTION,
    Answer,
    answers,
    fall_events,
    injuries,
    least_and_most,
    may_be_same_day,
)
from service.screening.record import PatientRecord
from service.screening.stated import Statement, tendencies
from service.screening.value_sets import DataRequirement

REPEATED = "repeated-falls"
HISTORY = "history-of-falling"


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Repeated falls as such, enough falls, a fall with an injury; and what does not count."""
    since = add_months(on, -parameters["window_months"])
    for statement in tendencies(record, frozenset({REPEATED}), since, on):
        yield statement.evidence("repeated falls")
    for statement in tendencies(record, frozenset({HISTORY}), since, on):
        said = statement.but(Weight.SEEN, "or at risk of falling: never counts")
        yield said.evidence("history of falling")
    falls = list(fall_events(record, since, on))
    yield from _answered_and_counted(record, falls, parameters, since, on)
    if falls:
        yield from _with_an_injury(falls, list(injuries(record, since, on)))


def _answered_and_counted(
    record: PatientRecord, falls: list[Statement], parameters: Parameters, since: date, on: date
) -> Iterator[Evidence]:
    """The answer to the question where it is enough alone, and all falls, the answered one too."""
    needed = parameters["falls_at_least"]
    more = maybe = 0
    for answer in answers(record, needed, since, on):
        what = _asked(answer)
        if answer.count is None or answer.count >= needed:
            yield answer.statement.evidence(what)
        elif answer.most == 0:
            yield answer.statement.but(Weight.SEEN, "").evidence(what)
        elif answer.count == 0:
            maybe = answer.most - 1
            falls = [*falls, answer.statement.but(Weight.UNCLEAR, f"at most {answer.most}")]
        else:
            more = answer.count - 1
            falls = [*falls, answer.statement]
    least, most = least_and_most(falls)
    least, most = least + more, most + more + maybe
    for fall in falls:
        yield _weighed(fall, least, most, needed).evidence(_named(fall))


def _asked(answer: Answer) -> str:
    what = "falls in the past year"
    return what if answer.count is None else f"{what}: {answer.count}"


def _weighed(fall: Statement, least: int, most: int, needed: float) -> Statement:
    if fall.weight is Weight.SEEN or least >= needed:
        return fall
    if most >= needed:
        return fall.but(Weight.UNCLEAR, fall.note or "may be the same as another")
    return fall.but(Weight.SEEN, ", ".join(filter(None, (fall.note, "too few to count"))))


def _named(fall: Statement) -> str:
    if "fall-from-wheelchair" in fall.concepts:
        return "fall from a wheelchair"
    return "fall" if "fall" in fall.concepts else "a fall in the year before, by questionnaire"


def _with_an_injury(falls: list[Statement], hurts: list[Statement]) -> Iterator[Evidence]:
    """Each injury once, beside the fall of the same day that is the most certain."""
    for injury in hurts:
        together = [w for fall in falls if (w := _together(fall, injury)) is not None]
        if together:
            weight = Weight.COUNTS if Weight.COUNTS in together else Weight.UNCLEAR
            note = "" if weight is Weight.COUNTS else "a fall may have been the same day"
            what = "fracture" if "fracture-any" in injury.concepts else "head injury"
            yield injury.but(weight, note).evidence(f"{what} on the day of a fall")


def _together(fall: Statement, injury: Statement) -> Weight | None:
    """How sure it is that a fall caused an injury; None where it did not."""
    if Weight.SEEN in (fall.weight, injury.weight):
        return None
    is_same_day = may_be_same_day(fall.when, injury.when)
    if is_same_day is False:
        return None
    is_certain = is_same_day and fall.weight is injury.weight is Weight.COUNTS
    return Weight.COUNTS if is_certain else Weight.UNCLEAR


CRITERION = Criterion(
    id="falls",
    role=Role.RISK_FACTOR,
    needs=(
        DataRequirement("Condition"),
        DataRequirement("Observation", (*sorted(EVENTS), QUESTION, REPEATED, HISTORY)),
    ),
    find=find,
    looks_for=EVENTS | {QUESTION, REPEATED, HISTORY},
    parameters=frozenset({"window_months", "falls_at_least"}),
)
