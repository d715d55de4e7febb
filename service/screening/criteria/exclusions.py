"""Who is not screened although they have MS (specification 3.5 and section 7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening import diagnoses, measurements
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.medicine_use import last_days
from service.screening.osteoporosis import ONCOLOGY
from service.screening.person import oldest_age, youngest_age
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement

HOSPICE = "hospice-or-terminal-care"
PREGNANCY = "pregnancy"


def find_death(record: PatientRecord, _parameters: Parameters, _on: date) -> Iterator[Evidence]:
    """Deceased, whatever day: an old alert about somebody who died is closed."""
    if record.is_deceased:
        yield Evidence(record.patient, "deceased", None, Weight.COUNTS)


def find_inactive(record: PatientRecord, _parameters: Parameters, _on: date) -> Iterator[Evidence]:
    """A record that is switched off, or merged into another one."""
    if record.replaced_by is not None:
        yield Evidence(record.patient, "merged into another record", None, Weight.COUNTS)
    elif not record.is_active:
        yield Evidence(record.patient, "record is inactive", None, Weight.COUNTS)


def find_minor(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Under age for certain; unclear where the birth date is missing or not exact enough."""
    youngest, oldest = youngest_age(record, on), oldest_age(record, on)
    line = parameters["age_below"]
    if youngest is None or oldest is None:
        yield Evidence(record.patient, "age not known: no birth date", None, Weight.UNCLEAR)
    elif oldest < line:
        yield Evidence(record.patient, "under age", None, Weight.COUNTS)
    elif youngest < line:
        yield Evidence(record.patient, "birth date not exact enough", None, Weight.UNCLEAR)


def find_hospice(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Hospice or terminal care of the last months. Palliative care alone does not exclude."""
    since = add_months(on, -parameters["window_months"])
    what = "hospice or terminal care"
    for condition in diagnoses.coded(record, HOSPICE):
        weight, note = diagnoses.weigh(condition, on)
        if weight is Weight.COUNTS:
            weight, note = diagnoses.recent(condition.recorded or condition.onset, since, on)
        yield diagnoses.evidence_of(condition, what, weight, note)
    for procedure in record.procedures:
        if HOSPICE in procedure.concepts and procedure.status in ("completed", "other", "unclear"):
            weight, note = diagnoses.recent(procedure.when, since, on)
            if procedure.status == "unclear" and weight is Weight.COUNTS:
                weight = Weight.UNCLEAR
            day = procedure.when.last if procedure.when else None
            statement = f"{what}, {diagnoses.words(procedure.when)}"
            yield Evidence(procedure.ref, statement, day, weight)
    for observation in record.observations:
        if HOSPICE in observation.concepts | observation.value_concepts:
            weight, note = measurements.weigh(observation, on)
            if weight is Weight.COUNTS and HOSPICE not in observation.value_concepts:
                weight, note = measurements.answer(observation)
            if weight is Weight.COUNTS:
                weight, note = diagnoses.recent(observation.when, since, on)
            day = observation.when.last if observation.when else None
            yield Evidence(observation.ref, what + (f" ({note})" if note else ""), day, weight)


def find_pregnancy(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Active, or recorded in the last months: a DXA waits."""
    since = add_months(on, -parameters["window_months"])
    for condition in diagnoses.coded(record, PREGNANCY):
        weight, note = diagnoses.weigh(condition, on)
        if weight is Weight.COUNTS and condition.clinical != "active":
            weight, note = diagnoses.recent(condition.recorded or condition.onset, since, on)
        yield diagnoses.evidence_of(condition, "pregnancy", weight, note)
    for observation in measurements.measured(record, "pregnancy-status"):
        weight, note = measurements.weigh(observation, on)
        if weight is Weight.COUNTS and PREGNANCY not in observation.value_concepts:
            weight, note = Weight.SEEN, "not answered with pregnancy"
        if weight is Weight.COUNTS:
            weight, note = diagnoses.recent(observation.when, since, on)
        day = observation.when.last if observation.when else None
        yield Evidence(
            observation.ref, "pregnancy status" + (f" ({note})" if note else ""), day, weight
        )


def find_oncology_agent(
    record: PatientRecord, parameters: Parameters, on: date
) -> Iterator[Evidence]:
    """A bone agent at an oncology dose: nobody is alerted, the oncology team looks after bone."""
    since = add_months(on, -parameters["window_months"])
    for medicine in record.medicines:
        if ONCOLOGY not in medicine.concepts or medicine.counts is False:
            continue
        begun = medicine.start or medicine.renewed
        if begun is not None and begun.first > on:
            continue
        days = last_days(medicine, on)
        weight, _ = diagnoses.recent(days, since, on)
        if weight is Weight.COUNTS and medicine.counts is None:
            weight = Weight.UNCLEAR
        day = days.last if days else None
        yield Evidence(medicine.ref, "bone agent at oncology dose: for review", day, weight)


_PATIENT = (DataRequirement("Patient"),)
_MEDICINES = (
    DataRequirement("MedicationRequest"),
    DataRequirement("MedicationDispense"),
    DataRequirement("MedicationAdministration"),
    DataRequirement("MedicationStatement"),
)
_WINDOW = frozenset({"window_months"})

CRITERIA = (
    Criterion("deceased", Role.EXCLUSION, _PATIENT, find_death),
    Criterion("inactive-or-merged", Role.EXCLUSION, _PATIENT, find_inactive),
    Criterion("under-age", Role.EXCLUSION, _PATIENT, find_minor, frozenset({"age_below"})),
    Criterion(
        HOSPICE,
        Role.EXCLUSION,
        (
            DataRequirement("Condition"),
            DataRequirement("Procedure"),
            DataRequirement("Observation", (HOSPICE,)),
        ),
        find_hospice,
        _WINDOW,
        looks_for=frozenset({HOSPICE}),
    ),
    Criterion(
        PREGNANCY,
        Role.EXCLUSION,
        (DataRequirement("Condition"), DataRequirement("Observation", ("pregnancy-status",))),
        find_pregnancy,
        _WINDOW,
        looks_for=frozenset({PREGNANCY, "pregnancy-status"}),
    ),
    Criterion(
        ONCOLOGY,
        Role.EXCLUSION,
        _MEDICINES,
        find_oncology_agent,
        _WINDOW,
        looks_for=frozenset({ONCOLOGY}),
    ),
)
