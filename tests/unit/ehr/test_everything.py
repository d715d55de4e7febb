"""Whole charts in one request, believed only where nothing speaks against it."""

import pytest

from service.ehr.capability import capability_from
from service.ehr.errors import EHRUnavailable
from service.ehr.manners import Manners
from service.ehr.reader import RecordReader
from service.screening.record import PatientRecord, ResourceRef
from service.screening.value_sets import DataRequirement, vocabulary_from
from tests.lib.wire import BASE, Chart, Wire, answer, bundle, outcome, parameters_of, resource

TYPES = ("Patient", "Condition", "MedicationRequest")
NEEDS = [DataRequirement(type_) for type_ in TYPES]
NEVER = Manners(never_retry_codes=frozenset({"4130"}))


def capability(*types, can_search=True):
    interactions = [{"code": "search-type"}] if can_search else [{"code": "read"}]
    listed = [{"type": t, "interaction": interactions} for t in types]
    return capability_from({"fhirVersion": "4.0.1", "rest": [{"resource": listed}]})


def chart_of(id_):
    return [resource("Patient", id_), resource("Condition", f"c-{id_}", id_)]


def read(everything, ids, *, types=TYPES, can_search=True, manners=NEVER):
    """What was given for each patient, the reasons, and the paths asked for."""
    chart = Chart(*(r for id_ in ids for r in chart_of(id_)))

    def handler(request):
        if "$everything" in request.url.path:
            return everything(request.url.path.split("/")[-2], request)
        if "page=" in str(request.url):
            return everything("page", request)
        return chart(request)

    wire, given = Wire(handler), {}

    def build(patient_id, resources, medications, unread, read_at):
        given[patient_id] = (resources, medications)
        return PatientRecord(ResourceRef("Patient", patient_id), unread=unread)

    reader = RecordReader(
        wire.client(),
        capability(*types, can_search=can_search),
        vocabulary_from([]),
        manners=manners,
        uses_everything=True,
    )
    records = list(reader.read_records(ids, NEEDS, build))
    return wire, records, given, reader


def whole(id_, _request):
    return answer(bundle(*chart_of(id_)))


def test_a_chart_costs_one_request():
    wire, records, given, _ = read(whole, ["a", "b"])

    assert sorted(wire.sent) == ["GET /Patient/a/$everything", "GET /Patient/b/$everything"]
    assert [r["id"] for r in given["a"][0]["Condition"]] == ["c-a"]
    assert [r.unread for r in records] == [frozenset(), frozenset()]


def test_only_the_needed_types_are_asked_for_and_kept():
    def too_much(id_, _request):
        return answer(bundle(*chart_of(id_), resource("Encounter", "e", id_)))

    wire, _, given, _ = read(too_much, ["a"])

    asked = set(parameters_of(wire.requests[0])["_type"].split(","))
    assert asked == {*TYPES, "Medication", "Device"}
    assert "Encounter" not in given["a"][0]


def test_what_is_of_another_patient_reaches_nobody():
    def mixed(id_, _request):
        return answer(bundle(*chart_of(id_), resource("Condition", "x", "stranger")))

    _, _, given, _ = read(mixed, ["a"])

    assert [r["id"] for r in given["a"][0]["Condition"]] == ["c-a"]


def test_all_pages_are_followed():
    def in_pages(id_, _request):
        if id_ == "page":
            return answer(bundle(resource("Condition", "second", "a")))
        return answer(bundle(*chart_of(id_), next_url=f"{BASE}?page=2"))

    _, _, given, _ = read(in_pages, ["a"])

    assert [r["id"] for r in given["a"][0]["Condition"]] == ["c-a", "second"]


def test_drugs_that_come_along_are_not_fetched():
    order = resource(
        "MedicationRequest", "1", "a", medicationReference={"reference": "Medication/m"}
    )
    drug = resource("Medication", "m")

    wire, _, given, _ = read(lambda *_: answer(bundle(*chart_of("a"), order, drug)), ["a"])

    assert given["a"][1] == {"Medication/m": drug}
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "answered",
    [
        pytest.param(lambda: answer(b"", 500), id="a fault"),
        pytest.param(lambda: answer(outcome("error", "x"), 400), id="not taken"),
        pytest.param(lambda: answer(bundle(resource("Condition", "1", "a"))), id="no Patient"),
        pytest.param(
            lambda: answer(bundle(*chart_of("a")[:1], outcome("warning", "incomplete"))),
            id="says that it is incomplete",
        ),
        pytest.param(
            lambda: answer(bundle(*chart_of("a")[:1], next_url="https://x.example/2")),
            id="cut short",
        ),
    ],
)
def test_a_chart_that_did_not_come_in_full_is_searched_for_type_by_type(answered):
    _, records, given, _ = read(lambda *_: answered(), ["a"])

    assert [r["id"] for r in given["a"][0]["Condition"]] == ["c-a"]
    assert records[0].unread == frozenset()


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(lambda: answer(outcome("error", "forbidden"), 403), id="refused"),
        pytest.param(lambda: answer(outcome("fatal", "processing", "4130"), 400), id="denied"),
        pytest.param(
            lambda: answer(bundle(*chart_of("b"), outcome("warning", "processing", "4130"))),
            id="denied in the answer",
        ),
    ],
)
def test_a_refused_chart_is_unread_and_not_searched_for(refused):
    def one_refused(id_, request):
        return refused() if id_ == "b" else whole(id_, request)

    wire, records, _, reader = read(one_refused, ["a", "b"])

    assert records[1].unread == set(TYPES)
    assert records[1].withheld == set(TYPES)
    assert set(reader.why_unread("b").values()) == {"refused"}
    assert len(wire.requests) == 2


def test_when_the_first_charts_do_not_come_it_is_given_up():
    ids = [f"p{n}" for n in range(20)]

    wire, _, given, _ = read(lambda *_: answer(outcome("error", "x"), 404), ids)

    assert sum("$everything" in sent for sent in wire.sent) == 5
    assert len(given) == 20


def test_an_unavailable_server_stops_the_batch():
    with pytest.raises(EHRUnavailable):
        read(lambda *_: answer(b"", 503), ["a"])


def test_types_need_not_be_searchable_but_a_type_that_is_not_there_is_unread():
    _, records, given, reader = read(whole, ["a"], types=TYPES[:2], can_search=False)

    assert [r["id"] for r in given["a"][0]["Condition"]] == ["c-a"]
    assert records[0].unread == {"MedicationRequest"}
    assert reader.why_unread("a") == {"MedicationRequest": "not in the capability statement"}
