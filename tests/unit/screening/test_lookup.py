"""What is made once for a record: its parts by value set, and what was worked out already.

The second half holds `looks_for` of every criterion against its `find`: a criterion that is not
asked must have had nothing to say.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from service.screening.bone_density import SCAN_PARAMETERS, latest_scan
from service.screening.criteria import CRITERIA
from service.screening.diagnoses import coded
from service.screening.judgement import evaluate_entry, judge
from service.screening.measurements import measured
from service.screening.protocol import Protocol, packaged_protocol
from service.screening.record import (
    Appointment,
    Concepts,
    Condition,
    DeviceUse,
    DoseStep,
    FamilyMember,
    MedicationUse,
    Observation,
    Order,
    PatientRecord,
    Procedure,
    Quantity,
    Report,
    ResourceRef,
    When,
)
from service.screening.value_sets import packaged_vocabulary

ON = date(2026, 11, 22)
LATELY = When.day(date(2026, 9, 1))
PROTOCOL = packaged_protocol(packaged_vocabulary())
COMPUTED = {
    "rescreen_interval_months": 24,
    "rescreen_interval_shortest_months": 12,
    "other_risk_factors_met": 2,
    "other_risk_factors_unknown": 1,
}
ASKED_BY_NEED = sorted(c.id for c in CRITERIA.values() if c.looks_for is not None)


def condition(*concepts: str, number: int = 0) -> Condition:
    ref = ResourceRef("Condition", f"c{number}")
    return Condition(
        ref, frozenset(concepts), (), "confirmed", "active", False, LATELY, LATELY, None
    )


def observation(
    *concepts: str,
    number: int = 0,
    answer: Concepts = frozenset(),
    quantity: Quantity | None = None,
) -> Observation:
    ref = ResourceRef("Observation", f"o{number}")
    return Observation(
        ref,
        frozenset(concepts),
        (),
        "final",
        LATELY,
        has_value=bool(answer) or quantity is not None,
        quantity=quantity,
        value_concepts=answer,
    )


def record(**parts: object) -> PatientRecord:
    born = When.day(date(1950, 3, 1))
    chart = PatientRecord(ResourceRef("Patient", "p"), birth=born, sex="female")
    return replace(chart, **parts)  # type: ignore[arg-type]  # the tests name the fields


def test_parts_come_in_the_order_of_the_record_and_once_each() -> None:
    both, first, second = condition("a", "b"), condition("a"), condition("b")
    chart = record(conditions=(second, both, first))
    assert list(coded(chart, "a")) == [both, first]
    assert list(coded(chart, "b", "a")) == [second, both, first]
    assert list(coded(chart, "b", "not on file")) == [second, both]
    assert not coded(chart, "not on file")
    assert not coded(chart, "not on file", "nor this")


def test_an_observation_is_found_by_its_code_and_not_by_its_answer() -> None:
    asked, answered = observation("a"), observation("b", answer=frozenset({"a"}))
    chart = record(observations=(answered, asked))
    assert list(measured(chart, "a")) == [asked]
    assert chart.concepts == {"a", "b"}


def test_a_changed_record_does_not_answer_from_what_it_was_before() -> None:
    chart = record(conditions=(condition("a"),))
    assert coded(chart, "a")
    assert not coded(replace(chart, conditions=()), "a")


def test_what_was_worked_out_makes_no_difference_between_two_records() -> None:
    asked, not_asked = record(conditions=(condition("a"),)), record(conditions=(condition("a"),))
    assert asked.concepts
    assert asked == not_asked


def test_a_scan_that_is_known_is_not_the_answer_for_another_day_or_another_protocol() -> None:
    t_score = observation("dxa-central", "dxa-t-score", quantity=Quantity(-2.0, None))
    chart = record(observations=(t_score,))
    numbers = {name: PROTOCOL.entry("central-dxa").parameters[name] for name in SCAN_PARAMETERS}
    scan = latest_scan(chart, numbers, ON)
    assert scan is not None
    assert scan.lowest_t == -2.0
    assert latest_scan(chart, numbers, date(2026, 8, 31)) is None
    narrow = numbers | {"bone-density.lowest_score": -1.0}
    other = latest_scan(chart, narrow, ON)
    assert other is not None
    assert other.lowest_t is None


def _everything_but(concepts: Concepts) -> PatientRecord:
    """A chart with one part of every kind for each value set that ships, but for these."""
    ids = sorted({value_set.id for value_set in packaged_vocabulary()} - concepts)
    numbered = list(enumerate(frozenset({name}) for name in ids))
    ref = ResourceRef
    return record(
        conditions=tuple(condition(*held, number=n) for n, held in numbered),
        observations=tuple(
            each
            for n, held in numbered
            for each in (
                observation(*held, number=n),
                observation(*held, number=n, quantity=Quantity(5.5, None)),
                observation(*held, "dxa-t-score", number=n, quantity=Quantity(-3.0, None)),
                observation(number=n, answer=held),
            )
        ),
        medicines=tuple(
            MedicationUse(
                ref("MedicationRequest", f"m{n}"),
                "request",
                held,
                "name",
                is_recognised_by_name=False,
                counts=True,
                is_open_ended=True,
                route="systemic",
                start=LATELY,
                end=None,
                renewed=LATELY,
                steps=(DoseStep(10.0, first=LATELY.first),),
            )
            for n, held in numbered
        ),
        procedures=tuple(
            Procedure(ref("Procedure", f"p{n}"), held, "completed", LATELY, held)
            for n, held in numbered
        ),
        reports=tuple(
            Report(ref("DiagnosticReport", f"r{n}"), held, "final", LATELY, conclusions=held)
            for n, held in numbered
        ),
        orders=tuple(
            Order(ref("ServiceRequest", f"s{n}"), held, "active", True, LATELY, held)
            for n, held in numbered
        ),
        appointments=tuple(
            Appointment(ref("Appointment", f"a{n}"), held, "booked", When.day(ON))
            for n, held in numbered
        ),
        devices=tuple(
            DeviceUse(ref("Device", f"d{n}"), held, True, LATELY) for n, held in numbered
        ),
        family=tuple(
            FamilyMember(ref("FamilyMemberHistory", f"f{n}"), held, "usable", held, False)
            for n, held in numbered
        ),
    )


@pytest.mark.parametrize("sex", ["female", "male", "unknown"])
@pytest.mark.parametrize("name", ASKED_BY_NEED)
def test_a_criterion_finds_nothing_without_what_it_looks_for(name: str, sex: str) -> None:
    criterion = CRITERIA[name]
    assert criterion.looks_for
    parameters = {**PROTOCOL.entry(name).parameters, **COMPUTED}
    chart = replace(_everything_but(criterion.looks_for), sex=sex)  # type: ignore[arg-type]  # one of Sex
    # It explains some glucocorticoids away, and must not be the only reason for the silence.
    unexplained = tuple(c for c in chart.conditions if "adrenal-insufficiency" not in c.concepts)
    for unread in (frozenset[str](), frozenset(need.type for need in criterion.reads)):
        for conditions in (chart.conditions, unexplained):
            asked = replace(chart, unread=unread, conditions=conditions)
            assert list(criterion.find(asked, parameters, ON)) == []


@pytest.mark.parametrize("name", ASKED_BY_NEED)
def test_what_a_criterion_looks_for_is_a_value_set(name: str) -> None:
    looks_for = CRITERIA[name].looks_for
    assert looks_for is not None
    assert [concept for concept in looks_for if concept not in packaged_vocabulary()] == []


def _asking_everybody(protocol: Protocol) -> Protocol:
    return replace(
        protocol,
        entries=tuple(
            replace(e, criterion=replace(e.criterion, looks_for=None)) for e in protocol.entries
        ),
    )


@pytest.mark.parametrize(
    "unread",
    [
        frozenset(),
        frozenset({"Condition", "Procedure"}),
        frozenset({"FamilyMemberHistory", "DeviceUseStatement"}),
    ],
)
def test_whoever_is_not_asked_gets_the_same_findings(unread: frozenset[str]) -> None:
    scan = observation("dxa-central", "dxa-t-score", quantity=Quantity(-2.0, None))
    chart = record(
        conditions=(condition("multiple-sclerosis"),), observations=(scan,), unread=unread
    )
    findings, months = judge(chart, PROTOCOL, ON)
    assert (findings, months) == judge(chart, _asking_everybody(PROTOCOL), ON)
    assert list(findings) == [entry.criterion.id for entry in PROTOCOL.entries]


def test_the_silence_of_a_criterion_is_not_kept_where_something_was_not_read() -> None:
    entry = PROTOCOL.entry("progressive-course")
    assert evaluate_entry(entry, record(), ON) is entry.silence
    assert entry.silence.verdict == "not-met"
    unread = record(unread=frozenset({"Condition"}))
    assert evaluate_entry(entry, unread, ON).verdict == "unknown"
