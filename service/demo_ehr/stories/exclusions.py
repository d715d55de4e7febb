"""People with MS who are not screened now: each would be due otherwise (EDSS 6.5).

Example 24 stands here, except for the missing birth date, which is a gap in the data.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.codes import concept
from service.demo_ehr.dates import days_before, months_before, years_before
from service.demo_ehr.diagnoses import add_condition
from service.demo_ehr.imaging import add_scan
from service.demo_ehr.measurements import add_observation
from service.demo_ehr.medicines import add_administration, add_order
from service.demo_ehr.story import ordinary, story

KEPT_AFTER_MERGE = "record-kept-after-a-merge-01"


def _in_need(chart: Chart, sex: str, age: int) -> None:
    ordinary(chart, sex, age, edss=6.5)


@story("excluded", about="Example 24: deceased.")
def deceased(chart: Chart) -> None:
    _in_need(chart, "female", 49)
    chart.resources[0]["deceasedBoolean"] = True


@story("excluded", about="Deceased, with the day of death.")
def deceased_on_a_day(chart: Chart) -> None:
    _in_need(chart, "male", 66)
    chart.resources[0]["deceasedDateTime"] = str(chart.days_ago(40))


@story("due", "MSO-02", about="'Deceased: false' is an answer, not a death.")
def not_deceased(chart: Chart) -> None:
    _in_need(chart, "female", 45)
    chart.resources[0]["deceasedBoolean"] = False


@story("excluded", about="The record is inactive.")
def inactive_record(chart: Chart) -> None:
    _in_need(chart, "female", 47)
    chart.resources[0]["active"] = False


@story("due", "MSO-02", about="The record that was kept when two were merged.")
def record_kept_after_a_merge(chart: Chart) -> None:
    _in_need(chart, "female", 42)


@story("excluded", about="The record that was merged away: replaced by the one before.")
def record_merged_away(chart: Chart) -> None:
    _in_need(chart, "female", 42)
    other = {"reference": f"Patient/{KEPT_AFTER_MERGE}"}
    chart.resources[0]["link"] = [{"other": other, "type": "replaced-by"}]


@story("excluded", about="Example 24: seventeen, eighteen in a few days.")
def seventeen(chart: Chart) -> None:
    born = days_before(years_before(chart.on, 18), -5)
    ordinary(chart, "female", born=born, edss=6.5)


@story("excluded", about="Example 24: hospice care for two months.")
def hospice(chart: Chart) -> None:
    _in_need(chart, "male", 64)
    add_scan(chart, codes.HOSPICE_CARE, day=months_before(chart.on, 2), status="in-progress")


@story("excluded", about="Terminal care.")
def terminal_care(chart: Chart) -> None:
    _in_need(chart, "female", 71)
    add_scan(chart, codes.TERMINAL_CARE, day=months_before(chart.on, 1))


@story("due", "MSO-02", about="Admitted to a hospice fourteen months ago, and out of it again.")
def hospice_fourteen_months_ago(chart: Chart) -> None:
    _in_need(chart, "female", 48)
    add_scan(chart, codes.HOSPICE_ADMISSION, day=months_before(chart.on, 14))


@story("due", "MSO-02", about="Palliative care alone does not exclude anybody.")
def palliative_care_alone(chart: Chart) -> None:
    _in_need(chart, "male", 46)
    add_condition(chart, codes.PALLIATIVE_CARE, recorded=months_before(chart.on, 3))


@story("excluded", about="Pregnant, by a diagnosis: postponed.")
def pregnant(chart: Chart) -> None:
    _in_need(chart, "female", 33)
    add_condition(chart, codes.PREGNANCY_SUPERVISION, recorded=months_before(chart.on, 3))


@story("excluded", about="Pregnant, by the answer to a question: postponed.")
def pregnant_by_an_answer(chart: Chart) -> None:
    _in_need(chart, "female", 29)
    day = months_before(chart.on, 2)
    add_observation(
        chart, codes.PREGNANCY_STATUS, day=day, valueCodeableConcept=concept(codes.PREGNANCY)
    )


@story("due", "MSO-02", about="A pregnancy two years ago, resolved.")
def pregnant_two_years_ago(chart: Chart) -> None:
    _in_need(chart, "female", 36)
    recorded = months_before(chart.on, 24)
    code = codes.PREGNANCY_SUPERVISION
    condition = add_condition(chart, code, recorded=recorded, clinical="resolved")
    condition["abatementDateTime"] = str(months_before(chart.on, 17))


@story("excluded", about="Example 23: Xgeva, denosumab at the dose for cancer.")
def denosumab_for_cancer(chart: Chart) -> None:
    _in_need(chart, "female", 58)
    add_condition(chart, codes.BONE_METASTASIS, recorded=months_before(chart.on, 10))
    add_order(chart, codes.DENOSUMAB_ONCOLOGY, written=months_before(chart.on, 2))


@story("excluded", about="Zoledronate 4 mg, the dose for cancer, last month.")
def zoledronate_for_cancer(chart: Chart) -> None:
    _in_need(chart, "male", 61)
    add_condition(chart, codes.BONE_METASTASIS, recorded=months_before(chart.on, 12))
    add_administration(chart, codes.ZOLEDRONATE_ONCOLOGY, 4, day=months_before(chart.on, 1))
