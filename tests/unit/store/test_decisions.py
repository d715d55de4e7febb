from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from service.screening.decision import BY_HOSPITAL
from service.screening.record import NO_END, Decision, ResourceRef

from .builders import NOW, people

REFUSAL = Decision(
    "declined", date(2026, 3, 1), date(2027, 3, 1), "patient-refuses", ResourceRef("Task", "t1")
)


def test_a_decision_comes_back_as_it_went_in(ledger):
    (key,) = people(ledger, "p1")
    ledger.decisions.remember(key, [REFUSAL])
    assert ledger.decisions.of([key]) == {key: (REFUSAL,)}


def test_a_decision_read_every_night_is_kept_once(ledger):
    (key,) = people(ledger, "p1")
    for _ in range(2):
        ledger.decisions.remember(key, [REFUSAL, REFUSAL])
    assert ledger.decisions.of([key]) == {key: (REFUSAL,)}


def test_a_decision_without_a_source_is_kept_once_too(ledger):
    (key,) = people(ledger, "p1")
    spoken = replace(REFUSAL, source=None)
    for _ in range(2):
        ledger.decisions.remember(key, [spoken])
    assert ledger.decisions.of([key]) == {key: (spoken,)}


def test_a_corrected_decision_replaces_the_first_reading(ledger):
    (key,) = people(ledger, "p1")
    corrected = replace(REFUSAL, kind="snoozed", until=date(2026, 9, 1))
    ledger.decisions.remember(key, [REFUSAL])
    ledger.decisions.remember(key, [corrected])
    assert ledger.decisions.of([key]) == {key: (corrected,)}


def test_decisions_come_in_the_order_in_which_they_were_made(ledger):
    (key,) = people(ledger, "p1")
    earlier = replace(REFUSAL, made_on=date(2025, 1, 1), until=date(2026, 1, 1))
    ledger.decisions.remember(key, [REFUSAL, earlier])
    assert ledger.decisions.of([key]) == {key: (earlier, REFUSAL)}


def test_one_persons_decision_is_not_anothers(ledger):
    first, second = people(ledger, "p1", "p2")
    ledger.decisions.remember(first, [REFUSAL])
    assert ledger.decisions.of([second]) == {}


def test_a_decision_comes_back_with_its_code_and_by_whom_and_by_which_protocol(ledger):
    (key,) = people(ledger, "p1")
    full = replace(REFUSAL, code="patient-refuses", decided_by="Practitioner/7")
    full = replace(full, protocol_version="0.3.0", until=NO_END)
    ledger.decisions.remember(key, [full])
    assert ledger.decisions.of([key]) == {key: (full,)}


def test_a_no_to_either_kind_of_alert_on_one_day_is_two_decisions(ledger):
    (key,) = people(ledger, "p1")
    both = [
        replace(REFUSAL, source=None, about=about)
        for about in ("ms-bone-health-review", "osteoporosis-treatment-gap")
    ]
    ledger.decisions.remember(key, both)
    assert ledger.decisions.of([key]) == {key: tuple(both)}


def test_a_second_reading_keeps_the_protocol_version_of_the_first(ledger):
    (key,) = people(ledger, "p1")
    ledger.decisions.remember(key, [replace(REFUSAL, protocol_version="0.3.0")])
    ledger.decisions.remember(key, [replace(REFUSAL, protocol_version="1.0.0")])
    (kept,) = ledger.decisions.of([key])[key]
    assert kept.protocol_version == "0.3.0"


def test_a_second_reading_that_does_not_tell_by_whom_keeps_who_it_was(ledger):
    (key,) = people(ledger, "p1")
    ledger.decisions.remember(key, [replace(REFUSAL, decided_by="Practitioner/7")])
    ledger.decisions.remember(key, [REFUSAL])
    (kept,) = ledger.decisions.of([key])[key]
    assert kept.decided_by == "Practitioner/7"


def test_a_decision_that_was_taken_back_no_longer_counts(ledger):
    (key,) = people(ledger, "p1")
    ledger.decisions.remember(key, [REFUSAL])
    assert ledger.decisions.take_back(key, [REFUSAL], NOW) == 1
    assert ledger.decisions.of([key]) == {}


def test_a_decision_that_was_taken_back_stays_on_record(ledger):
    (key,) = people(ledger, "p1")
    ledger.decisions.remember(key, [REFUSAL])
    ledger.decisions.take_back(key, [REFUSAL], NOW)
    (kept,) = ledger.decisions.kept([key])[key]
    assert (kept.decision, kept.taken_back_at) == (REFUSAL, NOW)


def test_a_decision_is_taken_back_once(ledger):
    (key,) = people(ledger, "p1")
    ledger.decisions.remember(key, [REFUSAL])
    ledger.decisions.take_back(key, [REFUSAL], NOW)
    assert ledger.decisions.take_back(key, [REFUSAL], NOW + timedelta(days=1)) == 0


def test_a_no_that_is_said_again_holds_again(ledger):
    (key,) = people(ledger, "p1")
    ledger.decisions.remember(key, [REFUSAL])
    ledger.decisions.take_back(key, [REFUSAL], NOW)
    ledger.decisions.remember(key, [REFUSAL])
    assert ledger.decisions.of([key]) == {key: (REFUSAL,)}


def test_the_audit_tells_of_a_decision_once_and_of_its_being_taken_back(ledger):
    (key,) = people(ledger, "p1")
    said = replace(REFUSAL, code="patient-refuse", decided_by="Practitioner/7")
    for _ in range(2):
        ledger.decisions.remember(key, [said, said])
    ledger.decisions.take_back(key, [said], NOW)
    ledger.decisions.take_back(key, [said], NOW)
    ledger.decisions.remember(key, [said])
    rows = list(ledger.audit.rows())
    assert [row.what for row in rows] == ["decide", "take-back", "decide"]
    assert (rows[0].patient_key, rows[0].by_whom, rows[0].resource, rows[0].reason) == (
        key,
        "Practitioner/7",
        "Task/t1",
        "patient-refuse",
    )


def test_the_audit_tells_of_an_answer_that_takes_the_place_of_another_one(ledger):
    (key,) = people(ledger, "p1")
    told = replace(REFUSAL, source=None, code="patient-refuses", decided_by="Dr. A")
    other = replace(told, kind="snoozed", code="limited-time", decided_by="Dr. B")
    for said in (told, other, other, replace(other, decided_by="")):
        ledger.decisions.remember(key, [said])
    rows = [(row.by_whom, row.reason) for row in ledger.audit.rows()]
    assert rows == [("Dr. A", "patient-refuses"), ("Dr. B", "limited-time")]


def test_the_audit_tells_of_no_answer_that_a_withdrawal_by_the_hospital_outlived(ledger):
    (key,) = people(ledger, "p1")
    withdrawn = replace(REFUSAL, source=None, code=BY_HOSPITAL, decided_by="lead")
    ledger.decisions.remember(key, [withdrawn])
    ledger.decisions.remember(key, [replace(withdrawn, code="limited-time", decided_by="Dr. B")])
    assert [row.by_whom for row in ledger.audit.rows()] == ["lead"]
    assert ledger.decisions.of([key]) == {key: (withdrawn,)}
