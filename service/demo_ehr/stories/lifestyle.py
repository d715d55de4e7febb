"""Smoking, alcohol, a parent's broken hip (MSO-14): minor, and one of them is as good as all.

An ordinary chart says "never smoked" nine months ago; a later answer replaces it. The server of the
demo does not offer FamilyMemberHistory, so nobody may be due by one: there the parent is a code.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition, add_relative
from service.demo_ehr.measurements import add_observation, add_smoking, add_vitamin_d, quantity
from service.demo_ehr.story import ordinary, story


def _low_vitamin_d(chart: Chart, sex: str, age: int) -> None:
    ordinary(chart, sex, age)
    add_vitamin_d(chart, 35)


@story("due", "MSO-11", "MSO-14", about="Smokes every day, little vitamin D.")
def smoker_and_vitamin_d(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 40)
    add_smoking(chart, codes.SMOKES_EVERY_DAY)


@story("not-at-risk", "MSO-14", about="Smokes every day, and her mother broke a hip: counts once.")
def smoker_whose_mother_broke_a_hip(chart: Chart) -> None:
    ordinary(chart, "female", 45)
    add_smoking(chart, codes.SMOKES_EVERY_DAY)
    add_relative(chart, codes.MOTHER, codes.HIP_FRACTURE_SNOMED)


@story("due", "MSO-11", "MSO-14", about="'Smoker, current status unknown' is a current smoker.")
def smoker_current_status_unknown(chart: Chart) -> None:
    _low_vitamin_d(chart, "male", 43)
    add_smoking(chart, codes.SMOKER)


@story("not-at-risk", "MSO-11", about="'Unknown if ever smoked' says nothing; vitamin D is low.")
def smoking_not_known(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 41)
    add_smoking(chart, codes.UNKNOWN_IF_EVER_SMOKED)


@story("due", "MSO-11", "MSO-14", about="Her mother broke a hip; little vitamin D.")
def mothers_broken_hip(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 39)
    recorded = months_before(chart.on, 26)
    add_condition(chart, codes.MATERNAL_HIP_FRACTURE, recorded=recorded)


@story("not-at-risk", "MSO-11", about="Her stepmother broke a hip: not inherited.")
def stepmothers_broken_hip(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 39)
    add_relative(chart, codes.STEPMOTHER, codes.HIP_FRACTURE_SNOMED)


def _drinks(chart: Chart, drinks: float) -> None:
    add_observation(
        chart,
        codes.DRINKS_A_DAY,
        day=months_before(chart.on, 4),
        category="social-history",
        valueQuantity=quantity(drinks, "{drinks}/d"),
    )


@story("due", "MSO-13", "MSO-14", about="Three alcoholic drinks a day at 54.")
def drinks_three_a_day(chart: Chart) -> None:
    ordinary(chart, "male", 54)
    _drinks(chart, 3)


@story("not-at-risk", "MSO-13", about="Two alcoholic drinks a day at 54: not more than two.")
def drinks_two_a_day(chart: Chart) -> None:
    ordinary(chart, "female", 54)
    _drinks(chart, 2)
