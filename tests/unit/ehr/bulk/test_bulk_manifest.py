"""The list of an export's files."""

from datetime import UTC, datetime

import pytest

from service.ehr.bulk.manifest import manifest_from
from service.ehr.errors import EHRMisunderstood

ASKED = datetime(2026, 11, 22, 2, tzinfo=UTC)
STATUS = "https://ehr.example.org/fhir/status/1"


def read(**elements):
    return manifest_from({"output": [], **elements}, STATUS, ASKED)


def test_a_file_has_its_type_its_address_and_its_count():
    (file,) = read(output=[{"type": "Patient", "url": "https://x.org/p", "count": 3}]).output
    assert (file.type, file.url, file.count) == ("Patient", "https://x.org/p", 3)


def test_a_relative_address_is_taken_from_that_of_the_status():
    (file,) = read(output=[{"type": "Patient", "url": "files/p"}]).output
    assert file.url == "https://ehr.example.org/fhir/status/files/p"


@pytest.mark.parametrize("count", [-1, "3", None, 2.5])
def test_a_count_that_makes_no_sense_is_no_count(count):
    (file,) = read(output=[{"type": "Patient", "url": "p", "count": count}]).output
    assert file.count is None


@pytest.mark.parametrize("name", ["error", "outcome"])
def test_problems_are_read_under_both_names(name):
    assert len(read(**{name: [{"type": "OperationOutcome", "url": "e"}]}).problems) == 1


@pytest.mark.parametrize(
    ("said", "needs"), [(True, True), (False, False), (None, True), ("no", True)]
)
def test_only_a_clear_no_keeps_the_token_back(said, needs):
    assert read(requiresAccessToken=said).needs_token is needs


def test_without_a_time_nothing_is_newer_than_the_kick_off():
    assert read().transaction_time == ASKED


def test_a_manifest_without_a_list_of_files_is_none():
    with pytest.raises(EHRMisunderstood):
        manifest_from({"transactionTime": "2026"}, STATUS, ASKED)


def test_a_file_without_an_address_is_not_passed_over():
    with pytest.raises(EHRMisunderstood):
        read(output=[{"type": "Patient"}])


def test_a_manifest_in_parts_is_not_taken_for_a_whole_one():
    with pytest.raises(EHRMisunderstood):
        read(link=[{"relation": "next", "url": "https://x.org/2"}])


def test_the_addresses_of_files_are_in_no_repr():
    assert "secret" not in repr(read(output=[{"type": "Patient", "url": "https://x/secret"}]))
