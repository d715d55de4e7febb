"""How an Observation weighs as evidence, the same for every criterion.

Only final, amended and corrected observations that are not dated in the future count; one without
a readable status or date is unclear; one with a dataAbsentReason holds nothing (specification 3.3).
Where it gives a value all the same, the record contradicts itself: the value never counts, and as
nobody can say which half is wrong, it is unclear rather than absent. What was done was done: a scan
that was measured stays a scan (`weigh_event`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from service.screening.criterion import Weight
from service.screening.diagnoses import is_future
from service.screening.record import Observation, PatientRecord

CONTRADICTED = "a value, and a reason why there is none"


def measured(record: PatientRecord, *concepts: str) -> Sequence[Observation]:
    """The observations with a code in one of these value sets."""
    return record.lookup.observations(record, concepts)


def answer(observation: Observation) -> tuple[Weight, str]:
    """A finding code as the question: no value or true says yes, false says no."""
    if not observation.has_value or observation.boolean is True:
        return Weight.COUNTS, ""
    if observation.boolean is False:
        return Weight.SEEN, "answered no"
    return Weight.UNCLEAR, "answer not understood"


def weigh(observation: Observation, on: date) -> tuple[Weight, str]:
    """The weight of an observation by status and date, before its value is looked at."""
    if observation.is_absent and observation.has_value:
        weight, note = weigh_event(observation, on)
        return (weight, note) if weight is not Weight.COUNTS else (Weight.UNCLEAR, CONTRADICTED)
    return weigh_event(observation, on)


def weigh_event(observation: Observation, on: date) -> tuple[Weight, str]:
    """The same for that it was measured at all, whether or not its value may be used."""
    if observation.status == "withdrawn":
        return Weight.SEEN, "entered in error"
    if observation.status == "not-final":
        return Weight.SEEN, "not final"
    if observation.is_absent and not observation.has_value:
        return Weight.SEEN, "without a value"
    if is_future(observation.when, on):
        return Weight.SEEN, "dated in the future"
    if observation.status == "unclear":
        return Weight.UNCLEAR, "status not understood"
    if observation.when is None:
        return Weight.UNCLEAR, "no date"
    return Weight.COUNTS, ""
