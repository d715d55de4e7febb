"""Known osteoporosis, and whether it is on therapy: shared by the criteria that ask for it.

Source: specification 2.7, 3.5 and section 7 (result-needs-action).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.bone_density import osteoporotic_scans
from service.screening.criterion import Evidence, Parameters, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import coded, evidence_of, weigh
from service.screening.record import MedicationUse, PatientRecord

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
        happened = condition.recorded or condition.onset
        since = add_months(on, -parameters["oral_months"])
        if weight is Weight.COUNTS and (happened is None or happened.last < since):
            weight, note = Weight.SEEN, "too long ago or no date"
        yield evidence_of(condition, "long-term osteoporosis medicine", weight, note)


def window_months(medicine: MedicationUse, parameters: Parameters) -> float:
    """The window of the first group that a medicine is in."""
    return next(parameters[p] for group, p in THERAPIES.items() if group in medicine.concepts)


def last_day(medicine: MedicationUse, on: date) -> date | None:
    """The last day up to `on` that a record says the medicine was given or supplied for."""
    days = [w.last for w in (medicine.renewed, medicine.end, medicine.start) if w is not None]
    if medicine.supplied_until is not None:
        days.append(medicine.supplied_until)
    if not days:
        return None
    return min(max(days), on, medicine.stopped_on or on)


def _judge(medicine: MedicationUse, parameters: Parameters, on: date) -> Evidence:
    begun = medicine.start or medicine.renewed
    what = "osteoporosis medicine"
    if medicine.is_recognised_by_name:
        what += " (recognised by name)"
    if begun is not None and begun.first > on:
        return Evidence(medicine.ref, f"{what}, from {begun.first} on", begun.first, Weight.SEEN)
    day = last_day(medicine, on)
    if medicine.counts is None or day is None:
        statement = f"{what} (status or date not understood)"
        return Evidence(medicine.ref, statement, day, Weight.UNCLEAR)
    if day >= add_months(on, -window_months(medicine, parameters)):
        return Evidence(medicine.ref, f"{what}, last on {day}", day, Weight.COUNTS)
    return Evidence(medicine.ref, f"{what}, last on {day} (window over)", day, Weight.SEEN)
