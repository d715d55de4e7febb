"""Low-trauma fractures (MSO-06) and fractures that are something else.

People whose fracture does not count are under 50, so that age adds nothing. A fracture code says
where, not how: the mechanism stands in the same encounter or nowhere.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import months_before, years_before
from service.demo_ehr.diagnoses import add_condition, add_fracture, birthday
from service.demo_ehr.story import ordinary, story


@story(
    "due",
    "MSO-06",
    "MSO-07",
    "MSO-13",
    about="Example 12: a woman of 55, a wrist broken by a slip, and the follow-up of the same.",
)
def wrist_after_a_slip(chart: Chart) -> None:
    ordinary(chart, "female", 55)
    add_fracture(
        chart,
        codes.WRIST_FRACTURE,
        day=months_before(chart.on, 8),
        mechanism=codes.SLIP_ON_SAME_LEVEL,
    )
    add_fracture(chart, codes.WRIST_FRACTURE_LATER, day=months_before(chart.on, 7))


@story("not-at-risk", about="Example 13: a hip broken by a fall from a building.")
def hip_after_a_fall_from_a_building(chart: Chart) -> None:
    ordinary(chart, "male", 45)
    day = months_before(chart.on, 20)
    add_fracture(chart, codes.HIP_FRACTURE, day=day, mechanism=codes.FALL_FROM_BUILDING)


@story("not-at-risk", about="An upper arm broken by a fall from a ladder.")
def humerus_after_a_fall_from_a_ladder(chart: Chart) -> None:
    ordinary(chart, "female", 47)
    day = months_before(chart.on, 30)
    add_fracture(chart, codes.HUMERUS_FRACTURE, day=day, mechanism=codes.FALL_FROM_LADDER)


@story("not-at-risk", about="Example 14: fractures of a bone metastasis are not fragility.")
def fracture_of_a_metastasis(chart: Chart) -> None:
    ordinary(chart, "female", 48)
    day = months_before(chart.on, 5)
    add_condition(chart, codes.BONE_METASTASIS, recorded=day)
    add_fracture(chart, codes.NEOPLASTIC_FRACTURE, day=day)
    add_fracture(chart, codes.PATHOLOGICAL_FRACTURE, day=day)


@story("due", "MSO-06", "MSO-13", about="A hip fracture at 61, mechanism unknown.")
def hip_without_a_mechanism(chart: Chart) -> None:
    ordinary(chart, "male", 61)
    add_condition(chart, codes.HIP_FRACTURE_SNOMED, recorded=months_before(chart.on, 9))


@story("due", "MSO-06", about="A collapsed vertebra at 46.")
def collapsed_vertebra(chart: Chart) -> None:
    ordinary(chart, "female", 46)
    add_fracture(chart, codes.COLLAPSED_VERTEBRA, day=months_before(chart.on, 3))


@story("due", "MSO-06", about="An upper arm broken on the fortieth birthday: the line itself.")
def humerus_at_forty_exactly(chart: Chart) -> None:
    ordinary(chart, "female", 46)
    day = birthday(chart, 40)
    add_fracture(chart, codes.HUMERUS_FRACTURE, day=day, mechanism=codes.SLIP_ON_SAME_LEVEL)


@story("not-at-risk", about="A wrist broken at 39.")
def wrist_at_thirty_nine(chart: Chart) -> None:
    ordinary(chart, "female", 46)
    day = months_before(birthday(chart, 40), 2)
    add_fracture(chart, codes.WRIST_FRACTURE, day=day, mechanism=codes.SLIP_ON_SAME_LEVEL)


@story("due", "MSO-06", "MSO-13", about="A hip fracture of which only the year is known.")
def hip_known_by_its_year(chart: Chart) -> None:
    ordinary(chart, "female", 60)
    year = years_before(chart.on, 6).year
    add_condition(
        chart, codes.HIP_FRACTURE_SNOMED, recorded=months_before(chart.on, 50), onset=str(year)
    )


@story("not-at-risk", about="A broken finger never counts.")
def broken_finger(chart: Chart) -> None:
    ordinary(chart, "male", 45)
    day = months_before(chart.on, 15)
    add_fracture(chart, codes.FINGER_FRACTURE, day=day)


@story("not-at-risk", about="A hip fracture suspected and never confirmed.")
def hip_only_suspected(chart: Chart) -> None:
    ordinary(chart, "female", 49)
    day = months_before(chart.on, 2)
    add_fracture(chart, codes.HIP_FRACTURE, day=day, verification="provisional")


@story("not-at-risk", about="A wrist fracture entered in error.")
def wrist_entered_in_error(chart: Chart) -> None:
    ordinary(chart, "female", 44)
    day = months_before(chart.on, 6)
    add_fracture(chart, codes.WRIST_FRACTURE, day=day, verification="entered-in-error")
