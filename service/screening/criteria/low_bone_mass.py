"""MSO-17: known low bone mass, and the next DXA is due.

An osteopenia diagnosis without any visible DXA meets it (section 7). While the interval of the last
central DXA runs, it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.bone_density import central_scans, is_low, latest_scan
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import coded, evidence_of, weigh
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Osteopenia or a low score, once the re-screen interval is over."""
    scan = latest_scan(record, on)
    is_running = scan is not None and on < add_months(
        scan.when.first, parameters["rescreen_interval_months"]
    )
    scored = [s for s in central_scans(record, on) if s.has_result]
    if scored and is_low(scored[-1]):
        # A later scan without a result takes nothing back.
        weight = Weight.SEEN if is_running else Weight.COUNTS
        yield Evidence(scored[-1].refs[0], scored[-1].sentence(), scored[-1].when.last, weight)
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
    parameters=frozenset({"rescreen_interval_months"}),
)
