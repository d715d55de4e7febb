"""MSO-16: another disease that causes osteoporosis.

A newcomer would get four things wrong. Type 2 diabetes is not among them. Remission ends a disease
that can be over (an overactive thyroid), not one that is for life (Crohn's disease); where nothing
says whether such a disease is still active, only a recent record of it counts. Bariatric surgery is
an event: whatever the clinical status of its record, it has happened. And Cushing's syndrome from a
medicine is the same exposure as the medicine itself (MSO-08, MSO-09), so it does not count again.

Myeloma counts and is for review: the bones may already be in other hands. Source: specification
3.3, 3.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from service.screening import diagnoses
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.record import Condition, PatientRecord
from service.screening.value_sets import DataRequirement

SURGERY = "bariatric-surgery"
LOOK_ALIKE = "not-secondary-cause"


@dataclass(frozen=True, slots=True)
class Cause:
    """The words for one cause, and whether it stays for life."""

    words: str
    is_for_life: bool


# The first set that holds a condition names it: that of malabsorption also holds coeliac disease.
CAUSES = {
    "rheumatoid-arthritis": Cause("rheumatoid arthritis", True),
    "type-1-diabetes": Cause("type 1 diabetes", True),
    "hyperthyroidism": Cause("overactive thyroid", False),
    "hyperparathyroidism": Cause("overactive parathyroid", False),
    "cushing-syndrome": Cause("Cushing's syndrome", False),
    "coeliac-disease": Cause("coeliac disease", True),
    "inflammatory-bowel-disease": Cause("inflammatory bowel disease", True),
    "intestinal-malabsorption": Cause("intestinal malabsorption", False),
    "end-stage-renal-disease": Cause("end-stage renal disease", True),
    "chronic-liver-disease": Cause("chronic liver disease", True),
    "multiple-myeloma": Cause("multiple myeloma, for review", True),
    "osteogenesis-imperfecta": Cause("osteogenesis imperfecta", True),
    SURGERY: Cause("bariatric surgery", True),
}
_CONCEPTS = frozenset(CAUSES)
_OVER = frozenset({"resolved", "inactive"})


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Each believed and active cause, and bariatric surgery as a procedure."""
    since = add_months(on, -parameters["unstated_months"])
    for condition in record.conditions:
        if not condition.concepts.isdisjoint(_CONCEPTS):
            name = next(name for name in CAUSES if name in condition.concepts)
            weight, note = _weigh(condition, name, since, on)
            yield diagnoses.evidence_of(condition, CAUSES[name].words, weight, note)
    yield from _operated(record, on)


def _weigh(condition: Condition, name: str, since: date, on: date) -> tuple[Weight, str]:
    weight, note = diagnoses.weigh(condition, on)
    if weight is Weight.COUNTS and LOOK_ALIKE in condition.concepts:
        return Weight.SEEN, "this form does not count"
    if weight is not Weight.COUNTS or name == SURGERY:
        return weight, note
    if condition.clinical == "unclear":
        return Weight.UNCLEAR, "clinical status not understood"
    is_for_life = CAUSES[name].is_for_life
    if condition.clinical in _OVER or (condition.clinical == "remission" and not is_for_life):
        return Weight.SEEN, condition.clinical
    if condition.clinical == "unstated" and not is_for_life:
        return diagnoses.recent(condition.recorded or condition.onset, since, on)
    return Weight.COUNTS, ""


def _operated(record: PatientRecord, on: date) -> Iterator[Evidence]:
    for procedure in record.procedures:
        if SURGERY not in procedure.concepts or procedure.status in ("not-done", "withdrawn"):
            continue
        weight, note = Weight.COUNTS, ""
        if diagnoses.is_future(procedure.when, on):
            weight, note = Weight.SEEN, " (dated in the future)"
        elif procedure.status == "unclear":
            weight, note = Weight.UNCLEAR, " (status not understood)"
        elif procedure.status == "other":
            weight, note = Weight.SEEN, " (not completed)"
        statement = f"{CAUSES[SURGERY].words}, {diagnoses.words(procedure.when)}{note}"
        day = procedure.when.last if procedure.when else None
        yield Evidence(procedure.ref, statement, day, weight)


CRITERION = Criterion(
    id="secondary-cause",
    role=Role.RISK_FACTOR,
    needs=(DataRequirement("Condition"), DataRequirement("Procedure")),
    find=find,
    looks_for=_CONCEPTS,
    parameters=frozenset({"unstated_months"}),
)
