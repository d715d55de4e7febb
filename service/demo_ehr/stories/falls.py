"""Falls (MSO-07): two on different days, or one that did harm, within twelve months; always minor.

Little vitamin D joins nearly everybody: whoever is not at risk has the vitamin alone.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition, add_fracture, add_visit_diagnosis
from service.demo_ehr.measurements import add_observation, add_vitamin_d
from service.demo_ehr.story import ordinary, story


def _low_vitamin_d(chart: Chart, sex: str, age: int) -> None:
    ordinary(chart, sex, age)
    add_vitamin_d(chart, 35)


def _fell(chart: Chart, *months: int) -> None:
    for ago in months:
        day = months_before(chart.on, ago)
        add_visit_diagnosis(chart, codes.SLIP_ON_SAME_LEVEL, day=day)


@story("due", "MSO-07", "MSO-11", about="Two falls within a year, and little vitamin D.")
def falls_twice(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 45)
    _fell(chart, 9, 3)


@story("not-at-risk", "MSO-07", about="Two falls within a year and nothing else.")
def falls_twice_alone(chart: Chart) -> None:
    ordinary(chart, "male", 42)
    _fell(chart, 9, 3)


@story("not-at-risk", "MSO-11", about="One fall written down twice on one day, little vitamin D.")
def fall_recorded_twice(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 40)
    day = months_before(chart.on, 4)
    add_visit_diagnosis(chart, codes.SLIP_ON_SAME_LEVEL, day=day)
    add_condition(chart, codes.FALL_SNOMED, recorded=day, onset=str(day))


@story("not-at-risk", "MSO-11", about="A fall 13 months ago and one since: one in the window.")
def falls_more_than_a_year_apart(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 38)
    _fell(chart, 13, 2)


@story("due", "MSO-05", "MSO-11", about="Example 31 with little vitamin D: the gait counts.")
def two_weak_codes_and_vitamin_d(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 41)
    for code in (codes.HISTORY_OF_FALLING, codes.UNSTEADINESS):
        add_condition(chart, code, recorded=months_before(chart.on, 5))


@story("not-at-risk", "MSO-11", about="'History of falling' and one dated fall: not two falls.")
def history_of_falling_and_one_fall(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 47)
    add_condition(chart, codes.HISTORY_OF_FALLING, recorded=months_before(chart.on, 5))
    _fell(chart, 3)


@story("due", "MSO-07", "MSO-11", about="'Falls in the past year': 3; little vitamin D.")
def falls_question_three(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 48)
    day = months_before(chart.on, 3)
    add_observation(chart, codes.FALLS_IN_THE_PAST_YEAR, day=day, category="survey", valueInteger=3)


@story("not-at-risk", "MSO-11", about="'Falls in the past year': yes, which is one fall.")
def falls_question_yes(chart: Chart) -> None:
    _low_vitamin_d(chart, "male", 44)
    day = months_before(chart.on, 3)
    add_observation(
        chart, codes.FALLS_IN_THE_PAST_YEAR, day=day, category="survey", valueBoolean=True
    )


@story("due", "MSO-07", "MSO-11", about="One fall on the stairs with a concussion; vitamin D low.")
def fall_with_a_concussion(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 39)
    day = months_before(chart.on, 6)
    add_fracture(chart, codes.CONCUSSION, day=day, mechanism=codes.FALL_ON_STAIRS)


@story("due", "MSO-07", "MSO-13", about="The code for repeated falls, at 55.")
def repeated_falls_at_fifty_five(chart: Chart) -> None:
    ordinary(chart, "female", 55)
    add_visit_diagnosis(chart, codes.REPEATED_FALLS, day=months_before(chart.on, 3))
