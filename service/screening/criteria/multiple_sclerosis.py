"""Who is "a person with MS" (specification 3.1 and section 7, "MS").

A newcomer would get four things wrong. `active` is not required: MS in remission is still MS. An
encounter diagnosis never confirms alone, whatever its verification status, because rule-out visits
are coded so. Visits differ by the day they were recorded: their onset is the same every time. And a
refuted diagnosis does more than not count: it takes an alert back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.diagnoses import coded, evidence_of, is_future, weigh
from service.screening.record import Condition, MedicationUse, PatientRecord
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
    if not visits:
        return
    weight, note = _weigh_visits(visits, record, parameters, on)
    for condition in visits:
        yield evidence_of(condition, "multiple sclerosis", weight, note)


def _weigh_visits(
    visits: list[Condition], record: PatientRecord, parameters: Parameters, on: date
) -> tuple[Weight, str]:
    """What all encounter diagnoses together weigh."""
    whens = [v.recorded or v.onset for v in visits]
    days = sorted({when.last for when in whens if when is not None})
    if len(days) >= parameters["encounter_diagnoses_needed"]:
        return Weight.COUNTS, "repeated encounter diagnosis"
    with_drug = int(parameters["encounter_diagnoses_needed_with_drug"])
    apart = timedelta(days=parameters["days_apart_with_drug"])
    if len(days) >= with_drug and days[-1] - days[0] >= apart:
        if any(_is_ms_only(medicine, on) for medicine in record.medicines):
            return Weight.COUNTS, "repeated encounter diagnosis, and a medicine that only MS has"
        if "MedicationRequest" in record.unread:
            return Weight.UNCLEAR, "encounter diagnoses: medicines not readable here"
    return Weight.SEEN, "encounter diagnosis: possible MS"


def _is_ms_only(medicine: MedicationUse, on: date) -> bool:
    return (
        MS_ONLY_DRUG in medicine.concepts
        and medicine.counts is True
        and not is_future(medicine.renewed, on)
    )


def was_refuted(record: PatientRecord) -> bool:
    """Whether an MS diagnosis was refuted or entered in error."""
    return any(c.verification in ("refuted", "entered-in-error") for c in coded(record, MS))


CRITERION = Criterion(
    id="multiple-sclerosis",
    role=Role.COHORT,
    needs=(DataRequirement("Condition"),),
    helped_by=(DataRequirement("MedicationRequest"),),
    find=find,
    looks_for=frozenset({MS}),
    parameters=frozenset(
        {
            "encounter_diagnoses_needed",
            "encounter_diagnoses_needed_with_drug",
            "days_apart_with_drug",
        }
    ),
)
