"""The client and the reader against a real FHIR server, over real HTTP: the demo EHR."""

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from service.ehr.capability import read_capability
from service.ehr.changes import changed_since
from service.ehr.client import FHIRClient
from service.ehr.cohort.code_search import members_by_code
from service.ehr.cohort.group import members_of_group
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRConflict, EHRNotFound, EHRUnavailable
from service.ehr.manners import ANY_TYPE, Manners
from service.ehr.options import RetryOptions
from service.ehr.parse import RecordParser
from service.ehr.patient_search import PatientSearch
from service.ehr.reader import RecordReader
from service.ehr.search import query_string
from service.ehr.type_search import TypeSearch
from service.screening.protocol import packaged_protocol
from service.screening.record import PatientRecord, ResourceRef
from service.screening.value_sets import DataRequirement, packaged_vocabulary

pytest.importorskip("sekmet", reason="the demo EHR is an optional extra")

from service.demo_ehr.people import make_people
from service.demo_ehr.server import DemoEHR

pytestmark = pytest.mark.heavy  # Every way of reading, on a whole server.

ON = date(2026, 11, 22)
VOCABULARY = packaged_vocabulary()
OBSERVED = ("edss", "bmi", "dxa-central", "vitamin-d-25oh")
TYPES = (
    "Patient",
    "Condition",
    "MedicationRequest",
    "Procedure",
    "DiagnosticReport",
    "ServiceRequest",
)
NEEDS = [
    *(DataRequirement(type_) for type_ in TYPES),
    *(DataRequirement("Observation", (value_set,)) for value_set in OBSERVED),
]
ONCE = RetryOptions(attempts=1)


@pytest.fixture(scope="module")
def people():
    return make_people(ON, count=60)


@pytest.fixture(scope="module")
def server(people):
    with DemoEHR(checks_resources=False) as server:
        server.load(resource for person in people for resource in person.resources)
        yield server


@pytest.fixture
def client(server):
    with FHIRClient(server.base_url, retries=ONCE) as client:
        yield client


class Charts:
    """What the reader gave for each patient, as it was given."""

    def __init__(self):
        self.given = {}

    def __call__(self, patient_id, resources, medications, unread, read_at):
        self.given[patient_id] = (resources, medications)
        return PatientRecord(ResourceRef("Patient", patient_id), unread=unread)


def read_all(client, people, **options):
    charts = Charts()
    ehr = EHRConnection(client, VOCABULARY, charts, cohort_sources=[], **options)
    records = list(ehr.read_records([person.id for person in people], NEEDS))
    return charts.given, records


def needed(person):
    """The references of everything in a chart that the criteria of this file need."""
    codes = set(VOCABULARY.search_codes(OBSERVED))
    found = set()
    for resource in person.resources:
        own = {coding.get("code") for coding in resource.get("code", {}).get("coding", ())}
        is_observed = resource["resourceType"] == "Observation" and own & codes
        if resource["resourceType"] in TYPES or is_observed:
            found.add(f"{resource['resourceType']}/{resource['id']}")
    return found


@pytest.mark.parametrize("prefer_post", [True, False])
def test_every_needed_resource_of_every_chart_is_read(client, people, prefer_post):
    given, records = read_all(client, people, prefer_post=prefer_post)

    read = {
        patient_id: {f"{r['resourceType']}/{r['id']}" for rs in resources.values() for r in rs}
        for patient_id, (resources, _) in given.items()
    }
    assert read == {person.id: needed(person) for person in people}
    assert not any(record.unread for record in records)


def test_every_medication_that_is_referred_to_is_found(client, people):
    given, _ = read_all(client, people)

    for resources, medications in given.values():
        for order in resources["MedicationRequest"]:
            reference = order.get("medicationReference", {}).get("reference", "#")
            assert reference.startswith("#") or reference in medications


def test_a_batch_costs_one_search_for_each_type_once_the_server_is_known(client, people):
    ehr = EHRConnection(client, VOCABULARY, Charts(), cohort_sources=[], batch_size=30)
    list(ehr.read_records([person.id for person in people], NEEDS))
    before = client.request_counts["searches"]

    list(ehr.read_records([person.id for person in people], NEEDS))

    searches = client.request_counts["searches"] - before
    medication_searches = 2
    assert searches <= 2 * (len(TYPES) + 1) + medication_searches


def test_a_patient_whom_nobody_knows_gets_a_record_with_patient_unread(client):
    ehr = EHRConnection(client, VOCABULARY, Charts(), cohort_sources=[])

    (record,) = ehr.read_records(["nobody-here"], NEEDS)

    assert record.unread == {"Patient"}


def test_everybody_with_a_code_of_ms_is_found(client, people):
    with_ms = {
        person.id
        for person in people
        for resource in person.resources
        if resource["resourceType"] == "Condition"
        and any(
            "multiple-sclerosis" in VOCABULARY.concepts_of(coding.get("system", ""), coding["code"])
            for coding in resource.get("code", {}).get("coding", ())
        )
    }

    members = members_by_code(client, VOCABULARY)

    assert with_ms
    assert set(members.ids) == with_ms
    assert members.is_complete


def test_the_same_cohort_comes_over_many_small_pages(client):
    assert members_by_code(client, VOCABULARY, page_size=7) == members_by_code(client, VOCABULARY)


