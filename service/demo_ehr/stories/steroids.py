"""Glucocorticoids: sustained use (MSO-08), and all that looks like it.

Pulses for relapses have a chapter of their own. Everybody is under 50, so that age adds nothing.
"""

from __future__ import annotations

from datetime import timedelta

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart, reference_to
from service.demo_ehr.codes import concept
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition
from service.demo_ehr.measurements import quantity
from service.demo_ehr.medicines import (
    add_daily_course,
    add_order,
    add_pulse,
    daily_dose,
    medicine_of,
)
from service.demo_ehr.story import ordinary, story


@story("due", "MSO-08", about="Example 9: prednisone 2.5 mg a day for 95 days.")
def prednisone_for_ninety_five_days(chart: Chart) -> None:
    ordinary(chart, "female", 39)
    add_daily_course(chart, codes.PREDNISONE_2_5, 2.5, days=95, ended_ago=60)


@story("due", "MSO-08", about="Prednisone 2.5 mg a day for exactly 90 days.")
def prednisone_for_ninety_days(chart: Chart) -> None:
    ordinary(chart, "male", 37)
    add_daily_course(chart, codes.PREDNISONE_2_5, 2.5, days=90, ended_ago=100)


@story("not-at-risk", about="Example 9: prednisone 2.5 mg a day for 89 days.")
def prednisone_for_eighty_nine_days(chart: Chart) -> None:
    ordinary(chart, "female", 38)
    add_daily_course(chart, codes.PREDNISONE_2_5, 2.5, days=89, ended_ago=60)


@story("due", "MSO-08", about="Two courses, of 50 and of 45 days, make 95 days.")
def prednisone_in_two_courses(chart: Chart) -> None:
    ordinary(chart, "female", 43)
    add_daily_course(chart, codes.PREDNISONE, 5, days=50, ended_ago=200)
    add_daily_course(chart, codes.PREDNISONE, 5, days=45, ended_ago=80)


@story("not-at-risk", about="The same 60 days ordered twice are 60 days.")
def prednisone_ordered_twice_for_the_same_days(chart: Chart) -> None:
    ordinary(chart, "female", 40)
    add_daily_course(chart, codes.PREDNISONE, 5, days=60, ended_ago=70)
    add_daily_course(chart, codes.PREDNISONE, 5, days=60, ended_ago=70)


@story("not-at-risk", about="Prednisone 2 mg a day for 120 days stays under the daily line.")
def prednisone_two_milligrams(chart: Chart) -> None:
    ordinary(chart, "female", 42)
    add_daily_course(chart, codes.PREDNISONE_1, 2, days=120, ended_ago=30)


@story("due", "MSO-08", about="Methylprednisolone 2 mg a day is prednisone 2.5 mg a day.")
def methylprednisolone_two_milligrams(chart: Chart) -> None:
    ordinary(chart, "male", 44)
    add_daily_course(chart, codes.METHYLPREDNISOLONE_2, 2, days=120, ended_ago=20)


@story("not-at-risk", about="2 mg ordered and the same 2 mg dispensed are not 4 mg.")
def prednisone_ordered_and_dispensed(chart: Chart) -> None:
    ordinary(chart, "female", 41)
    order = add_daily_course(chart, codes.PREDNISONE_1, 2, days=100, ended_ago=40)
    start = order["authoredOn"]
    chart.add(
        "MedicationDispense",
        status="completed",
        **medicine_of(codes.PREDNISONE_1),
        authorizingPrescription=[reference_to(order)],
        quantity={"value": 200, "unit": "tablet"},
        daysSupply=quantity(100, "d"),
        whenHandedOver=start,
        dosageInstruction=order["dosageInstruction"],
    )


@story("not-at-risk", about="Example 10: inhaler, mouth paste and eye drops are not systemic.")
def inhaler_paste_and_drops(chart: Chart) -> None:
    ordinary(chart, "female", 45)
    written = chart.days_ago(150)
    add_order(chart, "budesonide 200 microgram inhaler", written=written)
    add_order(chart, codes.TRIAMCINOLONE_PASTE, written=written)
    add_order(chart, "prednisolone acetate 1 % eye drops", written=written)


@story("due", "MSO-08", about="Prednisone recognised by its name: the medicine has no code.")
def prednisone_as_text(chart: Chart) -> None:
    ordinary(chart, "male", 47)
    add_daily_course(chart, "Prednisone tablets, oral", 5, days=120, ended_ago=10)


@story("due", "MSO-08", about="The Medication is contained in the order.")
def prednisolone_contained(chart: Chart) -> None:
    ordinary(chart, "female", 36)
    order = add_daily_course(chart, {"reference": "#med"}, 5, days=120, ended_ago=25)
    order["contained"] = [
        {"resourceType": "Medication", "id": "med", "code": concept(codes.PREDNISOLONE_5)}
    ]


