"""Known osteoporosis: treated it is satisfied, untreated it needs action; it is never screened."""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition, add_visit_diagnosis
from service.demo_ehr.imaging import add_dxa, add_report, add_scan, add_score
from service.demo_ehr.medicines import add_administration, add_order, daily_dose
from service.demo_ehr.story import ordinary, story


def _known(chart: Chart, age: int, code: codes.Code = codes.OSTEOPOROSIS) -> None:
    ordinary(chart, "female", age)
    add_condition(chart, code, recorded=months_before(chart.on, 30))


@story("result-needs-action", about="Example 21: osteoporosis (M81.0), no therapy.")
def osteoporosis_untreated(chart: Chart) -> None:
    _known(chart, 63)


@story("satisfied", about="Example 22: osteoporosis, zoledronate ten months ago.")
def osteoporosis_and_zoledronate(chart: Chart) -> None:
    _known(chart, 64)
    day = months_before(chart.on, 10)
    add_administration(chart, codes.ZOLEDRONATE_5, 5, day=day)


@story("result-needs-action", about="Osteoporosis, the last zoledronate nineteen months ago.")
def osteoporosis_and_late_zoledronate(chart: Chart) -> None:
    _known(chart, 64)
    day = months_before(chart.on, 19)
    add_administration(chart, codes.ZOLEDRONATE_5, 5, day=day)


@story("satisfied", about="Osteoporosis in SNOMED CT, alendronate ordered two months ago.")
def osteoporosis_and_alendronate(chart: Chart) -> None:
    _known(chart, 66, codes.OSTEOPOROSIS_SNOMED)
    dosage = daily_dose(None, text="70 mg once a week")
    add_order(chart, codes.ALENDRONATE, dosage, written=months_before(chart.on, 2))


@story("satisfied", about="Osteoporosis, alendronate as text only.")
def osteoporosis_and_alendronate_as_text(chart: Chart) -> None:
    _known(chart, 59)
    written = months_before(chart.on, 1)
    add_order(chart, "Alendronate 70 mg tablet, one a week", written=written)


@story("result-needs-action", about="Osteoporosis, alendronate stopped two years ago.")
def osteoporosis_and_alendronate_stopped(chart: Chart) -> None:
    _known(chart, 68)
    start, end = months_before(chart.on, 60), months_before(chart.on, 24)
    dosage = daily_dose(10, start=start, end=end)
    add_order(chart, codes.ALENDRONATE, dosage, written=start, status="completed")


@story("satisfied", about="Osteoporosis, denosumab five months ago.")
def osteoporosis_and_denosumab(chart: Chart) -> None:
    _known(chart, 61)
    day = months_before(chart.on, 5)
    add_administration(chart, codes.DENOSUMAB_60, 60, day=day, route="Subcutaneous")


@story("result-needs-action", about="Osteoporosis, denosumab nine months ago: the dose is late.")
def osteoporosis_and_late_denosumab(chart: Chart) -> None:
    _known(chart, 62)
    day = months_before(chart.on, 9)
    add_administration(chart, codes.DENOSUMAB_60, 60, day=day, route="Subcutaneous")


@story("result-needs-action", about="Osteoporosis and Yorvipath, which only sounds like a therapy.")
def osteoporosis_and_yorvipath(chart: Chart) -> None:
    _known(chart, 60)
    add_order(chart, codes.YORVIPATH, written=months_before(chart.on, 1))


@story("result-needs-action", about="An osteoporotic fracture (M80) at 52, untreated.")
def osteoporotic_fracture_untreated(chart: Chart) -> None:
    ordinary(chart, "male", 52)
    add_visit_diagnosis(chart, codes.OSTEOPOROTIC_FRACTURE, day=months_before(chart.on, 4))


@story("satisfied", about="An osteoporotic fracture, teriparatide since a month.")
def osteoporotic_fracture_and_teriparatide(chart: Chart) -> None:
    ordinary(chart, "female", 58)
    add_visit_diagnosis(chart, codes.OSTEOPOROTIC_FRACTURE, day=months_before(chart.on, 6))
    add_order(chart, codes.TERIPARATIDE_PEN, written=months_before(chart.on, 1))


@story("result-needs-action", about="A healed osteoporotic fracture in the history (Z87.310).")
def osteoporotic_fracture_in_the_history(chart: Chart) -> None:
    ordinary(chart, "female", 57)
    recorded = months_before(chart.on, 18)
    add_condition(chart, codes.HEALED_OSTEOPOROTIC_FRACTURE, recorded=recorded)


@story("result-needs-action", about="T −2.5 at 60: the line itself.")
def t_score_minus_two_point_five(chart: Chart) -> None:
    ordinary(chart, "female", 60)
    add_dxa(chart, -2.5, months=7)


@story("satisfied", about="T −2.4 at 60, seven months ago: osteopenia, inside its interval.")
def t_score_minus_two_point_four(chart: Chart) -> None:
    ordinary(chart, "female", 60)
    add_dxa(chart, -2.4, months=7)


@story("result-needs-action", about="Spine −0.5, hip −2.6: the lowest counts.")
def lowest_t_score_at_the_hip(chart: Chart) -> None:
    ordinary(chart, "male", 63)
    day = months_before(chart.on, 8)
    add_scan(chart, day=day)
    spine = add_score(chart, -0.5, day=day)
    hip = add_score(chart, -2.6, day=day, code=codes.T_HIP)
    add_report(chart, spine, hip, day=day)


@story("satisfied", about="T −3.0 at 65, on alendronate.")
def low_t_score_and_alendronate(chart: Chart) -> None:
    ordinary(chart, "female", 65)
    add_dxa(chart, -3.0, months=14)
    add_order(chart, codes.ALENDRONATE, written=months_before(chart.on, 3))


@story("not-at-risk", about="Osteoporosis refuted.")
def osteoporosis_refuted(chart: Chart) -> None:
    ordinary(chart, "female", 45)
    recorded = months_before(chart.on, 6)
    add_condition(chart, codes.OSTEOPOROSIS, recorded=recorded, verification="refuted")


@story("not-at-risk", about="Osteoporosis in the family, and a code that says there is none.")
def osteoporosis_in_the_family(chart: Chart) -> None:
    ordinary(chart, "female", 46)
    for code in (codes.FAMILY_OSTEOPOROSIS, codes.NO_FAMILY_OSTEOPOROSIS):
        add_condition(chart, code, recorded=months_before(chart.on, 10))
