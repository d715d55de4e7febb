"""What a Task says about a person's no, and what is not read of it."""

from __future__ import annotations

from datetime import date

import pytest

from service.ehr.decision_reason import (
    DECISION_REASON_SYSTEM,
    NON_ADHERENCE_SYSTEM,
    decider,
    reason_code,
    waits_until,
    was_done_on,
)


def reason(*codings, text="what somebody typed"):
    return {"coding": [{"system": s, "code": c} for s, c in codings], "text": text}


@pytest.mark.parametrize(
    ("coding", "code"),
    [
        ((NON_ADHERENCE_SYSTEM, "limited-time"), "limited-time"),
        ((NON_ADHERENCE_SYSTEM, "a-code-of-tomorrow"), "a-code-of-tomorrow"),
        ((DECISION_REASON_SYSTEM, "wrong-diagnosis"), "wrong-diagnosis"),
        (("http://hl7.org/fhir/sid/icd-10-cm", "Z53.20"), "patient-refuses"),
        ((NON_ADHERENCE_SYSTEM, "Mrs Smith said no"), ""),
        ((NON_ADHERENCE_SYSTEM, "a" * 41), ""),
        ((DECISION_REASON_SYSTEM, "limited-time"), ""),
        (("http://snomed.info/sct", "183944003"), ""),
        ((None, "limited-time"), ""),
        ((NON_ADHERENCE_SYSTEM, 7), ""),
    ],
)
def test_only_codes_of_hl7_and_of_ours_are_read(coding, code):
    assert reason_code(reason(coding)) == code


def test_the_first_code_that_is_known_counts():
    codings = (("http://snomed.info/sct", "1"), (NON_ADHERENCE_SYSTEM, "limited-time"))
    assert reason_code(reason(*codings)) == "limited-time"


def test_a_reason_in_words_only_gives_no_code():
    assert reason_code({"text": "patient-refuses"}) == ""


@pytest.mark.parametrize(
    ("reference", "by"),
    [
        ("Practitioner/7", "Practitioner/7"),
        ("https://ehr.example/fhir/PractitionerRole/7", "PractitionerRole/7"),
        ("Patient/1", ""),
        ("Device/boneflag", ""),
        ("#contained", ""),
    ],
)
def test_who_decided_is_the_owner_where_that_is_somebody_at_work(reference, by):
    assert decider({"owner": {"reference": reference, "display": "Dr Who"}}) == by


def test_an_owner_in_words_only_tells_nobody():
    assert decider({"owner": {"display": "Dr Who"}}) == ""


def test_a_task_on_hold_waits_until_the_end_of_its_restriction():
    held = {"status": "on-hold", "restriction": {"period": {"end": "2027-01-10T08:00:00Z"}}}
    assert waits_until(held) == date(2027, 1, 10)
    assert waits_until({**held, "status": "rejected"}) is None


def test_a_month_is_no_day_to_wait_for():
    held = {"status": "on-hold", "restriction": {"period": {"end": "2027-01"}}}
    assert waits_until(held) is None


def test_the_day_of_the_work_is_the_end_of_its_execution():
    assert was_done_on({"executionPeriod": {"end": "2025-03-01"}}) == date(2025, 3, 1)
