"""Medicines that act on bone or falls (MSO-15): suppressed sex hormones alone, others in a pair.

Little vitamin D joins nearly everybody: whoever is not at risk has the vitamin alone.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import months_before
from service.demo_ehr.measurements import add_vitamin_d
from service.demo_ehr.medicines import add_daily_course, add_order, daily_dose
from service.demo_ehr.story import ordinary, story


def _low_vitamin_d(chart: Chart, sex: str, age: int) -> None:
    ordinary(chart, sex, age)
    add_vitamin_d(chart, 35)


@story("due", "MSO-15", about="Anastrozole, an aromatase inhibitor, at 46: enough alone.")
def aromatase_inhibitor(chart: Chart) -> None:
    ordinary(chart, "female", 46)
    start = months_before(chart.on, 5)
    add_order(chart, codes.ANASTROZOLE, daily_dose(1, start=start), written=start)


@story("due", "MSO-11", "MSO-15", about="Carbamazepine for 120 days, little vitamin D.")
def carbamazepine_and_vitamin_d(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 44)
    add_daily_course(chart, codes.CARBAMAZEPINE, 400, days=120, ended_ago=20)


@story("not-at-risk", "MSO-15", about="Carbamazepine for 120 days and nothing else.")
def carbamazepine_alone(chart: Chart) -> None:
    ordinary(chart, "male", 45)
    add_daily_course(chart, codes.CARBAMAZEPINE, 400, days=120, ended_ago=20)


@story("not-at-risk", "MSO-11", about="Gabapentin for 200 days is no enzyme inducer.")
def gabapentin_is_no_inducer(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 42)
    add_daily_course(chart, "gabapentin 300 mg oral capsule", 900, days=200, ended_ago=10)


@story("due", "MSO-11", "MSO-15", about="Sertraline issued twice in six months, vitamin D low.")
def antidepressant_issued_twice(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 40)
    for ended_ago in (100, 10):
        add_daily_course(chart, codes.SERTRALINE, 50, days=30, ended_ago=ended_ago)


@story("not-at-risk", "MSO-11", about="Sertraline issued once, for a month; vitamin D low.")
def antidepressant_issued_once(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 40)
    add_daily_course(chart, codes.SERTRALINE, 50, days=30, ended_ago=60)


@story("due", "MSO-13", "MSO-15", about="Omeprazole every day for 13 months, at 51.")
def omeprazole_for_thirteen_months(chart: Chart) -> None:
    ordinary(chart, "female", 51)
    add_daily_course(chart, codes.OMEPRAZOLE, 20, days=400, ended_ago=3)
