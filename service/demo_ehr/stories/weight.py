"""Low weight (MSO-10): major below a BMI of 18.5, minor up to 20.0."""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition
from service.demo_ehr.measurements import add_bmi, add_observation, add_vitamin_d, quantity
from service.demo_ehr.story import ordinary, story


def _vital(chart: Chart, code: codes.Code, value: float, unit: str) -> None:
    day = months_before(chart.on, 3)
    add_observation(
        chart, code, day=day, category="vital-signs", valueQuantity=quantity(value, unit)
    )


@story("due", "MSO-10", about="Example 3: a woman of 45, G35.D, BMI 17.9.")
def bmi_seventeen_point_nine(chart: Chart) -> None:
    ordinary(chart, "female", 45, codes.MS_UNSPECIFIED, bmi=17.9)


@story("due", "MSO-10", about="BMI 18.4, just below the line.")
def bmi_eighteen_point_four(chart: Chart) -> None:
    ordinary(chart, "male", 40, bmi=18.4)


@story("not-at-risk", "MSO-10", about="Example 4: BMI 18.5 exactly is minor, and alone.")
def bmi_eighteen_point_five(chart: Chart) -> None:
    ordinary(chart, "female", 45, codes.MS_UNSPECIFIED, bmi=18.5)


@story("due", "MSO-10", "MSO-11", about="BMI 20.0 and little vitamin D: two minors, two domains.")
def bmi_twenty_and_little_vitamin_d(chart: Chart) -> None:
    ordinary(chart, "female", 36, bmi=20.0)
    add_vitamin_d(chart, 38)


@story("not-at-risk", "MSO-11", about="BMI 20.1 and little vitamin D: only the vitamin counts.")
def bmi_above_twenty_and_little_vitamin_d(chart: Chart) -> None:
    ordinary(chart, "female", 36, bmi=20.1)
    add_vitamin_d(chart, 38)


@story("not-at-risk", about="BMI 17.5 twenty months ago, 22 now: the latest counts.")
def bmi_recovered(chart: Chart) -> None:
    ordinary(chart, "female", 33, bmi=None)
    add_bmi(chart, 17.5, months=20)
    add_bmi(chart, 22.0, months=2)


@story("not-at-risk", about="The only BMI, 17, is 26 months old.")
def bmi_too_old(chart: Chart) -> None:
    ordinary(chart, "female", 31, bmi=None)
    add_bmi(chart, 17.0, months=26)


@story("not-at-risk", about="A BMI of 179: the decimal point is missing.")
def bmi_impossible(chart: Chart) -> None:
    ordinary(chart, "male", 34, bmi=179)


@story("due", "MSO-10", about="No BMI, but 45 kg and 162 cm.")
def weight_and_height(chart: Chart) -> None:
    ordinary(chart, "female", 42, bmi=None)
    _vital(chart, codes.BODY_WEIGHT, 45, "kg")
    _vital(chart, codes.BODY_HEIGHT, 162, "cm")


@story("due", "MSO-10", about="No BMI, but 110 pounds and 65 inches (BMI 18.3).")
def pounds_and_inches(chart: Chart) -> None:
    ordinary(chart, "female", 43, bmi=None)
    _vital(chart, codes.BODY_WEIGHT, 110, "[lb_av]")
    _vital(chart, codes.BODY_HEIGHT, 65, "[in_i]")


@story("due", "MSO-10", "MSO-13", about="55 kg, height unknown, at 55: weight and age together.")
def weight_without_height(chart: Chart) -> None:
    ordinary(chart, "female", 55, bmi=None)
    _vital(chart, codes.BODY_WEIGHT, 55, "kg")


@story("due", "MSO-10", "MSO-13", about="The diagnosis 'underweight' at 52.")
def underweight_as_a_diagnosis(chart: Chart) -> None:
    ordinary(chart, "female", 52, bmi=None)
    add_condition(chart, codes.UNDERWEIGHT, recorded=months_before(chart.on, 5))


@story(
    "not-at-risk", "MSO-10", about="Z68.1 means a BMI up to 19.9, not below 18.5: minor, and alone."
)
def bmi_as_a_code(chart: Chart) -> None:
    ordinary(chart, "female", 39, bmi=None)
    add_condition(chart, codes.BMI_19_9_OR_LESS, recorded=months_before(chart.on, 5))
