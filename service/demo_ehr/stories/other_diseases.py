"""Other diseases that cause osteoporosis (MSO-16): minor, and only while they are active."""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition
from service.demo_ehr.measurements import add_vitamin_d
from service.demo_ehr.story import ordinary, story


@story("due", "MSO-11", "MSO-16", about="Rheumatoid arthritis and little vitamin D.")
def rheumatoid_arthritis(chart: Chart) -> None:
    ordinary(chart, "female", 44)
    add_condition(chart, codes.RHEUMATOID_ARTHRITIS, recorded=months_before(chart.on, 30))
    add_vitamin_d(chart, 35)


@story("due", "MSO-13", "MSO-16", about="Type 1 diabetes at 52.")
def diabetes_type_one(chart: Chart) -> None:
    ordinary(chart, "female", 52)
    add_condition(chart, codes.DIABETES_TYPE_1, recorded=months_before(chart.on, 90))


@story("not-at-risk", "MSO-13", about="Type 2 diabetes at 52 is not on the list.")
def diabetes_type_two(chart: Chart) -> None:
    ordinary(chart, "male", 52)
    add_condition(chart, codes.DIABETES_TYPE_2, recorded=months_before(chart.on, 40))


@story("not-at-risk", "MSO-16", about="Crohn's disease and nothing else.")
def crohn_alone(chart: Chart) -> None:
    ordinary(chart, "female", 37)
    add_condition(chart, codes.CROHN, recorded=months_before(chart.on, 50))


@story("not-at-risk", "MSO-11", about="An overactive thyroid, cured years ago; vitamin D low.")
def hyperthyroidism_cured(chart: Chart) -> None:
    ordinary(chart, "female", 46)
    recorded = months_before(chart.on, 60)
    condition = add_condition(chart, codes.HYPERTHYROIDISM, recorded=recorded, clinical="resolved")
    condition["abatementDateTime"] = str(months_before(chart.on, 40))
    add_vitamin_d(chart, 35)
