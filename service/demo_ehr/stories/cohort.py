"""Who has multiple sclerosis and who only looks like it.

Everybody here carries a risk that would be enough (EDSS 6 or more, or age), so a person with the
wrong status got into the cohort or fell out of it; nothing else differs.
"""

from __future__ import annotations

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.codes import LOCAL, Code, concept
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition, add_ms, add_visit_diagnosis
from service.demo_ehr.measurements import add_bmi
from service.demo_ehr.medicines import add_order, daily_dose
from service.demo_ehr.story import measure, ordinary, story

IN_NEED = 7.0
"""An EDSS that is enough alone, so that only the cohort decides."""


def _visits(chart: Chart, *days_ago: int, verification: str = "confirmed") -> None:
    for days in days_ago:
        day = chart.days_ago(days)
        add_visit_diagnosis(chart, codes.MS_RELAPSING, day=day, verification=verification)


def _ms_drug(chart: Chart, text: str) -> None:
    add_order(chart, text, daily_dose(None, text="as prescribed"), written=chart.days_ago(200))


@story("due", "MSO-02", about="Example 28: MS stands twice, in ICD-10-CM and in SNOMED CT.")
def ms_in_two_code_systems(chart: Chart) -> None:
    ordinary(chart, "female", 36, edss=6.0)
    add_ms(chart, codes.MS_SNOMED_RELAPSING)


@story("due", "MSO-02", about="The feed drops the dot: G35A.")
def ms_code_without_dot(chart: Chart) -> None:
    ordinary(chart, "male", 33, codes.MS_RELAPSING_NO_DOT, edss=IN_NEED)


@story("due", "MSO-02", about="MS in the international ICD-10.")
def ms_in_who_icd_ten(chart: Chart) -> None:
    ordinary(chart, "female", 44, codes.MS_WHO, edss=IN_NEED)


@story("due", "MSO-02", about="The hospital's own code stands before the G35.D it means.")
def ms_behind_a_local_code(chart: Chart) -> None:
    local = Code(LOCAL, "NEU-4711", "Multiple sclerosis clinic patient")
    ordinary(chart, "female", 41, local, codes.MS_UNSPECIFIED, edss=IN_NEED)


@story("due", "MSO-02", about="Neither category nor verification status: still a diagnosis.")
def ms_without_category_and_status(chart: Chart) -> None:
    chart.add_patient("female", age=39)
    add_ms(chart, codes.MS_SNOMED, category=None, clinical=None, verification=None)
    measure(chart, edss=IN_NEED)


@story("due", "MSO-02", about="MS written as a health concern.")
def ms_as_health_concern(chart: Chart) -> None:
    chart.add_patient("male", age=46)
    add_ms(chart, category="health-concern")
    measure(chart, edss=IN_NEED)


@story("due", "MSO-02", about="The diagnosis is inactive; relapsing MS at rest is still MS.")
def ms_inactive_is_still_ms(chart: Chart) -> None:
    chart.add_patient("female", age=43)
    add_ms(chart, clinical="inactive")
    measure(chart, edss=IN_NEED)


@story("due", "MSO-02", about="One record was entered in error, a second one is good.")
def ms_one_record_in_error_one_good(chart: Chart) -> None:
    ordinary(chart, "female", 40, edss=IN_NEED)
    add_ms(chart, codes.MS_UNSPECIFIED, verification="entered-in-error")


@story("due", "MSO-02", about="Three encounter diagnoses on three days confirm each other.")
def ms_three_encounters_on_three_days(chart: Chart) -> None:
    chart.add_patient("female", age=37)
    _visits(chart, 400, 250, 40)
    measure(chart, edss=IN_NEED)


