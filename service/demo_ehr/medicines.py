"""Medicines of the invented charts: ordered, dispensed, given, reported.

The same tablet can stand in a chart four times, as order, dispense, administration and statement,
and must count once. Doses are written as milligrams per administration with a frequency per day;
`medicine` is a concept, or a reference in the charts whose EHR keeps Medications apart.
"""

from __future__ import annotations

from datetime import date, timedelta

from service.demo_ehr.chart import Chart, reference_to
from service.demo_ehr.codes import JSON, METHYLPREDNISOLONE, Code, concept
from service.demo_ehr.measurements import quantity

ORAL = "Oral"
INTRAVENOUS = "Intravenous"


def medicine_of(medicine: Code | str | JSON) -> JSON:
    """The medication element: a code, a text alone, or a ready reference."""
    if isinstance(medicine, dict):
        return {"medicationReference": medicine}
    if isinstance(medicine, Code):
        return {"medicationCodeableConcept": concept(medicine)}
    return {"medicationCodeableConcept": concept(text=medicine)}


def daily_dose(
    milligrams: float | None,
    *,
    start: date | None = None,
    end: date | None = None,
    route: str | None = ORAL,
    text: str = "",
    sequence: int = 1,
) -> JSON:
    """One Dosage taken once a day; the last day of the bounds is a day with the medicine."""
    bounds = {"start": start and str(start), "end": end and str(end)}
    bounds = {key: value for key, value in bounds.items() if value}
    found: JSON = {"sequence": sequence}
    if text or milligrams is not None:
        found["text"] = text or f"{milligrams:g} mg once a day"
    if milligrams is not None:
        repeat: JSON = {"frequency": 1, "period": 1, "periodUnit": "d"}
        found["timing"] = {"repeat": {**({"boundsPeriod": bounds} if bounds else {}), **repeat}}
        found["doseAndRate"] = [{"doseQuantity": quantity(milligrams, "mg")}]
    if route:
        found["route"] = concept(text=route)
    return found


def add_order(
    chart: Chart,
    medicine: Code | str | JSON,
    *dosages: JSON,
    written: date,
    status: str = "active",
    intent: str = "order",
    **elements: object,
) -> JSON:
    """Add a MedicationRequest."""
    return chart.add(
        "MedicationRequest",
        status=status,
        intent=intent,
        **medicine_of(medicine),
        authoredOn=str(written),
        dosageInstruction=list(dosages) or None,
        **elements,
    )


def add_daily_course(
    chart: Chart, medicine: Code | str | JSON, milligrams: float, *, days: int, ended_ago: int
) -> JSON:
    """Add a completed order of exactly `days` days whose last day was `ended_ago` days ago."""
    end = chart.days_ago(ended_ago)
    start = end - timedelta(days=days - 1)
    dosage = daily_dose(milligrams, start=start, end=end)
    return add_order(chart, medicine, dosage, written=start, status="completed")


def add_administration(
    chart: Chart,
    medicine: Code | str,
    milligrams: float | None,
    *,
    day: date,
    route: str = INTRAVENOUS,
    order: JSON | None = None,
) -> JSON:
    """Add one completed administration at nine in the morning UTC."""
    dose = {"route": concept(text=route)}
    if milligrams is not None:
        dose["dose"] = quantity(milligrams, "mg")
    return chart.add(
        "MedicationAdministration",
        status="completed",
        **medicine_of(medicine),
        effectiveDateTime=f"{day}T09:00:00Z",
        request=reference_to(order) if order else None,
        dosage=dose,
    )


def add_pulse(chart: Chart, *, ago: int, grams: float = 1, days: int = 3) -> None:
    """Add a relapse course: `grams` of intravenous methylprednisolone on consecutive days."""
    for number in range(days):
        day = chart.days_ago(ago - number)
        add_administration(chart, METHYLPREDNISOLONE, grams * 1000, day=day)
