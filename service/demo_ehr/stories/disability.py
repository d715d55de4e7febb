"""Disability: EDSS, wheelchair and bed, progressive course (MSO-01, MSO-02, MSO-04).

People whose disability is not enough are under 50, so that age adds nothing.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition, add_visit_diagnosis
from service.demo_ehr.measurements import add_edss, add_observation, quantity
from service.demo_ehr.story import ordinary, story


@story("due", "MSO-02", about="Example 1: a woman of 34 with relapsing MS and EDSS 6.5.")
def edss_six_point_five(chart: Chart) -> None:
    ordinary(chart, "female", 34, codes.MS_RELAPSING, edss=6.5)


@story("due", "MSO-02", about="EDSS exactly 6.0: the line itself counts.")
def edss_six_exactly(chart: Chart) -> None:
    ordinary(chart, "male", 38, edss=6.0)


@story("not-at-risk", "MSO-03", about="EDSS 5.5 alone is a minor criterion at most.")
def edss_five_point_five(chart: Chart) -> None:
    ordinary(chart, "female", 41, edss=5.5)


@story("due", "MSO-02", about="The server keeps the EDSS as an integer: 7.")
def edss_as_integer(chart: Chart) -> None:
    ordinary(chart, "female", 45, edss=None)
    day = months_before(chart.on, 6)
    add_observation(chart, codes.EDSS, day=day, category="survey", valueInteger=7)


@story("due", "MSO-02", about="The last EDSS, 6.5, is thirty months old: stale, but it counts.")
def edss_stale_but_high(chart: Chart) -> None:
    ordinary(chart, "female", 39, edss=None)
    add_edss(chart, 6.5, months=30)


@story("not-at-risk", "MSO-03", about="EDSS 6.5 three years ago, 5.5 now: the latest value counts.")
def edss_better_since(chart: Chart) -> None:
    ordinary(chart, "female", 42, edss=None)
    add_edss(chart, 6.5, months=36)
    add_edss(chart, 5.5, months=3)


@story("not-at-risk", about="Example 29: EDSS 65, the decimal point is missing.")
def edss_sixty_five(chart: Chart) -> None:
    ordinary(chart, "female", 40, edss=65)


@story("not-at-risk", about="Example 29: EDSS 0.5 does not exist.")
def edss_half(chart: Chart) -> None:
    ordinary(chart, "male", 30, edss=0.5)


@story("not-at-risk", about="Example 29: EDSS 10.5 does not exist.")
def edss_ten_and_a_half(chart: Chart) -> None:
    ordinary(chart, "female", 36, edss=10.5)


@story("due", "MSO-02", about="A typing error (65) after a real 6.5: the real one counts.")
def edss_typing_error_after_a_real_value(chart: Chart) -> None:
    ordinary(chart, "female", 44, edss=None)
    add_edss(chart, 6.5, months=9)
    add_edss(chart, 65, months=2)


@story("not-at-risk", about="Example 30: an EDSS under a LOINC Part code is ignored.")
def edss_under_a_loinc_part(chart: Chart) -> None:
    ordinary(chart, "female", 37, edss=None)
    day = months_before(chart.on, 4)
    add_observation(chart, codes.EDSS_LOINC_PART, day=day, valueQuantity=quantity(6.5, "{score}"))


@story("not-at-risk", about="A preliminary EDSS of 7 after a final one of 2.")
def edss_only_preliminary(chart: Chart) -> None:
    ordinary(chart, "female", 35)
    add_edss(chart, 7.0, months=1, status="preliminary")


@story("not-at-risk", about="An EDSS of 7 entered in error after a final one of 2.")
def edss_entered_in_error(chart: Chart) -> None:
    ordinary(chart, "male", 43)
    add_edss(chart, 7.0, months=1, status="entered-in-error")


@story("not-at-risk", about="An EDSS of 7 dated next month: nobody has measured it yet.")
def edss_dated_in_the_future(chart: Chart) -> None:
    ordinary(chart, "female", 33)
    add_edss(chart, 7.0, months=-1)


@story("due", "MSO-04", about="Example 2: a man of 41, the old code G35, in a wheelchair.")
def wheelchair_dependence(chart: Chart) -> None:
    ordinary(chart, "male", 41, codes.MS_LEGACY, edss=None)
    add_condition(chart, codes.WHEELCHAIR, recorded=months_before(chart.on, 10))


@story("due", "MSO-04", about="The wheelchair is coded in a system named by its OID.")
def wheelchair_under_an_oid(chart: Chart) -> None:
    ordinary(chart, "female", 47)
    add_condition(chart, codes.WHEELCHAIR_OID, recorded=months_before(chart.on, 20))


@story("due", "MSO-04", about="An old code, 'wheelchair bound', still active after six years.")
def wheelchair_under_a_legacy_code(chart: Chart) -> None:
    ordinary(chart, "female", 46)
    add_condition(chart, codes.WHEELCHAIR_BOUND_LEGACY, recorded=months_before(chart.on, 72))


@story("not-at-risk", about="A wheelchair years ago, resolved since.")
def wheelchair_resolved_long_ago(chart: Chart) -> None:
    ordinary(chart, "female", 45)
    recorded = months_before(chart.on, 50)
    condition = add_condition(chart, codes.WHEELCHAIR, recorded=recorded, clinical="resolved")
    condition["abatementDateTime"] = str(months_before(chart.on, 44))


@story("not-at-risk", about="Dependence on a wheelchair is only provisional.")
def wheelchair_provisional(chart: Chart) -> None:
    ordinary(chart, "male", 36)
    recorded = months_before(chart.on, 3)
    add_condition(chart, codes.WHEELCHAIR, recorded=recorded, verification="provisional")


@story("due", "MSO-04", about="Confined to bed.")
def bed_confinement(chart: Chart) -> None:
    ordinary(chart, "female", 48, edss=None)
    add_condition(chart, codes.BED_CONFINEMENT, recorded=months_before(chart.on, 7))


@story("due", "MSO-04", about="A fall from a wheelchair twenty months ago says there is one.")
def fall_from_a_wheelchair(chart: Chart) -> None:
    ordinary(chart, "male", 44)
    add_visit_diagnosis(chart, codes.FALL_FROM_WHEELCHAIR, day=months_before(chart.on, 20))


@story(
    "not-at-risk",
    "MSO-05",
    about="Example 31: 'history of falling' and 'unsteadiness', two weak codes.",
)
def two_weak_codes_only(chart: Chart) -> None:
    ordinary(chart, "female", 40)
    for code in (codes.HISTORY_OF_FALLING, codes.UNSTEADINESS):
        add_condition(chart, code, recorded=months_before(chart.on, 5))


@story("not-at-risk", "MSO-01", about="Primary progressive MS at 45: one minor criterion.")
def progressive_under_fifty(chart: Chart) -> None:
    ordinary(chart, "male", 45, codes.MS_PRIMARY_PROGRESSIVE)


@story("due", "MSO-01", "MSO-13", about="Primary progressive MS at 55: course and age together.")
def progressive_at_fifty_five(chart: Chart) -> None:
    ordinary(chart, "female", 55, codes.MS_PRIMARY_PROGRESSIVE, edss=3.5)


@story("due", "MSO-01", "MSO-13", about="Secondary progressive MS in SNOMED CT, a man of 58.")
def secondary_progressive_man(chart: Chart) -> None:
    ordinary(chart, "male", 58, codes.MS_SNOMED_SECONDARY, edss=3.5)


@story(
    "not-at-risk",
    "MSO-01",
    "MSO-03",
    about="Progressive and EDSS 4.5: two criteria of one domain count once.",
)
def progressive_with_edss_four_point_five(chart: Chart) -> None:
    ordinary(chart, "female", 44, codes.MS_SECONDARY_PROGRESSIVE, edss=4.5)


@story("not-at-risk", "MSO-13", about="A provisional change to secondary progressive MS, at 55.")
def progression_only_provisional(chart: Chart) -> None:
    ordinary(chart, "female", 55)
    code, recorded = codes.MS_SECONDARY_PROGRESSIVE, months_before(chart.on, 2)
    add_condition(chart, code, recorded=recorded, verification="provisional")
