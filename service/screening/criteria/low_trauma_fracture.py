"""MSO-06: a fracture after little force.

A newcomer would get four things wrong. A site code does not say how much force: a high-energy
mechanism in the same encounter takes it out, and where none is recorded the alert says so. The
seventh character of ICD-10-CM tells a follow-up visit (D to R, the same fracture) and a late effect
(S) from the fracture. Site codes count from age 40, osteoporotic-fracture codes at any adult age.
And a fracture through a metastasis is not a fragility fracture. Source: specification 2.3, 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import age_on
from service.screening.diagnoses import coded, evidence_of, weigh
from service.screening.injuries import visit_of
from service.screening.record import Condition, PatientRecord
from service.screening.value_sets import ICD10CM, DataRequirement

OSTEOPOROTIC = "osteoporotic-fracture"
SITES = {
    "fragility-fracture-hip": "hip fracture",
    "fragility-fracture-vertebra": "vertebral fracture",
    "fragility-fracture-wrist": "wrist fracture",
    "fragility-fracture-humerus": "upper arm fracture",
    "fragility-fracture-pelvis": "pelvic fracture",
    "fragility-fracture-other": "pathological fracture",
}
_ADULT = 18
_MAY_BE_NEOPLASTIC = ("M484", "M485", "M844")


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Osteoporotic fractures of adult life, and site codes from the age of the protocol on."""
    for condition in coded(record, OSTEOPOROTIC):
        weight, note = weigh(condition, on)
        if weight is Weight.COUNTS and _was_a_child(record, condition):
            weight, note = Weight.SEEN, "before adult life"
        yield evidence_of(condition, "osteoporotic fracture", weight, note)
    for concept, what in SITES.items():
        yield from _at_site(record, concept, what, parameters, on)


def _was_a_child(record: PatientRecord, condition: Condition) -> bool:
    return (
        record.birth is not None
        and condition.happened is not None
        and age_on(record.birth.first, condition.happened.last) < _ADULT
    )


def _at_site(
    record: PatientRecord, concept: str, what: str, parameters: Parameters, on: date
) -> Iterator[Evidence]:
    """Every fracture of one site once: a follow-up, or a later code within the span, is the same.

    What held for the fracture (too young, great force) holds for its later codes too.
    """
    same = timedelta(days=parameters["same_fracture_days"])
    last: tuple[date, Weight] | None = None
    conditions = [c for c in coded(record, concept) if "never-fragility-site" not in c.concepts]
    for condition in sorted(conditions, key=_order):
        weight, note = _weigh(record, condition, parameters, on)
        day = condition.happened.last if condition.happened else None
        visit = visit_of(condition)
        if day is not None and visit != "late effect" and weigh(condition, on)[0] is Weight.COUNTS:
            if last is not None and (visit == "follow-up" or day - last[0] <= same):
                weight = Weight.UNCLEAR if last[1] is Weight.UNCLEAR else Weight.SEEN
                note = "the same fracture"
            else:
                last = day, weight
        yield evidence_of(condition, what, weight, note)


def _order(condition: Condition) -> tuple[bool, date, str, str]:
    day = condition.happened.last if condition.happened else date.max
    return (condition.happened is None, day, visit_of(condition), str(condition.ref))


def _weigh(
    record: PatientRecord, condition: Condition, parameters: Parameters, on: date
) -> tuple[Weight, str]:
    weight, note = weigh(condition, on)
    if weight is not Weight.COUNTS:
        return weight, note
    mechanisms = _mechanisms(record, condition, on)
    if Weight.COUNTS in mechanisms:
        return Weight.SEEN, "high-energy mechanism: for review"
    if Weight.UNCLEAR in mechanisms:
        return Weight.UNCLEAR, "high-energy mechanism whose status is not understood"
    if _is_through_a_metastasis(record, condition, on):
        return Weight.SEEN, "metastasis of bone on file: not a fragility fracture"
    if visit_of(condition) == "late effect":
        return Weight.UNCLEAR, "late effect of a fracture of unknown date"
    return _by_age(record, condition, parameters, on)


def _by_age(
    record: PatientRecord, condition: Condition, parameters: Parameters, on: date
) -> tuple[Weight, str]:
    least = parameters["age_at_least"]
    if record.birth is None:
        return Weight.UNCLEAR, "birth date not known"
    when = condition.happened
    if when is None:
        is_young = age_on(record.birth.first, on) < least
        return (Weight.SEEN, f"before age {least:.0f}") if is_young else (Weight.UNCLEAR, "no date")
    if age_on(record.birth.last, when.first) >= least:
        return Weight.COUNTS, "no high-energy mechanism recorded"
    if age_on(record.birth.first, when.last) < least:
        return Weight.SEEN, f"before age {least:.0f}"
    return Weight.UNCLEAR, f"before or after age {least:.0f}"


def _mechanisms(record: PatientRecord, condition: Condition, on: date) -> set[Weight]:
    return {
        weigh(mechanism, on)[0]
        for mechanism in coded(record, "high-energy-mechanism")
        if _belong_together(condition, mechanism)
    }


def _belong_together(fracture: Condition, mechanism: Condition) -> bool:
    """The same encounter, or where one of them names none the same day."""
    if fracture.ref == mechanism.ref:
        return True
    if fracture.encounter and mechanism.encounter:
        return fracture.encounter == mechanism.encounter
    if fracture.happened is None or mechanism.happened is None:
        return False
    return fracture.happened.is_within(mechanism.happened.first, mechanism.happened.last) is not (
        False
    )


def _is_through_a_metastasis(record: PatientRecord, condition: Condition, on: date) -> bool:
    codes = [c.code for c in condition.codings if c.system == ICD10CM]
    return any(code.startswith(_MAY_BE_NEOPLASTIC) for code in codes) and any(
        weigh(other, on)[0] is Weight.COUNTS
        for other in coded(record, "bone-metastasis", "pathological-fracture-in-neoplasm")
    )


CRITERION = Criterion(
    id="low-trauma-fracture",
    role=Role.RISK_FACTOR,
    needs=(DataRequirement("Condition"),),
    find=find,
    looks_for=frozenset({OSTEOPOROTIC, *SITES}),
    parameters=frozenset({"age_at_least", "same_fracture_days", "urgent_months"}),
)
