"""MSO-08: a systemic glucocorticoid for long: at least 90 days in a year, 2.5 mg a day on average.

The window is 365 days ending on the day of judgement, both ends included; the mean is over the days
that have a dose (section 7). What cannot be judged is unclear with its reason, never zero. Neither
medicine nor dose is named: the sentence goes into the alert (specification 3.7).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from service.screening.criterion import Criterion, Evidence, Parameters, Role, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import coded, evidence_of, recent, weigh
from service.screening.exposure import NEEDS, Exposure, exposure_of
from service.screening.glucocorticoid_use import UNSPECIFIED
from service.screening.prednisone_equivalents import INGREDIENTS, PARAMETERS, equivalents_in
from service.screening.record import PatientRecord

CODED = "long-term-systemic-steroid"
_EXACT = 9


def find(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Dosing days and their mean, and the code for long-term use."""
    since = on - timedelta(days=parameters["window_days"] - 1)
    by_name = {m.ref for m in record.medicines if m.is_recognised_by_name}
    exposure = exposure_of(record, equivalents_in(parameters), since, on)
    for evidence in _exposed(exposure, parameters):
        note = " (recognised by name)" if evidence.source in by_name else ""
        yield replace(evidence, statement=evidence.statement + note)
    coded_since = add_months(on, -parameters["code_window_months"])
    for condition in coded(record, CODED):
        weight, note = weigh(condition, on)
        if weight is Weight.COUNTS:
            weight, note = recent(condition.recorded or condition.onset, coded_since, on)
        yield evidence_of(condition, "long-term systemic steroid coded", weight, note)


def _exposed(exposure: Exposure, parameters: Parameters) -> Iterator[Evidence]:
    if exposure.day_count:
        is_long = exposure.day_count >= parameters["days_at_least"]
        mean = round(exposure.mean_mg_per_day, _EXACT)
        is_enough = mean >= parameters["mg_per_day_at_least"]
        first, last = exposure.days[0].day, exposure.days[-1].day
        statement = (
            f"systemic glucocorticoid on {exposure.day_count} days from {first} to {last}"
            f", mean daily dose {'at or above' if is_enough else 'below'} the threshold"
        )
        weight = Weight.COUNTS if is_long and is_enough else Weight.SEEN
        for source in exposure.sources:
            yield Evidence(source, statement, last, weight)
    for use in exposure.unclear:
        statement = f"systemic glucocorticoid: {use.reason}"
        yield Evidence(use.source, statement, use.first, Weight.UNCLEAR)


CRITERION = Criterion(
    id="sustained-glucocorticoid",
    role=Role.RISK_FACTOR,
    needs=NEEDS,
    find=find,
    looks_for=frozenset({*INGREDIENTS, UNSPECIFIED, CODED}),
    parameters=frozenset(
        {"window_days", "days_at_least", "mg_per_day_at_least", "code_window_months"} | PARAMETERS
    ),
)
