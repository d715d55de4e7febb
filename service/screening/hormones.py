"""Hormones in use: replacement, contraception, and deprivation of androgens.

A newcomer would get three things wrong. An oestrogen replaces hormones only where it acts in the
whole body: through a patch or a gel it does, in the vagina it does not, and a bare name does not
say. An active order without an end is followed for the months of a renewal and cannot be judged
after them (specification, section 7). And whoever reads the evidence is told the kind of treatment,
never the drug (3.7).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from service.screening.criterion import Evidence, Parameters, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import coded, evidence_of, recent, weigh
from service.screening.medicine_use import weigh_last
from service.screening.record import MedicationUse, PatientRecord

DEPRIVATION = "androgen-deprivation"
_OVER = frozenset({"resolved", "inactive", "remission"})


def replacement(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Oestrogens that act in the whole body, and the status code of hormone replacement."""
    what, months = "hormone therapy", parameters["hormone_months"]
    for use in _taken(record, "oestrogen"):
        route = _reaches_the_whole_body(use)
        if route is not Weight.SEEN:
            evidence = _last_taken(use, what, months, parameters["renewal_months"], on)
            is_unsure = route is Weight.UNCLEAR and evidence.weight is Weight.COUNTS
            yield replace(evidence, weight=Weight.UNCLEAR) if is_unsure else evidence
    yield from _status(record, "hormone-replacement-status", what, months, on)


def contraception(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Hormonal contraceptives and status codes; implants and devices last for years."""
    what, months = "contraception", parameters["contraception_months"]
    for use in _taken(record, "hormonal-contraceptive"):
        yield _last_taken(use, what, months, months, on)
    yield from _status(record, "contraception-status", what, months, on)


def deprivation(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Medicines that take away androgens; a depot lasts for months."""
    months = parameters["androgen_deprivation_months"]
    for use in _taken(record, DEPRIVATION):
        yield _last_taken(use, "androgen deprivation", months, parameters["renewal_months"], on)


def _taken(record: PatientRecord, concept: str) -> Iterator[MedicationUse]:
    for use in record.medicines:
        if concept in use.concepts and use.counts is not False:
            yield use


def _reaches_the_whole_body(use: MedicationUse) -> Weight:
    if use.route == "systemic" or use.is_through_skin:
        return Weight.COUNTS
    if use.route == "local":
        return Weight.SEEN
    is_by_class = "oestrogen-systemic-class" in use.concepts
    return Weight.COUNTS if is_by_class else Weight.UNCLEAR


def _last_taken(
    use: MedicationUse, what: str, months: float, renewal_months: float, on: date
) -> Evidence:
    months = max(months, renewal_months) if use.is_open_ended else months
    weight, words, day = weigh_last(use, months, on)
    begun = use.start or use.renewed
    has_begun = begun is None or begun.first <= on
    if use.is_open_ended and weight is Weight.SEEN and has_begun:
        weight, words = Weight.UNCLEAR, f", active without an end and not renewed since {day}"
    name = " (recognised by name)" if use.is_recognised_by_name else ""
    return Evidence(use.ref, what + name + words, day, weight)


def _status(
    record: PatientRecord, concept: str, what: str, months: float, on: date
) -> Iterator[Evidence]:
    for condition in coded(record, concept):
        weight, note = weigh(condition, on)
        if weight is Weight.COUNTS and condition.clinical in _OVER:
            weight, note = Weight.SEEN, condition.clinical
        elif weight is Weight.COUNTS:
            when = condition.recorded or condition.onset
            weight, note = recent(when, add_months(on, -months), on)
        yield evidence_of(condition, f"{what} as a status", weight, note)
