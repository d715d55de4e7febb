"""The shapes in which a DXA stands in a chart, and what is not one: a title, an appointment.

Everybody under 50 has EDSS 6.5, so that only the scan decides.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart, reference_to
from service.demo_ehr.codes import JSON, Code, concept
from service.demo_ehr.dates import months_before
from service.demo_ehr.imaging import (
    add_appointment,
    add_document,
    add_dxa,
    add_dxa_order,
    add_report,
    add_score,
)
from service.demo_ehr.measurements import add_edss, add_observation, quantity
from service.demo_ehr.story import ordinary, story


def _component(code: Code, score: float) -> JSON:
    return {"code": concept(code), "valueQuantity": quantity(score, "{T-score}")}


@story("satisfied", about="A report whose panel has the T-scores as its members.")
def dxa_report_with_members(chart: Chart) -> None:
    ordinary(chart, "female", 53, edss=6.5)
    day = months_before(chart.on, 6)
    scores = [add_score(chart, -0.5, day=day), add_score(chart, -0.8, day=day, code=codes.T_HIP)]
    members = [reference_to(score) for score in scores]
    panel = add_observation(chart, codes.DXA_REPORT, day=day, category="imaging", hasMember=members)
    add_report(chart, panel, day=day)


@story("result-needs-action", about="T −2.7 in a component of a panel, at 60.")
def dxa_score_in_a_component(chart: Chart) -> None:
    ordinary(chart, "female", 60)
    parts = [_component(codes.T_SPINE, -1.1), _component(codes.T_HIP, -2.7)]
    day = months_before(chart.on, 6)
    add_observation(chart, codes.DXA_REPORT, day=day, category="imaging", component=parts)


@story("due", "MSO-02", about="A scanned document called 'DXA report' settles nothing.")
def document_called_dxa(chart: Chart) -> None:
    ordinary(chart, "male", 45, edss=6.5)
    add_document(chart, "DXA bone density report, outside hospital", months=5)


@story("ordered-waiting", about="A DXA is ordered and booked for next month.")
def dxa_ordered_and_booked(chart: Chart) -> None:
    ordinary(chart, "female", 46, edss=6.5)
    order = add_dxa_order(chart, months=2)
    add_appointment(chart, order, months=-1, status="booked")


@story("due", "MSO-02", about="The appointment for a DXA passed, and nobody came.")
def dxa_appointment_missed(chart: Chart) -> None:
    ordinary(chart, "male", 48, edss=6.5)
    order = add_dxa_order(chart, months=5, status="revoked")
    add_appointment(chart, order, months=1, status="noshow")


@story("due", "MSO-03", "MSO-13", about="A normal scan 30 months ago, EDSS risen since: 24 apply.")
def dxa_normal_and_worsening(chart: Chart) -> None:
    ordinary(chart, "female", 55, edss=None)
    add_edss(chart, 2.0, months=15)
    add_edss(chart, 3.0, months=2)
    add_dxa(chart, -0.4, months=30)


@story("satisfied", about="A normal scan 30 months ago, EDSS 4.5 and steady: 60 months apply.")
def dxa_normal_and_steady(chart: Chart) -> None:
    ordinary(chart, "female", 55, edss=4.5)
    add_dxa(chart, -0.4, months=30)
