"""Bone density: what a central DXA settles, for how long, and what does not settle anything.

Everybody who is `due` here has a criterion that is enough alone, so a wrong status means that the
scan was read wrongly. Results within two months of the end of their interval are `due-soon`.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import days_before, months_before
from service.demo_ehr.diagnoses import add_condition
from service.demo_ehr.imaging import add_dxa, add_dxa_order, add_report, add_scan, add_score
from service.demo_ehr.story import ordinary, story


@story("satisfied", about="Example 18: T −1.8 eleven months ago, next scan at 24 months.")
def dxa_osteopenia_eleven_months_ago(chart: Chart) -> None:
    ordinary(chart, "female", 57)
    add_dxa(chart, -1.8, months=11)


@story("due", "MSO-13", "MSO-17", about="T −1.8 exactly 24 months ago: due on the anniversary.")
def dxa_osteopenia_two_years_ago_today(chart: Chart) -> None:
    ordinary(chart, "female", 57)
    add_dxa(chart, -1.8, months=24)


@story("due-soon", about="T −1.8 almost 24 months ago: due in a day or two.")
def dxa_osteopenia_two_years_ago_in_two_days(chart: Chart) -> None:
    ordinary(chart, "female", 58)
    day = days_before(months_before(chart.on, 24), -2)
    add_report(chart, add_score(chart, -1.8, day=day), day=day)


@story("due-soon", about="EDSS 6.5 and a normal scan 23 months ago: 24 months apply.")
def dxa_normal_and_high_edss_soon(chart: Chart) -> None:
    ordinary(chart, "female", 53, edss=6.5)
    add_dxa(chart, -0.4, months=23)


@story("due", "MSO-02", "MSO-13", about="EDSS 6.5 and a normal scan 25 months ago.")
def dxa_normal_and_high_edss_over(chart: Chart) -> None:
    ordinary(chart, "female", 54, edss=6.5)
    add_dxa(chart, -0.4, months=25)


@story("satisfied", about="A normal scan 40 months ago and nothing but age: 60 months apply.")
def dxa_normal_forty_months_ago(chart: Chart) -> None:
    ordinary(chart, "female", 57)
    add_dxa(chart, -0.4, months=40)


@story("satisfied", about="A normal scan whose 60 months end soon; nothing would follow.")
def dxa_normal_ends_and_nothing_follows(chart: Chart) -> None:
    ordinary(chart, "male", 57)
    add_dxa(chart, -0.4, months=59)


@story("not-at-risk", "MSO-13", about="A normal scan 61 months ago and nothing but age.")
def dxa_normal_sixty_one_months_ago(chart: Chart) -> None:
    ordinary(chart, "female", 59)
    add_dxa(chart, -0.4, months=61)


@story("satisfied", about="T −1.2 thirty months ago and nothing major: 36 months apply.")
def dxa_mild_osteopenia_thirty_months_ago(chart: Chart) -> None:
    ordinary(chart, "female", 56)
    add_dxa(chart, -1.2, months=30)


@story("due", "MSO-13", "MSO-17", about="T −1.2 thirty-seven months ago.")
def dxa_mild_osteopenia_over(chart: Chart) -> None:
    ordinary(chart, "male", 58)
    add_dxa(chart, -1.2, months=37)


@story(
    "due",
    "MSO-02",
    "MSO-13",
    "MSO-17",
    about="T −1.2 thirty months ago and EDSS 6.5: 24 months apply.",
)
def dxa_mild_osteopenia_and_high_edss(chart: Chart) -> None:
    ordinary(chart, "female", 55, edss=6.5)
    add_dxa(chart, -1.2, months=30)


@story("satisfied", about="Z −2.4 six months ago at 38.")
def dxa_low_z_score(chart: Chart) -> None:
    ordinary(chart, "female", 38, edss=6.0)
    add_dxa(chart, -2.4, months=6, code=codes.Z_SPINE)


@story("due", "MSO-17", about="Z −2.4 twenty-five months ago at 38: below the expected range.")
def dxa_low_z_score_over(chart: Chart) -> None:
    ordinary(chart, "female", 38)
    add_dxa(chart, -2.4, months=25, code=codes.Z_SPINE)


@story("satisfied", about="Z −2.8 at 36: a Z-score never makes osteoporosis known.")
def dxa_very_low_z_score(chart: Chart) -> None:
    ordinary(chart, "male", 36)
    add_dxa(chart, -2.8, months=6, code=codes.Z_SPINE)


@story("satisfied", about="T −2.7 in a man of 45: T-scores do not apply before 50.")
def dxa_t_score_in_a_young_man(chart: Chart) -> None:
    ordinary(chart, "male", 45)
    add_dxa(chart, -2.7, months=5)


@story("satisfied", about="Example 19: 0.889 g/cm2 under a T-score code: done, result unknown.")
def dxa_density_under_a_t_score_code(chart: Chart) -> None:
    ordinary(chart, "female", 62, edss=6.0)
    day = months_before(chart.on, 5)
    add_scan(chart, day=day)
    add_score(chart, 0.889, day=day, code=codes.T_FEMUR, unit="g/cm2")


@story("satisfied", about="Only the Procedure of a DXA, four months ago.")
def dxa_procedure_only(chart: Chart) -> None:
    ordinary(chart, "female", 66)
    add_scan(chart, codes.DXA_SNOMED, day=months_before(chart.on, 4))


@story("satisfied", about="Only the report of a DXA, without results, ten months ago.")
def dxa_report_only(chart: Chart) -> None:
    ordinary(chart, "female", 67)
    add_report(chart, day=months_before(chart.on, 10), code=codes.DXA_FEMUR_REPORT)


@story("due", "MSO-13", about="A DXA without any result, 25 months ago.")
def dxa_without_result_over(chart: Chart) -> None:
    ordinary(chart, "female", 68)
    add_scan(chart, day=months_before(chart.on, 25))


@story("due", "MSO-02", about="Example 20: a peripheral DXA (77081) last month settles nothing.")
def peripheral_dxa(chart: Chart) -> None:
    ordinary(chart, "female", 46, edss=6.5)
    add_scan(chart, codes.DXA_PERIPHERAL_CPT, day=months_before(chart.on, 1))


@story("due", "MSO-02", about="Example 20: a single-energy scan (G0130) last month.")
def single_energy_scan(chart: Chart) -> None:
    ordinary(chart, "male", 44, edss=6.5)
    add_scan(chart, codes.SEXA_HCPCS, day=months_before(chart.on, 1))


@story("due", "MSO-02", about="A T-score of the forearm alone settles nothing.")
def forearm_t_score(chart: Chart) -> None:
    ordinary(chart, "female", 49, edss=6.0)
    add_score(chart, -0.9, day=months_before(chart.on, 3), code=codes.T_RADIUS)


@story("due", "MSO-02", about="A procedure coded 'not applicable', once listed as a DXA.")
def procedure_not_applicable(chart: Chart) -> None:
    ordinary(chart, "female", 42, edss=7.0)
    add_scan(chart, codes.NOT_APPLICABLE, day=months_before(chart.on, 2))


@story("due", "MSO-02", about="A DXA entered in error.")
def dxa_entered_in_error(chart: Chart) -> None:
    ordinary(chart, "male", 40, edss=6.5)
    add_scan(chart, day=months_before(chart.on, 2), status="entered-in-error")


@story("due", "MSO-02", about="A DXA in preparation has not been done.")
def dxa_in_preparation(chart: Chart) -> None:
    ordinary(chart, "female", 41, edss=6.5)
    add_scan(chart, day=months_before(chart.on, 1), status="preparation")


@story("due", "MSO-17", about="Osteopenia as a diagnosis, no DXA to be seen.")
def osteopenia_without_a_dxa(chart: Chart) -> None:
    ordinary(chart, "female", 48)
    add_condition(chart, codes.OSTEOPENIA, recorded=months_before(chart.on, 30))


@story("not-at-risk", about="Osteopenia only suspected.")
def osteopenia_provisional(chart: Chart) -> None:
    ordinary(chart, "male", 47)
    recorded = months_before(chart.on, 12)
    add_condition(chart, codes.OSTEOPENIA_SNOMED, recorded=recorded, verification="provisional")


@story("ordered-waiting", about="EDSS 6.5, and a DXA ordered two months ago.")
def dxa_ordered(chart: Chart) -> None:
    ordinary(chart, "female", 45, edss=6.5)
    add_dxa_order(chart, months=2)


@story("ordered-waiting", about="A woman of 70, a DXA ordered five months ago.")
def dxa_ordered_five_months_ago(chart: Chart) -> None:
    ordinary(chart, "female", 70)
    add_dxa_order(chart, months=5)


@story("due", "MSO-02", about="A DXA ordered eight months ago and never done.")
def dxa_ordered_and_forgotten(chart: Chart) -> None:
    ordinary(chart, "female", 47, edss=6.5)
    add_dxa_order(chart, months=8)


@story("due", "MSO-02", about="The order for a DXA was revoked.")
def dxa_order_revoked(chart: Chart) -> None:
    ordinary(chart, "male", 43, edss=6.0)
    add_dxa_order(chart, months=2, status="revoked")


@story("not-at-risk", about="A DXA ordered for somebody without enough risk.")
def dxa_ordered_without_risk(chart: Chart) -> None:
    ordinary(chart, "female", 37)
    add_dxa_order(chart, months=1)
