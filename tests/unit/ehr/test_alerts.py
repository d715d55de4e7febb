"""Reading our alerts of many patients back over the wire."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from service.ehr.alert_state import Remembered
from service.ehr.alerts import AlertReader
from service.ehr.capability import capability_from
from service.ehr.delivery.flag_and_task import Delivery
from service.ehr.errors import EHRUnavailable
from service.screening.alert import AlertKind
from service.screening.record import ResourceRef
from tests.lib.alerts import AT, an_alert, key_of
from tests.lib.fake_fhir_server import FakeFHIRServer
from tests.lib.wire import Resource, Wire, answer, bundle, outcome, parameters_of, resource

PEOPLE = ["anna", "berta", "carla"]


def alert_of(name: str, flag_id: str) -> list[Resource]:
    patient = ResourceRef("Patient", name)
    alert = an_alert(patient=patient, key=key_of(patient, AlertKind.SCREENING, 1))
    flag = Delivery().new("Flag", alert, AT) | {"id": flag_id}
    return [flag, Delivery().new("Task", alert, AT, f"Flag/{flag_id}") | {"id": flag_id}]


def a_server(**quirks: Any) -> FakeFHIRServer:
    return FakeFHIRServer(*alert_of("anna", "1"), *alert_of("berta", "2"), **quirks)


def a_reader(server: FakeFHIRServer, wire: Wire, **options: Any) -> AlertReader:
    capability = capability_from(server.capability())
    return AlertReader(wire.client(), capability, snooze_months=12, **options)


def memory_of(*names: str) -> dict[str, dict[str, Remembered]]:
    known = Remembered(episode=1, flag_status="active", task_status="requested")
    return {
        name: {key_of(ResourceRef("Patient", name), AlertKind.SCREENING, 1): known}
        for name in names
    }


def test_the_alerts_of_a_batch_are_read_with_one_search_for_each_type() -> None:
    server = a_server()
    wire = Wire(server)
    read = a_reader(server, wire).read(PEOPLE)
    assert wire.sent == ["POST /Flag/_search", "POST /Task/_search"]
    assert [len(read.histories[name].posted) for name in PEOPLE] == [1, 1, 0]
    assert read.unreadable == frozenset()


def test_searches_ask_for_our_identifiers_only_and_keep_ids_out_of_urls() -> None:
    server = a_server()
    wire = Wire(server)
    a_reader(server, wire).read(PEOPLE)
    assert parameters_of(wire.requests[0]) == {
        "patient": "anna,berta,carla",
        "identifier": "https://boneflag.example/fhir/sid/alert|",
        "_count": "200",
    }
    assert "anna" not in str(wire.requests[0].url)


def test_a_server_without_post_searches_is_asked_by_get_from_then_on() -> None:
    server = a_server(takes_post=False)
    wire = Wire(server)
    read = a_reader(server, wire).read(PEOPLE)
    assert [line.split("?")[0] for line in wire.sent] == [
        "POST /Flag/_search",
        "GET /Flag",
        "GET /Task",
    ]
    assert len(read.histories["anna"].posted) == 1


def test_a_server_that_misreads_lists_is_found_out_by_what_the_ledger_remembers() -> None:
    server = a_server(takes_lists=False)
    read = a_reader(server, Wire(server)).read(PEOPLE, memory_of("anna", "berta"))
    assert [len(read.histories[name].posted) for name in PEOPLE] == [1, 1, 0]


def test_a_server_that_misreads_identifier_searches_is_found_out_too() -> None:
    server = a_server()

    def hide(request: httpx.Request) -> httpx.Response | None:
        return answer(bundle()) if "identifier" in parameters_of(request) else None

    server.before = hide
    read = a_reader(server, Wire(server)).read(PEOPLE, memory_of("anna"))
    assert len(read.histories["anna"].posted) == 1


def test_a_refused_search_makes_everybody_unreadable_and_is_not_repeated() -> None:
    server = a_server()
    server.before = lambda _: answer(outcome("error", "forbidden"), 403)
    wire = Wire(server)
    read = a_reader(server, wire).read(PEOPLE)
    assert read.unreadable == frozenset(PEOPLE)
    assert read.histories == {}
    assert len(wire.sent) == 2


def test_a_refused_type_is_enough_to_leave_a_person_alone() -> None:
    server = a_server()

    def refuse_tasks(request: httpx.Request) -> httpx.Response | None:
        return answer({}, 403) if "Task" in request.url.path else None

    server.before = refuse_tasks
    assert a_reader(server, Wire(server)).read(PEOPLE).unreadable == frozenset(PEOPLE)


def test_one_chart_that_breaks_a_batch_costs_only_itself() -> None:
    server = a_server()

    def break_on_carla(request: httpx.Request) -> httpx.Response | None:
        carla = "carla" in parameters_of(request).get("patient", "")
        return answer(outcome("error", "invalid"), 422) if carla else None

    server.before = break_on_carla
    read = a_reader(server, Wire(server)).read(PEOPLE)
    assert read.unreadable == frozenset({"carla"})
    assert len(read.histories["anna"].posted) == 1


def test_an_answer_that_holds_something_back_is_no_answer() -> None:
    server = a_server()

    def suppress(request: httpx.Request) -> httpx.Response | None:
        return answer(bundle(outcome("warning", "suppressed")))

    server.before = suppress
    assert a_reader(server, Wire(server)).read(["anna"]).unreadable == frozenset({"anna"})


def test_an_ehr_that_cannot_answer_now_makes_the_batch_come_again() -> None:
    server = a_server()
    server.before = lambda _: answer(outcome("error", "transient"), 503)
    with pytest.raises(EHRUnavailable):
        a_reader(server, Wire(server)).read(PEOPLE)


def test_resources_of_people_who_were_not_asked_for_are_dropped() -> None:
    server = a_server()
    read = a_reader(server, Wire(server)).read(["anna"])
    assert set(read.histories) == {"anna"}


def test_people_are_read_in_batches() -> None:
    server = a_server()
    wire = Wire(server)
    a_reader(server, wire, batch_size=2).read(PEOPLE)
    assert len(wire.sent) == 4


def with_conditions(server: FakeFHIRServer, takes: Any) -> Any:
    """The server, where everybody has a condition; `takes` gives the ids of a search it knows."""

    def handler(request: httpx.Request) -> httpx.Response:
        asked = parameters_of(request)["patient"].split(",")
        known = takes(asked)
        if "/Condition/" in request.url.path:
            return answer(bundle(*(resource("Condition", i, i) for i in known)))
        whole = quote(",".join(asked), safe=",").encode()
        alone = request.content.replace(whole, ",".join(known or ["nobody"]).encode())
        return server(httpx.Request(request.method, request.url, content=alone))

    return handler


def typed(asked: list[str]) -> list[str]:
    return [i.removeprefix("Patient/") for i in asked if i.startswith("Patient/")]


def reading_conditions(server: FakeFHIRServer, wire: Wire, **options: Any) -> AlertReader:
    statement = server.capability()
    listed = {"type": "Condition", "interaction": [{"code": "search-type"}]}
    statement["rest"][0]["resource"].append(listed)
    capability = capability_from(statement)
    return AlertReader(wire.client(), capability, snooze_months=12, **options)


@pytest.mark.parametrize("batch_size", [1, 60])
@pytest.mark.parametrize("takes", [typed, lambda asked: asked[:1]], ids=["typed", "first only"])
def test_alerts_are_read_from_a_server_that_takes_ids_in_its_own_way(takes, batch_size) -> None:
    server = a_server()
    wire = Wire(with_conditions(server, takes))
    reader = reading_conditions(server, wire, batch_size=batch_size)
    read = reader.read(["carla", "berta", "anna"])
    assert [len(read.histories[name].posted) for name in PEOPLE] == [1, 1, 0]


def test_how_ids_are_taken_is_learned_with_one_request_once() -> None:
    server = a_server()
    wire = Wire(with_conditions(server, lambda asked: asked))
    reader = reading_conditions(server, wire)
    reader.read(PEOPLE)
    reader.read(PEOPLE)
    assert len(wire.sent) == 1 + 2 + 2


def test_an_outage_while_ids_are_learned_leaves_their_form_as_it_was() -> None:
    server = a_server()
    is_typed = "Patient/"
    wire = Wire(
        lambda r: answer(b"", 503) if is_typed in parameters_of(r)["patient"] else answer(bundle())
    )
    reader = reading_conditions(server, wire)
    with pytest.raises(EHRUnavailable):
        reader.read(PEOPLE)
    assert reader._client.patient_prefix == ""


def test_a_delivery_by_task_alone_reads_no_flags() -> None:
    server = a_server()
    wire = Wire(server)
    a_reader(server, wire, types=("Task",)).read(["anna"])
    assert wire.sent == ["POST /Task/_search"]


def test_a_server_that_only_knows_subjects_is_asked_by_subject() -> None:
    server = a_server()
    statement = server.capability()
    for listed in statement["rest"][0]["resource"]:
        listed["searchParam"] = [{"name": "subject"}]
    wire = Wire(server)
    reader = AlertReader(wire.client(), capability_from(statement), snooze_months=12)
    reader.read(["anna", "berta"])
    assert parameters_of(wire.requests[0]) == {
        "subject": "Patient/anna,Patient/berta",
        "_count": "200",
    }
