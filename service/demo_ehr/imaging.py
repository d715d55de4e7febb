"""Bone density in the invented charts: scans done, results, orders, bookings, documents.

A central DXA leaves a Procedure, a DiagnosticReport, an Observation or any part of these, and
charts with every single part exist. A T-score has no unit or `{T-score}`; one of the people has
grams per square centimetre under a T-score code, as a public example does.
"""

from __future__ import annotations

from datetime import date

from service.demo_ehr.chart import Chart, reference_to
from service.demo_ehr.codes import DXA_CPT, DXA_REPORT, JSON, T_SPINE, Code, concept
from service.demo_ehr.dates import months_before
from service.demo_ehr.measurements import add_observation, quantity


def add_scan(
    chart: Chart,
    *codes: Code,
    day: date,
    status: str = "completed",
    reason_not_done: Code | None = None,
) -> JSON:
    """Add the Procedure of a scan; `reason_not_done` belongs to status `not-done`."""
    return chart.add(
        "Procedure",
        status=status,
        statusReason=concept(reason_not_done) if reason_not_done else None,
        code=concept(*(codes or (DXA_CPT,))),
        performedDateTime=str(day),
    )


def add_score(
    chart: Chart, score: float, *, day: date, code: Code = T_SPINE, unit: str | None = "{T-score}"
) -> JSON:
    """Add one result of a scan."""
    return add_observation(
        chart, code, day=day, category="imaging", valueQuantity=quantity(score, unit)
    )


def add_report(chart: Chart, *results: JSON, day: date, code: Code = DXA_REPORT) -> JSON:
    """Add the final report of a scan; without results it says only that there was one."""
    return chart.add(
        "DiagnosticReport",
        status="final",
        code=concept(code),
        effectiveDateTime=str(day),
        issued=f"{day}T15:00:00Z",
        result=[reference_to(result) for result in results] or None,
    )


def add_dxa(chart: Chart, score: float, *, months: int, code: Code = T_SPINE) -> None:
    """Add a whole central DXA of `months` ago: Procedure, Observation and DiagnosticReport."""
    day = months_before(chart.on, months)
    add_scan(chart, day=day)
    result = add_score(chart, score, day=day, code=code, unit=None)
    add_report(chart, result, day=day)


def add_dxa_order(
    chart: Chart, *, months: int, status: str = "active", intent: str = "order"
) -> JSON:
    """Add a ServiceRequest for a central DXA."""
    return chart.add(
        "ServiceRequest",
        status=status,
        intent=intent,
        code=concept(DXA_CPT),
        authoredOn=str(months_before(chart.on, months)),
    )


def add_appointment(chart: Chart, order: JSON | None, *, months: int, status: str) -> JSON:
    """Add the appointment for a DXA `months` ago; a negative number of months lies ahead."""
    day = months_before(chart.on, months)
    return chart.add(
        "Appointment",
        "",
        status=status,
        serviceType=[concept(DXA_CPT)],
        basedOn=[reference_to(order)] if order else None,
        start=f"{day}T09:30:00Z",
        end=f"{day}T10:00:00Z",
        participant=[{"actor": chart.subject, "status": "accepted"}],
    )


def add_document(chart: Chart, title: str, *, months: int) -> JSON:
    """Add a scanned document of which only the title can be read."""
    return chart.add(
        "DocumentReference",
        status="current",
        type=concept(text=title),
        date=f"{months_before(chart.on, months)}T12:00:00Z",
        content=[{"attachment": {"contentType": "application/pdf", "title": title}}],
    )
