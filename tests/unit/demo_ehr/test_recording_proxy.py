"""The recording proxy writes down what passed, stays in the path, and can stand in the way."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from service.demo_ehr.recording import RecordedRequest, RecordingProxy


class Target(BaseHTTPRequestHandler):
    """A server that says its own address in a next link and counts what reaches it."""

    protocol_version = "HTTP/1.1"
    reached: list[str] = []  # noqa: RUF012 - one list for the test that runs

    def do_GET(self) -> None:
        self.reached.append(f"{self.command} {self.path}")
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length).decode()
        origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        body = json.dumps({"next": f"{origin}/fhir/Patient?page=2", "sent": sent}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", f"{origin}/fhir/Patient/1")
        self.end_headers()
        self.wfile.write(body)

    # The names are those that http.server looks up.
    do_POST = do_PUT = do_GET  # noqa: N815 - see above

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def proxy() -> Iterator[RecordingProxy]:
    Target.reached.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Target)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    with RecordingProxy(f"http://127.0.0.1:{server.server_address[1]}/fhir") as found:
        yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(proxy: RecordingProxy) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(proxy.origin.removeprefix("http://"), timeout=10)
    yield connection
    connection.close()


def ask(
    client: http.client.HTTPConnection, method: str, path: str, body: str = "", kind: str = ""
) -> tuple[http.client.HTTPResponse, str]:
    client.request(method, path, body or None, {"Content-Type": kind} if kind else {})
    answer = client.getresponse()
    return answer, answer.read().decode()


def test_a_search_is_recorded_with_its_query(proxy, client) -> None:
    ask(client, "GET", "/fhir/Condition?patient=a%2Cb&_count=5")
    assert proxy.requests == [
        RecordedRequest("GET", "Condition", (("patient", "a,b"), ("_count", "5")), 200)
    ]


def test_a_post_search_is_recorded_with_its_form_and_is_no_write(proxy, client) -> None:
    form = "application/x-www-form-urlencoded"
    ask(client, "POST", "/fhir/Flag/_search", "patient=a&identifier=s%7Cv", form)
    assert proxy.requests[0].parameters == (("patient", "a"), ("identifier", "s|v"))
    assert len(proxy.searches) == 1
    assert proxy.writes == []


@pytest.mark.parametrize(("method", "path"), [("POST", "Flag"), ("PUT", "Flag/1"), ("POST", "")])
def test_a_write_is_a_write_whatever_its_form(proxy, client, method: str, path: str) -> None:
    ask(client, method, f"/fhir/{path}", "{}", "application/fhir+json")
    assert len(proxy.writes) == 1
    assert proxy.searches == []


@pytest.mark.parametrize("path", ["metadata", "Patient/1", "Group/ms"])
def test_reading_one_thing_is_neither_search_nor_write(proxy, client, path: str) -> None:
    ask(client, "GET", f"/fhir/{path}")
    assert proxy.searches == proxy.writes == []


def test_asking_for_a_token_is_no_write(proxy, client) -> None:
    ask(client, "POST", "/auth/token", "grant_type=x", "application/x-www-form-urlencoded")
    assert [request.path for request in proxy.requests] == ["/auth/token"]
    assert proxy.writes == []


def test_links_and_headers_of_the_server_stay_on_the_proxy(proxy, client) -> None:
    answer, text = ask(client, "GET", "/fhir/Patient")
    assert json.loads(text)["next"] == f"{proxy.base_url}/Patient?page=2"
    assert answer.headers["Location"] == f"{proxy.base_url}/Patient/1"
    assert int(answer.headers["Content-Length"]) == len(text.encode())


def test_the_address_of_the_proxy_does_not_reach_the_server(proxy, client) -> None:
    _, text = ask(client, "PUT", "/fhir/Flag/1", f"{proxy.base_url}/Patient/1", "text/plain")
    assert json.loads(text)["sent"] == f"{proxy.base_url}/Patient/1"
    target = proxy.target_origin
    assert target not in text


def test_one_connection_carries_many_requests(proxy, client) -> None:
    for _ in range(3):
        answer, _ = ask(client, "GET", "/fhir/Patient/1")
        assert not answer.will_close
    assert len(proxy.requests) == 3


def test_a_fault_is_answered_and_the_server_never_hears_of_it(proxy, client) -> None:
    proxy.on_request = lambda method, path: (
        (403, {}, b"no") if (method, path) == ("GET", "MedicationRequest") else None
    )
    assert ask(client, "GET", "/fhir/MedicationRequest?patient=a")[0].status == 403
    assert ask(client, "GET", "/fhir/Condition?patient=a")[0].status == 200
    assert Target.reached == ["GET /fhir/Condition?patient=a"]


def test_an_answer_can_be_lost_after_the_server_did_the_work(proxy, client) -> None:
    proxy.on_answer = lambda method, path, status: (0, {}, b"")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        ask(client, "POST", "/fhir/Flag", "{}")
    assert Target.reached == ["POST /fhir/Flag"]
    assert [request.status for request in proxy.requests] == [0]


def test_a_server_that_is_not_there_gives_502(client, proxy) -> None:
    proxy.target_origin = "http://127.0.0.1:9"
    assert ask(client, "GET", "/fhir/Patient/1")[0].status == 502


def test_counting_can_start_anew(proxy, client) -> None:
    ask(client, "GET", "/fhir/Patient/1")
    proxy.forget()
    assert proxy.requests == []
