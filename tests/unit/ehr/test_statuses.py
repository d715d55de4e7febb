"""FHIR statuses, folded: what no table holds is unclear, never absent."""

from __future__ import annotations

import pytest

from service.ehr.statuses import (
    clinical_of,
    is_encounter_diagnosis,
    observation_status,
    order_status,
    procedure_status,
    verification_of,
)
from tests.lib.patients import MODIFIED, concept, snomed, status_of


def said(code: str) -> dict:
    return status_of("condition-ver-status", code)


@pytest.mark.parametrize(
    ("code", "folded"),
    [
        ("confirmed", "confirmed"),
        ("provisional", "unconfirmed"),
        ("differential", "unconfirmed"),
        ("unconfirmed", "unconfirmed"),
        ("refuted", "refuted"),
        ("entered-in-error", "entered-in-error"),
        ("Confirmed", "confirmed"),
        ("perhaps", "unclear"),
    ],
)
def test_verification_statuses_are_folded(code, folded):
    assert verification_of({"verificationStatus": said(code)}) == folded


def test_a_missing_verification_status_is_unstated():
    assert verification_of({}) == "unstated"
    assert verification_of({"verificationStatus": None}) == "unstated"


def test_a_verification_status_may_be_a_bare_word_or_a_text():
    assert verification_of({"verificationStatus": " Confirmed "}) == "confirmed"
    assert verification_of({"verificationStatus": {"text": "Confirmed"}}) == "confirmed"


def test_an_empty_or_contradicting_verification_status_is_unclear():
    both = {"coding": [*said("confirmed")["coding"], *said("refuted")["coding"]]}
    for status in ({}, [], 5, both, concept(snomed("410605003"))):
        assert verification_of({"verificationStatus": status}) == "unclear"


@pytest.mark.parametrize(
    ("code", "folded"),
    [
        ("active", "active"),
        ("recurrence", "active"),
        ("relapse", "active"),
        ("inactive", "inactive"),
        ("remission", "remission"),
        ("resolved", "resolved"),
        ("perhaps", "unclear"),
    ],
)
def test_clinical_statuses_are_folded(code, folded):
    assert clinical_of({"clinicalStatus": status_of("condition-clinical", code)}) == folded


def test_without_a_clinical_status_what_has_abated_is_resolved():
    assert clinical_of({"abatementDateTime": "2020-01-01"}) == "resolved"
    assert clinical_of({"abatementBoolean": True}) == "resolved"
    assert clinical_of({"abatementBoolean": False}) == "unstated"
    assert clinical_of({}) == "unstated"


@pytest.mark.parametrize(
    ("categories", "is_visit"),
    [
        ([], False),
        (["encounter-diagnosis"], True),
        (["problem-list-item"], False),
        (["encounter-diagnosis", "problem-list-item"], False),
        (["encounter-diagnosis", "health-concern"], False),
        (["symptom"], False),
    ],
)
def test_an_encounter_diagnosis_is_one_that_is_no_problem_as_well(categories, is_visit):
    given = [status_of("condition-category", code) for code in categories]
    assert is_encounter_diagnosis({"category": given}) is is_visit


def test_a_category_may_be_a_text():
    assert is_encounter_diagnosis({"category": [{"text": "Encounter Diagnosis"}]})


@pytest.mark.parametrize(
    ("status", "observation", "procedure", "order"),
    [
        ("final", "unclear", "unclear", "unclear"),
        ("completed", "unclear", "unclear", "other"),
        ("not-done", "unclear", "unclear", "unclear"),
        ("active", "unclear", "unclear", "unclear"),
        ("revoked", "unclear", "unclear", "unclear"),
        ("preliminary", "not-final", "unclear", "unclear"),
        ("entered-in-error", "withdrawn", "withdrawn", "withdrawn"),
    ],
)
def test_what_counts_or_speaks_against_an_alert_is_unclear_under_a_modifier(
    status, observation, procedure, order
):
    resource = {"status": status, "modifierExtension": MODIFIED}
    assert observation_status(resource) == observation
    assert procedure_status(resource) == procedure
    assert order_status(resource) == order


@pytest.mark.parametrize(
    ("code", "folded"),
    [
        ("confirmed", "unclear"),
        ("refuted", "unclear"),
        ("provisional", "unconfirmed"),
        ("entered-in-error", "entered-in-error"),
    ],
)
def test_a_diagnosis_under_a_modifier_is_neither_believed_nor_refuted(code, folded):
    condition = {"verificationStatus": said(code), "modifierExtension": MODIFIED}
    assert verification_of(condition) == folded


def test_a_diagnosis_without_a_status_is_unclear_under_a_modifier():
    assert verification_of({"modifierExtension": MODIFIED}) == "unclear"


@pytest.mark.parametrize(
    ("status", "observation", "procedure", "order"),
    [
        ("final", "final", "unclear", "unclear"),
        ("amended", "final", "unclear", "unclear"),
        ("corrected", "final", "unclear", "unclear"),
        ("preliminary", "not-final", "unclear", "unclear"),
        ("cancelled", "withdrawn", "unclear", "unclear"),
        ("entered-in-error", "withdrawn", "withdrawn", "withdrawn"),
        ("completed", "unclear", "completed", "other"),
        ("not-done", "unclear", "not-done", "unclear"),
        ("in-progress", "unclear", "other", "unclear"),
        ("active", "unclear", "unclear", "active"),
        ("revoked", "unclear", "unclear", "revoked"),
        ("draft", "unclear", "unclear", "other"),
        ("unknown", "unclear", "unclear", "unclear"),
        (None, "unclear", "unclear", "unclear"),
    ],
)
def test_each_type_has_its_own_table(status, observation, procedure, order):
    resource = {"status": status}
    assert observation_status(resource) == observation
    assert procedure_status(resource) == procedure
    assert order_status(resource) == order
