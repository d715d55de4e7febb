"""A central DXA inside its interval: what satisfies the screening question.

Peripheral scans, scans that do not say where and documents by their titles are shown and close
nothing. One whose date or status cannot be read is unclear, and then nothing opens and nothing
closes, for as long as it could still stand: not beyond the longest interval of the protocol, and
not where a newer scan that can be read decides. A scan whose result is unknown satisfies all the
same, and asks for the result after a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from service.screening import interval
from service.screening.bone_density import PARAMETERS, SAME_SCAN, Scan, latest_scan
from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import is_future, words
from service.screening.record import PatientRecord
from service.screening.scan_traces import OBSERVED, other_scans, unclear_scans
from service.screening.value_sets import DataRequirement

_INTERVALS = frozenset(f"rescreen-interval.{number}" for number in interval.PARAMETERS)


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """The latest central DXA against its interval, and what was seen besides."""
    scan = latest_scan(record, parameters, on)
    for evidence in unclear_scans(record, on):
        yield _judge_unclear(evidence, scan, parameters, on)
    yield from other_scans(record, on)
    yield from _candidates(record, scan, on)
    if scan is not None:
        yield _judge(scan, parameters, on)


def _judge_unclear(
    evidence: Evidence, newest: Scan | None, parameters: Parameters, on: date
) -> Evidence:
    """A scan that cannot be read stands in nobody's way once it could not stand if it were."""
    day, note = evidence.date, ""
    if day is None:
        return evidence
    if newest is not None and day <= newest.when.first + timedelta(days=parameters[SAME_SCAN]):
        note = "a scan as new can be read"
    elif on >= add_months(day, max(parameters[number] for number in _INTERVALS)):
        note = "older than any interval"
    if not note:
        return evidence
    return replace(evidence, statement=f"{evidence.statement} ({note})", weight=Weight.SEEN)


def _judge(scan: Scan, parameters: Parameters, on: date) -> Evidence:
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
    return Evidence(scan.refs[0], statement, scan.when.last, weight)


def _candidates(record: PatientRecord, scan: Scan | None, on: date) -> Iterator[Evidence]:
    """The newest document that may be a report, where no result is as new: a title closes nothing.

    Only a word of our own list is shown, never the title.
    """
    known = scan.when.last if scan is not None and scan.has_result else date.min
    newer = [d for d in record.documents if d.when is None or d.when.last > known]
    past = [d for d in newer if not is_future(d.when, on)]
    if past:
        newest = max(past, key=lambda d: (d.when.last if d.when else date.min, d.ref))
        day = newest.when.last if newest.when else None
        statement = f"a document called “{newest.word}” may be a scan: look, {words(newest.when)}"
        yield Evidence(newest.ref, statement, day, Weight.SEEN)


CRITERION = Criterion(
    id="central-dxa",
    role=Role.COMPLETION,
    needs=(
        DataRequirement("Procedure"),
        DataRequirement("DiagnosticReport"),
        DataRequirement("Observation", OBSERVED),
    ),
    helped_by=(DataRequirement("DocumentReference"),),
    find=find,
    parameters=PARAMETERS
    | _INTERVALS
    | frozenset(
        {
            "rescreen_interval_months",
            "rescreen_interval_shortest_months",
            "result_missing_after_days",
        }
    ),
)
