"""MSO-02: EDSS of 6.0 or more.

The scale runs 0, then 1.0 to 9.5 in half steps; 10 is death. Anything else (65 for 6.5) was
mistyped: it is reported, the latest possible value counts, and only without one is the finding
unknown. An old value still counts, marked as old: disability of this degree seldom goes back.
"At least 6.5" counts as well; any other bound leaves open on which side of the line it lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import words
from service.screening.edss import edss_at_least, edss_value
from service.screening.measurements import measured, weigh
from service.screening.record import Observation, PatientRecord
from service.screening.value_sets import DataRequirement


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """The latest possible EDSS value, of any age."""
    readable: list[tuple[date, float, Observation]] = []
    unreadable: list[tuple[date | None, Evidence]] = []
    for observation in measured(record, "edss"):
        weight, note = weigh(observation, on)
        value = _value_of(observation, parameters["edss_at_least"])
        day = observation.when.last if observation.when else None
        if weight is Weight.COUNTS and value is not None and day is not None:
            readable.append((day, value, observation))
        elif weight is Weight.SEEN:
            yield Evidence(observation.ref, f"EDSS ({note})", day, Weight.SEEN)
        else:
            statement = f"EDSS ({note or 'not a value of the scale'})"
            unreadable.append((day, Evidence(observation.ref, statement, day, Weight.UNCLEAR)))
    latest = max(readable, key=lambda r: (r[0], r[1]), default=None)
    for _, evidence in unreadable:
        # A value of the scale in the window outweighs a mistyped one, also a newer one.
        has_better = latest is not None and latest[0] >= add_months(
            on, -parameters["window_months"]
        )
        yield Evidence(
            evidence.source,
            evidence.statement,
            evidence.date,
            Weight.SEEN if has_better else Weight.UNCLEAR,
        )
    if latest is not None:
        yield _judge(*latest, parameters, on)


def _value_of(observation: Observation, line: float) -> float | None:
    """A value of the scale, or the lower bound of one that lies on or above the line."""
    value = edss_value(observation)
    if value is not None:
        return value
    bound = edss_at_least(observation)
    return bound if bound is not None and bound >= line else None


def _judge(
    day: date, value: float, observation: Observation, parameters: Parameters, on: date
) -> Evidence:
    least = "" if edss_value(observation) is not None else "at least "
    statement = f"EDSS {least}{value:.1f}, {words(observation.when)}"
    if day < add_months(on, -parameters["window_months"]):
        statement += f" (older than {parameters['window_months']:.0f} months)"
    weight = Weight.COUNTS if value >= parameters["edss_at_least"] else Weight.SEEN
    return Evidence(observation.ref, statement, day, weight)


CRITERION = Criterion(
    id="disability-severe",
    role=Role.RISK_FACTOR,
    needs=(DataRequirement("Observation", ("edss", "edss-invalid")),),
    find=find,
    looks_for=frozenset({"edss"}),
    parameters=frozenset({"edss_at_least", "window_months"}),
)
