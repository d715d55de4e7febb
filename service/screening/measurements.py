"""How an Observation weighs as evidence, the same for every criterion.

Only final, amended and corrected observations that are not dated in the future count; one without
a readable status or date is unclear; one with a dataAbsentReason holds nothing (specification 3.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.criterion import Weight
from service.screening.diagnoses import is_future
from service.screening.record import Observation, PatientRecord


def measured(record: PatientRecord, *concepts: str) -> Iterator[Observation]:
    """The observations with a code in one of these value sets."""
    for observation in record.observations:
        if not observation.concepts.isdisjoint(concepts):
            yield observation


def answer(observation: Observation) -> tuple[Weight, str]:
    """A finding code as the question: no value or true says yes, false says no."""
    if not observation.has_value or observation.boolean is True:
        return Weight.COUNTS, ""
    if observation.boolean is False:
        return Weight.SEEN, "answered no"
    return Weight.UNCLEAR, "answer not understood"


def weigh(observation: Observation, on: date) -> tuple[Weight, str]:
    """The weight of an observation by status and date, before its value is looked at."""
    if observation.status == "withdrawn":
        return Weight.SEEN, "entered in error"
    if observation.status == "not-final":
        return Weight.SEEN, "not final"
    if observation.is_absent:
        return Weight.SEEN, "without a value"
    if is_future(observation.when, on):
        return Weight.SEEN, "dated in the future"
    if observation.status == "unclear":
        return Weight.UNCLEAR, "status not understood"
    if observation.when is None:
        return Weight.UNCLEAR, "no date"
    return Weight.COUNTS, ""
