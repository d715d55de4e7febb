"""What people decide, on a Task and elsewhere, and what becomes of the alert, over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.deciding import Answer, Deciding
from service.ehr.decision_reason import DECISION_REASON_SYSTEM
from service.screening.alert import AlertKind
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from tests.lib.demo_site import due

pytestmark = pytest.mark.heavy


def told(ward):
    """Somebody who is due and was told of by a sweep."""
    fhir_id = ward.admit(due)
    ward.sweep()
    assert ward.shown(fhir_id) == ["Flag active", "Task requested"]
    return fhir_id


def decided(ward, fhir_id, answer=None):
    """Say it to BoneFlag, or take back what was said; then a sweep."""
    with ward.ledger() as ledger:
        deciding = Deciding(ledger, packaged_protocol(packaged_vocabulary()), "live")
        at = datetime.combine(ward.clock.today(), datetime.min.time(), UTC)
        if answer is None:
            deciding.take_back(fhir_id, AlertKind.SCREENING, ward.clock.today(), at)
        else:
            deciding.decide(fhir_id, answer, ward.clock.today(), at)
    ward.sweep()


def kept(ward, fhir_id):
    with ward.ledger() as ledger:
        key = ledger.cohort.keys_of([fhir_id])[fhir_id]
        return ledger.decisions.kept([key]).get(key, ())


def test_a_no_said_elsewhere_ends_an_alert_that_nobody_took_up_and_taking_it_back_reopens_it(ward):
    fhir_id = told(ward)
    decided(ward, fhir_id, Answer("patient-refuses", "Practitioner/7"))
    assert ward.status(fhir_id) == "declined"
    assert ward.shown(fhir_id) == ["Flag inactive", "Task cancelled"]
    ward.proxy.forget()
    ward.sweep()
    assert ward.proxy.writes == []
    decided(ward, fhir_id)
    assert ward.shown(fhir_id) == ["Flag active", "Task requested"]


def test_a_no_said_elsewhere_leaves_a_task_that_somebody_accepted(ward):
    fhir_id = told(ward)
    ward.person_sets(ward.ours("Task", fhir_id)[0], status="accepted")
    decided(ward, fhir_id, Answer("limited-time", "neurologist"))
    assert ward.shown(fhir_id) == ["Flag inactive", "Task accepted"]


def test_a_wrong_diagnosis_on_a_task_withdraws_the_flag_and_nothing_opens_again(ward):
    fhir_id = told(ward)
    reason = {"coding": [{"system": DECISION_REASON_SYSTEM, "code": "wrong-diagnosis"}]}
    ward.person_sets(ward.ours("Task", fhir_id)[0], status="rejected", statusReason=reason)
    ward.sweep()
    assert ward.shown(fhir_id) == ["Flag entered-in-error", "Task rejected"]
    ward.clock.advance(days=800)
    ward.proxy.forget()
    ward.sweep()
    assert ward.proxy.writes == []


def test_a_wrong_diagnosis_said_elsewhere_withdraws_flag_and_task(ward):
    fhir_id = told(ward)
    decided(ward, fhir_id, Answer("wrong-diagnosis", "neurologist"))
    assert ward.shown(fhir_id) == ["Flag entered-in-error", "Task cancelled"]


def test_a_task_on_hold_until_the_next_visit_is_asked_for_again_on_that_day(ward):
    fhir_id = told(ward)
    visit = ward.clock.today() + timedelta(days=40)
    restriction = {"period": {"end": str(visit)}}
    ward.person_sets(ward.ours("Task", fhir_id)[0], status="on-hold", restriction=restriction)
    ward.sweep()
    assert ward.shown(fhir_id) == ["Flag inactive", "Task on-hold"]
    ward.clock.advance(days=39)
    ward.sweep()
    assert ward.status(fhir_id) == "snoozed"
    ward.clock.advance(days=1)
    ward.sweep()
    assert ward.shown(fhir_id) == ["Flag active", "Task requested"]
    assert [k.taken_back_at for k in kept(ward, fhir_id)] == [None]


def test_whoever_takes_a_rejected_task_up_again_takes_the_no_back_on_record(ward):
    fhir_id = told(ward)
    ward.person_sets(ward.ours("Task", fhir_id)[0], status="rejected")
    ward.sweep()
    ward.person_sets(ward.ours("Task", fhir_id)[0], status="in-progress")
    ward.sweep()
    (no,) = kept(ward, fhir_id)
    assert no.taken_back_at is not None
    assert ward.status(fhir_id) == "due"
