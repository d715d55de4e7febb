"""Known osteoporosis, and whether it is on therapy: shared by the criteria that ask for it.

Source: specification 2.7, 3.5 and section 7 (result-needs-action).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from service.screening.bone_density import CENTRAL, osteoporotic_scans
from service.screening.criterion import Evidence, Parameters, Weight
from service.screening.dates import add_months
from service.screening.diagnoses import coded, evidence_of, recent, weigh
from service.screening.medicine_use import weigh_last
from service.screening.record import MedicationUse, PatientRecord

# Value set of each group of therapies, and the parameter with its window in months. The first that
# holds a medicine stands: the oral group also holds whole ATC classes with injections among them.
THERAPIES = {
    "therapy-ibandronate-injection": "therapy-windows.ibandronate_injection_months",
    "therapy-zoledronate": "therapy-windows.zoledronate_months",
    "therapy-denosumab": "therapy-windows.denosumab_months",
    "therapy-anabolic": "therapy-windows.anabolic_months",
    "therapy-romosozumab": "therapy-windows.romosozumab_months",
    "therapy-ibandronate": "therapy-windows.oral_months",
    "therapy-oral": "therapy-windows.oral_months",
}
_LONG_TERM = "long-term-bisphosphonate"
NOT_THERAPY = "not-osteoporosis-therapy"
ONCOLOGY = "oncology-dose-bone-agent"
_DIAGNOSES = ("osteoporosis", "osteoporotic-fracture")
OSTEOPOROSIS = frozenset({*_DIAGNOSES, CENTRAL})
"""The value sets without which there is no evidence of osteoporosis."""
THERAPY = frozenset({*THERAPIES, _LONG_TERM})
"""The same of therapy."""


def osteoporosis_evidence(
    record: PatientRecord, parameters: Parameters, on: date
) -> Iterator[Evidence]:
    """A diagnosis, an osteoporotic-fracture code, or a T-score that names it where T applies."""
    for condition in coded(record, *_DIAGNOSES):
        weight, note = weigh(condition, on)
        is_diagnosis = "osteoporotic-fracture" not in condition.concepts
        if weight is Weight.COUNTS and is_diagnosis and condition.clinical == "resolved":
            weight, note = Weight.SEEN, "resolved"
        what = "osteoporosis on the problem list" if is_diagnosis else "osteoporotic fracture"
        yield evidence_of(condition, what, weight, note)
    for scan in osteoporotic_scans(record, parameters, on):
        yield Evidence(scan.refs[0], scan.sentence(), scan.when.last, Weight.COUNTS)


def therapy_evidence(record: PatientRecord, parameters: Parameters, on: date) -> Iterator[Evidence]:
    """Osteoporosis medicines in their windows; the medicine itself is never named."""
    for medicine in record.medicines:
        if medicine.concepts.isdisjoint(THERAPIES) or ONCOLOGY in medicine.concepts:
            continue
        if medicine.counts is not False and NOT_THERAPY not in medicine.concepts:
            yield _judge(medicine, parameters, on)
    for condition in coded(record, _LONG_TERM):
        weight, note = weigh(condition, on)
        since = add_months(on, -parameters["therapy-windows.oral_months"])
        if weight is Weight.COUNTS:
            weight, note = recent(condition.recorded or condition.onset, since, on)
        yield evidence_of(condition, "long-term osteoporosis medicine", weight, note)


def window_months(medicine: MedicationUse, parameters: Parameters) -> float:
    """The window of the first group that a medicine is in; a name alone says no form."""
    if medicine.is_injected and "therapy-ibandronate" in medicine.concepts:
        return parameters[THERAPIES["therapy-ibandronate-injection"]]
    return next(parameters[p] for group, p in THERAPIES.items() if group in medicine.concepts)


def _judge(medicine: MedicationUse, parameters: Parameters, on: date) -> Evidence:
    what = "osteoporosis medicine"
    if medicine.is_recognised_by_name:
        what += " (recognised by name)"
    weight, words, day = weigh_last(medicine, window_months(medicine, parameters), on)
    return Evidence(medicine.ref, what + words, day, weight)