def test_the_active_members_of_a_group_are_the_cohort(client, people):
    first, second, third = people[:3]
    members = [
        {"entity": {"reference": f"Patient/{first.id}"}},
        {"entity": {"reference": f"Patient/{second.id}"}},
        {"entity": {"reference": f"Patient/{third.id}"}, "inactive": True},
    ]
    group = {
        "resourceType": "Group",
        "id": "ms-registry",
        "type": "person",
        "actual": True,
        "member": members,
    }
    client.update(group)

    assert set(members_of_group(client, "ms-registry").ids) == {first.id, second.id}


def test_only_those_with_something_new_are_named(client, people):
    ehr = EHRConnection(client, VOCABULARY, Charts(), cohort_sources=[])
    everybody = ehr.changed_since(NEEDS, datetime.now(UTC) - timedelta(hours=1))
    # Watermarks are asked for by the second, and the people may have been loaded in this one.
    time.sleep(1.1)
    since = datetime.now(UTC)
    condition = next(r for r in people[5].resources if r["resourceType"] == "Condition")
    client.update(condition)

    changes = changed_since(
        client, ehr.capability(), VOCABULARY, NEEDS, since, overlap=timedelta(0)
    )

    assert len(everybody.patient_ids) == len(people)
    assert changes.patient_ids == {people[5].id}
    assert changes.is_possible
    assert abs(changes.watermark - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_stale_version_is_a_conflict(client, people):
    flag = client.create(_flag(people[0].id, "stale"))
    client.update(flag.resource, if_match=flag.version)

    with pytest.raises(EHRConflict):
        client.update(flag.resource, if_match=flag.version)


def test_a_conditional_create_finds_what_is_there(client, people):
    condition = query_string({"identifier": "https://example.org/sid|twice"})
    first = client.create(_flag(people[0].id, "twice"), if_none_exist=condition)

    second = client.create(_flag(people[0].id, "twice"), if_none_exist=condition)

    assert (first.is_new, second.is_new) == (True, False)
    assert first.ref == second.ref


def test_a_transaction_answers_with_each_reference(client, people):
    entry = {
        "fullUrl": "urn:uuid:6f1c2b1e-3a54-4c5b-9b1c-0d6f0c9e7a11",
        "resource": _flag(people[0].id, "transaction"),
        "request": {"method": "POST", "url": "Flag"},
    }

    (flag,) = client.transaction(
        {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    )

    assert flag.ref is not None
    assert client.read("Flag", flag.ref.id).version == flag.version


def test_what_is_not_there_is_not_found(client):
    with pytest.raises(EHRNotFound):
        client.read("Flag", "nothing-here")


def test_a_server_that_went_down_is_unavailable_and_one_that_came_back_is_read_on(server, client):
    client.get_json("metadata")
    server.kill()

    with pytest.raises(EHRUnavailable):
        client.read("Flag", "nothing-here")

    server.restart()
    assert members_by_code(client, VOCABULARY).ids


def _flag(patient_id, key):
    return {
        "resourceType": "Flag",
        "identifier": [{"system": "https://example.org/sid", "value": key}],
        "status": "active",
        "code": {"text": "a flag"},
        "subject": {"reference": f"Patient/{patient_id}"},
    }


# The ways of reading


ALL_NEEDS = packaged_protocol(VOCABULARY).needs


def records_read(client, people, *, batch_size=60, **options):
    """Records as the line gets them, without the moment of reading, and the requests they took."""
    capability = read_capability(client)
    reader = RecordReader(client, capability, VOCABULARY, batch_size=batch_size, **options)
    before = sum(client.request_counts.values())
    build = RecordParser(VOCABULARY).record
    records = [
        replace(record, read_at=None)
        for record in reader.read_records([person.id for person in people], ALL_NEEDS, build)
    ]
    return records, sum(client.request_counts.values()) - before


@pytest.mark.parametrize(
    "options",
    [
        {"manners": Manners(one_at_a_time=True)},
        {"manners": Manners(uses_elements=True)},
        {"uses_everything": True},
        {"manners": Manners(page_caps={ANY_TYPE: 7})},
    ],
    ids=["one at a time", "the least elements", "$everything", "small pages"],
)
def test_every_way_of_reading_gives_the_same_records(client, people, options):
    batched, _ = records_read(client, people)

    found, _ = records_read(client, people, **options)

    assert found == batched


def test_one_at_a_time_costs_no_more_than_the_needed_types_and_one(client, people):
    _, requests = records_read(client, people, manners=Manners(one_at_a_time=True))

    assert requests / len(people) <= len({need.type for need in ALL_NEEDS}) + 1


def test_a_chart_in_one_piece_costs_one_request(client, people):
    _, requests = records_read(client, people, uses_everything=True)

    assert requests == len(people)


def test_names_stay_in_the_ehr_once_it_has_shown_that_it_keeps_to_the_least_elements(server):
    with FHIRClient(server.base_url) as client:
        searching = PatientSearch(client, manners=Manners(uses_elements=True))
        ids = [person.id for person in make_people(ON, count=60)]
        first, *_, last = (searching.find(TypeSearch("Patient"), ids) for _ in range(3))

    assert all("name" in patient for patient in first.resources.values())
    assert len(last.resources) == len(ids)
    assert not any("name" in patient for patient in last.resources.values())
