"""What the clinicians of the invented hospital say to the alerts, and what they do about them.

A newcomer would get one thing wrong: they answer in the EHR, in its own Tasks, as people do whom
BoneFlag cannot ask. What becomes of it in the ledger is what the next sweep reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from service.demo_ehr.arrivals import a_dxa_arrives, a_dxa_is_ordered
from service.demo_ehr.codes import JSON

_CLINICIAN = {"reference": "Practitioner/ms-clinic-neurologist", "display": "Neurologist"}
_REASONS = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
_REFUSALS = (
    "patient-refuses",
    "action-not-priority",
    "service-not-available",
    "patient-refuses",
    "limited-time",
    "cds-not-applicable",
    "action-not-priority",
)
_ACCEPTED, _ORDERED, _SCANNED = 12, 9, 8


@dataclass(frozen=True, slots=True, repr=False)
class Answers:
    """What arrives in the EHR, and how many people it is about."""

    resources: Sequence[JSON]
    accepted: int
    ordered: int
    scanned: int
    refused: int


def answer(tasks: Sequence[Mapping[str, Any]], today: date) -> Answers:
    """Answers to the first of these open Tasks; the others wait, as in life."""
    waiting = iter(tasks)
    accepted = [_accepted(t) for t in _some(waiting, _ACCEPTED)]
    ordered = _some(waiting, _ORDERED)
    scanned = _some(waiting, _SCANNED)
    refused = [
        _refused(task, code)
        for task, code in zip(_some(waiting, len(_REFUSALS)), _REFUSALS, strict=False)
    ]
    orders = [r for t in ordered for r in a_dxa_is_ordered(_patient_of(t), today)]
    scans = [
        r
        for number, task in enumerate(scanned)
        for r in a_dxa_arrives(_patient_of(task), today, t_score=-0.4 - 0.4 * number)
    ]
    return Answers(
        resources=[*accepted, *map(_accepted, ordered), *orders, *scans, *refused],
        accepted=len(accepted) + len(ordered),
        ordered=len(ordered),
        scanned=len(scanned),
        refused=len(refused),
    )


def _some(tasks: Iterator[Mapping[str, Any]], number: int) -> list[Mapping[str, Any]]:
    return [task for task, _ in zip(tasks, range(number), strict=False)]


def _accepted(task: Mapping[str, Any]) -> JSON:
    return {**task, "status": "accepted", "owner": _CLINICIAN, "lastModified": _now()}


def _refused(task: Mapping[str, Any], code: str) -> JSON:
    reason = {"coding": [{"system": _REASONS, "code": code}]}
    answered = {"status": "rejected", "statusReason": reason, "owner": _CLINICIAN}
    return {**task, **answered, "lastModified": _now()}


def _patient_of(task: Mapping[str, Any]) -> str:
    return str(task["for"]["reference"]).removeprefix("Patient/")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
