"""Observations of the invented charts: EDSS, weight, height, vitamin D, smoking.

R4 has no `valueDecimal`: an EDSS is a Quantity or, on the half of servers that round it, an
integer. `unit` is a UCUM code and may be None, which is how vitamin D becomes unreadable.
"""

from __future__ import annotations

from datetime import date

from service.demo_ehr.chart import Chart
from service.demo_ehr.codes import (
    BMI,
    BODY_HEIGHT,
    EDSS,
    JSON,
    NEVER_SMOKED,
    SMOKING_STATUS,
    UCUM,
    VITAMIN_D_MASS,
    VITAMIN_D_MOLES,
    Code,
    concept,
    status_concept,
)
from service.demo_ehr.dates import months_before


def quantity(value: float, unit: str | None, comparator: str | None = None) -> JSON:
    """A FHIR Quantity; without a unit it is a bare number."""
    found: JSON = {"value": value}
    if comparator:
        found["comparator"] = comparator
    return {**found, "unit": unit, "system": UCUM, "code": unit} if unit else found


def add_observation(
    chart: Chart,
    code: Code,
    *,
    day: date,
    status: str = "final",
    category: str = "exam",
    **value: object,
) -> JSON:
    """Add an Observation; `value` is the one FHIR value element, such as `valueQuantity`."""
    return chart.add(
        "Observation",
        status=status,
        category=[status_concept("observation-category", category)],
        code=concept(code),
        effectiveDateTime=str(day),
        **value,
    )


def add_edss(chart: Chart, score: float, *, months: int = 5, status: str = "final") -> JSON:
    """Add an EDSS of `months` ago; a negative number of months lies in the future."""
    return add_observation(
        chart,
        EDSS,
        day=months_before(chart.on, months),
        status=status,
        category="survey",
        valueQuantity=quantity(score, "{score}"),
    )


def add_bmi(chart: Chart, value: float, *, months: int = 4) -> JSON:
    """Add a body mass index in kg/m2."""
    return add_observation(
        chart,
        BMI,
        day=months_before(chart.on, months),
        category="vital-signs",
        valueQuantity=quantity(value, "kg/m2"),
    )


def add_vitamin_d(
    chart: Chart,
    value: float,
    unit: str | None = "nmol/L",
    *,
    months: int = 6,
    comparator: str | None = None,
) -> JSON:
    """Add a 25-hydroxyvitamin D; the code follows the unit, as laboratories have it."""
    return add_observation(
        chart,
        VITAMIN_D_MOLES if unit == "nmol/L" else VITAMIN_D_MASS,
        day=months_before(chart.on, months),
        category="laboratory",
        valueQuantity=quantity(value, unit, comparator),
    )


def add_never_smoked(chart: Chart, *, months: int = 9) -> JSON:
    """Add the answer that this person never smoked."""
    return add_smoking(chart, NEVER_SMOKED, months=months)


def add_smoking(chart: Chart, answer: Code, *, months: int = 2) -> JSON:
    """Add a smoking status; by default it is later than the one of an ordinary chart."""
    return add_observation(
        chart,
        SMOKING_STATUS,
        day=months_before(chart.on, months),
        category="social-history",
        valueCodeableConcept=concept(answer),
    )


def add_height(chart: Chart, centimetres: float, *, months: int) -> JSON:
    """Add a standing height."""
    return add_observation(
        chart,
        BODY_HEIGHT,
        day=months_before(chart.on, months),
        category="vital-signs",
        valueQuantity=quantity(centimetres, "cm"),
    )
