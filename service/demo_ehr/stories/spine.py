"""Height and pain (MSO-18): 4 cm of height count alone as minor, pain only beside something else.

Nobody here has a known fracture: loss of height and new pain are hints that there may be one.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition
from service.demo_ehr.measurements import add_height, add_vitamin_d
from service.demo_ehr.story import ordinary, story


def _shrunk(chart: Chart, highest: float, latest: float) -> None:
    add_height(chart, highest, months=120)
    add_height(chart, latest, months=3)


def _new_pain(chart: Chart) -> None:
    day = months_before(chart.on, 2)
    add_condition(chart, codes.LOW_BACK_PAIN, recorded=day, onset=str(day))


@story("due", "MSO-11", "MSO-18", about="170 cm ten years ago, 166 cm now; little vitamin D.")
def height_lost_four_centimetres(chart: Chart) -> None:
    ordinary(chart, "female", 48)
    _shrunk(chart, 170, 166)
    add_vitamin_d(chart, 35)


@story("not-at-risk", "MSO-11", about="3.9 cm smaller than ten years ago; little vitamin D.")
def height_lost_three_point_nine(chart: Chart) -> None:
    ordinary(chart, "female", 48)
    _shrunk(chart, 170, 166.1)
    add_vitamin_d(chart, 35)


@story("not-at-risk", "MSO-18", about="5 cm smaller than ten years ago and nothing else.")
def height_loss_alone(chart: Chart) -> None:
    ordinary(chart, "male", 47)
    _shrunk(chart, 181, 176)


@story("not-at-risk", about="New back pain alone counts for nothing.")
def back_pain_alone(chart: Chart) -> None:
    ordinary(chart, "female", 43)
    _new_pain(chart)


@story("due", "MSO-11", "MSO-18", about="New back pain, and little vitamin D beside it.")
def back_pain_and_vitamin_d(chart: Chart) -> None:
    ordinary(chart, "female", 43)
    _new_pain(chart)
    add_vitamin_d(chart, 35)


@story("not-at-risk", "MSO-11", about="New back pain that a slipped disc explains; vitamin D low.")
def back_pain_explained(chart: Chart) -> None:
    ordinary(chart, "male", 40)
    _new_pain(chart)
    add_condition(chart, codes.LUMBAR_DISC, recorded=months_before(chart.on, 1))
    add_vitamin_d(chart, 35)
