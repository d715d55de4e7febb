"""Long courses: people of whom many things are on file over the years, as in most real charts.

Every other story has as little as makes its point. Here the point is the whole: what a timeline
shows of somebody, and an alert whose reasons stand beside each other.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_fracture, add_visit_diagnosis
from service.demo_ehr.imaging import add_dxa
from service.demo_ehr.measurements import add_edss, add_vitamin_d
from service.demo_ehr.medicines import add_daily_course, add_pulse
from service.demo_ehr.story import ordinary, story

_EDSS_BY_MONTHS_AGO = {96: 1.5, 74: 2.0, 51: 3.0, 38: 3.5, 26: 3.5, 14: 4.0}
_RELAPSES_DAYS_AGO = (2700, 1900, 1150, 330, 190, 75)


@story(
    *("due", "MSO-03", "MSO-06", "MSO-07", "MSO-09", "MSO-11"),
    about="Eight years: six relapses with pulses, a broken wrist, two falls, an old normal scan.",
)
def eight_years_of_relapses(chart: Chart) -> None:
    ordinary(chart, "female", 46, edss=4.5)
    for months, score in _EDSS_BY_MONTHS_AGO.items():
        add_edss(chart, score, months=months)
    for days in _RELAPSES_DAYS_AGO:
        add_visit_diagnosis(chart, codes.MS_RELAPSE, day=chart.days_ago(days))
        add_pulse(chart, ago=days)
    # 45 days this year and pulse days besides: fewer than the 90 of sustained use.
    add_daily_course(chart, codes.PREDNISONE, 10, days=60, ended_ago=1080)
    add_daily_course(chart, codes.PREDNISONE, 10, days=45, ended_ago=280)
    add_dxa(chart, -0.7, months=75)
    broken = months_before(chart.on, 47)
    add_fracture(chart, codes.WRIST_FRACTURE, day=broken, mechanism=codes.SLIP_ON_SAME_LEVEL)
    for months in (9, 3):
        add_visit_diagnosis(chart, codes.SLIP_ON_SAME_LEVEL, day=months_before(chart.on, months))
    add_vitamin_d(chart, 31)
