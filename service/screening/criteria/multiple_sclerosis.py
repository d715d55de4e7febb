"""Who is "a person with MS" (specification 3.1 and section 7, "MS").

A newcomer would get three things wrong. `active` is not required: MS in remission is still MS. An
encounter diagnosis never confirms alone, whatever its verification status, because rule-out visits
are coded so. And a refuted diagnosis does more than not count: it takes an alert back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.diagnoses import coded, evidence_of, weigh
from service.screening.record import Condition, PatientRecord
from service.screening.value_sets import DataRequirement

MS = "multiple-sclerosis"
MS_ONLY_DRUG = "multiple-sclerosis-only-drug"


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Problems confirm alone; encounter diagnoses only when repeated."""
    visits: list[Condition] = []
    for condition in coded(record, MS):
        weight, note = weigh(condition, on)
        if weight is Weight.COUNTS and condition.clinical == "unclear":
            weight, note = Weight.UNCLEAR, "clinical status not understood"
        if weight is Weight.COUNTS and condition.clinical == "resolved":
            weight, note = Weight.SEEN, "resolved: for review"
        if weight is Weight.COUNTS and condition.is_encounter_diagnosis:
            visits.append(condition)
        else:
            yield evidence_of(condition, "multiple sclerosis", weight, note)
    confirmed = _is_repeated(visits, record, parameters, on)
    for condition in visits:
        weight = Weight.COUNTS if confirmed else Weight.SEEN
        note = "repeated encounter diagnosis" if confirmed else "encounter diagnosis: possible MS"
        yield evidence_of(condition, "multiple sclerosis", weight, note)


def _is_repeated(
    visits: list[Condition], record: PatientRecord, parameters: Parameters, on: date
) -> bool:
    days = sorted({v.happened.last for v in visits if v.happened is not None})
    if len(days) >= parameters["encounter_diagnoses_needed"]:
        return True
    if len(days) < parameters["encounter_diagnoses_needed_with_drug"]:
        return False
    apart = days[-1] - days[0] >= timedelta(days=parameters["days_apart_with_drug"])
    return apart and any(
        MS_ONLY_DRUG in m.concepts
        and m.counts is True
        and not (m.renewed is not None and m.renewed.first > on)
        for m in record.medicines
    )


def was_refuted(record: PatientRecord) -> bool:
    """Whether an MS diagnosis was refuted or entered in error."""
    return any(c.verification in ("refuted", "entered-in-error") for c in coded(record, MS))


CRITERION = Criterion(
    id="multiple-sclerosis",
    role=Role.COHORT,
    needs=(DataRequirement("Condition"), DataRequirement("MedicationRequest")),
    find=find,
    parameters=frozenset(
        {
            "encounter_diagnoses_needed",
            "encounter_diagnoses_needed_with_drug",
            "days_apart_with_drug",
        }
    ),
)
