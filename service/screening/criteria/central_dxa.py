"""A central DXA inside its interval: what satisfies the screening question.

Peripheral scans and scans that do not say where are shown and close nothing. One whose date or
status cannot be read is unclear, and then nothing opens and nothing closes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from service.screening.bone_density import latest_scan, other_scans, unclear_scans
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.record import PatientRecord
from service.screening.value_sets import DataRequirement


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """The latest central DXA against its interval, and what was seen besides."""
    yield from unclear_scans(record, on)
    yield from other_scans(record, on)
    scan = latest_scan(record, on)
    if scan is None:
        return
    months = parameters["rescreen_interval_months"]
    shortest = parameters["rescreen_interval_shortest_months"]
    statement = scan.sentence()
    if on < add_months(scan.when.first, shortest):
        weight = Weight.COUNTS
        waited = on - scan.when.last
        if not scan.has_result and waited > timedelta(days=parameters["result_missing_after_days"]):
            statement += ": please file the result"
    elif on >= add_months(scan.when.last, months):
        weight, statement = Weight.SEEN, f"{statement} (interval of {months:.0f} months is over)"
    elif on < add_months(scan.when.first, months):
        # Whether a risk factor shortens the interval is not known: it may be over.
        note = f"interval of {shortest:.0f} or {months:.0f} months: risk factors not readable here"
        weight, statement = Weight.UNCLEAR, f"{statement} ({note})"
    else:
        weight, statement = Weight.UNCLEAR, f"{statement} (date not exact enough)"
    yield Evidence(scan.refs[0], statement, scan.when.last, weight)


CRITERION = Criterion(
    id="central-dxa",
    role=Role.COMPLETION,
    needs=(
        DataRequirement("Procedure"),
        DataRequirement("DiagnosticReport"),
        DataRequirement("Observation", ("dxa-central", "dxa-peripheral", "dxa-site-unknown")),
    ),
    find=find,
    parameters=frozenset(
        {
            "rescreen_interval_months",
            "rescreen_interval_shortest_months",
            "result_missing_after_days",
        }
    ),
)
