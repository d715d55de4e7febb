"""MSO-17: known low bone mass, and the next DXA is due.

An osteopenia diagnosis without any visible DXA meets it (section 7). While the interval of the last
central DXA runs, it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.bone_density import (
    CENTRAL,
    LOW_Z,
    OSTEOPENIA_T,
    SCAN_PARAMETERS,
    central_scans,
    is_low,
)
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import coded, evidence_of, weigh
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Osteopenia or a low score, once the re-screen interval is over."""
    scans = central_scans(record, parameters, on)
    is_running = bool(scans) and on < add_months(
        scans[-1].when.first, parameters["rescreen_interval_months"]
    )
    telling = [s for s in scans if s.says_something]
    if telling and is_low(telling[-1], parameters):
        # A later scan without a result takes nothing back.
        weight = Weight.SEEN if is_running else Weight.COUNTS
        yield Evidence(telling[-1].refs[0], telling[-1].sentence(), telling[-1].when.last, weight)
    for condition in coded(record, "osteopenia"):
        weight, note = weigh(condition, on)
        if weight is Weight.COUNTS and condition.clinical == "resolved":
            weight, note = Weight.SEEN, "resolved"
        if weight is Weight.COUNTS and is_running:
            weight, note = Weight.SEEN, "DXA interval is running"
        yield evidence_of(condition, "low bone mass", weight, note)


CRITERION = Criterion(
    id="low-bone-mass",
    role=Role.RISK_FACTOR,
    needs=(
        DataRequirement("Condition"),
        DataRequirement("Procedure"),
        DataRequirement("DiagnosticReport"),
        DataRequirement("Observation", ("dxa-central",)),
    ),
    find=find,
    looks_for=frozenset({CENTRAL, "osteopenia"}),
    parameters=SCAN_PARAMETERS | {OSTEOPENIA_T, LOW_Z, "rescreen_interval_months"},
)