@story("due", "MSO-02", about="Two encounter diagnoses months apart, and glatiramer.")
def ms_two_encounters_and_glatiramer(chart: Chart) -> None:
    chart.add_patient("female", age=32)
    _visits(chart, 220, 60)
    _ms_drug(chart, "glatiramer acetate 40 mg/mL injection")
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="Two encounter diagnoses and natalizumab, which has other uses.")
def ms_two_encounters_and_natalizumab(chart: Chart) -> None:
    chart.add_patient("female", age=32)
    _visits(chart, 220, 60)
    _ms_drug(chart, "natalizumab 300 mg infusion")
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="Two encounter diagnoses only ten days apart, and glatiramer.")
def ms_two_encounters_ten_days_apart(chart: Chart) -> None:
    chart.add_patient("male", age=35)
    _visits(chart, 70, 60)
    _ms_drug(chart, "glatiramer acetate 20 mg/mL injection")
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="Three encounter diagnoses, all of one day.")
def ms_three_encounters_on_one_day(chart: Chart) -> None:
    chart.add_patient("female", age=38)
    _visits(chart, 50, 50, 50)
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="A single encounter diagnosis, confirmed as it says it is.")
def ms_one_encounter(chart: Chart) -> None:
    chart.add_patient("female", age=45)
    _visits(chart, 90)
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="Example 15: the diagnosis was refuted.")
def ms_refuted(chart: Chart) -> None:
    chart.add_patient("female", age=42)
    add_ms(chart, verification="refuted")
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="The diagnosis belongs to somebody else: entered in error.")
def ms_entered_in_error(chart: Chart) -> None:
    chart.add_patient("male", age=48)
    add_ms(chart, verification="entered-in-error")
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="MS is only a provisional diagnosis.")
def ms_provisional(chart: Chart) -> None:
    chart.add_patient("female", age=29)
    add_ms(chart, verification="provisional")
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="MS is one of the differential diagnoses.")
def ms_differential(chart: Chart) -> None:
    chart.add_patient("female", age=31)
    add_ms(chart, verification="differential")
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="MS marked resolved: for review, not for an alert.")
def ms_resolved(chart: Chart) -> None:
    chart.add_patient("female", age=47)
    add_ms(chart, clinical="resolved")
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="Example 16: the mother has MS.")
def ms_in_the_family(chart: Chart) -> None:
    chart.add_patient("female", age=68)
    relationship = Code(f"{codes.HL7_TERMINOLOGY}/v3-RoleCode", "MTH", "mother")
    chart.add(
        "FamilyMemberHistory",
        "patient",
        status="completed",
        relationship=concept(relationship),
        condition=[{"code": concept(codes.MS_SNOMED)}],
    )
    add_bmi(chart, 23.0)


@story("not-in-cohort", about="Example 16: 'No family history of multiple sclerosis'.")
def ms_only_in_a_negative_statement(chart: Chart) -> None:
    chart.add_patient("female", age=69)
    add_condition(chart, codes.NO_FAMILY_HISTORY_OF_MS, recorded=months_before(chart.on, 8))
    add_bmi(chart, 26.0)


@story("not-in-cohort", about="Example 17: neuromyelitis optica is not MS.")
def neuromyelitis_only(chart: Chart) -> None:
    chart.add_patient("female", age=67)
    add_condition(chart, codes.NEUROMYELITIS, recorded=months_before(chart.on, 30))
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="MOGAD is not MS.")
def mogad_only(chart: Chart) -> None:
    chart.add_patient("male", age=71)
    add_condition(chart, codes.MOGAD, recorded=months_before(chart.on, 20))
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="Unspecified demyelination is not MS.")
def demyelination_unspecified(chart: Chart) -> None:
    chart.add_patient("female", age=66)
    add_condition(chart, codes.DEMYELINATION, recorded=months_before(chart.on, 14))
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="A rare syndrome with multiple sclerosis in its name.")
def ms_only_in_the_name_of_a_syndrome(chart: Chart) -> None:
    chart.add_patient("male", age=52)
    add_condition(chart, codes.MS_NAMED_SYNDROME, recorded=months_before(chart.on, 60))
    measure(chart, edss=IN_NEED)


@story("not-in-cohort", about="'Multiple sclerosis' as text without a code is not recognised.")
def ms_as_text_only(chart: Chart) -> None:
    chart.add_patient("female", age=54)
    add_condition(chart, recorded=months_before(chart.on, 7), text="Multiple sclerosis")
    measure(chart, edss=IN_NEED)