@story("due", "MSO-08", about="The Medication is a resource of its own.")
def prednisolone_as_separate_medication(chart: Chart) -> None:
    ordinary(chart, "female", 48)
    medication = chart.add("Medication", "", code=concept(codes.PREDNISOLONE_5))
    add_daily_course(chart, reference_to(medication), 7.5, days=140, ended_ago=15)


@story("due", "MSO-08", about="An order without an end, written four months ago, still active.")
def prednisone_without_an_end(chart: Chart) -> None:
    ordinary(chart, "female", 46)
    start = chart.days_ago(120)
    add_order(chart, codes.PREDNISONE, daily_dose(5, start=start), written=start)


@story("not-at-risk", about="An order without an end, not renewed for 14 months: nobody can tell.")
def prednisone_never_renewed(chart: Chart) -> None:
    ordinary(chart, "female", 44)
    start = months_before(chart.on, 14)
    add_order(chart, codes.PREDNISONE, daily_dose(5, start=start), written=start)


@story("not-at-risk", about="Prednisone 'as directed': no dose can be read.")
def prednisone_as_directed(chart: Chart) -> None:
    ordinary(chart, "male", 42)
    dosage = daily_dose(None, text="as directed")
    add_order(chart, codes.PREDNISONE, dosage, written=chart.days_ago(130))


@story("not-at-risk", about="Prednisone as needed, without a maximum.")
def prednisone_as_needed(chart: Chart) -> None:
    ordinary(chart, "female", 33)
    start = chart.days_ago(130)
    dosage = {
        "text": "20 mg as needed",
        "asNeededBoolean": True,
        "doseAndRate": [{"doseQuantity": quantity(20, "mg")}],
    }
    add_order(chart, codes.PREDNISONE, dosage, written=start)


@story("not-at-risk", about="Prednisone is only a plan.")
def prednisone_only_planned(chart: Chart) -> None:
    ordinary(chart, "female", 35)
    start = chart.days_ago(130)
    dosage = daily_dose(10, start=start)
    add_order(chart, codes.PREDNISONE, dosage, written=start, intent="plan")


@story("not-at-risk", about="The order says: do not give prednisone.")
def prednisone_not_to_be_given(chart: Chart) -> None:
    ordinary(chart, "female", 31)
    start = chart.days_ago(130)
    dosage = daily_dose(10, start=start)
    add_order(chart, codes.PREDNISONE, dosage, written=start, doNotPerform=True)


@story("not-at-risk", about="The order was entered in error.")
def prednisone_entered_in_error(chart: Chart) -> None:
    ordinary(chart, "male", 39)
    order = add_daily_course(chart, codes.PREDNISONE, 10, days=150, ended_ago=10)
    order["status"] = "entered-in-error"


@story("not-at-risk", "MSO-09", about="A taper of seven weeks after a relapse.")
def prednisone_taper(chart: Chart) -> None:
    ordinary(chart, "female", 30)
    add_pulse(chart, ago=163)
    first = chart.days_ago(160)
    steps = []
    for number, dose in enumerate((60, 50, 40, 30, 20, 10, 5)):
        start = first + timedelta(days=7 * number)
        end = start + timedelta(days=6)
        steps.append(daily_dose(dose, start=start, end=end, sequence=number + 1))
    add_order(chart, codes.PREDNISONE, *steps, written=first, status="completed")


@story("not-at-risk", about="Ten months of prednisone that ended eleven months ago.")
def prednisone_last_year(chart: Chart) -> None:
    ordinary(chart, "female", 47)
    add_daily_course(chart, codes.PREDNISONE, 10, days=300, ended_ago=340)


@story("due", "MSO-08", about="The patient reports prednisone 10 mg a day for five months.")
def prednisone_reported_by_the_patient(chart: Chart) -> None:
    ordinary(chart, "female", 45)
    start = chart.days_ago(150)
    chart.add(
        "MedicationStatement",
        status="active",
        **medicine_of(codes.PREDNISONE),
        effectivePeriod={"start": str(start), "end": str(chart.days_ago(5))},
        dateAsserted=str(chart.days_ago(5)),
        dosage=[daily_dose(10, start=start)],
    )


@story("due", "MSO-08", about="'Long term use of systemic steroids' as a diagnosis.")
def systemic_steroids_as_a_diagnosis(chart: Chart) -> None:
    ordinary(chart, "female", 43)
    recorded = months_before(chart.on, 4)
    add_condition(chart, codes.SYSTEMIC_STEROIDS_LONG_TERM, recorded=recorded)


@story("not-at-risk", about="'Long term use of inhaled steroids' as a diagnosis.")
def inhaled_steroids_as_a_diagnosis(chart: Chart) -> None:
    ordinary(chart, "male", 46)
    recorded = months_before(chart.on, 4)
    add_condition(chart, codes.INHALED_STEROIDS_LONG_TERM, recorded=recorded)
