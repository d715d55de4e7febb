"""Gaps in the data: what cannot be judged, and what can in spite of a gap.

GAP-02 holds when nothing usable is recorded of EDSS or mobility, of BMI, of fractures and of
medicines, all four; one of them is enough to judge.
"""

from __future__ import annotations

from service.demo_ehr.chart import Chart
from service.demo_ehr.codes import LOCAL, Code
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition
from service.demo_ehr.imaging import add_dxa
from service.demo_ehr.medicines import add_order
from service.demo_ehr.story import ordinary, story


@story("could-not-determine", about="Example 24: the birth date is missing.")
def birth_date_missing(chart: Chart) -> None:
    ordinary(chart, "female", edss=6.5)


@story("could-not-determine", about="MS and nothing else on record (GAP-02).")
def nothing_recorded(chart: Chart) -> None:
    ordinary(chart, "female", 41, edss=None, bmi=None)


@story("could-not-determine", about="A woman of 68 of whom nothing is recorded: not due.")
def nothing_recorded_at_sixty_eight(chart: Chart) -> None:
    ordinary(chart, "female", 68, edss=None, bmi=None)


@story("could-not-determine", about="The only records are impossible: EDSS 65 and BMI 2.4.")
def only_impossible_values(chart: Chart) -> None:
    ordinary(chart, "male", 43, edss=65, bmi=2.4)


@story("satisfied", about="Nothing recorded but a normal DXA last year: nothing is missing.")
def nothing_recorded_but_a_dxa(chart: Chart) -> None:
    ordinary(chart, "female", 52, edss=None, bmi=None)
    add_dxa(chart, -0.3, months=12)


@story("not-at-risk", about="Only medicines are recorded: enough to judge.")
def only_medicines_recorded(chart: Chart) -> None:
    ordinary(chart, "female", 37, edss=None, bmi=None)
    add_order(chart, "baclofen 10 mg tablet", written=months_before(chart.on, 3))


@story("due", "MSO-02", about="A diagnosis without any code costs only itself.")
def diagnosis_without_a_code(chart: Chart) -> None:
    ordinary(chart, "female", 45, edss=6.5)
    add_condition(chart, recorded=months_before(chart.on, 6))
    add_condition(chart, recorded=months_before(chart.on, 6), text="see letter of June")


@story("due", "MSO-02", about="Codes that only the hospital knows.")
def only_local_codes_beside(chart: Chart) -> None:
    ordinary(chart, "male", 48, edss=6.0)
    local = Code(LOCAL, "NEU-0815", "Seen in the spasticity clinic")
    add_condition(chart, local, recorded=months_before(chart.on, 9))
    add_order(chart, Code(LOCAL, "DRUG-12", "house mixture"), written=months_before(chart.on, 2))


@story("due", "MSO-02", about="The gender is missing; everything else is there.")
def gender_missing(chart: Chart) -> None:
    ordinary(chart, None, 40, edss=6.5)
