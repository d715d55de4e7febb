"""Moderate disability, worsening, walking (MSO-03, MSO-05): minor, so something must join them.

Little vitamin D joins nearly everybody here: whoever is not at risk has the vitamin alone, and a
wrong status means that the disability was read wrongly. Everybody is under 50.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import days_before, months_before
from service.demo_ehr.diagnoses import add_condition, add_visit_diagnosis
from service.demo_ehr.measurements import add_edss, add_vitamin_d
from service.demo_ehr.story import ordinary, story


def _low_vitamin_d(chart: Chart, sex: str, age: int, edss: float | None = 2.0) -> None:
    ordinary(chart, sex, age, edss=edss)
    add_vitamin_d(chart, 35)


@story("due", "MSO-03", "MSO-11", about="EDSS 4.0, the line itself, and little vitamin D.")
def edss_four(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 41, edss=4.0)


@story("not-at-risk", "MSO-11", about="EDSS 4.5 that is 25 months old, and little vitamin D.")
def edss_four_point_five_too_old(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 43, edss=None)
    add_edss(chart, 4.5, months=25)


@story("due", "MSO-03", "MSO-11", about="EDSS from 2.0 to 3.0 in a year, and little vitamin D.")
def edss_risen_by_one(chart: Chart) -> None:
    _low_vitamin_d(chart, "male", 39, edss=None)
    add_edss(chart, 2.0, months=14)
    add_edss(chart, 3.0, months=2)


@story("not-at-risk", "MSO-11", about="EDSS from 2.0 to 3.5 and back to 2.0: recovered.")
def edss_risen_and_recovered(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 36, edss=None)
    for months, score in ((20, 2.0), (13, 3.5), (2, 2.0)):
        add_edss(chart, score, months=months)


@story("not-at-risk", "MSO-11", about="EDSS from 2.0 to 3.5 ten days after a relapse began.")
def edss_risen_in_a_relapse(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 34, edss=None)
    add_edss(chart, 2.0, months=14)
    day = days_before(months_before(chart.on, 2), 10)
    add_visit_diagnosis(chart, codes.MS_RELAPSE, day=day)
    add_edss(chart, 3.5, months=2)


@story("due", "MSO-05", "MSO-11", about="A walking stick and little vitamin D.")
def walking_stick_and_vitamin_d(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 44)
    add_condition(chart, codes.WALKING_STICK, recorded=months_before(chart.on, 10))


@story("not-at-risk", "MSO-05", about="A walking stick alone.")
def walking_stick_alone(chart: Chart) -> None:
    ordinary(chart, "male", 47)
    add_condition(chart, codes.WALKING_STICK, recorded=months_before(chart.on, 10))


@story("not-at-risk", "MSO-03", "MSO-05", about="A stick and EDSS 5.0: one domain counts once.")
def walking_stick_and_edss_five(chart: Chart) -> None:
    ordinary(chart, "female", 46, edss=5.0)
    add_condition(chart, codes.WALKING_STICK, recorded=months_before(chart.on, 10))
