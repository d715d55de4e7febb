"""MSO-11: 25-hydroxyvitamin D below 50 nmol/L (20 ng/mL).

The UCUM unit decides, never the LOINC code: without a unit 25 may be deficient or not. 1 ng/mL is
taken as 2.5 nmol/L, so that exactly 20 ng/mL and exactly 50 nmol/L are both *not* low (section 7).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening import diagnoses, measurements
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.record import Observation, PatientRecord
from service.screening.value_sets import DataRequirement

NMOL_PER_NG = 2.5
_TO_NMOL_PER_L = {
    "nmol/l": 1.0,
    "ng/ml": NMOL_PER_NG,
    "ug/l": NMOL_PER_NG,
    "µg/l": NMOL_PER_NG,  # MICRO SIGN, as typed by people rather than by UCUM.
    "μg/l": NMOL_PER_NG,  # GREEK SMALL LETTER MU, likewise.
}


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """The latest readable level of the window, and active diagnoses with no later normal level."""
    since = add_months(on, -parameters["window_months"])
    readable: list[tuple[date, bool, Observation]] = []
    unreadable: list[Observation] = []
    for observation in measurements.measured(record, "vitamin-d-25oh"):
        weight, _ = measurements.weigh(observation, on)
        if weight is Weight.SEEN:
            continue
        is_low = _is_low(observation, parameters["nmol_per_l_below"])
        if weight is Weight.UNCLEAR or is_low is None or observation.when is None:
            unreadable.append(observation)
        else:
            readable.append((observation.when.last, is_low, observation))
    readable.sort(key=lambda r: (r[0], r[2].ref))
    yield from _levels(readable, unreadable, since)
    normal_days = [day for day, is_low, _ in readable if not is_low]
    yield from _diagnosed(record, normal_days, since, on)


def _levels(
    readable: list[tuple[date, bool, Observation]], unreadable: list[Observation], since: date
) -> Iterator[Evidence]:
    latest = readable[-1] if readable else None
    if latest is not None:
        day, is_low, observation = latest
        in_window = day >= since
        words = "25-OH vitamin D " + ("low" if is_low else "not low") + f", {_words(observation)}"
        weight = Weight.COUNTS if is_low and in_window else Weight.SEEN
        yield Evidence(
            observation.ref, words + ("" if in_window else " (too long ago)"), day, weight
        )
    for observation in unreadable:
        when = observation.when
        newest = latest is None or when is None or when.last >= latest[0]
        relevant = newest and (when is None or when.last >= since)
        statement = "25-OH vitamin D, value or unit not understood"
        weight = Weight.UNCLEAR if relevant else Weight.SEEN
        yield Evidence(observation.ref, statement, when.last if when else None, weight)


def _words(observation: Observation) -> str:
    quantity = observation.quantity
    if quantity is None:  # pragma: no cover - only readable observations come here
        return ""
    value = f"{quantity.comparator}{quantity.value:g} {quantity.unit}"
    return f"{value}, {diagnoses.words(observation.when)}"


def _is_low(observation: Observation, below: float) -> bool | None:
    """Whether a level is low; None without a unit we know, or where a comparator leaves it open."""
    quantity = observation.quantity
    if quantity is None or quantity.unit is None:
        return None
    factor = _TO_NMOL_PER_L.get(quantity.unit.strip().lower())
    if factor is None or quantity.value < 0:
        return None
    level = quantity.value * factor
    if quantity.comparator == "<":
        return True if level <= below else None
    if quantity.comparator == "<=":
        return True if level < below else None
    if quantity.comparator in (">", ">="):
        return False if level >= below else None
    return level < below


def _diagnosed(
    record: PatientRecord, normal_days: list[date], since: date, on: date
) -> Iterator[Evidence]:
    """Active diagnoses; one that does not say whether it is active counts for the window."""
    for condition in diagnoses.coded(record, "vitamin-d-deficiency"):
        weight, note = diagnoses.weigh(condition, on)
        if weight is Weight.COUNTS and condition.clinical not in ("active", "unstated"):
            unclear = condition.clinical == "unclear"
            weight = Weight.UNCLEAR if unclear else Weight.SEEN
            note = "clinical status not understood" if unclear else condition.clinical
        if weight is Weight.COUNTS and condition.clinical == "unstated":
            weight, note = diagnoses.recent(condition.recorded or condition.onset, since, on)
        day = condition.happened.last if condition.happened else date.min
        if weight is Weight.COUNTS and any(normal >= day for normal in normal_days):
            weight, note = Weight.SEEN, "a later level was not low"
        yield diagnoses.evidence_of(condition, "vitamin D deficiency", weight, note)


CRITERION = Criterion(
    id="vitamin-d-low",
    role=Role.RISK_FACTOR,
    needs=(DataRequirement("Observation", ("vitamin-d-25oh",)), DataRequirement("Condition")),
    find=find,
    looks_for=frozenset({"vitamin-d-25oh", "vitamin-d-deficiency"}),
    parameters=frozenset({"nmol_per_l_below", "window_months"}),
)
