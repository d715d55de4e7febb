"""The one face of the EHR."""

from datetime import UTC, datetime

import pytest

from service.ehr.cohort.members import CohortMembers
from service.ehr.connection import EHRConnection
from service.screening.record import PatientRecord, ResourceRef
from service.screening.value_sets import DataRequirement, vocabulary_from
from tests.lib.wire import Chart, Wire, answer, resource

METADATA = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "rest": [{"resource": [{"type": "Patient", "interaction": [{"code": "search-type"}]}]}],
}
NEEDS = [DataRequirement("Patient")]


def build(patient_id, resources, medications, unread, read_at):
    return PatientRecord(ResourceRef("Patient", patient_id), unread=unread, read_at=read_at)


def connect(**options):
    def metadata(request):
        return answer(METADATA) if request.url.path.endswith("/metadata") else None

    wire = Wire(Chart(resource("Patient", "a"), answer_instead=metadata))
    options.setdefault("cohort_sources", [])
    return wire, EHRConnection(wire.client(), vocabulary_from([]), build, **options)


def test_the_server_is_asked_what_it_can_do_only_once():
    wire, ehr = connect()

    list(ehr.read_records(["a"], NEEDS))
    list(ehr.read_records(["a"], NEEDS))

    assert ehr.capability().can_search("Patient")
    assert wire.sent.count("GET /metadata") == 1


def test_records_are_read_with_what_the_server_offers():
    _, ehr = connect()

    (record,) = ehr.read_records(["a"], [*NEEDS, DataRequirement("Condition")])

    assert record.unread == {"Condition"}


def test_the_cohort_is_the_sum_of_its_sources():
    sources = [
        lambda client, vocabulary: CohortMembers(("b",), "code-search", True),
        lambda client, vocabulary: CohortMembers(("a", "b"), "group", True),
    ]

    _, ehr = connect(cohort_sources=sources)

    assert ehr.cohort().ids == ("a", "b")


def test_changes_are_asked_for():
    _, ehr = connect()

    assert ehr.changed_since(NEEDS, datetime(2026, 11, 22, tzinfo=UTC)).is_possible


def test_a_connection_without_a_writer_cannot_write():
    wire, ehr = connect()

    with pytest.raises(RuntimeError, match="shadow"):
        ehr.apply("a plan")
    with pytest.raises(RuntimeError, match="alerts"):
        ehr.read_alerts(["a"])

    assert wire.requests == []


def test_what_was_wired_is_called_with_client_and_capability():
    def called(client, capability, *given):
        return client, capability, given

    _, ehr = connect(read_alerts=called, apply=called)

    assert ehr.apply("plan") == (ehr.client, ehr.capability(), ("plan",))
    assert ehr.read_alerts(["a"]) == (ehr.client, ehr.capability(), (["a"],))
    ehr.close()
