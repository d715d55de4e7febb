"""Decisions made elsewhere: what is kept, what is refused, and that the person is looked at."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from service.deciding import (
    Answer,
    Deciding,
    DecisionInvalid,
    PatientUnknown,
    standing_noes,
)
from service.screening.alert import AlertKind
from service.screening.decision import BY_HOSPITAL
from service.screening.protocol import packaged_protocol
from service.screening.record import NO_END
from service.screening.value_sets import packaged_vocabulary
from service.store.ledger import Ledger
from service.store.selected_alerts import Selection
from service.withdrawing_for_good import keep_quiet

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
NO = Answer("patient-refuses", "Practitioner/7")
SCREENING, GAP = AlertKind.SCREENING, AlertKind.TREATMENT_GAP


@pytest.fixture
def ledger(tmp_path):
    with Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", attempts_in_a_run=3) as ledger:
        ledger.migrate()
        ledger.cohort.register(["p1", "p2"], "test", NOW)
        yield ledger


@pytest.fixture
def deciding(ledger):
    return Deciding(ledger, packaged_protocol(packaged_vocabulary()), "shadow")


def waiting(ledger):
    key = ledger.cohort.keys_of(["p1"])["p1"]
    return bool(ledger.pending.runs_of([key]))


def stands(deciding):
    return [k.decision for k in deciding.told("p1") if k.taken_back_at is None]


def test_a_decision_is_kept_with_its_span_and_by_whom(deciding):
    decision, is_news = deciding.decide("p1", NO, TODAY, NOW)
    assert is_news
    assert stands(deciding) == [decision]
    assert (decision.kind, decision.until) == ("declined", date(2027, 11, 22))
    assert (decision.decided_by, decision.code) == ("Practitioner/7", "patient-refuses")


def test_whoever_was_decided_about_is_looked_at_again(deciding, ledger):
    assert not waiting(ledger)
    deciding.decide("p1", NO, TODAY, NOW)
    assert waiting(ledger)


def test_the_look_after_a_decision_writes_nothing_that_nobody_approved(ledger):
    live = Deciding(ledger, packaged_protocol(packaged_vocabulary()), "live")
    live.decide("p1", NO, TODAY, NOW)
    assert ledger.runs.newest(1)[0].mode == "shadow"


def test_saying_it_again_another_day_changes_nothing(deciding, ledger):
    first, _ = deciding.decide("p1", NO, TODAY, NOW)
    runs = len(ledger.runs.newest(9))
    again = deciding.decide("p1", NO, TODAY + timedelta(days=30), NOW)
    assert again == (first, False)
    assert (stands(deciding), len(ledger.runs.newest(9))) == ([first], runs)


def test_saying_it_again_once_it_has_lapsed_is_news(deciding):
    deciding.decide("p1", NO, TODAY, NOW)
    assert deciding.decide("p1", NO, date(2027, 11, 22), NOW)[1]


@pytest.mark.parametrize(
    "other",
    [
        Answer("limited-time", "Practitioner/7"),
        Answer("patient-refuses", "Practitioner/8"),
        Answer("patient-refuses", "Practitioner/7", GAP),
        Answer("patient-refuses", "Practitioner/7", until=date(2027, 1, 1)),
    ],
)
def test_saying_something_else_is_news(deciding, other):
    deciding.decide("p1", NO, TODAY, NOW)
    assert deciding.decide("p1", other, TODAY, NOW)[1]


def test_a_day_that_was_given_is_kept_and_said_again_changes_nothing(deciding):
    until = Answer("limited-time", "neurologist", until=date(2027, 1, 10))
    decision, _ = deciding.decide("p1", until, TODAY, NOW)
    assert decision.until == date(2027, 1, 10)
    assert not deciding.decide("p1", until, TODAY, NOW)[1]


def test_a_wrong_diagnosis_has_no_end(deciding):
    decision, _ = deciding.decide("p1", Answer("wrong-diagnosis", "neurologist"), TODAY, NOW)
    assert decision.until == NO_END


def test_what_was_said_can_be_taken_back(deciding, ledger):
    deciding.decide("p1", NO, TODAY, NOW)
    assert deciding.take_back("p1", SCREENING, TODAY, NOW) == 1
    assert stands(deciding) == []
    assert [k.taken_back_at for k in deciding.told("p1")] == [NOW]


def test_taking_back_looks_at_the_person_again_only_where_something_stood(deciding, ledger):
    assert deciding.take_back("p1", SCREENING, TODAY, NOW) == 0
    assert not waiting(ledger)


def test_taking_back_is_about_one_kind_of_alert(deciding):
    deciding.decide("p1", NO, TODAY, NOW)
    assert deciding.take_back("p1", GAP, TODAY, NOW) == 0


def test_a_wrong_diagnosis_is_taken_back_for_either_kind(deciding):
    deciding.decide("p1", Answer("wrong-diagnosis", "neurologist"), TODAY, NOW)
    assert deciding.take_back("p1", GAP, TODAY, NOW) == 1


def test_somebody_who_is_left_out_is_not_looked_at_whatever_is_decided(deciding, ledger):
    ledger.cohort.leave_out({"p1"}, NOW)
    deciding.decide("p1", NO, TODAY, NOW)
    assert not waiting(ledger)


def test_nobody_is_decided_about_whom_the_ledger_does_not_know(deciding):
    with pytest.raises(PatientUnknown) as fault:
        deciding.decide("stranger", NO, TODAY, NOW)
    assert "stranger" not in str(fault.value)


def test_what_is_said_later_on_the_day_replaces_no_withdrawal_by_the_hospital(deciding, ledger):
    key = ledger.cohort.keys_of(["p1"])["p1"]
    keep_quiet(ledger, Selection(patient_key=key), "operator", NOW, TODAY)
    deciding.decide("p1", Answer("limited-time", "neurologist"), TODAY, NOW)
    assert {d.code for d in stands(deciding)} == {BY_HOSPITAL}


def test_a_withdrawal_on_an_evening_west_of_greenwich_stands_at_once(ledger):
    key = ledger.cohort.keys_of(["p1"])["p1"]
    evening = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    keep_quiet(ledger, Selection(patient_key=key), "operator", evening, TODAY)
    said = ledger.decisions.of([key])[key]
    assert [len(standing_noes(said, about, TODAY)) for about in AlertKind] == [1, 1]


def test_what_is_said_after_a_withdrawal_was_taken_back_is_kept(deciding, ledger):
    key = ledger.cohort.keys_of(["p1"])["p1"]
    keep_quiet(ledger, Selection(patient_key=key), "operator", NOW, TODAY)
    deciding.take_back("p1", SCREENING, TODAY, NOW)
    deciding.decide("p1", NO, TODAY, NOW)
    assert [d.code for d in stands(deciding) if d.about == SCREENING] == ["patient-refuses"]


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer("because", "neurologist"), "no reason of the protocol"),
        (Answer("limited-time", "Dr Smith, by phone"), "no name and no sentence"),
        (Answer("limited-time", "Patient/1"), "no name and no sentence"),
        (Answer("limited-time", "neurologist", until=TODAY), "has passed"),
        (Answer("wrong-diagnosis", "neurologist", until=date(2027, 1, 1)), "no end by date"),
        (Answer("limited-time", "neurologist", done_on=TODAY), "action-completed only"),
        (
            Answer("action-completed", "neurologist", done_on=TODAY + timedelta(days=1)),
            "lies ahead",
        ),
    ],
)
def test_what_cannot_be_understood_is_refused_and_not_kept(deciding, answer, fault):
    with pytest.raises(DecisionInvalid, match=fault):
        deciding.decide("p1", answer, TODAY, NOW)
    assert deciding.told("p1") == ()
