"""BASE-01: no central DXA was ever seen. Off unless a hospital decides for a baseline scan for all.

It says nothing about risk: it offers one scan to every adult with confirmed MS, as Kampman 2011
advises (specification 3.3, `baseline_for_all_ms`). Whoever was ever scanned is left to the other
criteria and the intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.bone_density import SCAN_PARAMETERS, latest_scan
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.record import PatientRecord
from service.screening.scan_traces import OBSERVED, unclear_scans
from service.screening.value_sets import DataRequirement

_NEEDS = (
    DataRequirement("Procedure"),
    DataRequirement("DiagnosticReport"),
    DataRequirement("Observation", OBSERVED),
)


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """The patient, where no central scan up to the day of judgement is on file."""
    if latest_scan(record, parameters, on) is None:
        # It counts that something is absent: what could not be read may hold it.
        is_known = record.unread.isdisjoint(need.type for need in _NEEDS)
        is_known = is_known and not any(unclear_scans(record, on))
        weight = Weight.COUNTS if is_known else Weight.UNCLEAR
        yield Evidence(record.patient, "no central DXA on file", None, weight)


CRITERION = Criterion(
    id="never-scanned",
    role=Role.RISK_FACTOR,
    needs=_NEEDS,
    find=find,
    parameters=SCAN_PARAMETERS,
)
