"""MSO-04: life in a wheelchair, a chair or a bed.

A condition that the chart calls resolved, inactive or in remission does not count any more. A fall
from a wheelchair tells of a wheelchair too (W05.0, SNOMED CT 17886000; section 7), and being an
event it counts whatever the clinical status of its record.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening import diagnoses, measurements
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.record import Condition, Observation, PatientRecord
from service.screening.value_sets import DataRequirement

STATE = "wheelchair-or-bed"
EVENT = "fall-from-wheelchair"
DEVICE = "wheelchair-device"
_STATED = "uses a wheelchair, or is confined to chair or bed"
_FELL = "fall from a wheelchair"
_OVER = frozenset({"resolved", "inactive", "remission"})


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Conditions, observations and devices, active or of the last months."""
    since = add_months(on, -parameters["window_months"])
    for condition in diagnoses.coded(record, STATE, EVENT):
        yield _of_condition(condition, since, on)
    for observation in record.observations:
        evidence = _of_observation(observation, since, on)
        if evidence is not None:
            yield evidence
    for device in record.devices:
        if DEVICE in device.concepts:
            weight = Weight.COUNTS if device.is_active else Weight.SEEN
            note = "wheelchair in use" if device.is_active else "wheelchair, no longer in use"
            yield Evidence(device.ref, note, device.when.last if device.when else None, weight)


def _of_condition(condition: Condition, since: date, on: date) -> Evidence:
    weight, note = diagnoses.weigh(condition, on)
    is_event = STATE not in condition.concepts
    if weight is Weight.COUNTS and not is_event and condition.clinical in _OVER:
        weight, note = Weight.SEEN, condition.clinical
    if weight is Weight.COUNTS and is_event:
        weight, note = diagnoses.recent(condition.happened, since, on)
    elif weight is Weight.COUNTS and condition.clinical != "active":
        weight, note = diagnoses.recent(condition.recorded or condition.onset, since, on)
    return diagnoses.evidence_of(condition, _FELL if is_event else _STATED, weight, note)


def _of_observation(observation: Observation, since: date, on: date) -> Evidence | None:
    answered = observation.value_concepts & {STATE, EVENT}
    asked = observation.concepts & {STATE, EVENT}
    if not answered and not asked:
        return None
    weight, note = measurements.weigh(observation, on)
    if weight is Weight.COUNTS and not answered:
        weight, note = measurements.answer(observation)
    if weight is Weight.COUNTS:
        weight, note = diagnoses.recent(observation.when, since, on)
    what = _STATED if STATE in answered | asked else _FELL
    statement = f"{what}, {diagnoses.words(observation.when)}" + (f" ({note})" if note else "")
    day = observation.when.last if observation.when else None
    return Evidence(observation.ref, statement, day, weight)


CRITERION = Criterion(
    id="wheelchair-chair-or-bed",
    role=Role.RISK_FACTOR,
    needs=(
        DataRequirement("Condition"),
        DataRequirement("Observation", (STATE, EVENT)),
        DataRequirement("DeviceUseStatement"),
        DataRequirement("Device"),
    ),
    find=find,
    looks_for=frozenset({STATE, EVENT, DEVICE}),
    parameters=frozenset({"window_months"}),
)
