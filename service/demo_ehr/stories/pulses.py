"""Pulses for relapses (MSO-09): three courses, or 5 g of prednisone-equivalent, within 365 days.

Disputed, so minor. 1 mg of methylprednisolone is 1.25 mg of prednisone; a pulse day has 250 mg of
prednisone-equivalent or more. Pulses are never enough alone.
"""

from __future__ import annotations

from datetime import timedelta

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.diagnoses import add_ms
from service.demo_ehr.measurements import add_vitamin_d
from service.demo_ehr.medicines import (
    add_administration,
    add_daily_course,
    add_order,
    add_pulse,
    daily_dose,
)
from service.demo_ehr.story import measure, ordinary, story


def _low_vitamin_d(chart: Chart, sex: str, age: int) -> None:
    ordinary(chart, sex, age)
    add_vitamin_d(chart, 19, "ng/mL")


def _ordered_and_given(chart: Chart, days: int) -> None:
    """1 g of methylprednisolone on so many days, as an order and as administrations of it."""
    first = chart.days_ago(150)
    last = first + timedelta(days=days - 1)
    dosage = daily_dose(1000, start=first, end=last, route="Intravenous")
    drug = codes.METHYLPREDNISOLONE
    order = add_order(chart, drug, dosage, written=first, status="completed")
    for number in range(days):
        day = first + timedelta(days=number)
        add_administration(chart, drug, 1000, day=day, order=order)


@story("not-at-risk", "MSO-09", about="Example 11: the same 5 g ordered and given, counted once.")
def pulse_ordered_and_given(chart: Chart) -> None:
    ordinary(chart, "female", 34)
    _ordered_and_given(chart, days=5)


@story(
    "not-at-risk",
    "MSO-09",
    about="Example 5: two relapses in a year, each 3 g of methylprednisolone.",
)
def pulses_twice_in_a_year(chart: Chart) -> None:
    chart.add_patient("female", age=38)
    add_ms(chart, clinical="remission")
    measure(chart)
    add_pulse(chart, ago=300)
    add_pulse(chart, ago=90)


@story(
    "not-at-risk", "MSO-09", about="Example 7: two relapses in a year and 52 nmol/L of vitamin D."
)
def pulses_twice_and_enough_vitamin_d(chart: Chart) -> None:
    ordinary(chart, "female", 38)
    add_pulse(chart, ago=310)
    add_pulse(chart, ago=100)
    add_vitamin_d(chart, 52)


@story("due", "MSO-09", "MSO-11", about="Example 6: two pulses (7.5 g) and 19 ng/mL of vitamin D.")
def pulses_twice_and_little_vitamin_d(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 38)
    add_pulse(chart, ago=300)
    add_pulse(chart, ago=90)


@story("not-at-risk", "MSO-11", about="One pulse (3.75 g) ordered and given: twice would be 7.5 g.")
def pulse_of_three_grams_ordered_and_given(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 35)
    _ordered_and_given(chart, days=3)


@story("due", "MSO-09", "MSO-11", about="Three pulses of 3 × 250 mg: 2.8 g, but three courses.")
def pulses_small_but_three(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 40)
    for ago in (320, 200, 60):
        add_pulse(chart, ago=ago, grams=0.25)


@story("not-at-risk", "MSO-11", about="Two pulses of 3 × 250 mg: 1.9 g and two courses.")
def pulses_small_and_two(chart: Chart) -> None:
    _low_vitamin_d(chart, "male", 41)
    for ago in (320, 60):
        add_pulse(chart, ago=ago, grams=0.25)


@story("not-at-risk", "MSO-11", about="One pulse of 3 g (3.75 g) this year, one the year before.")
def pulses_more_than_a_year_apart(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 37)
    add_pulse(chart, ago=380)
    add_pulse(chart, ago=60)


@story("due", "MSO-09", "MSO-13", about="Two courses of 5 × 500 mg by mouth (6.25 g), at 53.")
def pulses_by_mouth_at_fifty_three(chart: Chart) -> None:
    ordinary(chart, "female", 53)
    for ended_ago in (250, 70):
        add_daily_course(chart, codes.METHYLPREDNISOLONE, 500, days=5, ended_ago=ended_ago)


@story("not-at-risk", "MSO-11", about="Budesonide capsules for the bowel act locally.")
def budesonide_capsules(chart: Chart) -> None:
    _low_vitamin_d(chart, "female", 43)
    start = chart.days_ago(200)
    dosage = daily_dose(9, start=start, end=start + timedelta(days=180))
    add_order(chart, codes.BUDESONIDE_ORAL, dosage, written=start, status="completed")
