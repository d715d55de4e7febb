"""Glucocorticoid exposure: days, doses, courses and sources, and what cannot be judged."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.screening.corticotropin import corticotropin_days
from service.screening.exposure import (
    Exposure,
    exposure_between,
    exposure_of,
    lifetime_exposure_of,
)
from service.screening.prednisone_equivalents import Equivalents
from service.screening.record import (
    DoseStep,
    MedicationUse,
    Observation,
    PatientRecord,
    Quantity,
    ResourceRef,
    When,
)

ON = date(2026, 11, 22)
SINCE = ON - timedelta(days=364)
PREDNISONE = "glucocorticoid-prednisone"
METHYLPREDNISOLONE = "glucocorticoid-methylprednisolone"
DEXAMETHASONE = "glucocorticoid-dexamethasone"
HYDROCORTISONE = "glucocorticoid-hydrocortisone"
CORTISONE = "glucocorticoid-cortisone"
UNSPECIFIED = "glucocorticoid-unspecified"
FACTORS = {
    PREDNISONE: 1.0,
    "glucocorticoid-prednisolone": 1.0,
    METHYLPREDNISOLONE: 1.25,
    DEXAMETHASONE: 6.67,
    HYDROCORTISONE: 0.25,
    CORTISONE: 0.2,
}
EQUIVALENTS = Equivalents(
    FACTORS,
    short_course_days=3,
    short_course_mg=100,
    short_course_gap_days=7,
    renewal_months=12,
    replacement_mg=7.5,
    pulse_mg=250,
)


def ago(days):
    return ON - timedelta(days=days)


def use(
    first=ON,
    last=ON,
    mg=10.0,
    id="1",
    kind="request",
    concepts=(PREDNISONE,),
    route="systemic",
    counts=True,
    **fields,
):
    """A record with one plain daily dose; pass `steps` to say it otherwise."""
    steps = fields.pop("steps", (DoseStep(mg_per_day=mg, first=first, last=last),))
    values = {
        "ref": ResourceRef("Medication" + kind.title(), id),
        "kind": kind,
        "concepts": frozenset(concepts),
        "name": "",
        "is_recognised_by_name": False,
        "counts": counts,
        "is_open_ended": False,
        "route": route,
        "start": None if first is None else When.day(first),
        "end": None if last is None else When.day(last),
        "renewed": None if first is None else When.day(first),
    }
    return MedicationUse(**{**values, **fields, "steps": steps})


def exposure(*medicines, since=SINCE, until=ON, on=ON, **known):
    known = {"weight_kg": None} | known
    return exposure_between(medicines, EQUIVALENTS, since, until, on=on, **known)


def reasons(found):
    return [unclear.reason for unclear in found.unclear]


class TestTheBoundariesOfTheYear:
    @pytest.mark.parametrize("days", [89, 90, 91, 95])
    def test_both_ends_of_a_period_count(self, days):
        assert exposure(use(ago(days - 1), ON)).day_count == days

    def test_the_window_of_365_days_has_both_its_ends(self):
        found = exposure(use(ago(1000), ON + timedelta(days=1000)))
        assert (found.day_count, found.days[0].day, found.days[-1].day) == (365, SINCE, ON)

    def test_a_dose_on_the_day_before_the_window_does_not_count(self):
        assert exposure(use(ago(365), ago(365))).day_count == 0

    def test_days_after_the_day_of_judgement_do_not_count(self):
        found = exposure(use(ago(1), ago(-5)), until=ON + timedelta(days=30))
        assert (found.day_count, found.until) == (2, ON)

    @pytest.mark.parametrize("mg", [2.49, 2.5, 0.1, 7.3])
    def test_the_mean_of_equal_days_is_exactly_the_dose(self, mg):
        assert exposure(use(ago(94), ON, mg)).mean_mg_per_day == mg

    def test_two_and_a_half_from_methylprednisolone_is_exactly_two_and_a_half(self):
        found = exposure(use(ago(94), ON, 2, concepts=[METHYLPREDNISOLONE]))
        assert found.mean_mg_per_day == 2.5

    def test_without_any_dose_the_mean_is_zero(self):
        assert exposure().mean_mg_per_day == 0

    def test_the_mean_is_taken_over_days_with_a_dose_only(self):
        found = exposure(use(ago(300), ago(300), 1000), use(ago(1), ON, 10, id="2"))
        assert found.mean_mg_per_day == 340

    def test_a_dose_of_zero_is_not_a_day_with_a_dose(self):
        found = exposure(use(ago(100), ON, 0))
        assert (found.day_count, found.unclear) == (0, ())


class TestWhichRecordCounts:
    def test_an_order_and_its_administrations_are_counted_once(self):
        given = [
            use(
                ago(n),
                ago(n),
                1000,
                id=str(n),
                kind="administration",
                concepts=[METHYLPREDNISOLONE],
            )
            for n in (10, 11, 12, 13, 14)
        ]
        order = use(ago(14), ago(10), 1000, concepts=[METHYLPREDNISOLONE])
        assert exposure(order, *given).total_mg == 6250

    @pytest.mark.parametrize(
        "better, worse",
        [("administration", "dispense"), ("dispense", "request"), ("request", "statement")],
    )
    def test_of_two_kinds_the_one_closer_to_the_patient_counts(self, better, worse):
        found = exposure(use(mg=5, kind=better), use(mg=50, kind=worse))
        assert (found.total_mg, [ref.type for ref in found.sources]) == (
            5,
            ["Medication" + better.title()],
        )

    def test_the_better_kind_wins_day_by_day_and_not_for_the_whole_record(self):
        found = exposure(use(ago(9), ON, 5), use(ago(9), ago(5), 20, kind="dispense"))
        assert found.total_mg == 5 * 20 + 5 * 5

    def test_two_administrations_of_one_day_add_up(self):
        found = exposure(
            use(mg=500, kind="administration", id="1"), use(mg=500, kind="administration", id="2")
        )
        assert found.days[0].mg == 1000
        assert len(found.sources) == 2

    def test_a_renewal_that_overlaps_counts_with_the_larger_dose(self):
        found = exposure(use(ago(20), ON, 5, id="1"), use(ago(10), ON, 7, id="2"))
        assert (found.days[0].mg, found.days[-1].mg) == (5, 7)

    def test_parallel_instructions_of_one_record_add_up(self):
        steps = (DoseStep(mg_per_day=5, first=ago(9)), DoseStep(mg_per_day=2.5, first=ago(9)))
        assert exposure(use(ago(9), ON, steps=steps)).mean_mg_per_day == 7.5

    def test_different_ingredients_add_up(self):
        found = exposure(
            use(mg=5), use(mg=4, id="2", concepts=[METHYLPREDNISOLONE], kind="administration")
        )
        assert found.total_mg == 10

    def test_prednisone_and_prednisolone_in_one_record_are_one_ingredient(self):
        both = use(mg=5, concepts=[PREDNISONE, "glucocorticoid-prednisolone"])
        assert exposure(both).total_mg == 5

    def test_the_same_record_given_twice_counts_once(self):
        assert exposure(use(kind="administration"), use(kind="administration")).total_mg == 10


class TestOrdersAndWhatWasDoneOnThem:
    def given(self, *days, mg=1000, order="order"):
        return [
            use(
                ago(n),
                ago(n),
                mg,
                id=str(n),
                kind="administration",
                based_on=(ResourceRef("MedicationRequest", order),),
            )
            for n in days
        ]

    def test_five_ordered_doses_given_a_day_late_are_five(self):
        order = use(ago(20), ago(16), 1000, id="order")
        found = exposure(order, *self.given(19, 18, 17, 16, 15))
        assert (found.day_count, found.days[0].day, found.total_mg) == (5, ago(19), 5000)

    def test_what_is_left_of_an_order_lies_at_its_end(self):
        order = use(ago(20), ago(11), 100, id="order")
        found = exposure(order, *self.given(19, 18, mg=100))
        assert (found.day_count, found.days[0].day) == (10, ago(20))
        late = exposure(order, *self.given(19, 18, 5, mg=100))
        assert (late.day_count, late.days[0].day) == (10, ago(19))

    def test_an_order_that_runs_on_beyond_today_loses_no_day_to_its_doses(self):
        order = use(ago(9), ago(-90), 5, id="order")
        assert exposure(order, *self.given(8, 7, mg=5)).day_count == 10

    def test_supplies_handed_over_late_do_not_lengthen_an_order(self):
        order = use(ago(200), ago(116), 5, id="order")
        supply = use(
            ago(193),
            ago(109),
            5,
            kind="dispense",
            id="d",
            based_on=(ResourceRef("MedicationRequest", "order"),),
        )
        assert exposure(order, supply).day_count == 85

    def test_doses_of_another_order_take_no_place(self):
        order = use(ago(20), ago(16), 1000, id="order")
        found = exposure(order, *self.given(19, 18, 17, 16, 15, order="other"))
        assert found.day_count == 6

    def pulses(self, *days, kind="administration", mg=1000, **fields):
        return [use(ago(n), ago(n), mg, id=f"{kind}{n}", kind=kind, **fields) for n in days]

    @pytest.mark.parametrize("kind", ["administration", "dispense"])
    @pytest.mark.parametrize("ordered_as", ["request", "statement"])
    @pytest.mark.parametrize("last_day", [27, 18, 11])
    def test_a_pulse_course_given_near_its_order_is_counted_once(self, kind, ordered_as, last_day):
        order = use(ago(20), ago(18), 1000, id="order", kind=ordered_as)
        given = self.pulses(last_day + 2, last_day + 1, last_day, kind=kind)
        assert exposure(order, *given).day_count == 3

    @pytest.mark.parametrize("first_day, count", [(11, 1), (10, 4), (27, 1), (28, 4)])
    def test_near_is_the_gap_of_a_course_before_or_after(self, first_day, count):
        order = use(ago(20), ago(18), 1000, id="order")
        assert exposure(order, *self.pulses(first_day)).day_count == count

    def test_of_a_pulse_course_that_was_given_in_part_the_rest_is_not_added(self):
        order = use(ago(20), ago(16), 1000, id="order")
        assert exposure(order, *self.pulses(20, 19, 18)).total_mg == 3000

    @pytest.mark.parametrize("mg, count", [(249, 5), (250, 3)])
    def test_below_a_pulse_dose_an_order_counts_day_by_day(self, mg, count):
        order = use(ago(20), ago(18), mg, id="order")
        assert exposure(order, *self.pulses(18, 17, 16, mg=mg)).day_count == count

    @pytest.mark.parametrize("mg, count", [(124, 4), (125, 1)])
    def test_two_doses_of_a_day_are_one_pulse(self, mg, count):
        order = use(ago(20), ago(18), 1000, id="order")
        given = [*self.pulses(17, mg=mg), use(ago(17), ago(17), mg, id="b", kind="administration")]
        assert exposure(order, *given).day_count == count

    def test_a_pulse_of_another_ingredient_leaves_the_order_alone(self):
        order = use(ago(20), ago(18), 1000, id="order")
        given = self.pulses(17, concepts=[METHYLPREDNISOLONE])
        assert exposure(order, *given).day_count == 4

    def test_a_pulse_that_names_its_order_speaks_for_no_other(self):
        order = use(ago(20), ago(18), 1000, id="order")
        named = (ResourceRef("MedicationRequest", "other"),)
        assert exposure(order, *self.pulses(17, based_on=named)).day_count == 4
        assert exposure(order, *self.pulses(17, based_on=(order.ref,))).day_count == 1

    def test_two_more_doses_ordered_for_after_the_three_given_are_added(self):
        first = use(ago(20), ago(18), 1000, id="1")
        more = use(ago(17), ago(16), 1000, id="2")
        assert exposure(first, more, *self.pulses(20, 19, 18)).day_count == 5

    def test_each_course_of_an_order_every_four_weeks_is_judged_alone(self):
        step = DoseStep(mg_per_day=1000, first=ago(98), last=ago(14), interval_days=28)
        order = use(ago(98), ago(14), id="order", steps=(step,))
        found = exposure(order, *self.pulses(96, 68))
        assert [d.day for d in found.days] == [ago(96), ago(68), ago(42), ago(14)]

    def test_the_low_doses_of_an_order_stay_beside_a_pulse_given_near_it(self):
        steps = (
            DoseStep(mg_per_day=1000, first=ago(20), last=ago(18)),
            DoseStep(mg_per_day=10, first=ago(17), last=ago(8)),
        )
        order = use(ago(20), ago(8), id="order", steps=steps)
        found = exposure(order, *self.pulses(19, 18, 17))
        assert found.total_mg == 3000 + 9 * 10

    def test_an_order_from_the_beginning_of_the_calendar_is_no_reason_to_fail(self):
        order = use(date.min, date.min, 1000, id="order")
        assert exposure(order, *self.pulses(5)).day_count == 1

    def test_an_order_left_open_ends_with_the_last_dose_given(self):
        order = use(ago(200), None, 1000, id="order", is_open_ended=True)
        found = exposure(order, *self.given(200, 199, 198))
        assert (found.total_mg, found.unclear) == (3000, ())

    def test_a_completed_order_without_an_end_ends_with_the_last_dose_given(self):
        order = use(ago(200), None, 1000, id="order", stopped_on=ago(150))
        assert exposure(order, *self.given(200, 199, 198)).total_mg == 3000

    def test_an_order_left_open_and_dispensed_after_the_last_dose_given_goes_on(self):
        order = use(ago(99), None, 5, id="order", is_open_ended=True)
        supply = use(ago(95), ago(66), 5, kind="dispense", id="d", based_on=(order.ref,))
        assert exposure(order, supply, *self.given(99, 98, mg=5)).day_count == 100

    def test_a_dose_that_is_dated_after_today_ends_nothing_later_than_today(self):
        order = use(ago(3), None, 5, id="order", is_open_ended=True)
        assert exposure(order, *self.given(-5, mg=5)).day_count == 4


ACTH = "corticotropin"


def acth(*medicines, since=SINCE):
    return corticotropin_days(medicines, 12, since, ON)


class TestCorticotropin:
    def test_its_days_hold_no_dose_and_its_units_leave_nothing_unclear(self):
        steps = (DoseStep(problem="units", first=ago(30), last=ago(26)),)
        days, unclear = acth(use(ago(30), ago(26), concepts=[ACTH], steps=steps))
        assert [(d.day, d.mg) for d in days] == [(ago(n), 0.0) for n in (30, 29, 28, 27, 26)]
        assert unclear == ()

    def test_a_gel_under_the_skin_counts_whatever_its_form_says(self):
        assert len(acth(use(concepts=[ACTH], route="local"))[0]) == 1

    def test_what_does_not_count_is_no_day(self):
        assert acth(use(concepts=[ACTH], counts=False), use(id="2")) == ((), ())

    def test_a_record_whose_status_or_end_is_not_told_is_unclear(self):
        for fields in ({"counts": None}, {"last": None}):
            days, unclear = acth(use(**({"first": ago(30), "concepts": [ACTH]} | fields)))
            assert (days, len(unclear)) == ((), 1)

    def test_an_order_without_any_instruction_is_told_by_its_doses(self):
        order = use(ago(30), None, concepts=[ACTH], steps=(), id="o", is_open_ended=True)
        given = use(ago(29), ago(29), concepts=[ACTH], kind="administration", based_on=(order.ref,))
        days, unclear = acth(order, given)
        assert ([d.day for d in days], unclear) == ([ago(30), ago(29)], ())

    def test_its_days_and_pulses_at_most_seven_days_apart_are_one_course(self):
        pulse = use(ago(40), ago(38), 1000, id="p")
        days, _ = acth(
            use(ago(31), ago(27), concepts=[ACTH]), use(ago(19), ago(19), concepts=[ACTH], id="2")
        )
        courses = exposure(pulse).courses(at_least_mg=250, gap_days=7, events=days)
        assert [(c.first, c.last, c.days, c.total_mg) for c in courses] == [
            (ago(40), ago(27), 8, 3000),
            (ago(19), ago(19), 1, 0),
        ]

    def test_days_outside_the_series_are_in_no_course(self):
        days, _ = acth(use(ago(400), ago(400), concepts=[ACTH]), since=ago(500))
        assert exposure().courses(at_least_mg=250, gap_days=7, events=days) == ()


class TestThePatient:
    def record(self, *medicines, **fields):
        weight = Observation(
            ref=ResourceRef("Observation", "w"),
            concepts=frozenset({"body-weight"}),
            codings=(),
            status="final",
            when=When.day(ago(100)),
            has_value=True,
            quantity=Quantity(60, "kg"),
        )
        return PatientRecord(
            ResourceRef("Patient", "p"), medicines=medicines, observations=(weight,), **fields
        )

    def test_a_dose_per_kilogram_counts_with_the_weight_on_file(self):
        record = self.record(use(steps=(DoseStep(mg_per_kg_per_day=0.5),)))
        assert exposure_of(record, EQUIVALENTS, SINCE, ON).total_mg == 30

    def test_a_maximum_cuts_a_dose_per_kilogram(self):
        record = self.record(use(steps=(DoseStep(mg_per_kg_per_day=30, most_mg_per_day=1000),)))
        assert exposure_of(record, EQUIVALENTS, SINCE, ON).total_mg == 1000

    def test_a_life_begins_with_the_first_record(self):
        record = self.record(use(ago(4000), ago(3996), 1000), use(ON, ON, 5, id="2"))
        found = lifetime_exposure_of(record, EQUIVALENTS, ON)
        assert (found.since, found.total_mg) == (ago(4000), 5005)

    def test_a_life_does_not_begin_before_the_birth(self):
        record = self.record(use(date(1900, 1, 1), ON, 5), birth=When.day(ago(9)))
        assert lifetime_exposure_of(record, EQUIVALENTS, ON).day_count == 10

    def test_a_record_from_the_beginning_of_the_calendar_is_no_reason_to_fail(self):
        record = self.record(use(date.min, date.min, 5), birth=When.day(date.min))
        assert lifetime_exposure_of(record, EQUIVALENTS, ON).since == date.min

    def test_a_life_without_medicines_is_empty(self):
        assert lifetime_exposure_of(self.record(), EQUIVALENTS, ON) == Exposure(ON, ON)


class TestWhatIsNoExposure:
    @pytest.mark.parametrize(
        "fields",
        [
            {"route": "local"},
            {"counts": False},
            {"concepts": [PREDNISONE, "glucocorticoid-not-systemic"]},
            {"concepts": ["therapy-oral"]},
        ],
    )
    def test_it_is_neither_counted_nor_unclear(self, fields):
        found = exposure(use(**fields))
        assert (found.day_count, found.unclear) == (0, ())

    def test_one_perioperative_dose_of_dexamethasone_does_not_count(self):
        assert exposure(use(mg=8, concepts=[DEXAMETHASONE])).day_count == 0

    @pytest.mark.parametrize(
        "days, mg, counted", [(2, 7.4, 0), (2, 7.5, 2), (3, 1, 3), (1, 14.9, 0), (1, 15, 1)]
    )
    def test_dexamethasone_counts_from_three_days_or_from_100_mg(self, days, mg, counted):
        found = exposure(use(ago(days - 1), ON, mg, concepts=[DEXAMETHASONE]))
        assert found.day_count == counted

    def test_a_long_dexamethasone_course_counts_to_its_last_day_at_the_windows_edge(self):
        found = exposure(use(SINCE - timedelta(days=5), SINCE, 4, concepts=[DEXAMETHASONE]))
        assert found.day_count == 1

    @pytest.mark.parametrize(
        "concept, mg, counted",
        [
            (HYDROCORTISONE, 30, 0),
            (HYDROCORTISONE, 30.1, 1),
            (CORTISONE, 37.5, 0),
            (CORTISONE, 37.6, 1),
            (PREDNISONE, 7.5, 1),
        ],
    )
    def test_a_physiological_dose_in_adrenal_insufficiency_is_replacement(
        self, concept, mg, counted
    ):
        taken = use(mg=mg, concepts=[concept])
        assert exposure(taken, lacks_cortisol=True).day_count == counted
        assert exposure(taken).day_count == 1

    def test_one_day_of_another_steroid_counts(self):
        assert exposure(use(mg=1)).day_count == 1


class TestTheEndOfARecord:
    def test_an_active_record_without_an_end_counts_until_the_day_of_judgement(self):
        found = exposure(use(ago(99), None, is_open_ended=True))
        assert (found.day_count, found.unclear) == (100, ())

    @pytest.mark.parametrize("mg, is_counted", [(249, True), (250, False), (1000, False)])
    def test_an_active_pulse_dose_without_an_end_is_not_followed(self, mg, is_counted):
        found = exposure(use(ago(99), None, mg, is_open_ended=True))
        assert bool(found.day_count) is is_counted
        assert reasons(found) == ([] if is_counted else ["it is a pulse dose without an end"])

    def test_an_active_pulse_dose_counts_to_the_end_that_its_instruction_states(self):
        step = DoseStep(mg_per_day=1000, first=ago(4), last=ON)
        found = exposure(use(ago(4), None, is_open_ended=True, steps=(step,)))
        assert (found.day_count, found.unclear) == (5, ())

    @pytest.mark.parametrize(
        "renewed, is_counted", [(date(2025, 11, 22), True), (date(2025, 11, 21), False)]
    )
    def test_it_must_have_been_renewed_in_the_last_12_months(self, renewed, is_counted):
        found = exposure(use(date(2024, 1, 1), None, is_open_ended=True, renewed=When.day(renewed)))
        assert bool(found.day_count) is is_counted
        assert bool(found.unclear) is not is_counted

    @pytest.mark.parametrize("based_on", [(), (ResourceRef("MedicationRequest", "1"),)])
    def test_a_dispense_of_the_last_12_months_renews_its_order(self, based_on):
        order = use(date(2024, 1, 1), None, is_open_ended=True)
        dispense = use(ago(200), ago(171), kind="dispense", id="d", based_on=based_on)
        assert exposure(order, dispense).day_count == 365

    def test_a_dispense_of_another_order_renews_nothing(self):
        order = use(date(2024, 1, 1), None, is_open_ended=True)
        other = (ResourceRef("MedicationRequest", "other"),)
        dispense = use(ago(200), ago(171), kind="dispense", id="d", based_on=other)
        assert exposure(order, dispense).day_count == 30

    def test_a_stopped_record_counts_on_the_day_it_stopped_and_not_after(self):
        found = exposure(use(ago(50), None, stopped_on=ago(41)))
        assert (found.day_count, found.days[-1].day) == (10, ago(41))

    def test_a_record_that_stopped_before_its_stated_end_ends_when_it_stopped(self):
        assert exposure(use(ago(50), ON, stopped_on=ago(41))).day_count == 10

    def test_the_supply_ends_a_record_that_states_no_end(self):
        found = exposure(use(ago(50), None, is_open_ended=True, supplied_until=ago(21)))
        assert found.day_count == 30

    def test_the_supply_does_not_cut_a_stated_end_of_an_order(self):
        assert exposure(use(ago(50), ON, supplied_until=ago(21))).day_count == 51

    def test_the_supply_cuts_the_copied_instruction_of_a_dispense(self):
        found = exposure(use(ago(50), ON, kind="dispense", supplied_until=ago(21)))
        assert found.day_count == 30

    def test_an_ended_record_without_an_end_is_unclear(self):
        assert reasons(exposure(use(ago(50), None))) == ["its end is not stated"]

    def test_a_last_update_years_after_the_writing_does_not_make_years_of_exposure(self):
        found = exposure(use(ago(500), None, stopped_on=ON))
        assert (found.day_count, reasons(found)) == (0, ["its end is not stated"])

    def test_an_ended_record_written_long_ago_is_over(self):
        found = exposure(use(ago(900), None))
        assert (found.day_count, found.unclear) == (0, ())


class TestWhatCannotBeJudged:
    @pytest.mark.parametrize(
        "fields, reason",
        [
            ({"steps": ()}, "its dose is not stated"),
            ({"steps": (DoseStep(),)}, "its dose is not stated"),
            ({"steps": (DoseStep(problem="as needed"),)}, "as needed"),
            ({"counts": None}, "its status could not be understood"),
            ({"concepts": [UNSPECIFIED]}, "it does not say which glucocorticoid it is"),
            (
                {"concepts": [PREDNISONE, METHYLPREDNISOLONE]},
                "it names more than one glucocorticoid",
            ),
            ({"route": "unclear"}, "neither its route nor its form says whether it is systemic"),
            ({"first": None, "last": None}, "it has no date"),
            (
                {"steps": (DoseStep(mg_per_kg_per_day=1),)},
                "its dose is per kilogram and there is no weight",
            ),
        ],
    )
    def test_it_is_unclear_with_a_reason_and_never_zero(self, fields, reason):
        found = exposure(use(**fields))
        assert (found.day_count, reasons(found)) == (0, [reason])

    def test_a_record_without_a_date_that_is_over_in_time_is_not_unclear(self):
        assert exposure(use(None, ago(400))).unclear == ()

    def test_a_record_with_neither_a_date_nor_a_dose_is_unclear_once(self):
        assert len(exposure(use(None, None, steps=())).unclear) == 1

    def test_a_dose_per_kilogram_counts_with_a_weight(self):
        found = exposure(use(steps=(DoseStep(mg_per_kg_per_day=0.5),)), weight_kg=60)
        assert found.total_mg == 30

    @pytest.mark.parametrize(
        "first, last", [(ago(500), ago(365)), (ago(-1), ago(-30)), (ago(3), ago(5))]
    )
    def test_a_record_without_a_dose_outside_the_window_is_not_unclear(self, first, last):
        found = exposure(use(first, last, steps=()), until=ON)
        assert found.unclear == ()

    @pytest.mark.parametrize("first, last", [(ago(500), ago(364)), (ON, ago(-30))])
    def test_a_record_without_a_dose_that_touches_the_window_is_unclear(self, first, last):
        assert len(exposure(use(first, last, steps=())).unclear) == 1

    def test_a_clear_step_counts_beside_an_unclear_one(self):
        steps = (
            DoseStep(mg_per_day=60, first=ago(9), last=ago(5)),
            DoseStep(problem="untold", first=ago(4), last=ON),
        )
        found = exposure(use(ago(9), ON, steps=steps))
        assert (found.day_count, reasons(found)) == (5, ["untold"])

    def test_two_unclear_steps_of_one_record_are_reported_once(self):
        steps = (DoseStep(problem="first"), DoseStep(problem="second"))
        assert reasons(exposure(use(steps=steps))) == ["first"]

    def test_other_records_that_tell_every_day_settle_it(self):
        untold = use(ago(9), ON, steps=())
        told = use(ago(20), ON, kind="statement", id="2")
        assert exposure(untold, told).unclear == ()

    def test_one_day_that_no_other_record_tells_leaves_it_unclear(self):
        untold = use(ago(9), ON, steps=())
        told = use(ago(8), ON, kind="statement", id="2")
        assert len(exposure(untold, told).unclear) == 1

    def test_another_ingredient_settles_nothing(self):
        untold = use(ago(9), ON, steps=())
        told = use(ago(9), ON, concepts=[METHYLPREDNISOLONE], id="2")
        assert len(exposure(untold, told).unclear) == 1

    def test_an_order_as_directed_is_told_by_its_administrations(self):
        order = use(ago(200), None, is_open_ended=True, steps=(), id="order")
        given = use(ago(9), ago(9), kind="administration", based_on=(order.ref,))
        found = exposure(order, given)
        assert (found.day_count, found.unclear) == (1, ())

    def test_a_dispense_without_a_dose_is_told_by_its_order(self):
        order = use(ago(20), ago(10), id="order")
        dispense = use(ago(5), ON, steps=(), kind="dispense", based_on=(order.ref,))
        assert exposure(order, dispense).unclear == ()

    def test_an_administration_of_another_year_tells_nothing_about_this_one(self):
        order = use(ago(200), None, is_open_ended=True, steps=(), id="order")
        given = use(ago(900), ago(900), kind="administration", based_on=(order.ref,))
        assert len(exposure(order, given).unclear) == 1

    @pytest.mark.parametrize("concept", [PREDNISONE, METHYLPREDNISOLONE])
    def test_a_bare_name_that_is_usually_a_tablet_or_an_infusion_counts(self, concept):
        assert exposure(use(route="unstated", concepts=[concept])).day_count == 1

    @pytest.mark.parametrize("concept", [DEXAMETHASONE, HYDROCORTISONE])
    def test_a_bare_name_that_is_often_a_cream_or_a_drop_is_unclear(self, concept):
        assert len(exposure(use(route="unstated", concepts=[concept])).unclear) == 1

    def test_a_bare_name_coded_as_systemic_by_atc_counts(self):
        found = exposure(use(route="unstated", concepts=[HYDROCORTISONE, UNSPECIFIED]))
        assert found.day_count == 1


class TestDatesThatAreNotKnownToTheDay:
    def test_the_days_after_a_month_of_beginning_count_and_the_month_is_unclear(self):
        began = When(date(2026, 3, 1), date(2026, 3, 31))
        found = exposure(use(date(2026, 3, 31), ON, start=began))
        assert found.days[0].day == date(2026, 3, 31)
        assert [(u.first, u.last) for u in found.unclear] == [(date(2026, 3, 1), date(2026, 3, 30))]

    def test_a_single_dose_of_an_unknown_day_is_not_put_on_any_day(self):
        began = When(date(2026, 3, 1), date(2026, 3, 31))
        given = use(date(2026, 3, 31), date(2026, 3, 31), kind="administration", start=began)
        found = exposure(given)
        assert (found.day_count, reasons(found)) == (0, ["the day on which it began is not known"])


class TestStretchesOfDosing:
    def test_every_other_day_is_half_of_the_days(self):
        found = exposure(
            use(ago(9), ON, steps=(DoseStep(mg_per_day=10, first=ago(9), interval_days=2),))
        )
        assert [day.day for day in found.days] == [ago(9), ago(7), ago(5), ago(3), ago(1)]

    def test_three_times_a_week_is_three_days_in_every_week(self):
        step = DoseStep(mg_per_day=10, first=ago(27), interval_days=7 / 3)
        assert exposure(use(ago(27), ON, steps=(step,))).day_count == 12

    def test_a_rhythm_that_began_before_the_window_goes_on_inside_it(self):
        first = SINCE - timedelta(days=701)
        step = DoseStep(mg_per_day=10, first=first, interval_days=7)
        found = exposure(use(first, ON, steps=(step,)))
        assert (found.days[0].day - first).days % 7 == 0
        assert found.day_count == 52

    def test_equal_neighbours_are_drawn_as_one_stretch(self):
        found = exposure(
            use(ago(9), ago(5), 20), use(ago(4), ON, 10, id="2"), use(ago(20), ago(18), 20)
        )
        pieces = [(s.first, s.last, s.mg_per_day) for s in found.stretches()]
        assert pieces == [(ago(20), ago(18), 20), (ago(4), ON, 10)]

    def test_a_gap_and_a_new_dose_each_begin_a_stretch(self):
        found = exposure(
            use(ago(9), ago(8), 20, id="1"),
            use(ago(6), ago(5), 20, id="2"),
            use(ago(4), ON, 10, id="3"),
        )
        assert [s.first for s in found.stretches()] == [ago(9), ago(6), ago(4)]

    def test_pulse_days_at_most_seven_days_apart_are_one_course(self):
        days = (60, 53, 45, 44)
        pulses = [use(ago(n), ago(n), 1000, id=str(n), kind="administration") for n in days]
        taper = use(ago(43), ago(30), 40, id="t")
        courses = exposure(*pulses, taper).courses(at_least_mg=250, gap_days=7)
        assert [(c.first, c.days, c.total_mg) for c in courses] == [
            (ago(60), 2, 2000),
            (ago(45), 2, 2000),
        ]
        assert courses[0].sources == (pulses[1].ref, pulses[0].ref)

    def test_without_pulse_days_there_is_no_course(self):
        assert exposure(use(ago(9), ON, 5)).courses(at_least_mg=250, gap_days=7) == ()

    def test_a_part_of_the_series_is_what_falls_into_it(self):
        whole = exposure(
            use(ago(99), ON, 10),
            use(ago(50), ago(40), steps=(), id="2", concepts=[METHYLPREDNISOLONE]),
        )
        early, late = whole.between(ago(365), ago(45)), whole.between(ago(39), ON)
        assert (early.since, early.day_count, len(early.unclear)) == (SINCE, 55, 1)
        assert (late.until, late.day_count, late.unclear) == (ON, 40, ())

    def test_an_undated_record_is_unclear_in_every_part(self):
        whole = exposure(use(None, None))
        assert len(whole.between(ago(10), ON).unclear) == 1

    def test_nothing_of_it_is_printed(self):
        # The dose is one that no memory address, which a silent repr shows, can contain.
        assert "12.75" not in repr(exposure(use(mg=12.75)).days[0])
        assert "Medication" not in repr(exposure(use()))


STAYS = st.builds(
    lambda start, length, mg, kind, concept: (start, start - length, mg, kind, concept),
    st.integers(-10, 450),
    st.integers(0, 120),
    st.sampled_from([1.25, 2.5, 5.0, 40.0]),
    st.sampled_from(["administration", "dispense", "request", "statement"]),
    st.sampled_from([PREDNISONE, METHYLPREDNISOLONE, DEXAMETHASONE]),
)


def record(number, stay):
    first, last, mg, kind, concept = stay
    if kind == "administration":
        last = first
    return use(ago(first), ago(last), mg, id=str(number), kind=kind, concepts=[concept])


def content(found: Exposure):
    return [(d.day, d.mg, d.sources) for d in found.days], [u.source for u in found.unclear]


class TestWhatHoldsForEveryChart:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(STAYS, max_size=6), st.randoms(use_true_random=False))
    def test_order_and_duplicates_change_nothing(self, stays, shuffle):
        records = [record(n, stay) for n, stay in enumerate(stays)]
        mixed = records + records[:3]
        shuffle.shuffle(mixed)
        assert content(exposure(*mixed)) == content(exposure(*records))

    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 80), st.integers(1, 80), st.sampled_from([2.5, 7.0, 1000.0]))
    def test_courses_apart_in_time_add_up(self, one, two, mg):
        early = use(ago(299), ago(300 - one), mg, id="1")
        late = use(ago(99), ago(100 - two), mg, id="2")
        both = exposure(early, late)
        assert both.total_mg == exposure(early).total_mg + exposure(late).total_mg
        assert both.day_count == one + two

    @settings(max_examples=60, deadline=None)
    @given(
        st.integers(1, 40),
        st.integers(1, 40),
        st.sampled_from([PREDNISONE, METHYLPREDNISOLONE, HYDROCORTISONE]),
        st.sampled_from([PREDNISONE, METHYLPREDNISOLONE, HYDROCORTISONE]),
        st.sampled_from(["dispense", "request", "statement"]),
    )
    def test_disjoint_courses_of_any_ingredient_and_kind_add_up(
        self, one, two, first, second, kind
    ):
        early = use(ago(299), ago(300 - one), 40, id="1", concepts=[first])
        late = use(ago(99), ago(100 - two), 24, id="2", concepts=[second], kind=kind)
        alone = exposure(early), exposure(late)
        both = exposure(early, late)
        assert both.total_mg == pytest.approx(sum(part.total_mg for part in alone))
        assert both.days == tuple(day for part in alone for day in part.days)

    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 30), st.integers(0, 60), st.integers(0, 30), st.randoms())
    def test_what_was_given_never_makes_more_days_than_were_ordered(
        self, ordered, late, given, shuffle
    ):
        days = shuffle.sample(range(100, 201), min(given, ordered))
        for mg in (200, 500):
            order = use(ago(200), ago(201 - ordered), mg, id="order")
            doses = [
                use(
                    ago(n - min(late, 40)),
                    ago(n - min(late, 40)),
                    mg,
                    id=str(n),
                    kind="administration",
                    based_on=(order.ref,),
                )
                for n in days
            ]
            found = exposure(order, *doses).day_count
            # Of a pulse that was given in part the rest is not added; of a daily dose it is.
            assert found == ordered if mg < 250 else len(days) <= found <= ordered

    @settings(max_examples=60, deadline=None)
    @given(st.lists(STAYS, max_size=6))
    def test_the_parts_of_a_year_sum_to_the_year(self, stays):
        whole = exposure(*(record(n, stay) for n, stay in enumerate(stays)))
        halves = [whole.between(SINCE, ago(180)), whole.between(ago(179), ON)]
        assert sum(half.day_count for half in halves) == whole.day_count
        assert sum(half.total_mg for half in halves) == pytest.approx(whole.total_mg)
