"""FHIR Dosage, Timing, units and strengths: milligrams on days, or why they cannot be told."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.ehr.amount import (
    NO_STRENGTH,
    Strength,
    amount_of,
    milligrams,
    strength_named,
    strength_of,
)
from service.ehr.dosage import dose_steps, supplied_days
from service.ehr.dose import dose_of
from service.ehr.timing import later, schedule_of
from service.screening.record import DoseStep

START = date(2026, 3, 2)  # A Monday.
UCUM = "http://unitsofmeasure.org"
TABLET_5 = Strength(mg_per_piece=5)


def repeat(**fields):
    return {"repeat": fields}


DAILY = repeat(frequency=1, period=1, periodUnit="d")


def dosage(value=5, unit="mg", timing=DAILY, **fields):
    return {
        "timing": timing,
        "doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}],
        **fields,
    }


def steps(*dosages, strength=NO_STRENGTH, start=START):
    return dose_steps(dosages, start, strength)


def only(*dosages, **options):
    (step,) = steps(*dosages, **options)
    return step


def daily(timing):
    """Milligrams on a dosing day, and the days from one to the next, for doses of 5 mg."""
    step = only(dosage(timing=timing))
    assert not step.problem
    return step.mg_per_day, step.interval_days


class TestUnits:
    @pytest.mark.parametrize(
        "unit, mg",
        [
            ("mg", 5),
            ("MG", 5),
            ("milligrams", 5),
            ("g", 5000),
            ("ug", 0.005),
            ("mcg", 0.005),
            ("µg", 0.005),
            ("mg{prednisone}", 5),
            ("mg/dose", 5),
        ],
    )
    def test_a_mass_in_any_spelling_is_milligrams(self, unit, mg):
        assert only(dosage(unit=unit)).mg_per_day == pytest.approx(mg)

    @pytest.mark.parametrize(
        "unit", ["{tbl}", "tablet", "tablet(s)", "TAB", "1", "{capsule}", "each"]
    )
    def test_product_units_need_the_strength_of_the_product(self, unit):
        assert only(dosage(2, unit), strength=TABLET_5).mg_per_day == 10
        assert "strength" in only(dosage(2, unit)).problem

    def test_millilitres_need_a_strength_per_millilitre(self):
        assert only(dosage(10, "mL"), strength=Strength(mg_per_ml=3)).mg_per_day == 30
        assert "strength" in only(dosage(10, "mL"), strength=TABLET_5).problem

    @pytest.mark.parametrize("unit", ["", "[iU]", "mg/m2", "puff", "drop", "mg/mL"])
    def test_a_unit_that_is_no_amount_cannot_be_told(self, unit):
        assert "unit" in only(dosage(unit=unit), strength=TABLET_5).problem

    def test_a_code_is_enough_without_unit_text(self):
        quantity = {"value": 5, "system": UCUM, "code": "mg"}
        assert only(dosage() | {"doseAndRate": [{"doseQuantity": quantity}]}).mg_per_day == 5

    def test_code_and_text_that_contradict_each_other_cannot_be_told(self):
        assert amount_of({"value": 5, "code": "mg", "unit": "tablet"}) is None

    @pytest.mark.parametrize("value", [0, -5, None, "5", True, float("nan"), float("inf"), 10**400])
    def test_a_value_that_is_no_positive_number_cannot_be_told(self, value):
        assert amount_of({"value": value, "unit": "mg"}) is None

    def test_a_value_with_a_comparator_cannot_be_told(self):
        assert amount_of({"value": 5, "unit": "mg", "comparator": "<"}) is None

    def test_a_dose_per_kilogram_is_kept_per_kilogram(self):
        step = only(dosage(0.5, "mg/kg"))
        assert (step.mg_per_day, step.mg_per_kg_per_day) == (None, 0.5)

    @pytest.mark.parametrize("unit", ["mg/kg/d", "mg/(kg.d)", "mg.kg-1.d-1", "mg/kg/24h"])
    def test_a_dose_per_kilogram_and_day_is_the_dose_of_the_day_in_any_spelling(self, unit):
        step = only(dosage(0.5, unit, repeat(frequency=2, period=1, periodUnit="d")))
        assert (step.mg_per_day, step.mg_per_kg_per_day) == (None, 0.5)

    @pytest.mark.parametrize("unit", ["mg/(m2.d)", "mg.m-2", "mg/kg/m2"])
    def test_a_dose_per_body_surface_cannot_be_told(self, unit):
        assert "unit" in only(dosage(unit=unit)).problem

    def test_a_dose_per_day_is_the_dose_of_the_day(self):
        assert (
            only(dosage(5, "mg/d", repeat(frequency=2, period=1, periodUnit="d"))).mg_per_day == 5
        )

    def test_a_dose_per_hour_without_a_duration_cannot_be_told(self):
        assert "rate" in only(dosage(5, "mg/h")).problem

    @settings(max_examples=50, deadline=None)
    @given(st.integers(1, 10_000))
    def test_grams_and_milligrams_say_the_same(self, mg):
        in_grams = only(dosage(mg / 1000, "g")).mg_per_day
        assert in_grams == pytest.approx(only(dosage(mg, "mg")).mg_per_day)


class TestStrengths:
    @pytest.mark.parametrize(
        "name, strength",
        [
            ("prednisone 5 MG Oral Tablet", Strength(mg_per_piece=5)),
            ("predniSONE (DELTASONE) 2.5 mg tablet", Strength(mg_per_piece=2.5)),
            ("prednisone 2,5 mg", Strength(mg_per_piece=2.5)),
            ("dexamethasone 0,125 mg", Strength(mg_per_piece=0.125)),
            ("methylprednisolone 1,000 mg", Strength(mg_per_piece=1000)),
            ("methylprednisolone 1 G vial", Strength(mg_per_piece=1000)),
            ("dexamethasone 500 micrograms tablets", Strength(mg_per_piece=0.5)),
            ("prednisolone 5 MG/ML Oral Solution", Strength(mg_per_ml=5)),
            ("prednisolone 15 mg/5 mL oral solution", Strength(mg_per_ml=3)),
            ("methylprednisolone 125 MG per 2 ML", Strength(mg_per_ml=62.5)),
            ("prednisone 10 mg/tablet", Strength(mg_per_piece=10)),
            (
                "{21 (methylprednisolone 4 MG Oral Tablet) } Pack",
                Strength(mg_per_piece=4, pieces_per_pack=21),
            ),
        ],
    )
    def test_the_strength_is_read_from_the_name(self, name, strength):
        assert strength_named((name,)) == strength

    @pytest.mark.parametrize(
        "name",
        [
            "prednisone",
            "prednisone 5 mg, take 10 mg daily",
            "prednisone 5-10 mg",
            "triamcinolone 0.001 MG/MG Oral Paste",
            "prednisolone 5 mg/0 mL",
            "prednisone 123456789012345 mg",
        ],
    )
    def test_a_name_without_one_plain_strength_has_none(self, name):
        assert strength_named((name,)) == NO_STRENGTH

    def test_a_pack_is_its_pieces_and_a_bare_one_of_a_pack_cannot_be_told(self):
        strength = Strength(mg_per_piece=4, pieces_per_pack=21)
        assert milligrams(amount_of({"value": 1, "unit": "Pack"}), strength) == 84
        assert milligrams(amount_of({"value": 1, "unit": "each"}), strength) is None
        assert milligrams(amount_of({"value": 6, "unit": "tablet"}), strength) == 24

    def test_the_strength_of_a_medication_ingredient_is_read(self):
        ratio = {
            "numerator": {"value": 20, "unit": "mg"},
            "denominator": {"value": 1, "unit": "{tbl}"},
        }
        assert strength_of([{"ingredient": [{"strength": ratio}]}]) == Strength(mg_per_piece=20)

    def test_an_ingredient_strength_per_volume_is_per_millilitre(self):
        ratio = {
            "numerator": {"value": 1, "unit": "g"},
            "denominator": {"value": 8, "unit": "mL"},
        }
        assert strength_of([{"ingredient": [{"strength": ratio}]}]) == Strength(mg_per_ml=125)

    def test_an_ingredient_strength_without_a_denominator_is_per_piece(self):
        ratio = {"numerator": {"value": 20, "unit": "mg"}}
        assert strength_of([{"ingredient": [{"strength": ratio}]}]) == Strength(mg_per_piece=20)

    @pytest.mark.parametrize(
        "ingredients",
        [
            [],
            [{"strength": {"numerator": {"value": 20, "unit": "mL"}}}],
            [{"strength": {"numerator": {"value": 20}}}],
            [{"strength": {"numerator": {"value": 2, "unit": "mg"}, "denominator": {"value": 1}}}],
            [{"strength": {"numerator": {"value": 2, "unit": "mg"}}}] * 2,
        ],
    )
    def test_an_ingredient_that_does_not_say_has_no_strength(self, ingredients):
        assert strength_of([{"ingredient": ingredients}]) == NO_STRENGTH

    def test_an_inactive_ingredient_is_not_the_drug(self):
        active = {"strength": {"numerator": {"value": 20, "unit": "mg"}}}
        filler = {"isActive": False, "strength": {"numerator": {"value": 90, "unit": "mg"}}}
        assert strength_of([{"ingredient": [active, filler]}]) == Strength(mg_per_piece=20)


class TestDoses:
    def test_a_dose_range_counts_with_its_low_end(self):
        entry = {
            "doseRange": {"low": {"value": 5, "unit": "mg"}, "high": {"value": 10, "unit": "mg"}}
        }
        assert only({"timing": DAILY, "doseAndRate": [entry]}).mg_per_day == 5

    def test_a_dose_range_without_a_low_end_cannot_be_told(self):
        entry = {"doseRange": {"high": {"value": 10, "unit": "mg"}}}
        assert "low end" in only({"timing": DAILY, "doseAndRate": [entry]}).problem

    def test_ordered_and_calculated_dose_are_one_dose_and_milligrams_win(self):
        entries = [
            {"doseQuantity": {"value": 1, "unit": "mg/kg"}},
            {"doseQuantity": {"value": 70, "unit": "mg"}},
        ]
        step = only({"timing": DAILY, "doseAndRate": entries})
        assert (step.mg_per_day, step.mg_per_kg_per_day) == (70, None)

    def test_a_dose_beside_the_list_as_in_stu3_is_read(self):
        assert only({"timing": DAILY, "doseQuantity": {"value": 5, "unit": "mg"}}).mg_per_day == 5

    def test_a_text_alone_is_never_read(self):
        step = only({"text": "Take 5 mg once daily", "timing": DAILY})
        assert (step.mg_per_day, step.problem) == (None, "its dose is not stated")

    @pytest.mark.parametrize(
        "rate",
        [
            {"rateQuantity": {"value": 500, "unit": "mg/h"}},
            {
                "rateRatio": {
                    "numerator": {"value": 500, "unit": "mg"},
                    "denominator": {"value": 1, "unit": "h"},
                }
            },
            {"rateRange": {"low": {"value": 500, "unit": "mg/h"}}},
            {"rateQuantity": {"value": 8, "unit": "mL/h"}},
        ],
    )
    def test_a_rate_counts_with_the_duration_of_the_infusion(self, rate):
        timing = repeat(frequency=1, period=1, periodUnit="d", duration=2, durationUnit="h")
        step = only({"timing": timing, "doseAndRate": [rate]}, strength=Strength(mg_per_ml=62.5))
        assert step.mg_per_day == pytest.approx(1000)

    @pytest.mark.parametrize(
        "rate, problem",
        [
            ({"rateQuantity": {"value": 500, "unit": "mg/h"}}, "rate"),
            ({"rateQuantity": {"value": 500, "unit": "mg"}}, "rate"),
            ({"rateQuantity": {"value": 500, "unit": "mL/h"}}, "strength"),
            ({"rateQuantity": {"value": 500}}, "unit"),
        ],
    )
    def test_a_rate_that_lacks_something_cannot_be_told(self, rate, problem):
        assert problem in only({"timing": DAILY, "doseAndRate": [rate]}).problem

    def test_a_dose_wins_over_a_rate(self):
        entry = {
            "doseQuantity": {"value": 1, "unit": "g"},
            "rateQuantity": {"value": 500, "unit": "mg/h"},
        }
        assert only({"timing": DAILY, "doseAndRate": [entry]}).mg_per_day == 1000

    def test_a_rate_over_one_hour_is_what_runs_in_one_hour(self):
        timing = repeat(count=1, duration=60, durationUnit="min")
        rate = {"rateQuantity": {"value": 1000, "unit": "mg/h"}}
        step = only({"timing": timing, "doseAndRate": [rate]})
        assert (step.mg_per_day, step.first, step.last) == (pytest.approx(1000), START, START)

    def test_an_additional_instruction_changes_nothing(self):
        more = [{"text": "Take twice the dose on Mondays"}]
        assert steps(dosage(additionalInstruction=more)) == steps(dosage())

    def test_a_maximum_for_one_dose_cuts_it(self):
        most = {"value": 60, "unit": "mg"}
        assert only(dosage(80, maxDosePerAdministration=most)).mg_per_day == 60
        assert only(dosage(40, maxDosePerAdministration=most)).mg_per_day == 40

    def test_a_maximum_for_one_dose_is_none_for_a_dose_of_the_day(self):
        most = {"value": 60, "unit": "mg"}
        assert only(dosage(80, "mg/d", maxDosePerAdministration=most)).mg_per_day == 80

    def test_a_maximum_for_one_dose_per_kilogram_is_kept_for_the_weight(self):
        twice = repeat(frequency=2, period=1, periodUnit="d")
        most = {"value": 1, "unit": "g"}
        step = only(dosage(30, "mg/kg", twice, maxDosePerAdministration=most))
        assert (step.mg_per_kg_per_day, step.most_mg_per_day) == (60, 2000)

    @pytest.mark.parametrize(
        "value, unit, last, mg",
        [
            (20, "mg", date(2026, 3, 6), 20),
            (20, "mg/d", date(2026, 3, 6), 20),
            (300, "mg", START, 100),
        ],
    )
    def test_a_maximum_for_a_lifetime_ends_the_treatment(self, value, unit, last, mg):
        step = only(dosage(value, unit, maxDosePerLifetime={"value": 100, "unit": "mg"}))
        assert (step.mg_per_day, step.first, step.last) == (mg, START, last)

    def test_a_maximum_for_a_lifetime_never_lengthens_a_treatment(self):
        timing = repeat(frequency=1, period=1, periodUnit="d", count=2)
        step = only(dosage(20, timing=timing, maxDosePerLifetime={"value": 100, "unit": "mg"}))
        assert step.last == date(2026, 3, 3)

    def test_a_maximum_for_a_lifetime_cuts_single_days(self):
        timing = {"event": ["2026-03-05", "2026-03-06", "2026-03-07"]}
        found = steps(dosage(20, timing=timing, maxDosePerLifetime={"value": 40, "unit": "mg"}))
        assert [step.first.day for step in found] == [5, 6]

    @pytest.mark.parametrize("unit", ["tablet", "mg/kg"])
    def test_a_maximum_that_is_no_plain_amount_cuts_nothing(self, unit):
        most = {"value": 1, "unit": unit}
        found = only(dosage(80, maxDosePerAdministration=most, maxDosePerLifetime=most))
        assert (found.mg_per_day, found.last) == (80, None)

    def test_an_administration_states_its_dose_directly(self):
        assert dose_of({"dose": {"value": 1, "unit": "g"}}, NO_STRENGTH, None).mg == 1000


class TestTiming:
    @pytest.mark.parametrize(
        "fields, expected",
        [
            ({"frequency": 1, "period": 1, "periodUnit": "d"}, (5, 1)),
            ({"frequency": 2, "period": 1, "periodUnit": "d"}, (10, 1)),
            ({"period": 1, "periodUnit": "d"}, (5, 1)),
            ({"frequency": 1, "period": 6, "periodUnit": "h"}, (20, 1)),
            ({"frequency": 1, "period": 24, "periodUnit": "h"}, (5, 1)),
            ({"frequency": 1, "period": 480, "periodUnit": "min"}, (15, 1)),
            ({"frequency": 1, "period": 2, "periodUnit": "d"}, (5, 2)),
            ({"frequency": 1, "period": 48, "periodUnit": "h"}, (5, 2)),
            ({"frequency": 3, "period": 1, "periodUnit": "wk"}, (5, 7 / 3)),
            ({"frequency": 14, "period": 1, "periodUnit": "wk"}, (10, 1)),
            ({"frequency": 1, "period": 1, "periodUnit": "mo"}, (5, 730.5 / 24)),
            ({"frequency": 1, "period": 1, "periodUnit": "a"}, (5, 365.25)),
            ({"frequency": 1, "frequencyMax": 3, "period": 1, "periodUnit": "d"}, (5, 1)),
            ({"frequency": 1, "period": 1, "periodMax": 2, "periodUnit": "d"}, (5, 2)),
            ({"timeOfDay": ["08:00:00", "20:00:00"]}, (10, 1)),
            (
                {"frequency": 1, "period": 1, "periodUnit": "d", "timeOfDay": ["08:00", "20:00"]},
                (10, 1),
            ),
            ({"when": ["MORN"]}, (5, 1)),
            ({"when": ["PC"]}, (15, 1)),
            ({"when": ["MORN", "EVE"]}, (10, 1)),
            ({"frequency": 1, "period": 1, "periodUnit": "d", "when": ["PC"]}, (5, 1)),
            ({"frequency": 3, "period": 1, "periodUnit": "d", "when": ["AC"]}, (15, 1)),
            ({"frequency": 1, "period": 2, "periodUnit": "d", "when": ["MORN"]}, (5, 2)),
        ],
    )
    def test_a_repeat_is_doses_on_days(self, fields, expected):
        assert daily(repeat(**fields)) == pytest.approx(expected)

    @pytest.mark.parametrize(
        "code, expected",
        [
            ("QD", (5, 1)),
            ("BID", (10, 1)),
            ("TID", (15, 1)),
            ("QID", (20, 1)),
            ("AM", (5, 1)),
            ("PM", (5, 1)),
            ("BED", (5, 1)),
            ("QOD", (5, 2)),
            ("Q4H", (30, 1)),
            ("Q1H", (120, 1)),
            ("Q72H", (5, 3)),
            ("WK", (5, 7)),
            ("MO", (5, 730.5 / 24)),
            ("b.i.d.", (10, 1)),
            ("once  daily", (5, 1)),
            ("Once a day", (5, 1)),
            ("2 times daily", (10, 1)),
            ("three times a day", (15, 1)),
            ("Four times a day", (20, 1)),
            ("every 12 hours", (10, 1)),
        ],
    )
    def test_an_abbreviation_is_read_as_code_and_as_text(self, code, expected):
        assert daily({"code": {"coding": [{"code": code}]}}) == pytest.approx(expected)
        assert daily({"code": {"text": code}}) == pytest.approx(expected)

    def test_once_is_one_dose_on_one_day(self):
        step = only(dosage(timing={"code": {"text": "Once"}}))
        assert (step.mg_per_day, step.first, step.last) == (5, START, START)

    @pytest.mark.parametrize(
        "timing",
        [
            {},
            repeat(),
            repeat(frequency=2),
            repeat(frequencyMax=2, period=1, periodUnit="d"),
            repeat(frequency=1, period=1),
            repeat(frequency=1, periodUnit="d"),
            repeat(frequency=1, period=0, periodUnit="d"),
            repeat(frequency=0, period=1, periodUnit="d"),
            repeat(frequency=1, period=1, periodUnit="fortnight"),
            repeat(frequency=1, period=1, periodUnit="s"),
            repeat(dayOfWeek=["someday"]),
            repeat(when=["now and then"]),
            repeat(frequency=1, period=1, periodUnit="d", when=["AC", "or not"]),
            {"code": {"text": "as directed"}},
            {"code": {"text": "Q0H"}},
            {"code": {"coding": [{"code": "QD"}, {"code": "BID"}]}},
            {"event": ["2026"]},
            repeat(
                frequency=1,
                period=1,
                periodUnit="d",
                boundsRange={"high": {"value": 5, "code": "d"}},
            ),
        ],
    )
    def test_a_timing_that_does_not_say_how_often_cannot_be_told(self, timing):
        step = only(dosage(timing=timing))
        assert step.mg_per_day is None
        assert step.problem

    def test_days_of_the_week_fall_on_those_days(self):
        timing = repeat(frequency=1, period=1, periodUnit="d", dayOfWeek=["mon", "thu"])
        found = steps(dosage(timing=timing))
        assert [(s.first.weekday(), s.interval_days, s.mg_per_day) for s in found] == [
            (0, 7, 5),
            (3, 7, 5),
        ]

    def test_three_times_a_week_on_three_days_is_once_on_each(self):
        timing = repeat(frequency=3, period=1, periodUnit="wk", dayOfWeek=["mon", "wed", "fri"])
        assert [s.mg_per_day for s in steps(dosage(timing=timing))] == [5, 5, 5]

    def test_every_second_week_on_a_day_skips_a_week(self):
        timing = repeat(frequency=1, period=2, periodUnit="wk", dayOfWeek=["tue"])
        (step,) = steps(dosage(timing=timing))
        assert (step.first.weekday(), step.interval_days) == (1, 14)

    def test_a_weekday_beyond_the_end_has_no_dose(self):
        bounds = {"boundsDuration": {"value": 2, "code": "d"}}
        timing = repeat(dayOfWeek=["mon", "sun"], **bounds)
        assert [s.first for s in steps(dosage(timing=timing))] == [START]

    def test_single_days_are_one_step_each(self):
        timing = {"event": ["2026-03-09", "2026-03-05T10:00:00Z"]}
        found = steps(dosage(timing=timing))
        assert [(s.first, s.last, s.mg_per_day) for s in found] == [
            (date(2026, 3, 5), date(2026, 3, 5), 5),
            (date(2026, 3, 9), date(2026, 3, 9), 5),
        ]


class TestBounds:
    @pytest.mark.parametrize(
        "fields, first, last",
        [
            ({}, START, None),
            (
                {"boundsPeriod": {"start": "2026-03-05", "end": "2026-03-09"}},
                date(2026, 3, 5),
                date(2026, 3, 9),
            ),
            ({"boundsPeriod": {"end": "2026-03-09T23:00:00-05:00"}}, START, date(2026, 3, 9)),
            ({"boundsDuration": {"value": 10, "code": "d"}}, START, date(2026, 3, 11)),
            ({"boundsDuration": {"value": 2, "unit": "weeks"}}, START, date(2026, 3, 15)),
            ({"boundsRange": {"low": {"value": 5, "unit": "d"}}}, START, date(2026, 3, 6)),
            ({"count": 10}, START, date(2026, 3, 11)),
            ({"count": 10, "countMax": 20}, START, date(2026, 3, 11)),
            ({"count": 3, "boundsDuration": {"value": 10, "code": "d"}}, START, date(2026, 3, 4)),
            ({"duration": 5, "durationUnit": "d"}, START, date(2026, 3, 6)),
            ({"duration": 1, "durationUnit": "h"}, START, None),
            ({"duration": 5, "durationUnit": "d", "count": 2}, START, date(2026, 3, 3)),
            ({"boundsPeriod": {"start": "nonsense", "end": 5}}, START, None),
        ],
    )
    def test_first_and_last_day_are_included(self, fields, first, last):
        step = only(dosage(timing=repeat(frequency=1, period=1, periodUnit="d", **fields)))
        assert (step.first, step.last) == (first, last)

    def test_a_count_of_weekday_doses_ends_with_its_last_week(self):
        found = steps(dosage(timing=repeat(dayOfWeek=["mon", "wed", "fri"], count=6)))
        assert {s.last for s in found} == {date(2026, 3, 15)}

    def test_a_single_dose_without_a_rhythm_is_one_day(self):
        step = only(dosage(timing=repeat(count=1)))
        assert (step.first, step.last, step.mg_per_day) == (START, START, 5)

    def test_without_a_date_of_the_record_a_length_has_no_days(self):
        timing = repeat(
            frequency=1, period=1, periodUnit="d", boundsDuration={"value": 5, "code": "d"}
        )
        step = only(dosage(timing=timing), start=None)
        assert (step.first, step.last) == (None, None)

    def test_an_absurd_length_stops_at_the_end_of_the_calendar(self):
        timing = repeat(
            frequency=1, period=1, periodUnit="d", boundsDuration={"value": 1e300, "code": "a"}
        )
        assert only(dosage(timing=timing), start=date(9990, 1, 1)).last == date.max
        assert later(date(1, 1, 2), -5) == date.min


def course(value, days, sequence=None, **fields):
    bounds = {"boundsDuration": {"value": days, "code": "d"}} if days else {}
    timing = repeat(frequency=1, period=1, periodUnit="d", **bounds, **fields)
    return dosage(value, timing=timing) | ({} if sequence is None else {"sequence": sequence})


class TestSeveralInstructions:
    def test_steps_with_rising_sequence_follow_each_other(self):
        found = steps(course(60, 5, 1), course(40, 5, 2), course(20, 5, 3))
        assert [(s.mg_per_day, s.first.day, s.last.day) for s in found] == [
            (60, 2, 6),
            (40, 7, 11),
            (20, 12, 16),
        ]

    def test_the_order_of_writing_does_not_matter(self):
        assert steps(course(40, 5, 2), course(60, 5, 1)) == steps(
            course(60, 5, 1), course(40, 5, 2)
        )

    def test_steps_with_the_same_sequence_run_side_by_side(self):
        found = steps(course(5, 5, 1), course(2.5, 5, 1))
        assert [(s.mg_per_day, s.first) for s in found] == [(5, START), (2.5, START)]

    @pytest.mark.parametrize("fields", [{"when": ["MORN"]}, {"timeOfDay": ["08:00:00"]}])
    def test_steps_at_times_of_the_day_run_side_by_side_without_a_sequence(self, fields):
        found = steps(course(5, 5, **fields), course(2.5, 5))
        assert [(s.mg_per_day, s.first) for s in found] == [(5, START), (2.5, START)]

    def test_steps_without_an_end_run_side_by_side_without_a_sequence(self):
        assert [s.mg_per_day for s in steps(course(5, None), course(2.5, None))] == [5, 2.5]

    def test_steps_with_dates_stand_where_they_say_without_a_sequence(self):
        dated = [{"boundsPeriod": {"start": f"2026-03-0{n}"}, "count": 2} for n in (2, 4)]
        found = steps(
            *(course(mg, None, **fields) for mg, fields in zip((60, 40), dated, strict=True))
        )
        assert [(s.mg_per_day, s.first.day, s.last.day) for s in found] == [(60, 2, 3), (40, 4, 5)]

    def test_stretches_without_a_sequence_may_be_a_taper_and_cannot_be_told(self):
        step = only(course(60, 5), course(40, 5), course(20, 3))
        assert "follow each other" in step.problem
        assert (step.mg_per_day, step.first, step.last) == (None, START, date(2026, 3, 14))

    def test_they_have_no_days_where_the_record_has_no_date(self):
        step = only(course(60, 5), course(40, 5), start=None)
        assert ("follow each other" in step.problem, step.first, step.last) == (True, None, None)

    def test_a_taper_written_as_one_text_cannot_be_told(self):
        text = "60 mg daily for 5 days, then 40 mg daily for 5 days, then stop"
        step = only({"text": text, "patientInstruction": text})
        assert (step.mg_per_day, step.problem) == (None, "its dose is not stated")

    def test_the_last_step_of_a_taper_may_be_open(self):
        found = steps(course(60, 5, 1), course(5, None, 2))
        assert (found[1].mg_per_day, found[1].first.day, found[1].last) == (5, 7, None)

    def test_a_step_without_a_length_leaves_itself_and_the_next_untold(self):
        found = steps(course(60, None, 1), course(40, 5, 2))
        assert [s.mg_per_day for s in found] == [None, None]
        assert "how long" in found[0].problem
        assert "begins" in found[1].problem

    def test_the_date_of_the_next_step_ends_the_one_before(self):
        following = course(40, None, 2, boundsPeriod={"start": "2026-03-10"})
        found = steps(course(60, None, 1), following)
        assert [(s.mg_per_day, s.first.day) for s in found] == [(60, 2), (40, 10)]
        assert found[0].last == date(2026, 3, 9)

    def test_no_instruction_is_no_step(self):
        assert steps() == ()


MOST = {
    "numerator": {"value": 10, "unit": "mg"},
    "denominator": {"value": 1, "unit": "d"},
}


class TestAsNeeded:
    @pytest.mark.parametrize(
        "asked",
        [
            {"asNeededBoolean": True},
            {"asNeededCodeableConcept": {"text": "for pain"}},
            {"asNeeded": True},
            {"asNeededFor": [{"text": "for pain"}]},
        ],
    )
    def test_as_needed_without_a_maximum_cannot_be_told(self, asked):
        assert "maximum" in only(dosage(**asked)).problem

    def test_as_needed_counts_with_the_schedule_where_that_is_below_the_maximum(self):
        assert only(dosage(5, asNeededBoolean=True, maxDosePerPeriod=MOST)).mg_per_day == 5

    def test_as_needed_counts_with_the_maximum_where_the_schedule_is_above_it(self):
        assert only(dosage(50, asNeededBoolean=True, maxDosePerPeriod=[MOST])).mg_per_day == 10

    @pytest.mark.parametrize("timing", [{}, {"event": ["2026-03-05"]}])
    def test_as_needed_without_a_schedule_counts_with_the_maximum(self, timing):
        step = only(dosage(timing=timing, asNeededBoolean=True, maxDosePerPeriod=MOST))
        assert step.mg_per_day == 10

    def test_a_maximum_per_week_is_spread_over_its_days(self):
        most = MOST | {"denominator": {"value": 1, "code": "wk"}}
        step = only(dosage(50, asNeededBoolean=True, maxDosePerPeriod=most))
        assert step.mg_per_day == pytest.approx(10 / 7)

    @pytest.mark.parametrize(
        "most",
        [
            {"numerator": {"value": 10, "unit": "mg"}},
            {"numerator": {"value": 2, "unit": "tablet"}, "denominator": {"value": 1, "unit": "d"}},
            {"numerator": {"value": 2, "unit": "mg/kg"}, "denominator": {"value": 1, "unit": "d"}},
        ],
    )
    def test_a_maximum_that_cannot_be_told_is_none(self, most):
        assert "maximum" in only(dosage(asNeededBoolean=True, maxDosePerPeriod=most)).problem

    def test_a_dose_per_day_as_needed_is_capped_too(self):
        step = only(dosage(50, "mg/d", asNeededBoolean=True, maxDosePerPeriod=MOST))
        assert step.mg_per_day == 10

    def test_a_weekly_dose_below_a_weekly_maximum_stays_weekly(self):
        most = MOST | {"denominator": {"value": 1, "code": "wk"}}
        weekly = repeat(frequency=1, period=1, periodUnit="wk")
        step = only(dosage(10, timing=weekly, asNeededBoolean=True, maxDosePerPeriod=most))
        assert (step.mg_per_day, step.interval_days) == (10, 7)

    def test_weekdays_as_needed_are_spread_over_the_week(self):
        timing = repeat(dayOfWeek=["mon", "thu"])
        step = only(dosage(7, timing=timing, asNeededBoolean=True, maxDosePerPeriod=MOST))
        assert (step.mg_per_day, step.interval_days) == (2, 1)

    def test_as_needed_false_is_a_plain_instruction(self):
        assert only(dosage(asNeededBoolean=False)).mg_per_day == 5


class TestHowLongASupplyLasts:
    def test_a_supply_lasts_for_its_doses(self):
        assert supplied_days(105, [DoseStep(mg_per_day=10)]) == 10

    @pytest.mark.parametrize(
        "total, found",
        [
            (None, [DoseStep(mg_per_day=10)]),
            (100, []),
            (100, [DoseStep(problem="untold")]),
            (100, [DoseStep(mg_per_day=10, interval_days=2)]),
            (100, [DoseStep(mg_per_day=10), DoseStep(mg_per_day=5)]),
        ],
    )
    def test_without_one_plain_daily_dose_it_cannot_be_told(self, total, found):
        assert supplied_days(total, found) is None


FIELDS = """timing repeat event code coding text display frequency period periodUnit count
dayOfWeek timeOfDay when boundsPeriod boundsDuration boundsRange low start end value unit duration
durationUnit sequence doseAndRate doseQuantity doseRange rateRatio rateQuantity numerator
denominator asNeededBoolean maxDosePerPeriod maxDosePerAdministration maxDosePerLifetime dose
additionalInstruction frequencyMax periodMax countMax rateRange"""
DOSAGE_FIELDS = """timing doseAndRate sequence asNeededBoolean asNeededCodeableConcept
maxDosePerPeriod maxDosePerAdministration maxDosePerLifetime additionalInstruction text""".split()
WORDS = ["mg", "d", "2026-03-05", "0001-01-01", "9999-12-31", "mon", "QD"]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS.split()), inner, max_size=5)
    ),
    max_leaves=25,
)


class TestNonsense:
    @settings(max_examples=300, deadline=None)
    @given(
        st.lists(
            st.dictionaries(
                st.sampled_from(DOSAGE_FIELDS),
                JSON,
            ),
            max_size=4,
        ),
        st.sampled_from([None, START, date.max, date.min]),
    )
    def test_no_instruction_whatever_it_holds_raises(self, dosages, start):
        for step in dose_steps(dosages, start, TABLET_5):
            assert step.problem or step.mg_per_day is not None or step.mg_per_kg_per_day is not None

    @settings(max_examples=300, deadline=None)
    @given(JSON, st.sampled_from(DOSAGE_FIELDS))
    def test_a_sound_instruction_with_one_broken_field_does_not_raise(self, value, field):
        broken = [dosage(maxDosePerLifetime={"value": 100, "unit": "mg"}) | {field: value}]
        for step in dose_steps([*broken, dosage()], START, TABLET_5):
            assert step.problem or step.mg_per_day is not None or step.mg_per_kg_per_day is not None

    @settings(max_examples=100, deadline=None)
    @given(
        st.integers(1, 5000),
        st.integers(1, 4),
        st.sampled_from([("mg", 1), ("g", 1e-3), ("ug", 1e3), ("mcg", 1e3), ("MG", 1)]),
    )
    def test_a_change_of_unit_that_keeps_the_quantity_changes_nothing(self, mg, times, unit):
        name, factor = unit
        timing = repeat(frequency=times, period=1, periodUnit="d", count=10)
        (step,), (other,) = (
            steps(dosage(mg, timing=timing)),
            steps(dosage(mg * factor, name, timing=timing)),
        )
        assert other.mg_per_day == pytest.approx(step.mg_per_day)
        assert (other.first, other.last) == (step.first, step.last)

    @settings(max_examples=300, deadline=None)
    @given(
        st.dictionaries(
            st.sampled_from(
                ["frequency", "period", "count", "duration", "frequencyMax", "periodMax"]
            ),
            st.floats() | st.integers(),
        ),
        st.sampled_from(["s", "min", "h", "d", "wk", "mo", "a"]),
    )
    def test_no_rhythm_is_denser_than_once_a_day_or_endless(self, fields, unit):
        schedule = schedule_of(repeat(**fields, periodUnit=unit, durationUnit=unit))
        assert schedule.interval_days >= 1
        assert schedule.doses_per_day <= 96
