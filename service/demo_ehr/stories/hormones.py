"""Hypogonadism and early menopause (MSO-12): enough alone, unless hormones replace what is missing.

Everybody is under 50. A menopause that is on record counts as age too (MSO-13), however early.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.codes import Code
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition, birthday
from service.demo_ehr.medicines import add_order, daily_dose
from service.demo_ehr.story import ordinary, story


def _since(chart: Chart, code: Code, months: int) -> None:
    day = months_before(chart.on, months)
    add_condition(chart, code, recorded=day, onset=str(day))


def _takes(chart: Chart, medicine: Code | str, milligrams: float, route: str = "Oral") -> None:
    start = months_before(chart.on, 3)
    add_order(chart, medicine, daily_dose(milligrams, start=start, route=route), written=start)


@story("due", "MSO-12", "MSO-13", about="Menopause at 41, no hormones.")
def early_menopause(chart: Chart) -> None:
    ordinary(chart, "female", 42)
    _since(chart, codes.EARLY_MENOPAUSE, 14)


@story("not-at-risk", "MSO-13", about="Menopause at 41, replaced by estradiol tablets.")
def early_menopause_on_hormones(chart: Chart) -> None:
    ordinary(chart, "female", 42)
    _since(chart, codes.EARLY_MENOPAUSE, 14)
    _takes(chart, "estradiol 1 mg oral tablet", 1)


@story("due", "MSO-12", "MSO-13", about="Menopause at 42; vaginal estradiol replaces nothing.")
def early_menopause_vaginal_oestrogen(chart: Chart) -> None:
    ordinary(chart, "female", 43)
    _since(chart, codes.EARLY_MENOPAUSE, 14)
    _takes(chart, "estradiol 0.01 mg vaginal tablet", 0.01, route="Vaginal")


@story("due", "MSO-12", "MSO-13", about="Both ovaries removed at 40.")
def ovaries_removed_at_forty(chart: Chart) -> None:
    ordinary(chart, "female", 47)
    day = birthday(chart, 40)
    add_condition(chart, codes.OVARIES_ABSENT, recorded=day, onset=str(day))


@story("not-at-risk", "MSO-13", about="Both ovaries removed at 46: not early.")
def ovaries_removed_at_forty_six(chart: Chart) -> None:
    ordinary(chart, "female", 49)
    day = birthday(chart, 46)
    add_condition(chart, codes.OVARIES_ABSENT, recorded=day, onset=str(day))


@story("due", "MSO-12", about="No period for 14 months at 38.")
def no_period_for_a_year(chart: Chart) -> None:
    ordinary(chart, "female", 38)
    _since(chart, codes.AMENORRHOEA, 14)


@story("not-at-risk", about="No period for 14 months, on desogestrel: that is the pill.")
def no_period_on_the_pill(chart: Chart) -> None:
    ordinary(chart, "female", 36)
    _since(chart, codes.AMENORRHOEA, 14)
    _takes(chart, "desogestrel 0.075 mg oral tablet", 0.075)


@story("due", "MSO-12", "MSO-15", about="A man of 48, leuprolide for prostate cancer.")
def androgen_deprivation(chart: Chart) -> None:
    ordinary(chart, "male", 48)
    _since(chart, codes.PROSTATE_CANCER, 8)
    add_order(chart, codes.LEUPROLIDE, written=months_before(chart.on, 1))


@story("due", "MSO-12", about="A man of 44 with testicular hypofunction.")
def testicular_hypofunction(chart: Chart) -> None:
    ordinary(chart, "male", 44)
    _since(chart, codes.TESTICULAR_HYPOFUNCTION, 20)
