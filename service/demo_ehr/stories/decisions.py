"""Decisions of people: a clinician's dismissal, a patient's refusal, and what breaks through.

A decision stands for twelve calendar months. A refusal lives in the chart (a DXA Procedure not
done because of the patient's decision) or in the Task; another system's Task decides nothing.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.alerts import add_rejected_alert
from service.demo_ehr.chart import Chart
from service.demo_ehr.codes import LOCAL, Code, concept
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition, add_fracture
from service.demo_ehr.imaging import add_scan
from service.demo_ehr.story import ordinary, story

NOT_NOW = concept(text="Not appropriate now: will be looked at in the yearly review")


def _rejected(chart: Chart, months: int, reason: codes.JSON = NOT_NOW) -> None:
    add_rejected_alert(
        chart,
        opened=months_before(chart.on, months + 1),
        rejected=months_before(chart.on, months),
        reason=reason,
    )


def _refused(chart: Chart, months: int, reason: Code = codes.PATIENT_DECISION) -> None:
    day = months_before(chart.on, months)
    add_scan(chart, day=day, status="not-done", reason_not_done=reason)


@story("snoozed", about="EDSS 6.5; a clinician rejected our Task three months ago.")
def alert_rejected(chart: Chart) -> None:
    ordinary(chart, "female", 44, edss=6.5)
    _rejected(chart, 3)


@story("snoozed", about="A woman of 69; a clinician rejected our Task eleven months ago.")
def alert_rejected_eleven_months_ago(chart: Chart) -> None:
    ordinary(chart, "female", 69)
    _rejected(chart, 11)


@story("due", "MSO-02", about="A clinician rejected our Task thirteen months ago: it lapsed.")
def alert_rejected_thirteen_months_ago(chart: Chart) -> None:
    ordinary(chart, "male", 47, edss=6.5)
    _rejected(chart, 13)


@story(
    "due",
    "MSO-06",
    "MSO-07",
    "MSO-13",
    about="Example 25: a clinician rejected our Task three months ago; then the hip broke.",
)
def alert_rejected_then_hip_fracture(chart: Chart) -> None:
    ordinary(chart, "female", 66)
    _rejected(chart, 3)
    day = months_before(chart.on, 1)
    add_fracture(chart, codes.HIP_FRACTURE, day=day, mechanism=codes.SLIP_ON_SAME_LEVEL)


@story("due", "MSO-02", about="Another system's Task was rejected: it says nothing about ours.")
def task_of_another_system_rejected(chart: Chart) -> None:
    ordinary(chart, "female", 48, edss=6.5)
    add_rejected_alert(
        chart,
        opened=months_before(chart.on, 4),
        rejected=months_before(chart.on, 3),
        reason=NOT_NOW,
        system="https://demo-hospital.example/fhir/sid/other-task",
        code=Code(LOCAL, "flu-vaccination", "Influenza vaccination"),
    )


@story("declined", about="EDSS 6.5; the patient declined a DXA four months ago.")
def dxa_declined(chart: Chart) -> None:
    ordinary(chart, "female", 46, edss=6.5)
    _refused(chart, 4)


@story("declined", about="Our Task was rejected because the patient does not want a scan.")
def alert_rejected_by_the_patient(chart: Chart) -> None:
    ordinary(chart, "male", 49, edss=6.0)
    _rejected(chart, 5, concept(codes.PATIENT_DECISION, text="Patient declines the scan"))


@story("due", "MSO-02", about="The patient declined a DXA fourteen months ago: it lapsed.")
def dxa_declined_fourteen_months_ago(chart: Chart) -> None:
    ordinary(chart, "female", 43, edss=6.5)
    _refused(chart, 14)


@story("due", "MSO-02", about="The DXA was not done because the scanner was out of order.")
def dxa_not_done_for_the_scanner(chart: Chart) -> None:
    ordinary(chart, "female", 45, edss=6.5)
    _refused(chart, 2, codes.EQUIPMENT_FAILED)


@story("result-needs-action", about="Known osteoporosis; that a DXA was declined changes nothing.")
def dxa_declined_with_known_osteoporosis(chart: Chart) -> None:
    ordinary(chart, "female", 62)
    add_condition(chart, codes.OSTEOPOROSIS, recorded=months_before(chart.on, 20))
    _refused(chart, 3)
