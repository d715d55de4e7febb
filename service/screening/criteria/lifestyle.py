"""MSO-14: smoking, alcohol, a parent's hip fracture: one MINOR at most, whatever holds of them.

A newcomer would get four things wrong. The latest answer about smoking stands, and "unknown if ever
smoked" is no answer. A number of drinks says nothing without a unit: drinks a day and units a week
are other things, and drinks on a drinking day leave open how many days those are. Only parents by
birth count, and a relationship that is not coded may be anybody's. And an EHR that shows no family
history leaves only that part unknown: who smokes is met all the same. Source: specification 2.10,
3.3. Nicotine dependence as a diagnosis is not asked for by the specification.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

from service.screening import diagnoses, measurements
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.record import FamilyMember, Observation, PatientRecord, Quantity
from service.screening.value_sets import DataRequirement

PARENTAL = "parental-hip-fracture"
HIP = "fragility-fracture-hip"
_ANSWERS = ("smoking-status", "alcohol-intake", "alcohol-per-drinking-day")
_Answer = tuple[bool | None, str]
# UCUM lets people write what they count in braces: "{drinks}/d", "{units}/wk", or only "/d".
_INTAKE = re.compile(r"(?:\{(?:standard )?(drink|unit)s?\})?/(d|day|wk|week)", re.IGNORECASE)
_DAYS_A_WEEK = 7


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """The latest answers about smoking and alcohol, and the family."""
    since = add_months(on, -parameters["window_months"])
    yield from _latest(record, "smoking-status", _smokes, since, on)

    def drinks_much(observation: Observation) -> _Answer:
        return _drinks_much(observation, record.sex == "male", parameters)

    yield from _latest(record, "alcohol-intake", drinks_much, since, on)
    yield from _latest(record, "alcohol-per-drinking-day", drinks_much, since, on)
    yield from _told_in_one_code(record, on)
    for member in record.family:
        if not member.concepts.isdisjoint({HIP, PARENTAL}):
            yield _of_relative(member)


def _latest(
    record: PatientRecord,
    concept: str,
    judge: Callable[[Observation], _Answer],
    since: date,
    on: date,
) -> Iterator[Evidence]:
    """The latest that can be judged stands; what is newer and cannot be is unclear."""
    readable: list[tuple[date, bool, Evidence]] = []
    unreadable: list[Evidence] = []
    observations = measurements.measured(record, concept)
    if not observations:
        return
    for observation in observations:
        weight, note = measurements.weigh(observation, on)
        if weight is Weight.COUNTS:
            weight, note = diagnoses.recent(observation.when, since, on)
        answer, what = judge(observation)
        statement = f"{what}, {diagnoses.words(observation.when)}" + (f" ({note})" if note else "")
        day = observation.when.last if observation.when else None
        if weight is Weight.COUNTS and answer is not None and day is not None:
            weight = Weight.COUNTS if answer else Weight.SEEN
            readable.append((day, answer, Evidence(observation.ref, statement, day, weight)))
        elif weight is Weight.SEEN:
            yield Evidence(observation.ref, statement, day, weight)
        else:
            unreadable.append(Evidence(observation.ref, statement, day, Weight.UNCLEAR))
    # Where one day holds both answers, the one that counts stands.
    readable.sort(key=lambda r: (r[0], r[1], r[2].source))
    if readable:
        yield readable[-1][2]
    for evidence in unreadable:
        is_older = bool(readable) and evidence.date is not None and evidence.date < readable[-1][0]
        weight = Weight.SEEN if is_older else Weight.UNCLEAR
        yield Evidence(evidence.source, evidence.statement, evidence.date, weight)


def _smokes(observation: Observation) -> _Answer:
    answers = observation.value_concepts & {"smoker", "not-smoker", "smoking-not-known"}
    if answers == {"smoker"}:
        return True, "smokes"
    if answers == {"not-smoker"}:
        return False, "does not smoke"
    if answers == {"smoking-not-known"}:
        return None, "not known whether ever smoked"
    return None, "smoking status not understood"


def _drinks_much(observation: Observation, is_male: bool, parameters: Parameters) -> _Answer:
    """Against drinks a day, or where units are counted against the units a week of the sex."""
    quantity = observation.quantity
    found = _INTAKE.fullmatch(quantity.unit.strip()) if quantity and quantity.unit else None
    if quantity is None or found is None or quantity.value < 0:
        return None, "alcohol, value or unit not understood"
    what = f"alcohol {quantity.comparator}{quantity.value:g} {quantity.unit}"
    per_week = found[2].lower() in ("wk", "week")
    if (found[1] or "drink").lower() == "unit":
        limit = parameters["units_per_week_above_men" if is_male else "units_per_week_above_women"]
        limit = limit if per_week else limit / _DAYS_A_WEEK
    else:
        limit = parameters["drinks_per_day_above"] * (_DAYS_A_WEEK if per_week else 1)
    answer = _is_above(quantity, limit)
    if answer and "alcohol-per-drinking-day" in observation.concepts:
        return None, f"{what} on a drinking day: how many days is not said"
    return answer, what


def _is_above(quantity: Quantity, limit: float) -> bool | None:
    """Whether a value lies above a limit; None where its comparator leaves that open."""
    if quantity.comparator in ("<", "<="):
        return False if quantity.value <= limit else None
    if quantity.comparator == ">":
        return True if quantity.value >= limit else None
    if quantity.comparator == ">=":
        return True if quantity.value > limit else None
    return quantity.value > limit if not quantity.comparator else None


def _told_in_one_code(record: PatientRecord, on: date) -> Iterator[Evidence]:
    """Hip fracture of a parent as a finding about the patient; it stays true."""
    if PARENTAL not in record.concepts:
        return
    what = "hip fracture of a parent"
    for condition in diagnoses.coded(record, PARENTAL):
        weight, note = diagnoses.weigh(condition, on)
        yield diagnoses.evidence_of(condition, what, weight, note)
    for observation in record.observations:
        is_answer = PARENTAL in observation.value_concepts
        if is_answer or PARENTAL in observation.concepts:
            weight, note = measurements.weigh(observation, on)
            if weight is Weight.COUNTS and not is_answer:
                weight, note = measurements.answer(observation)
            day = observation.when.last if observation.when else None
            statement = what + (f" ({note})" if note else "")
            yield Evidence(observation.ref, statement, day, weight)


def _of_relative(member: FamilyMember) -> Evidence:
    what = "hip fracture of a relative"
    if member.status == "withdrawn":
        return Evidence(member.ref, f"{what} (entered in error)", None, Weight.SEEN)
    # The codes of PARENTAL say themselves whose fracture it is.
    is_parent = "natural-parent" in member.relationship or PARENTAL in member.concepts
    if not is_parent and member.is_relation_clear:
        return Evidence(member.ref, f"{what} (not a parent by birth)", None, Weight.SEEN)
    if not is_parent:
        return Evidence(member.ref, f"{what} (which one is not known)", None, Weight.UNCLEAR)
    what = "hip fracture of a parent"
    if member.status == "usable":
        return Evidence(member.ref, what, None, Weight.COUNTS)
    note = "status not understood" if member.status == "unclear" else "health said to be unknown"
    return Evidence(member.ref, f"{what} ({note})", None, Weight.UNCLEAR)


CRITERION = Criterion(
    id="lifestyle",
    role=Role.RISK_FACTOR,
    needs=(
        DataRequirement("Observation", (*_ANSWERS, PARENTAL)),
        DataRequirement("Condition"),
        DataRequirement("FamilyMemberHistory"),
    ),
    find=find,
    looks_for=frozenset({*_ANSWERS, PARENTAL, HIP}),
    parameters=frozenset(
        {
            "window_months",
            "drinks_per_day_above",
            "units_per_week_above_women",
            "units_per_week_above_men",
        }
    ),
)
