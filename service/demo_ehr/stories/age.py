"""Age (MSO-13): women from 65 and men from 70 alone, from 50 together with something else."""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import days_before, months_before, years_before
from service.demo_ehr.diagnoses import add_condition
from service.demo_ehr.measurements import add_vitamin_d
from service.demo_ehr.story import ordinary, story


@story("due", "MSO-13", about="A woman who turns 65 today.")
def woman_sixty_five_today(chart: Chart) -> None:
    ordinary(chart, "female", born=years_before(chart.on, 65))


@story("not-at-risk", "MSO-13", about="A woman who turns 65 in a few days.")
def woman_sixty_five_next_week(chart: Chart) -> None:
    ordinary(chart, "female", born=days_before(years_before(chart.on, 65), -6))


@story("due", "MSO-13", about="A man who turns 70 today.")
def man_seventy_today(chart: Chart) -> None:
    ordinary(chart, "male", born=years_before(chart.on, 70))


@story("not-at-risk", "MSO-13", about="A man of 69.")
def man_sixty_nine(chart: Chart) -> None:
    ordinary(chart, "male", 69)


@story("due", "MSO-13", about="Example 26: gender 'other', 67: the lower line applies.")
def gender_other_at_sixty_seven(chart: Chart) -> None:
    ordinary(chart, "other", 67)


@story("due", "MSO-13", about="Gender unknown, 66: the lower line applies.")
def gender_unknown_at_sixty_six(chart: Chart) -> None:
    ordinary(chart, "unknown", 66)


@story("not-at-risk", "MSO-13", about="A year of birth alone: turning 65 this year counts as 64.")
def year_of_birth_turning_sixty_five(chart: Chart) -> None:
    is_last_day = (chart.on.month, chart.on.day) == (12, 31)
    ordinary(chart, "female", born=str(chart.on.year - (64 if is_last_day else 65)))


@story("due", "MSO-13", about="A year of birth alone: 66 this year is 65 at least.")
def year_of_birth_turning_sixty_six(chart: Chart) -> None:
    ordinary(chart, "female", born=str(chart.on.year - 66))


@story("due", "MSO-11", "MSO-13", about="A woman who turns 50 today, little vitamin D.")
def woman_fifty_today(chart: Chart) -> None:
    ordinary(chart, "female", born=years_before(chart.on, 50))
    add_vitamin_d(chart, 35)


@story("not-at-risk", "MSO-11", about="A woman of 49, little vitamin D, menopause not known.")
def woman_forty_nine(chart: Chart) -> None:
    ordinary(chart, "female", 49)
    add_vitamin_d(chart, 35)


@story("due", "MSO-11", "MSO-13", about="A woman of 47 past menopause, little vitamin D.")
def menopause_at_forty_seven(chart: Chart) -> None:
    ordinary(chart, "female", 47)
    recorded = months_before(chart.on, 9)
    add_condition(chart, codes.MENOPAUSE, recorded=recorded, onset=str(recorded))
    add_vitamin_d(chart, 35)


@story("due", "MSO-11", "MSO-13", about="A man of 51, little vitamin D.")
def man_fifty_one(chart: Chart) -> None:
    ordinary(chart, "male", 51)
    add_vitamin_d(chart, 35)


@story("due", "MSO-02", about="Eighteen today, EDSS 6: adult from the birthday on.")
def eighteen_today(chart: Chart) -> None:
    ordinary(chart, "female", born=years_before(chart.on, 18), edss=6.0)
