"""MSO-13: the age line of the general guidelines, and known menopause.

Sex chooses the line and nothing else; for other and unknown the lower line stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.criterion import Criterion, Evidence, Grade, Parameters, Role, Weight
from service.screening.person import is_known_postmenopausal, youngest_age
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Age on the day of judgement; known menopause where age alone does not reach the line."""
    age = youngest_age(record, on)
    line = parameters["age_men" if record.sex == "male" else "age_women"]
    if age is None:
        yield Evidence(record.patient, "age not known: no birth date", None, Weight.UNCLEAR)
    elif age >= line:
        yield Evidence(record.patient, f"age {line:.0f} or over", None, Weight.COUNTS, Grade.MAJOR)
    elif age >= parameters["age_minor"]:
        yield Evidence(
            record.patient,
            f"age {parameters['age_minor']:.0f} to {line - 1:.0f}",
            None,
            Weight.COUNTS,
            Grade.MINOR,
        )
    if is_known_postmenopausal(record, on):
        yield Evidence(
            record.patient, "known to be postmenopausal", None, Weight.COUNTS, Grade.MINOR
        )


CRITERION = Criterion(
    id="age-baseline",
    role=Role.RISK_FACTOR,
    needs=(DataRequirement("Patient"), DataRequirement("Condition")),
    find=find,
    parameters=frozenset({"age_women", "age_men", "age_minor"}),
)
