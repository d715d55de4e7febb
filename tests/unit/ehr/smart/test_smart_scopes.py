"""Scopes: what is asked for in each syntax, and what an answer grants."""

import pytest

from service.ehr.smart.scopes import (
    Access,
    access_for,
    among,
    grant_of,
    scopes_for,
    syntax_offered,
)

ACCESS = Access(frozenset({"Patient", "Flag"}), frozenset({"Flag"}))


def test_reading_and_writing_are_asked_for_in_v1():
    assert scopes_for(ACCESS, "v1") == (
        "system/Flag.read",
        "system/Flag.write",
        "system/Patient.read",
    )


def test_reading_and_writing_are_asked_for_in_v2_with_the_letters_in_their_order():
    assert scopes_for(ACCESS, "v2") == ("system/Flag.crus", "system/Patient.rs")


def test_what_is_only_written_is_not_read():
    assert scopes_for(Access(frozenset(), frozenset({"Task"})), "v2") == ("system/Task.cu",)


def test_access_holds_what_the_protocol_needs_our_alerts_and_the_patient():
    access = access_for(["Condition"], also_read=["Flag", "Task"])

    assert access == Access(frozenset({"Condition", "Patient", "Flag", "Task"}), frozenset())


def test_medicines_bring_the_medication_that_they_refer_to():
    access = access_for(["MedicationRequest"])

    assert "Medication" in access.reads


def test_a_cohort_in_groups_brings_the_group():
    assert "Group" in access_for([], also_read=["Group"]).reads


def test_only_a_live_site_asks_to_write():
    assert access_for([], writes=["Flag", "Task"]).writes == {"Flag", "Task"}


@pytest.mark.parametrize(
    ("capabilities", "supported", "syntax"),
    [
        ([], [], "v1"),
        (["permission-v1"], [], "v1"),
        (["permission-v2"], [], "v2"),
        (["permission-v1", "permission-v2"], ["system/*.rs"], "v1"),
        ([], ["system/*.rs", "openid"], "v2"),
        ([], ["system/*.rs", "system/*.read"], "v1"),
        ([], ["openid", "launch"], "v1"),
        (["permission-v2"], ["system/*.read"], "v2"),
    ],
)
def test_v2_is_used_only_where_v1_is_not_offered(capabilities, supported, syntax):
    assert syntax_offered(capabilities, supported) == syntax


@pytest.mark.parametrize(
    "granted",
    [
        "system/Patient.read system/Flag.read system/Flag.write",
        "system/Patient.rs system/Flag.crus",
        "system/Patient.r system/Patient.s system/Flag.cruds",
        "system/*.read system/Flag.write",
        "system/*.*",
        "system/*.cruds",
        "system/Patient.* system/Flag.*",
        "openid system/*.* fhirUser",
    ],
)
def test_everything_may_be_granted_in_many_ways(granted):
    assert grant_of(ACCESS, granted.split()).is_whole


@pytest.mark.parametrize(
    ("granted", "unread", "unwritable"),
    [
        ("system/Patient.read", ("Flag",), ("Flag",)),
        ("system/Patient.read system/Flag.read", (), ("Flag",)),
        ("system/Flag.read system/Flag.write", ("Patient",), ()),
        ("system/Flag.crus system/Patient.r", ("Patient",), ()),
        ("system/Patient.rs system/Flag.rsc", ("Flag",), ("Flag",)),  # Letters out of order.
        ("system/Patient.rs system/Flag.crs", (), ("Flag",)),
        ("user/*.* system/Patient.read", ("Flag",), ("Flag",)),
        ("system/Patients.read system/Flag.crus", ("Patient",), ()),
    ],
)
def test_what_was_not_granted_is_named(granted, unread, unwritable):
    grant = grant_of(ACCESS, granted.split())

    assert (grant.unread, grant.unwritable) == (unread, unwritable)
    assert not grant.is_whole


def test_a_scope_for_some_of_a_type_is_told_apart_from_none():
    granted = ["system/Patient.rs?active=true", "system/Flag.crus"]

    grant = grant_of(ACCESS, granted)

    assert (grant.unread, grant.restricted) == ((), ("Patient",))
    assert not grant.is_whole


@pytest.mark.parametrize("granted", ["", "user_impersonation", "openid fhirUser", "system/x"])
def test_of_scopes_that_cannot_be_read_nothing_is_concluded(granted):
    grant = grant_of(ACCESS, granted.split())

    assert not grant.is_clear
    assert (grant.unread, grant.unwritable) == ((), ())


def test_wanted_scopes_are_found_among_the_listed_ones_in_either_syntax():
    wanted = ("system/Flag.crus", "system/Patient.read", "system/Task.read")

    assert among(wanted, ["system/*.rs", "system/Flag.write"]) == wanted
    assert among(wanted, ["system/Patient.rs", "launch"]) == ("system/Patient.read",)
    assert among(("openid",), ["openid"]) == ()


def test_a_message_needs_the_right_to_create_and_not_to_update():
    access = access_for([], creates=["Communication"])

    assert "system/Communication.c" in scopes_for(access, "v2")
    assert "system/Communication.write" in scopes_for(access, "v1")


@pytest.mark.parametrize(
    ("granted", "unwritable"),
    [("system/Communication.c", ()), ("system/Communication.rs", ("Communication",))],
)
def test_a_message_that_may_not_be_created_is_told(granted, unwritable):
    access = Access(frozenset(), frozenset(), frozenset({"Communication"}))

    assert grant_of(access, [granted]).unwritable == unwritable
