"""Known osteoporosis, and whether it is on therapy: shared by the criteria that ask for it.

Source: specification 2.7, 3.5 and section 7 (result-needs-action).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.bone_density import osteoporotic_scans
from service.screening.criterion import Evidence, Parameters, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import coded, evidence_of, recent, weigh
from service.screening.record import MedicationUse, PatientRecord, When

# Value set of each group of therapies, and the parameter with its window in months. The first that
# holds a medicine stands: the oral group also holds whole ATC classes with injections among them.
THERAPIES = {
    "therapy-ibandronate-injection": "ibandronate_injection_months",
    "therapy-zoledronate": "zoledronate_months",
    "therapy-denosumab": "denosumab_months",
    "therapy-anabolic": "anabolic_months",
    "therapy-romosozumab": "romosozumab_months",
    "therapy-ibandronate": "oral_months",
    "therapy-oral": "oral_months",
}
NOT_THERAPY = "not-osteoporosis-therapy"
ONCOLOGY = "oncology-dose-bone-agent"


def osteoporosis_evidence(record: PatientRecord, on: date) -> Iterator[Evidence]:
    """A diagnosis, an osteoporotic-fracture code, or T ≤ −2.5 where T applies."""
    for condition in coded(record, "osteoporosis", "osteoporotic-fracture"):
        weight, note = weigh(condition, on)
        is_diagnosis = "osteoporotic-fracture" not in condition.concepts
        if weight is Weight.COUNTS and is_diagnosis and condition.clinical == "resolved":
            weight, note = Weight.SEEN, "resolved"
        what = "osteoporosis on the problem list" if is_diagnosis else "osteoporotic fracture"
        yield evidence_of(condition, what, weight, note)
    for scan in osteoporotic_scans(record, on):
        yield Evidence(scan.refs[0], scan.sentence(), scan.when.last, Weight.COUNTS)


def therapy_evidence(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Osteoporosis medicines in their windows; the medicine itself is never named."""
    for medicine in record.medicines:
        if medicine.concepts.isdisjoint(THERAPIES) or ONCOLOGY in medicine.concepts:
            continue
        if medicine.counts is not False and NOT_THERAPY not in medicine.concepts:
            yield _judge(medicine, parameters, on)
    for condition in coded(record, "long-term-bisphosphonate"):
        weight, note = weigh(condition, on)
        since = add_months(on, -parameters["oral_months"])
        if weight is Weight.COUNTS:
            weight, note = recent(condition.recorded or condition.onset, since, on)
        yield evidence_of(condition, "long-term osteoporosis medicine", weight, note)


def window_months(medicine: MedicationUse, parameters: Parameters) -> float:
    """The window of the first group that a medicine is in."""
    return next(parameters[p] for group, p in THERAPIES.items() if group in medicine.concepts)


def last_days(medicine: MedicationUse, on: date) -> When | None:
    """The last day up to `on` for which a record gives or supplies the medicine.

    As exact as the record's own dates are; None where it has none.
    """
    whens = [w for w in (medicine.renewed, medicine.end, medicine.start) if w is not None]
    if medicine.supplied_until is not None:
        whens.append(When.day(medicine.supplied_until))
    if not whens:
        return None
    latest = min(on, medicine.stopped_on or on)
    return When(
        min(max(w.first for w in whens), latest),
        min(max(w.last for w in whens), latest),
    )


def _judge(medicine: MedicationUse, parameters: Parameters, on: date) -> Evidence:
    begun = medicine.start or medicine.renewed
    what = "osteoporosis medicine"
    if medicine.is_recognised_by_name:
        what += " (recognised by name)"
    if begun is not None and begun.first > on:
        return Evidence(medicine.ref, f"{what}, from {begun.first} on", begun.first, Weight.SEEN)
    days = last_days(medicine, on)
    weight, _ = recent(days, add_months(on, -window_months(medicine, parameters)), on)
    if days is not None and weight is Weight.SEEN:
        statement = f"{what}, last on {days.last} (window over)"
    elif days is None or weight is Weight.UNCLEAR or medicine.counts is None:
        weight, statement = Weight.UNCLEAR, f"{what} (status or date not understood)"
    else:
        statement = f"{what}, last on {days.last}"
    return Evidence(medicine.ref, statement, days.last if days else None, weight)
