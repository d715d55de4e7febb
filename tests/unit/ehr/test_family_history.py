"""FamilyMemberHistory -> relatives: whose condition it is, and how sure that is."""

from __future__ import annotations

from typing import Any

import pytest

from service.ehr.parse import RecordParser
from service.screening.record import FamilyMember, PatientRecord, ResourceRef
from service.screening.value_sets import packaged_vocabulary
from tests.lib.patients import HL7, MODIFIED, Code, concept, icd, snomed

HIP = [{"code": concept(icd("S72.001A"))}]
MOTHER = concept(Code(f"{HL7}/v3-RoleCode", "MTH"))


def record(**elements: Any) -> PatientRecord:
    relative = {"resourceType": "FamilyMemberHistory", "id": "1", **elements}
    return RecordParser(packaged_vocabulary()).record("p", {"FamilyMemberHistory": [relative]})


def only(**elements: Any) -> FamilyMember:
    (member,) = record(**elements).family
    return member


def test_a_relative_is_kept_with_relationship_and_condition():
    member = only(status="completed", relationship=MOTHER, condition=HIP)
    assert member.ref == ResourceRef("FamilyMemberHistory", "1")
    assert "fragility-fracture-hip" in member.concepts
    assert member.relationship == frozenset({"natural-parent"})
    assert member.is_relation_clear


@pytest.mark.parametrize(
    "condition",
    [
        None,
        [],
        {},
        "fracture",
        [{"code": {"text": "hip fracture"}}],
        [{"code": concept(icd("J06"))}],
    ],
)
def test_a_relative_without_a_condition_of_ours_is_not_kept(condition):
    assert record(status="completed", relationship=MOTHER, condition=condition).family == ()


def test_any_of_several_conditions_is_enough():
    conditions = [{"code": concept(icd("J06.9"))}, *HIP]
    assert "fragility-fracture-hip" in only(relationship=MOTHER, condition=conditions).concepts


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("partial", "usable"),
        ("completed", "usable"),
        ("health-unknown", "health-unknown"),
        ("entered-in-error", "withdrawn"),
        ("perhaps", "unclear"),
        (None, "unclear"),
        (5, "unclear"),
    ],
)
def test_a_status_is_folded_and_one_that_says_nothing_is_unclear(said, status):
    assert only(status=said, relationship=MOTHER, condition=HIP).status == status


@pytest.mark.parametrize(
    "relationship",
    [
        None,
        {"text": "mother"},
        concept(Code("urn:oid:1.2.3", "MTH")),
        concept(Code(f"{HL7}/v3-RoleCode", "FAMMEMB")),
        concept(Code("http://hl7.org/fhir/v3/RoleCode", "STPMTH")),
    ],
)
def test_a_relationship_that_is_not_coded_as_we_know_it_is_not_clear(relationship):
    member = only(status="completed", relationship=relationship, condition=HIP)
    assert not member.is_relation_clear
    assert member.relationship == frozenset()


def test_a_stepmother_is_clearly_somebody_else():
    stepmother = concept(Code(f"{HL7}/v3-RoleCode", "STPMTH"))
    member = only(status="completed", relationship=stepmother, condition=HIP)
    assert member.is_relation_clear
    assert member.relationship == frozenset()


def test_a_mother_by_snomed_ct_is_a_parent():
    member = only(status="completed", relationship=concept(snomed("72705000")), condition=HIP)
    assert member.relationship == frozenset({"natural-parent"})


def test_a_relative_does_not_show_in_a_repr():
    assert "S72" not in repr(only(status="completed", relationship=MOTHER, condition=HIP))


@pytest.mark.parametrize(
    ("status", "folded"),
    [
        ("completed", "unclear"),
        ("health-unknown", "unclear"),
        ("entered-in-error", "withdrawn"),
    ],
)
def test_a_relative_under_a_modifier_is_unclear_and_reported(status, folded):
    said = {"status": status, "relationship": MOTHER, "condition": HIP}
    assert only(**said, modifierExtension=MODIFIED).status == folded
    assert len(record(**said, modifierExtension=MODIFIED).reported) == 1
