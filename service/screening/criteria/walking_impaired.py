"""MSO-05: a walking aid, or a poor gait.

Z99.89 (dependence on a device that is not named) is as often a device to breathe with: it is shown
and does not count. Devices are not asked: no sourced code says that a Device is a walking aid.
Source: specification 3.3, and the notes of codes.csv.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.record import PatientRecord
from service.screening.stated import states
from service.screening.value_sets import DataRequirement

AID = "walking-aid"
GAIT = "poor-mobility"
UNNAMED = "enabling-device"
_WORDS = {AID: "walks with an aid", GAIT: "poor gait or mobility"}


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """States that were written down in the window, and the device without a name."""
    since = add_months(on, -parameters["window_months"])
    for state in states(record, frozenset(_WORDS), since, on):
        yield state.evidence(_WORDS[min(state.concepts, key=list(_WORDS).index)])
    for state in states(record, frozenset({UNNAMED}), since, on):
        said = state.but(Weight.SEEN, "too unspecific to count")
        yield said.evidence("depends on a device that is not named")


CRITERION = Criterion(
    id="walking-impaired",
    role=Role.RISK_FACTOR,
    needs=(DataRequirement("Condition"), DataRequirement("Observation", (AID, GAIT))),
    find=find,
    looks_for=frozenset({*_WORDS, UNNAMED}),
    parameters=frozenset({"window_months"}),
)
