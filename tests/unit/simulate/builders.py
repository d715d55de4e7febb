"""Assessments and outcomes without a chart."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from service.screening.assess import Assessment, Status, assess
from service.screening.criterion import Finding, Grade, Role, Verdict
from service.screening.protocol import packaged_protocol
from service.screening.record import PatientRecord, ResourceRef
from service.screening.value_sets import packaged_vocabulary
from service.simulate.outcome import Outcome, Standing

ON = date(2026, 11, 22)
PATIENT = ResourceRef("Patient", "p1")
PROTOCOL = packaged_protocol(packaged_vocabulary(True))
_OF_NOBODY = assess(PatientRecord(patient=PATIENT), PROTOCOL, ON)


def finding(number: str, verdict: Verdict, grade: Grade = Grade.MINOR) -> Finding:
    return Finding(number, number, number, Role.RISK_FACTOR, verdict, grade, "domain", ())


def assessment(status: Status, *findings: Finding, on: date = ON) -> Assessment:
    return replace(_OF_NOBODY, on=on, status=status, findings=findings)


def outcome_of(
    today: Status,
    changed: Status,
    *differing: str,
    sex: str = "female",
    band: str = "40-49",
    due_in: tuple[int | None, int | None] = (None, None),
    patient: str = "p1",
    opens: tuple[int, int] = (0, 0),
) -> Outcome:
    standings = (Standing(today, due_in[0]), Standing(changed, due_in[1]))
    return Outcome(patient, sex, band, *standings, differing, opens)
