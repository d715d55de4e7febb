"""What an operator is told, and what never reaches a log."""

import pytest

from service.ehr.errors import (
    EHRConflict,
    EHRLoginRefused,
    EHRMisunderstood,
    EHRNotFound,
    EHRRefused,
    EHRRejected,
    EHRUnavailable,
    Issue,
    error_for,
    issues_of,
)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, EHRMisunderstood),
        (400, EHRRejected),
        (401, EHRLoginRefused),
        (403, EHRRefused),
        (404, EHRNotFound),
        (405, EHRRejected),
        (408, EHRUnavailable),
        (409, EHRConflict),
        (410, EHRNotFound),
        (412, EHRConflict),
        (422, EHRRejected),
        (425, EHRUnavailable),
        (429, EHRUnavailable),
        (500, EHRUnavailable),
        (501, EHRRejected),
        (503, EHRUnavailable),
        (504, EHRUnavailable),
    ],
)
def test_each_status_has_its_error(status, kind):
    assert type(error_for("read", status, (), None, outcome_unknown=False)) is kind


def test_a_security_issue_is_a_refusal_whatever_the_status():
    issues = (Issue("error", "suppressed"),)

    assert type(error_for("read", 400, issues, None, outcome_unknown=False)) is EHRRefused


def test_a_security_warning_beside_a_rejection_is_not_a_refusal():
    issues = (Issue("warning", "security"), Issue("error", "invalid"))

    assert type(error_for("read", 400, issues, None, outcome_unknown=False)) is EHRRejected


def test_the_message_says_what_was_asked_the_status_and_the_codes():
    error = error_for("search for Flag", 422, (Issue("error", "invalid", "4111"),), None,
                      outcome_unknown=False)  # fmt: skip

    assert str(error) == "The EHR did not accept a search for Flag (HTTP 422, error/invalid/4111)"


def test_only_codes_of_an_outcome_are_kept():
    told = {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "processing",
                "diagnostics": "Patient Mary Miller has no such record",
                "details": {
                    "text": "Mary Miller",
                    "coding": [{"code": "4101", "display": "Mary Miller"}],
                },
            }
        ],
    }

    assert issues_of(told) == (Issue("error", "processing", "4101"),)


def test_a_sentence_in_place_of_a_code_is_dropped():
    told = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "Patient Mary Miller"}],
    }

    assert issues_of(told) == (Issue("error", ""),)


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        "text",
        {"resourceType": "Patient"},
        {"resourceType": "OperationOutcome"},
        {"resourceType": "OperationOutcome", "issue": "none"},
        {"resourceType": "OperationOutcome", "issue": [None, 1]},
    ],
)
def test_a_broken_outcome_has_no_issues(told):
    assert issues_of(told) == ()


def test_broken_details_cost_only_the_detail_code():
    for details in ("text", {"coding": {}}, {"coding": []}, {"coding": ["x"]}):
        issue = {"severity": "error", "code": "invalid", "details": details}

        assert issues_of({"resourceType": "OperationOutcome", "issue": [issue]}) == (
            Issue("error", "invalid"),
        )
