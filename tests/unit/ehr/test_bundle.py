"""Reading what a server answers."""

from datetime import UTC, datetime

import pytest

from service.ehr.bundle import (
    http_date,
    instant,
    read_page,
    read_stored,
    read_transaction_response,
    withholds,
)
from service.ehr.errors import EHRMisunderstood, Issue
from service.screening.record import ResourceRef
from tests.lib.wire import bundle, outcome, resource


def page_of(body, asked="Condition", date=None):
    return read_page(body, b"", asked, date)


def test_matches_included_and_outcomes_are_told_apart_by_mode():
    body = bundle(resource("Condition", "c"), outcome("warning", "informational"))
    body["entry"].append({"resource": resource("Patient", "p"), "search": {"mode": "include"}})

    page = page_of(body)

    assert [r["id"] for r in page.matches] == ["c"]
    assert [r["id"] for r in page.included] == ["p"]
    assert page.issues == (Issue("warning", "informational"),)


def test_without_a_mode_the_type_decides():
    body = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": resource("Condition", "c")},
            {"resource": resource("Patient", "p")},
            {"resource": outcome("error", "timeout")},
        ],
    }

    page = page_of(body)

    assert [r["id"] for r in page.matches] == ["c"]
    assert [r["id"] for r in page.included] == ["p"]
    assert page.issues == (Issue("error", "timeout"),)


def test_a_broken_entry_costs_only_itself():
    body = bundle(resource("Condition", "c"))
    body["entry"] += [None, {}, {"resource": "text"}]

    assert len(page_of(body).matches) == 1


@pytest.mark.parametrize("body", [None, [], {"resourceType": "Patient"}, outcome("error", "x")])
def test_something_else_than_a_bundle_is_never_an_empty_answer(body):
    with pytest.raises(EHRMisunderstood):
        page_of(body)


def test_the_bundle_shows_the_servers_clock_before_the_header_does():
    body = bundle(meta={"lastUpdated": "2026-11-22T10:00:00Z"})

    page = page_of(body, date="Sun, 22 Nov 2026 11:00:00 GMT")

    assert page.server_time == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_the_date_header_is_the_servers_clock_where_the_bundle_has_none():
    page = page_of(bundle(), date="Sun, 22 Nov 2026 11:00:00 GMT")

    assert page.server_time == datetime(2026, 11, 22, 11, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, 3, "yesterday", "2026-11-22T10:00:00"])
def test_an_instant_without_a_zone_or_sense_is_none(value):
    assert instant(value) is None


@pytest.mark.parametrize("value", [None, "", "tomorrow"])
def test_a_broken_http_date_is_none(value):
    assert http_date(value) is None


def test_an_http_date_with_an_unknown_zone_is_taken_as_utc():
    assert http_date("Sun, 22 Nov 2026 11:00:00 -0000") == datetime(2026, 11, 22, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    "issue",
    [Issue("error", ""), Issue("fatal", ""), Issue("information", "suppressed"),
     Issue("warning", "incomplete"), Issue("warning", "too-costly")],
)  # fmt: skip
def test_an_issue_that_holds_something_back_is_recognised(issue):
    assert withholds(issue)


@pytest.mark.parametrize(
    "issue", [Issue("warning", "informational"), Issue("warning", "x", "4119")]
)
def test_an_ordinary_warning_holds_nothing_back(issue):
    assert not withholds(issue)


def test_the_version_comes_from_the_etag_before_the_body():
    body = resource("Flag", "1", meta={"versionId": "2"})

    stored = read_stored(body, etag='W/"3"', location=None, is_new=False, date_header=None)

    assert stored.version == "3"


def test_the_version_comes_from_the_body_where_no_etag_is_sent():
    body = resource("Flag", "1", meta={"versionId": "2"})

    stored = read_stored(body, etag=None, location=None, is_new=False, date_header=None)

    assert stored.version == "2"


@pytest.mark.parametrize(
    "location",
    [
        "https://ehr.example.org/fhir/Flag/7/_history/2",
        "Flag/7/_history/2",
        "/fhir/Flag/7/_history/2",
    ],
)
def test_a_location_tells_id_and_version_of_an_answer_without_body(location):
    stored = read_stored(None, etag=None, location=location, is_new=True, date_header=None)

    assert (stored.ref, stored.version) == (ResourceRef("Flag", "7"), "2")


def test_an_outcome_as_the_body_of_a_write_is_not_the_resource():
    body = outcome("information", "informational")

    stored = read_stored(body, etag=None, location="Flag/7", is_new=True, date_header=None)

    assert (stored.resource, stored.ref) == (None, ResourceRef("Flag", "7"))


def test_an_answer_that_names_no_resource_has_no_reference():
    stored = read_stored(None, etag=None, location="nowhere", is_new=True, date_header=None)

    assert (stored.ref, stored.version) == (None, None)


def test_a_transaction_response_keeps_the_order_of_its_entries():
    body = {
        "resourceType": "Bundle",
        "entry": [
            {"response": {"status": "201 Created", "location": "Flag/1/_history/1"}},
            {"response": {"status": "200", "location": "Task/2/_history/4", "etag": 'W/"4"'}},
        ],
    }

    flag, task = read_transaction_response(body)

    assert (flag.ref, flag.version, flag.is_new) == (ResourceRef("Flag", "1"), "1", True)
    assert (task.ref, task.version, task.is_new) == (ResourceRef("Task", "2"), "4", False)


def test_a_transaction_that_was_carried_out_in_part_is_not_taken_for_done():
    body = {
        "resourceType": "Bundle",
        "entry": [{"response": {"status": "201"}}, {"response": {"status": "422"}}],
    }

    with pytest.raises(EHRMisunderstood):
        read_transaction_response(body)


def test_a_transaction_answered_with_something_else_is_misunderstood():
    with pytest.raises(EHRMisunderstood):
        read_transaction_response({"resourceType": "OperationOutcome"})
