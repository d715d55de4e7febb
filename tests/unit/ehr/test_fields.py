"""Fields of FHIR JSON that may be missing, misshapen or nonsense."""

from __future__ import annotations

from datetime import date

import pytest

from service.ehr.fields import number_in, object_in, objects_in, parse_reference, text_in, when_in
from service.screening.record import ResourceRef, When


@pytest.mark.parametrize(
    "text, when",
    [
        ("2026-03-05", When.day(date(2026, 3, 5))),
        ("2026-03-05T23:30:00-05:00", When.day(date(2026, 3, 5))),
        ("2026-02", When(date(2026, 2, 1), date(2026, 2, 28))),
        ("2024-02", When(date(2024, 2, 1), date(2024, 2, 29))),
        ("2026", When(date(2026, 1, 1), date(2026, 12, 31))),
        ("2026-02-30", None),
        ("2026-13", None),
        ("0000", None),
        ("2026-3-5", None),
        ("20260305", None),
        ("05.03.2026", None),
        ("", None),
        (20260305, None),
    ],
)
def test_a_date_is_the_days_it_can_mean_as_written(text, when):
    assert when_in({"date": text}, "date") == when


@pytest.mark.parametrize(
    "reference, ref",
    [
        ("Patient/1", ResourceRef("Patient", "1")),
        ("https://ehr.test/r4/Patient/1/_history/3", ResourceRef("Patient", "1")),
        ("#contained", None),
        ("urn:uuid:1/2", None),
        ("Patient/", None),
        ("Patient", None),
        ("", None),
    ],
)
def test_a_reference_is_a_type_and_an_id_whatever_its_base(reference, ref):
    assert parse_reference(reference) == ref


@pytest.mark.parametrize("value", [None, True, "5", float("nan"), float("inf"), 10**400, []])
def test_what_is_no_finite_number_is_none(value):
    assert number_in({"x": value}, "x") is None


@pytest.mark.parametrize("value", [None, "text", 5, ["text", None]])
def test_what_is_no_object_is_empty(value):
    assert object_in({"x": value}, "x") == {}
    assert objects_in({"x": value}, "x") == []


def test_a_single_object_counts_as_a_list_of_one():
    assert objects_in({"x": {"a": 1}}, "x") == [{"a": 1}]


@pytest.mark.parametrize("value", [None, 5, {"a": 1}])
def test_what_is_no_text_is_blank(value):
    assert text_in({"x": value}, "x") == ""
