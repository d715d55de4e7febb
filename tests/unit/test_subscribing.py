"""Setting up Subscriptions on a fake wire: one of a kind, asked for again in place."""

from __future__ import annotations

import httpx
import msgspec
import pytest
from fhir.resources.R4B.subscription import Subscription

from service.ehr.errors import EHRCutShort
from service.subscribing import subscribe, unsubscribe
from tests.lib.fake_fhir_server import FakeFHIRServer
from tests.lib.wire import Wire, answer, bundle

ENDPOINT, SECRET = "https://boneflag.example/notices", "between us"
HEADER = [f"X-BoneFlag-Secret: {SECRET}"]


def theirs(type_="Condition", **values):
    channel = {"type": "rest-hook", "endpoint": ENDPOINT, "header": HEADER}
    given = {"id": "s1", "status": "active", "reason": "x", "criteria": f"{type_}?"}
    return {"resourceType": "Subscription", **given, "channel": channel} | values


class Server:
    """A server that gives all its Subscriptions to whatever is searched for."""

    def __init__(self, *resources):
        self.fake = FakeFHIRServer(*resources)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return answer(bundle(*self.all()))
        return self.fake(request)

    def all(self):
        return [r for (type_, _), r in self.fake.store.items() if type_ == "Subscription"]


@pytest.fixture
def ask():
    def ask(server, *types):
        return list(subscribe(Wire(server).client(), types, ENDPOINT, SECRET))

    return ask


def test_every_type_is_asked_for_once(ask):
    server = Server()
    assert [what for what, _ in ask(server, "Patient", "Condition", "Patient")] == ["created"] * 2
    assert [r["criteria"] for r in server.all()] == ["Condition?", "Patient?"]


def test_what_is_sent_is_valid_and_has_no_payload(ask):
    server = Server()
    ask(server, "Condition")
    (sent,) = server.all()
    Subscription.model_validate({k: v for k, v in sent.items() if k != "meta"})
    assert (sent["status"], sent["channel"].get("payload")) == ("requested", None)
    assert sent["channel"]["header"] == HEADER


@pytest.mark.parametrize("status", ["active", "requested"])
def test_one_that_stands_is_kept(ask, status):
    assert ask(Server(theirs(status=status)), "Condition") == [("kept", "s1")]


def test_one_whose_header_is_hidden_is_kept(ask):
    channel = {"type": "rest-hook", "endpoint": ENDPOINT}
    assert ask(Server(theirs(channel=channel)), "Condition") == [("kept", "s1")]


@pytest.mark.parametrize("status", ["error", "off"])
def test_one_that_was_given_up_is_asked_for_again_in_place(ask, status):
    server = Server(theirs(status=status))
    assert ask(server, "Condition") == [("renewed", "s1")]
    assert [(r["id"], r["status"]) for r in server.all()] == [("s1", "requested")]


def test_one_with_an_old_secret_is_asked_for_again(ask):
    channel = theirs()["channel"] | {"header": ["X-BoneFlag-Secret: old"]}
    server = Server(theirs(channel=channel))
    assert ask(server, "Condition") == [("renewed", "s1")]
    assert server.all()[0]["channel"]["header"] == HEADER


def test_one_of_somebody_else_is_left_alone(ask):
    other = theirs(
        channel=theirs()["channel"] | {"endpoint": "https://other.example"}, status="off"
    )
    server = Server(other)
    assert [what for what, _ in ask(server, "Condition")] == ["created"]
    assert next(iter(server.all()))["status"] == "off"


def test_a_list_that_is_cut_short_changes_nothing():
    page = bundle(theirs(status="off"), next_url="https://elsewhere.example/page2")
    wire = Wire(lambda _: answer(page))
    with pytest.raises(EHRCutShort):
        list(subscribe(wire.client(), ["Condition"], ENDPOINT, SECRET))
    assert {request.method for request in wire.requests} == {"GET"}


def test_ours_are_switched_off_and_others_are_not():
    other = theirs(id="s2", channel=theirs()["channel"] | {"endpoint": "https://other.example"})
    server = Server(theirs(), other, theirs("Patient", id="s3", status="off"))
    assert list(unsubscribe(Wire(server).client(), ENDPOINT)) == [("ended", "s1")]
    assert {r["id"]: r["status"] for r in server.all()} == {
        "s1": "off",
        "s2": "active",
        "s3": "off",
    }


def test_the_address_is_searched_for():
    wire = Wire(lambda _: answer(bundle()))
    list(unsubscribe(wire.client(), ENDPOINT))
    assert dict(wire.requests[0].url.params)["url"] == ENDPOINT
    assert msgspec.json.decode(wire.requests[0].content or b"null") is None
