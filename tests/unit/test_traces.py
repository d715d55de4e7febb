"""What a trace holds of a request, a task and a question to the EHR, and what it never holds."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pytest
from celery import Celery

from service.ehr.client import FHIRClient
from service.ehr.errors import EHRRefused
from service.queue import Queue
from service.settings import Settings, SettingsInvalid
from service.traces import ALLOWED_ATTRIBUTES, carry, span, stop_traces
from service.web.app import make_app
from service.wiring.tracing import start_traces_for
from tests.lib.card_world import SERVICE, card_world, prefetch, view
from tests.lib.patients import edss, ms, woman
from tests.lib.traces import everything_in, traced
from tests.lib.wire import BASE, answer
from tests.lib.wire_server import wire_server
from workers.traced import TracedTask

ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))


def client(answering) -> FHIRClient:
    return FHIRClient(BASE, transport=httpx.MockTransport(answering))


def test_a_question_to_the_ehr_tells_method_type_and_status_alone():
    with traced() as kept, client(lambda _: answer({"resourceType": "Patient"})) as ehr:
        ehr.read("Patient", "anna-secret")
    (asked,) = kept.get_finished_spans()
    assert asked.name == "EHR GET Patient"
    assert dict(asked.attributes) == {
        "http.request.method": "GET",
        "boneflag.ehr.kind": "reads",
        "boneflag.ehr.resource_type": "Patient",
        "http.response.status_code": 200,
    }
    assert "anna-secret" not in everything_in(kept)


def test_an_address_that_names_no_type_tells_none():
    with traced() as kept, client(lambda _: answer({})) as ehr:
        ehr.get_json("opaqueSecretToken/7")
    assert kept.get_finished_spans()[0].name == "EHR GET"
    assert "opaqueSecretToken" not in everything_in(kept)


def test_what_the_ehr_says_when_it_refuses_is_not_told():
    said = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "no anna-secret here"}]}
    with (
        traced() as kept,
        client(lambda _: answer(said, 403)) as ehr,
        pytest.raises(EHRRefused),
    ):
        ehr.read("Patient", "anna-secret")
    assert kept.get_finished_spans()[0].attributes["http.response.status_code"] == 403
    assert "anna-secret" not in everything_in(kept)


def test_an_exception_leaves_its_name_and_not_its_text():
    with (
        traced() as kept,
        pytest.raises(ValueError, match="anna-secret"),
        span("x", "client", {}),
    ):
        raise ValueError("anna-secret")
    (failed,) = kept.get_finished_spans()
    assert dict(failed.attributes) == {"error.type": "ValueError"}
    assert "anna-secret" not in everything_in(kept)


def test_an_attribute_that_is_not_on_the_list_is_dropped():
    with traced() as kept, span("x", "client", {"patient": "anna-secret"}) as tell:
        tell("", {"url.full": "anna-secret", "http.route": "/"})
    assert dict(kept.get_finished_spans()[0].attributes) == {"http.route": "/"}


def test_a_card_is_traced_by_the_pattern_of_its_address(tmp_path):
    with card_world(tmp_path) as world, traced() as kept:
        world.web = make_app(None, None, world.web.routes)
        world.judge(*ANNA, patient="anna-secret")
        key = world.ledger.cohort.keys_of(["anna-secret"])["anna-secret"]
        world.cards(view("anna-secret", prefetch=prefetch(*ANNA)))
        world.ask("GET", f"/patients/{key}?q=anna-secret")
        world.ask("SECRET", f"/cds-services/{SERVICE}")
    names = [found.name for found in kept.get_finished_spans()]
    assert names == [
        "POST /cds-services/{id}",
        "GET no such page",
        "OTHER /cds-services/{id}",
    ]
    told = everything_in(kept)
    assert [word for word in ("anna-secret", key, "EDSS", "neuro", "SECRET") if word in told] == []
    attributes = {name for found in kept.get_finished_spans() for name in found.attributes}
    assert attributes <= ALLOWED_ATTRIBUTES


class Outbox:
    def __init__(self) -> None:
        self.options: dict[str, object] = {}

    def send_task(self, name, args=(), **options):
        self.options = options


def test_a_task_goes_on_with_the_trace_of_who_sent_it():
    outbox = Outbox()
    app = Celery("test", task_cls=TracedTask, set_as_current=False)
    app.conf.task_always_eager = True

    @app.task(name="boneflag.traced", shared=False)
    def ran(key: str) -> None:
        assert key

    with traced() as kept:
        with span("GET /", "server", {}):
            Queue(outbox).poll()
        ran.apply(args=["key-secret"], headers=outbox.options["headers"])
    asked, task = kept.get_finished_spans()
    assert (task.name, task.parent.span_id) == (ran.name, asked.context.span_id)
    assert "key-secret" not in everything_in(kept)


def test_without_traces_a_message_carries_nothing():
    outbox = Outbox()
    Queue(outbox).poll()
    assert "headers" not in outbox.options
    assert carry() == {}


def test_who_calls_from_outside_names_no_trace(tmp_path):
    theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with card_world(tmp_path) as world, traced() as kept:
        world.web = make_app(None, None, world.web.routes)
        world.ask("GET", "/cds-services", headers={"traceparent": theirs})
    assert kept.get_finished_spans()[0].parent is None


def test_nobody_pays_for_traces_that_are_off():
    told = "import sys, service.ehr.client, service.queue; print('opentelemetry' in sys.modules)"
    run = [sys.executable, "-c", told]
    assert subprocess.check_output(run, text=True).strip() == "False"


@pytest.mark.parametrize("url", ["collector:4318", "ftp://collector", "/v1/traces"])
def test_an_address_of_a_collector_that_is_none_is_refused(url):
    with pytest.raises(SettingsInvalid, match="BONEFLAG_TRACES_URL is no address"):
        start_traces_for(Settings(traces_url=url), "boneflag-test")


def test_spans_reach_a_collector_over_http():
    came: list[tuple[str, bytes]] = []

    def collector(request: httpx.Request) -> httpx.Response:
        came.append((request.url.path, request.content))
        return httpx.Response(200)

    with wire_server(collector) as url:
        start_traces_for(Settings(traces_url=f"{url}/v1/traces"), "boneflag-test")
        with span("EHR GET Patient", "client", {}):
            pass
        stop_traces()
    ((path, content),) = came
    assert path == "/v1/traces"
    assert b"EHR GET Patient" in content or content[:2] == b"\x1f\x8b"
