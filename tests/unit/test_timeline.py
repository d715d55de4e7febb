"""What a chart and the ledger put on a patient's timeline."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from service.ehr.parse import RecordParser
from service.screening.alert import AlertKind
from service.screening.protocol import packaged_protocol
from service.screening.record import NO_END, Decision, PatientRecord
from service.screening.value_sets import packaged_vocabulary
from service.store.decisions import KeptDecision
from service.store.entries import AlertEntry, EntryState
from service.timeline import Lane, Timeline, events_of, ledger_events_of, milligrams
from tests.lib.patients import (
    Resource,
    bundle,
    condition,
    dxa,
    dxa_done,
    dxa_order,
    edss,
    given,
    icd,
    loinc,
    observation,
    ordered,
    snomed,
    woman,
)

ON = date(2026, 11, 22)
VOCABULARY = packaged_vocabulary()
PROTOCOL = packaged_protocol(VOCABULARY)
TABLET = "prednisone 5 mg oral tablet"
PULSE = "methylprednisolone 1000 mg injection"
ACTH = "corticotropin injection gel 80 units/ml"
RELAPSE, FALL, WRIST = snomed("192929006"), icd("W18.30XA"), icd("S52.501A")


def record(*chart: Resource, born: str = "1986-06-01") -> PatientRecord:
    resources: dict[str, list[Any]] = {}
    for entry in bundle(woman(born=born), *chart)["entry"]:
        resource = entry["resource"]
        resources.setdefault(resource["resourceType"], []).append(resource)
    return RecordParser(VOCABULARY).record("p", resources)


def drawn(*chart: Resource, **options: Any) -> Timeline:
    return events_of(record(*chart, **options), PROTOCOL, ON)


def rows(timeline: Timeline) -> list[tuple[Any, ...]]:
    return [
        (e.lane, e.start.isoformat(), e.end and e.end.isoformat(), e.label, e.number)
        for e in timeline.events
    ]


@pytest.mark.parametrize("born", ["1986-06-01", "0001-01-01"])
def test_what_is_dated_before_the_birth_is_listed_and_not_drawn(born: str) -> None:
    shown = drawn(edss(4, on="0001-01-01"), edss(6, on="2026-06-01"), born=born)
    assert [e.label for e in shown.events] == ["EDSS 6"]
    assert [u.label for u in shown.undated] == ["EDSS 4 (dated 0001-01-01, before birth)"]


@pytest.mark.parametrize(
    ("on", "is_drawn"),
    [
        ("1986", True),
        ("1986-06", True),
        ("1986-06-01", True),
        ("1986-05-31", False),
        ("1985", False),
    ],
)
def test_what_may_have_been_in_somebodys_life_is_drawn(on: str, is_drawn: bool) -> None:
    assert bool(drawn(edss(4, on=on)).events) is is_drawn


def test_days_with_one_dose_are_one_bar_and_another_dose_is_another() -> None:
    shown = drawn(
        ordered(TABLET, on="2026-01-01", mg_daily=10, since="2026-01-01", until="2026-01-10"),
        ordered(TABLET, on="2026-01-11", mg_daily=5, since="2026-01-11", until="2026-01-11"),
    )
    said = "mg a day"
    assert rows(shown) == [
        (Lane.STEROIDS, "2026-01-01", "2026-01-10", f"10 {said}", 10),
        (Lane.STEROIDS, "2026-01-11", None, f"5 {said}", 5),
    ]
    assert str(shown.events[0].source) == "MedicationRequest/medicationrequest-1"


@pytest.mark.parametrize(
    ("dose", "said"),
    [
        (0.625, "0.625"),
        (2.5, "2.5"),
        (99.96, "100"),
        (187.5, "188"),
        (999.6, "1,000"),
        (1250, "1,250"),
    ],
)
def test_a_dose_is_written_as_people_write_it(dose: float, said: str) -> None:
    # With MSO-09 off nothing is a pulse, and a gram a day stands on the lane of steroids.
    assert milligrams(dose) == said


@pytest.mark.parametrize(
    ("mg", "lane"),
    [(199, Lane.STEROIDS), (200, Lane.PULSES), (1000, Lane.PULSES)],
    ids=["below 250 mg of prednisone", "at 250 mg", "above"],
)
def test_a_day_with_a_pulse_stands_on_the_lane_of_pulses_alone(mg: float, lane: Lane) -> None:
    shown = drawn(given(PULSE, on="2026-02-01", mg=mg, route="intravenous"))
    assert [e.lane for e in shown.events] == [lane]


def test_a_pulse_course_has_its_days_its_sum_and_its_mean() -> None:
    shown = drawn(
        *(given(PULSE, on=f"2026-02-0{d}", mg=1000, route="intravenous") for d in (1, 2, 3))
    )
    label = "pulses on 3 days, 3,750 mg"
    assert rows(shown) == [(Lane.PULSES, "2026-02-01", "2026-02-03", label, 1250)]


def test_corticotropin_is_a_pulse_without_a_dose() -> None:
    shown = drawn(given(ACTH, on="2026-02-04"))
    assert rows(shown) == [(Lane.PULSES, "2026-02-04", None, "pulse, 1 day", None)]


def test_a_steroid_that_cannot_be_judged_is_a_bar_without_a_dose() -> None:
    shown = drawn(ordered(TABLET, on="2026-06-01", since="2026-06-01", until="2026-06-30"))
    (event,) = shown.events
    assert (event.lane, event.number) == (Lane.STEROIDS, None)
    assert event.label.startswith("dose or days not known: ")


def test_a_dose_after_the_day_of_looking_is_not_shown() -> None:
    assert not drawn(given(PULSE, on="2026-11-23", mg=1000, route="intravenous")).events


def test_events_stand_in_the_order_of_lanes_and_then_of_days() -> None:
    shown = drawn(
        dxa(on="2024-05-01", t=-2.1),
        condition(FALL, onset="2026-03-01"),
        condition(WRIST, onset="2025-04-02"),
        condition(WRIST, onset="2016-04-02"),
        condition(RELAPSE, onset="2026-02-01"),
        edss(4.5, on="2026-05-05"),
        born="1960-01-01",
    )
    assert rows(shown) == [
        (Lane.RELAPSES, "2026-02-01", None, "relapse", None),
        (Lane.DISABILITY, "2026-05-05", None, "EDSS 4.5", 4.5),
        (Lane.FALLS, "2026-03-01", None, "fall", None),
        (Lane.FRACTURES, "2016-04-02", None, "wrist fracture", None),
        (Lane.FRACTURES, "2025-04-02", None, "wrist fracture", None),
        (Lane.BONE_DENSITY, "2024-05-01", None, "DXA, lowest T-score −2.1", -2.1),
    ]
    assert all(event.source is not None for event in shown.events)


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error", "unconfirmed"])
def test_what_did_not_happen_is_not_shown(verification: str) -> None:
    assert not drawn(
        condition(WRIST, onset="2025-04-02", verification=verification),
        condition(FALL, onset="2025-04-02", verification=verification),
        condition(RELAPSE, onset="2025-04-02", verification=verification),
    ).events


def test_a_fracture_whose_status_nobody_understands_is_shown_with_the_reason() -> None:
    shown = drawn(condition(WRIST, onset="2025-04-02", verification="perhaps"))
    assert [e.label for e in shown.events] == [
        "wrist fracture (verification status not understood)"
    ]


def test_a_later_visit_for_a_fracture_says_so() -> None:
    shown = drawn(condition(icd("S52.501D"), onset="2025-05-02"))
    assert [e.label for e in shown.events] == ["wrist fracture, a later visit"]


def test_a_month_spans_its_days_and_says_that_the_day_is_not_known() -> None:
    shown = drawn(condition(FALL, onset="2026-03"))
    label = "fall (day not known)"
    assert rows(shown) == [(Lane.FALLS, "2026-03-01", "2026-03-31", label, None)]


def test_a_year_that_runs_ends_on_the_day_of_looking() -> None:
    (event,) = drawn(condition(FALL, onset="2026")).events
    assert (event.start, event.end) == (date(2026, 1, 1), ON)


def test_what_has_no_date_is_listed_beside_with_its_source() -> None:
    shown = drawn(condition(WRIST, onset=None, recorded=None))
    assert not shown.events
    assert [(u.lane, u.label, str(u.source)) for u in shown.undated] == [
        (Lane.FRACTURES, "wrist fracture", "Condition/condition-1")
    ]


def test_a_z_score_that_decides_is_said_and_not_plotted_on_the_scale_of_t() -> None:
    young = drawn(dxa(on="2025-05-01", z=-2.3), dxa(on="2025-05-01", t=-2.6), born="1996-01-01")
    label = "DXA, lowest T-score −2.6, lowest Z-score −2.3"
    assert rows(young) == [(Lane.BONE_DENSITY, "2025-05-01", None, label, None)]


def test_a_scan_without_a_result_and_an_order_are_on_the_lane_of_bone_density() -> None:
    shown = drawn(dxa_done(on="2025-05-01"), dxa_order(on="2026-10-01"))
    scan, order = shown.events
    assert scan.label.startswith("DXA, ")
    assert scan.number is None
    assert (order.lane, order.label) == (Lane.BONE_DENSITY, "DXA ordered")


def test_an_order_that_was_only_proposed_is_not_shown() -> None:
    assert not drawn(dxa_order(on="2026-10-01", intent="proposal")).events


def test_treatment_is_shown_to_its_last_day_and_the_drug_is_not_named() -> None:
    shown = drawn(
        ordered(
            "alendronic acid 70 mg oral tablet",
            on="2025-01-01",
            since="2025-01-01",
            until="2025-06-30",
            status="completed",
        )
    )
    assert rows(shown) == [
        (Lane.TREATMENT, "2025-01-01", "2025-06-30", "osteoporosis medicine", None)
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [({"value": 3}, "3"), ({"value": 0}, "0"), ({"valueBoolean": True}, "yes")],
)
def test_the_question_for_falls_is_shown_as_it_was_answered(
    answer: dict[str, Any], said: str
) -> None:
    shown = drawn(observation(loinc("52552-7"), on="2026-05-01", **answer))
    assert [e.label for e in shown.events] == [f"falls in the year before, answered: {said}"]


def told(state: EntryState = EntryState.CONFIRMED, **values: Any) -> AlertEntry:
    return AlertEntry(
        **{
            "key": "k",
            "kind": AlertKind.SCREENING,
            "protocol_id": "p",
            "episode": 1,
            "state": state,
            "opened_on": date(2026, 9, 1),
            "content_digest": "",
            **values,
        }
    )


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (told(), (ON, "open")),
        (told(EntryState.UNKNOWN), (ON, "may have arrived")),
        (told(EntryState.CLOSED, closed_on=date(2026, 10, 1)), (date(2026, 10, 1), "closed")),
        (told(EntryState.CLOSED, closed_on=date(2026, 9, 1)), (None, "closed")),
    ],
)
def test_an_alert_reaches_from_its_opening_to_its_closing(
    entry: AlertEntry, expected: tuple[date | None, str]
) -> None:
    (event,) = ledger_events_of(ON, [entry], []).events
    assert (event.end, event.label.rpartition(", ")[2]) == expected


def test_an_alert_that_was_never_sent_is_not_shown() -> None:
    assert not ledger_events_of(ON, [told(EntryState.PLANNED)], []).events


def no(until: date, taken_back: datetime | None = None) -> KeptDecision:
    return KeptDecision(Decision("snoozed", date(2026, 9, 1), until, "postponed"), taken_back)


@pytest.mark.parametrize(
    ("kept", "end", "label"),
    [
        (no(date(2026, 10, 1)), date(2026, 9, 30), "put off until 2026-10-01"),
        (no(date(2027, 3, 1)), date(2027, 2, 28), "put off until 2027-03-01"),
        (no(NO_END), ON, "put off, without an end"),
        (
            no(NO_END, datetime(2026, 9, 5, tzinfo=UTC)),
            date(2026, 9, 5),
            "put off, without an end, taken back",
        ),
    ],
)
def test_a_no_reaches_to_the_last_day_on_which_it_stands(
    kept: KeptDecision, end: date, label: str
) -> None:
    (event,) = ledger_events_of(ON, [], [kept]).events
    assert (event.start, event.end, event.label) == (date(2026, 9, 1), end, label)
