"""Glucocorticoid exposure: days, doses, courses and sources, and what cannot be judged."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.screening.exposure import Exposure, exposure_between
from service.screening.record import DoseStep, MedicationUse, ResourceRef, When

ON = date(2026, 11, 22)
SINCE = ON - timedelta(days=364)
PREDNISONE = "glucocorticoid-prednisone"
METHYLPREDNISOLONE = "glucocorticoid-methylprednisolone"
DEXAMETHASONE = "glucocorticoid-dexamethasone"
HYDROCORTISONE = "glucocorticoid-hydrocortisone"
UNSPECIFIED = "glucocorticoid-unspecified"
FACTORS = {
    PREDNISONE: 1.0,
    "glucocorticoid-prednisolone": 1.0,
    METHYLPREDNISOLONE: 1.25,
    DEXAMETHASONE: 6.67,
    HYDROCORTISONE: 0.25,
}


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


def exposure(*medicines, weight_kg=None, since=SINCE, until=ON, on=ON):
    return exposure_between(medicines, FACTORS, since, until, weight_kg=weight_kg, on=on)


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

    def test_one_day_of_another_steroid_counts(self):
        assert exposure(use(mg=1)).day_count == 1


class TestTheEndOfARecord:
    def test_an_active_record_without_an_end_counts_until_the_day_of_judgement(self):
        found = exposure(use(ago(99), None, is_open_ended=True))
        assert (found.day_count, found.unclear) == (100, ())

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
    @given(st.lists(STAYS, max_size=6))
    def test_the_parts_of_a_year_sum_to_the_year(self, stays):
        whole = exposure(*(record(n, stay) for n, stay in enumerate(stays)))
        halves = [whole.between(SINCE, ago(180)), whole.between(ago(179), ON)]
        assert sum(half.day_count for half in halves) == whole.day_count
        assert sum(half.total_mg for half in halves) == pytest.approx(whole.total_mg)
