"""Diagnoses and encounters of the invented charts.

Which category and which verification status a Condition carries decides whether it confirms
multiple sclerosis, so both are arguments everywhere and `None` really leaves the element out.
"""

from __future__ import annotations

from datetime import date

from service.demo_ehr.chart import Chart, reference_to
from service.demo_ehr.codes import JSON, MS_RELAPSING, Code, concept, status_concept
from service.demo_ehr.dates import days_before, years_before

PROBLEM = "problem-list-item"
ENCOUNTER = "encounter-diagnosis"


def add_condition(
    chart: Chart,
    *codes: Code,
    recorded: date,
    onset: str | None = None,
    category: str | None = PROBLEM,
    clinical: str | None = "active",
    verification: str | None = "confirmed",
    encounter: JSON | None = None,
    text: str = "",
) -> JSON:
    """Add a Condition recorded on a day; `onset` may be partial, such as `2019`.

    An entered-in-error Condition has no clinical status (FHIR invariant con-5).
    """
    if verification == "entered-in-error":
        clinical = None
    system = "condition-category"
    return chart.add(
        "Condition",
        clinicalStatus=status_concept("condition-clinical", clinical) if clinical else None,
        verificationStatus=(
            status_concept("condition-ver-status", verification) if verification else None
        ),
        category=[status_concept(system, category)] if category else None,
        code=concept(*codes, text=text) or None,
        encounter=reference_to(encounter) if encounter else None,
        onsetDateTime=onset,
        recordedDate=str(recorded),
    )


def add_ms(
    chart: Chart,
    *codes: Code,
    category: str | None = PROBLEM,
    clinical: str | None = "active",
    verification: str | None = "confirmed",
) -> JSON:
    """Add the MS diagnosis; it began between 20 and 50, or in youth in somebody still young."""
    onset = onset_of_ms(chart)
    return add_condition(
        chart,
        *(codes or (MS_RELAPSING,)),
        recorded=min(days_before(onset, -60), chart.days_ago(30)),
        onset=f"{onset:%Y-%m}",
        category=category,
        clinical=clinical,
        verification=verification,
    )


def onset_of_ms(chart: Chart) -> date:
    """The first of a month in which the first symptoms came, at least a year ago."""
    born = chart.resources[0].get("birthDate", str(chart.on.year - 40))
    birth_year = int(born[:4])
    latest_age = min(50, chart.on.year - birth_year - 2)
    age = chart.random.randint(min(20, latest_age), latest_age)
    return date(birth_year + age, chart.random.randint(1, 12), 1)


def add_encounter(chart: Chart, day: date) -> JSON:
    """Add a finished outpatient visit on one day."""
    return chart.add(
        "Encounter",
        status="finished",
        **{"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}},
        period={"start": str(day), "end": str(day)},
    )


def add_visit_diagnosis(
    chart: Chart, *codes: Code, day: date, verification: str = "confirmed"
) -> JSON:
    """Add a Condition of category encounter-diagnosis with the encounter it was made in."""
    return add_condition(
        chart,
        *codes,
        recorded=day,
        onset=str(day),
        category=ENCOUNTER,
        verification=verification,
        encounter=add_encounter(chart, day),
    )


def add_fracture(
    chart: Chart,
    code: Code,
    *,
    day: date,
    mechanism: Code | None = None,
    verification: str = "confirmed",
) -> JSON:
    """Add a fracture and, where known, how it happened, both in the same encounter."""
    fracture = add_visit_diagnosis(chart, code, day=day, verification=verification)
    if mechanism:
        cause = add_condition(chart, mechanism, recorded=day, onset=str(day), category=ENCOUNTER)
        cause["encounter"] = fracture["encounter"]
    return fracture


def add_relative(chart: Chart, relationship: Code, *conditions: Code) -> JSON:
    """Add what is known of a relative."""
    return chart.add(
        "FamilyMemberHistory",
        "patient",
        status="completed",
        relationship=concept(relationship),
        condition=[{"code": concept(code)} for code in conditions],
    )


def birthday(chart: Chart, age: int) -> date:
    """The day on which this person turned `age`; the birth date must be a full one."""
    return years_before(date.fromisoformat(chart.resources[0]["birthDate"]), -age)
