"""Glucocorticoid exposure as JSON that can be drawn."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from service.ehr.parse import RecordParser
from service.exposure_json import exposure_json
from service.screening.protocol import packaged_document, packaged_protocol, protocol_from
from service.screening.record import PatientRecord
from service.screening.value_sets import packaged_vocabulary
from tests.lib.patients import Resource, bundle, given, ordered, woman

ON = date(2026, 11, 22)
TABLET = "prednisone 5 mg oral tablet"
PULSE = "methylprednisolone 1000 mg injection"
ACTH = "corticotropin injection gel 80 units/ml"
VOCABULARY = packaged_vocabulary()
PROTOCOL = packaged_protocol(VOCABULARY)


def record(*chart: Resource) -> PatientRecord:
    resources: dict[str, list[Any]] = {}
    for entry in bundle(woman(born="1986-06-01"), *chart)["entry"]:
        resource = entry["resource"]
        resources.setdefault(resource["resourceType"], []).append(resource)
    return RecordParser(VOCABULARY).record("p", resources)


CHART = record(
    ordered(TABLET, on="2020-01-01", mg_daily=10, since="2020-01-01", until="2020-01-10"),
    given(PULSE, on="2026-02-01", mg=1000, route="intravenous"),
    given(PULSE, on="2026-02-02", mg=1000, route="intravenous"),
    given(ACTH, on="2026-02-04"),
    ordered(TABLET, on="2026-06-01"),
)


def test_days_are_drawn_as_stretches_with_their_sources() -> None:
    assert exposure_json(CHART, PROTOCOL, ON)["stretches"] == [
        {
            "first": "2020-01-01",
            "last": "2020-01-10",
            "mg_per_day": 10,
            "sources": ["MedicationRequest/medicationrequest-1"],
        },
        {
            "first": "2026-02-01",
            "last": "2026-02-01",
            "mg_per_day": 1250,
            "sources": ["MedicationAdministration/medicationadministration-1"],
        },
        {
            "first": "2026-02-02",
            "last": "2026-02-02",
            "mg_per_day": 1250,
            "sources": ["MedicationAdministration/medicationadministration-2"],
        },
    ]


def test_pulses_and_corticotropin_are_courses() -> None:
    answer = exposure_json(CHART, PROTOCOL, ON)
    assert [(c["first"], c["last"], c["days"], c["mg"]) for c in answer["courses"]] == [
        ("2026-02-01", "2026-02-04", 3, 2500)
    ]
    assert [event["day"] for event in answer["corticotropin_days"]] == ["2026-02-04"]


def test_what_could_not_be_judged_stands_with_its_reason() -> None:
    (unclear,) = exposure_json(CHART, PROTOCOL, ON)["unclear"]
    assert unclear == {
        "source": "MedicationRequest/medicationrequest-2",
        "reason": "its dose is not stated",
        "first": "2026-06-01",
        "last": "2026-11-22",
    }


@pytest.mark.parametrize("since", [None, date(2026, 1, 1), ON])
def test_the_sums_do_not_depend_on_what_is_drawn(since: date | None) -> None:
    answer = exposure_json(CHART, PROTOCOL, ON, since)
    assert answer["window"] == {"since": "2025-11-23", "days": 2, "mg": 2500}
    assert answer["lifetime"] == {"since": "2020-01-01", "days": 12, "mg": 2600}


def test_only_what_was_asked_for_is_drawn() -> None:
    answer = exposure_json(CHART, PROTOCOL, ON, ON - timedelta(days=10))
    assert (answer["since"], answer["until"]) == ("2026-11-12", "2026-11-22")
    assert (answer["stretches"], answer["courses"], answer["corticotropin_days"]) == ([], [], [])


def test_a_record_without_a_date_has_no_first_day() -> None:
    (unclear,) = exposure_json(record(ordered(TABLET, on=None, mg_daily=5)), PROTOCOL, ON)[
        "unclear"
    ]
    assert (unclear["first"], unclear["reason"]) == (None, "it has no date")


def test_without_any_medicine_nothing_is_drawn_and_the_sums_are_zero() -> None:
    answer = exposure_json(record(), PROTOCOL, ON)
    assert answer["stretches"] == answer["courses"] == answer["unclear"] == []
    assert (answer["window"]["mg"], answer["lifetime"]["mg"]) == (0, 0)


def test_with_the_criterion_off_there_are_no_courses_and_no_window() -> None:
    document = json.loads(json.dumps(packaged_document(), default=str))
    for entry in document["criteria"]:
        entry["is_on"] = entry["criterion"] != "pulse-glucocorticoid"
    answer = exposure_json(CHART, protocol_from(document, VOCABULARY), ON)
    assert "courses" not in answer
    assert "window" not in answer
    assert len(answer["stretches"]) == 3


def test_it_is_plain_json() -> None:
    answer = exposure_json(CHART, PROTOCOL, ON)
    assert json.loads(json.dumps(answer)) == answer
