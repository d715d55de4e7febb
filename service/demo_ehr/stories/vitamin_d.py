"""Vitamin D (MSO-11), always minor: at 55 it joins age and is enough, at 35 it is alone.

The line is 50 nmol/L or 20 ng/mL and is judged by the unit, never by the code.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition
from service.demo_ehr.measurements import add_observation, add_vitamin_d, quantity
from service.demo_ehr.story import ordinary, story


@story("due", "MSO-11", "MSO-13", about="19 ng/mL at 55.")
def vitamin_d_nineteen_nanograms(chart: Chart) -> None:
    ordinary(chart, "female", 55)
    add_vitamin_d(chart, 19, "ng/mL")


@story("not-at-risk", "MSO-13", about="20 ng/mL at 55: not low.")
def vitamin_d_twenty_nanograms(chart: Chart) -> None:
    ordinary(chart, "female", 55)
    add_vitamin_d(chart, 20, "ng/mL")


@story("due", "MSO-11", "MSO-13", about="49 nmol/L at 56.")
def vitamin_d_forty_nine_nanomoles(chart: Chart) -> None:
    ordinary(chart, "male", 56)
    add_vitamin_d(chart, 49)


@story("not-at-risk", "MSO-13", about="50 nmol/L at 56: not low.")
def vitamin_d_fifty_nanomoles(chart: Chart) -> None:
    ordinary(chart, "female", 56)
    add_vitamin_d(chart, 50)


@story("not-at-risk", "MSO-13", about="Example 8: 25 without a unit, which nobody can judge.")
def vitamin_d_without_a_unit(chart: Chart) -> None:
    ordinary(chart, "female", 57)
    add_vitamin_d(chart, 25, None)


@story("due", "MSO-11", "MSO-13", about="Below the detection limit: less than 10 ng/mL.")
def vitamin_d_below_detection(chart: Chart) -> None:
    ordinary(chart, "female", 54)
    add_vitamin_d(chart, 10, "ng/mL", comparator="<")


@story("not-at-risk", "MSO-13", about="A low value that is 26 months old.")
def vitamin_d_too_old(chart: Chart) -> None:
    ordinary(chart, "female", 53)
    add_vitamin_d(chart, 30, months=26)


@story("not-at-risk", "MSO-11", about="A low value at 35: one minor criterion.")
def vitamin_d_low_in_youth(chart: Chart) -> None:
    ordinary(chart, "female", 35)
    add_vitamin_d(chart, 30)


@story("due", "MSO-11", "MSO-13", about="The diagnosis of vitamin D deficiency at 58, no value.")
def vitamin_d_deficiency_as_a_diagnosis(chart: Chart) -> None:
    ordinary(chart, "female", 58)
    add_condition(chart, codes.VITAMIN_D_DEFICIENCY, recorded=months_before(chart.on, 8))


@story(
    "not-at-risk", "MSO-13", about="The diagnosis of deficiency at 58 and a normal value after it."
)
def vitamin_d_deficiency_corrected(chart: Chart) -> None:
    ordinary(chart, "female", 58)
    add_condition(chart, codes.VITAMIN_D_DEFICIENCY, recorded=months_before(chart.on, 14))
    add_vitamin_d(chart, 75, months=3)


@story("not-at-risk", "MSO-13", about="Low calcitriol at 55: the wrong vitamin D to measure.")
def calcitriol_is_not_vitamin_d(chart: Chart) -> None:
    ordinary(chart, "female", 55)
    day = months_before(chart.on, 3)
    add_observation(chart, codes.CALCITRIOL, day=day, valueQuantity=quantity(12, "pg/mL"))
