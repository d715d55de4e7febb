"""The one face of the EHR."""

from datetime import UTC, datetime

import pytest

from service.ehr.cohort.members import CohortMembers
from service.ehr.cohort.source import CohortSource
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRNotAsked
from service.ehr.options import RetryOptions
from service.ehr.pace import Pace
from service.ehr.politeness import Politeness
from service.ehr.strategy import Wishes, choose
from service.ehr.turns import Breaker, LocalTurns
from service.screening.record import PatientRecord, ResourceRef
from service.screening.value_sets import DataRequirement, vocabulary_from
from tests.lib.login_server import CLIENT_ID, KEY, LoginServer
from tests.lib.wire import Chart, Wire, answer, bundle, resource

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


def test_a_product_that_wants_our_client_id_in_a_header_gets_it_from_then_on():
    seen = []

    def note(request):
        seen.append((request.url.path, request.headers.get("Epic-Client-ID")))
        metadata = {**METADATA, "software": {"name": "Epic"}}
        return answer(metadata if request.url.path.endswith("/metadata") else bundle())

    server = LoginServer([KEY])
    server.instead_of_chart = note
    client = server.client(server.auth(KEY))
    ehr = EHRConnection(client, vocabulary_from([]), build, cohort_sources=[])

    list(ehr.read_records(["a"], NEEDS))

    ids = dict(seen)
    assert ids.pop("/fhir/metadata") is None
    assert set(ids.values()) == {CLIENT_ID}


def test_without_a_strategy_a_piece_of_work_holds_a_batch():
    _, ehr = connect(batch_size=7)

    assert ehr.most_at_a_time() == 7


@pytest.mark.parametrize(("reading", "people"), [("per-patient", 15), ("batched", 60)])
def test_people_who_are_read_one_at_a_time_come_in_smaller_pieces(reading, people):
    def choose_reading(capability, vendor):
        wishes = Wishes(lambda _: (), lambda _: 0, reading=reading)
        return choose(capability, vendor, NEEDS, vocabulary_from([]), wishes)

    _, ehr = connect(choose=choose_reading)

    assert ehr.most_at_a_time() == people


def test_an_ehr_that_is_away_is_not_asked_how_many_people_it_takes():
    wire = Wire(lambda _: answer({}, 503))
    ehr = EHRConnection(
        wire.client(), vocabulary_from([]), build, cohort_sources=[], choose=lambda *_: None
    )

    assert ehr.most_at_a_time() == 60


def test_the_cohort_is_the_sum_of_its_sources():
    sources = [
        CohortSource("code-search", lambda _: CohortMembers(("b",), "code-search", True)),
        CohortSource("group", lambda _: CohortMembers(("a", "b"), "group", True)),
    ]

    _, ehr = connect(cohort_sources=sources)

    assert ehr.cohort().ids == ("a", "b")


def test_changes_are_asked_for():
    _, ehr = connect()

    assert ehr.changed_since(NEEDS, datetime(2026, 11, 22, tzinfo=UTC)).is_possible


def test_a_connection_that_was_given_nothing_neither_reads_alerts_nor_writes_them():
    wire, ehr = connect()

    with pytest.raises(RuntimeError, match="shadow"):
        ehr.apply("a plan")
    with pytest.raises(RuntimeError, match="without a reader"):
        ehr.read_alerts(["a"])

    assert wire.requests == []


class Channel:
    """Says what it was asked."""

    def read(self, ids, remembered=None):
        return "read", ids

    def apply(self, plan, remembered):
        return "applied", plan

    def retire(self, spare):
        return "retired", spare


def test_a_channel_reads_and_writes_and_is_opened_once():
    opened = []

    def open_channel(ehr):
        opened.append(ehr)
        return Channel()

    _, ehr = connect(open_reading=open_channel, open_writing=open_channel)

    for _ in range(2):
        assert ehr.apply("plan") == ("applied", "plan")
        assert ehr.retire(["spare"]) == ("retired", ["spare"])
        assert ehr.read_alerts(["a"]) == ("read", ["a"])
    assert opened == [ehr, ehr]
    ehr.close()


# Whether work should be begun


def polite_connection(*answers):
    turns = LocalTurns(Breaker(failures=1, first_seconds=30), tick=lambda: clock[0])
    clock = [100.0]
    wire = Wire([*answers])
    politeness = Politeness(turns, Pace(10.0, 0, None, UTC))
    client = wire.client(politeness=politeness, retries=RetryOptions(attempts=1))
    ehr = EHRConnection(client, vocabulary_from([]), build, cohort_sources=[])
    politeness.answered(503, None)
    return wire, ehr, clock


def test_a_server_that_failed_is_not_asked_before_its_time():
    wire, ehr, _ = polite_connection()

    with pytest.raises(EHRNotAsked, match="left alone"):
        ehr.require_way()

    assert wire.sent == []


def test_then_one_light_request_finds_out_that_it_is_back():
    wire, ehr, clock = polite_connection(answer(METADATA))
    clock[0] += 31

    assert ehr.standstill() is None
    assert wire.sent == ["GET /metadata"]


def test_or_that_it_is_not():
    _, ehr, clock = polite_connection(answer({}, 503))
    clock[0] += 31

    assert ehr.standstill().seconds == pytest.approx(60)


def test_without_limits_work_may_always_begin():
    assert connect()[1].standstill() is None
