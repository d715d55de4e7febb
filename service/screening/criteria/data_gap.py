"""GAP-02: nothing to judge by. A worklist entry, never an alert.

It holds when there is no usable record at all of EDSS or mobility, of BMI, of fractures and of
medicines, although all of these could be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.body import body_masses, weights
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.diagnoses import coded
from service.screening.edss import edss_at_least, edss_value
from service.screening.measurements import measured, weigh
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement

_MOBILITY = ("wheelchair-or-bed", "fall-from-wheelchair", "walking-aid", "poor-mobility")
_FRACTURES = ("fracture-any", "osteoporotic-fracture")
_WEIGHT = ("underweight",)  # Z68.1 is a BMI; a weight alone can be judged too (MSO-10).
_READ = frozenset({"Condition", "Observation", "MedicationRequest"})


def find(record: PatientRecord, _parameters: Parameters, on: date) -> Iterator[Evidence]:
    """One line when all four kinds are missing."""
    if record.unread & _READ or _knows_something(record, on):
        return
    statement = "no usable record of EDSS or mobility, of BMI, of fractures and of medicines"
    yield Evidence(record.patient, statement, None, Weight.COUNTS)


def _knows_something(record: PatientRecord, on: date) -> bool:
    return (
        record.has_medicines
        or any(_is_usable_edss(record, on))
        or any(c.is_believed for c in coded(record, *_MOBILITY, *_FRACTURES, *_WEIGHT))
        or any(not o.value_concepts.isdisjoint(_MOBILITY) for o in record.observations)
        or any(weigh(o, on)[0] is Weight.COUNTS for o in measured(record, *_MOBILITY))
        or any(not d.concepts.isdisjoint({"wheelchair-device"}) for d in record.devices)
        or bool(body_masses(record, on, date.min) or weights(record, on))
    )


def _is_usable_edss(record: PatientRecord, on: date) -> Iterator[bool]:
    for observation in measured(record, "edss"):
        is_usable = edss_value(observation) is not None or edss_at_least(observation) is not None
        yield is_usable and weigh(observation, on)[0] is Weight.COUNTS


CRITERION = Criterion(
    id="data-gap",
    role=Role.COMPLETION,
    needs=(
        DataRequirement("Condition"),
        DataRequirement("Observation", ("edss", "bmi", "body-weight", "body-height", *_MOBILITY)),
        DataRequirement("MedicationRequest"),
    ),
    find=find,
)
