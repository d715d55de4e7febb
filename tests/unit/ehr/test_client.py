"""One request: what is sent, what is tried again, and what becomes of each answer."""

import threading
from datetime import UTC, datetime

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from service.ehr.client import FHIRClient
from service.ehr.errors import (
    EHRConflict,
    EHRMisunderstood,
    EHRNotFound,
    EHRRefused,
    EHRRejected,
    EHRUnavailable,
)
from service.ehr.options import BasicLogin, BearerToken, RetryOptions
from service.ehr.search import query_string
from service.screening.record import ResourceRef
from tests.lib.wire import BASE, Wire, answer, bundle, outcome, resource

FLAG = resource("Flag", "1", "p", status="active")
UNSENT = {k: v for k, v in FLAG.items() if k != "id"}


# Whom we talk to


@pytest.mark.parametrize(
    "url", ["http://ehr.example.org/fhir", "ftp://x/fhir", "ehr", "https://", f"{BASE}?x=1"]
)
def test_a_base_url_that_is_not_https_is_refused(url):
    with pytest.raises(ValueError, match="base URL must"):
        FHIRClient(url)


@pytest.mark.parametrize(
    "url", ["http://localhost:8080/fhir", "http://127.0.0.1/fhir", "http://[::1]:1/fhir"]
)
def test_plain_http_is_allowed_to_loopback(url):
    FHIRClient(url).close()


def test_plain_http_elsewhere_must_be_allowed_on_purpose():
    FHIRClient("http://ehr.example.org/fhir", allow_insecure=True).close()


@pytest.mark.parametrize(
    ("auth", "header"),
    [(BearerToken("t"), "Bearer t"), (BasicLogin("u", "p"), "Basic dTpw"), (None, None)],
)
def test_the_login_is_sent_with_each_request(auth, header):
    wire = Wire([answer(bundle())])

    wire.client(auth=auth).get_json("metadata")

    assert wire.requests[0].headers.get("Authorization") == header


def test_a_login_is_never_printed():
    assert "secret" not in repr(BearerToken("secret")) + repr(BasicLogin("u", "secret"))


def test_we_say_who_we_are_and_that_we_want_fhir_json():
    wire = Wire([answer(bundle())])

    wire.client(user_agent="BoneFlag/0.1").get_json("/metadata")

    assert str(wire.requests[0].url) == f"{BASE}/metadata"
    assert wire.requests[0].headers["User-Agent"] == "BoneFlag/0.1"
    assert wire.requests[0].headers["Accept"] == "application/fhir+json"


def test_a_redirect_is_not_followed():
    wire = Wire([answer(b"", 302, Location="https://evil.example.org/fhir/metadata")])

    with pytest.raises(EHRMisunderstood):
        wire.client().get_json("metadata")

    assert len(wire.requests) == 1


def test_a_client_made_before_a_fork_is_not_used_after_it(monkeypatch):
    client = Wire([]).client()
    monkeypatch.setattr("os.getpid", lambda: -1)

    with pytest.raises(RuntimeError, match="fork"):
        client.get_json("metadata")


# Reading


def test_a_read_gives_the_resource_its_version_and_the_servers_clock():
    wire = Wire([answer(FLAG, ETag='W/"5"', Date="Sun, 22 Nov 2026 11:00:00 GMT")])

    stored = wire.client().read("Flag", "1")

    assert (stored.resource, stored.ref, stored.version) == (FLAG, ResourceRef("Flag", "1"), "5")
    assert stored.server_time == datetime(2026, 11, 22, 11, tzinfo=UTC)


def test_a_read_does_not_accept_an_answer_from_a_cache():
    wire = Wire([answer(FLAG)])

    wire.client().read("Flag", "1")

    assert wire.requests[0].headers["Cache-Control"] == "no-cache"


def test_an_odd_id_cannot_leave_its_place_in_the_path():
    wire = Wire([answer(FLAG)])

    wire.client().read("Flag", "../Patient?x")

    assert wire.requests[0].url.raw_path == b"/fhir/Flag/..%2FPatient%3Fx"


@pytest.mark.parametrize("body", [b"<html>Login</html>", b"", b"[]", b'"text"', b"\xff\xfe"])
def test_an_answer_that_is_not_fhir_json_is_misunderstood(body):
    with pytest.raises(EHRMisunderstood, match="BONEFLAG_FHIR_BASE_URL"):
        Wire([answer(body)]).client().get_json("metadata")


def test_a_broken_character_costs_only_itself():
    body = b'{"note":"M\xfcller","id":"1"}'

    assert Wire([answer(body)]).client().get_json("metadata") == {"note": "M\ufffdller", "id": "1"}


@pytest.mark.parametrize("body", [b'{"a":"\xfc"', b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"])
def test_what_cannot_be_decoded_at_all_is_misunderstood_and_not_quoted(body):
    with pytest.raises(EHRMisunderstood) as raised:
        Wire([answer(body)]).client().get_json("metadata")

    assert raised.value.__cause__ is None


def test_a_byte_order_mark_is_forgiven():
    assert Wire([answer(b'\xef\xbb\xbf{"a":1}')]).client().get_json("metadata") == {"a": 1}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, EHRRefused), (403, EHRRefused), (400, EHRRejected), (404, EHRNotFound)],
)
def test_what_will_not_change_is_asked_only_once(status, kind):
    wire = Wire(lambda _: answer(outcome("error", "processing"), status))

    with pytest.raises(kind):
        wire.client().read("Flag", "1")

    assert len(wire.requests) == 1


# Trying again


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_read_is_tried_again_where_the_server_cannot_answer_now(status):
    wire = Wire([answer(b"", status), answer(FLAG)])

    assert wire.client().read("Flag", "1").resource == FLAG


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("x"),
        httpx.ConnectTimeout("x"),
        httpx.ReadTimeout("x"),
        httpx.ReadError("x"),
        httpx.RemoteProtocolError("x"),
        httpx.PoolTimeout("x"),
    ],
)
def test_a_read_is_tried_again_after_a_broken_connection(error):
    wire = Wire([error, answer(FLAG)])

    assert wire.client().read("Flag", "1").resource == FLAG


def test_a_search_by_post_is_tried_again_like_any_read():
    wire = Wire([httpx.ReadTimeout("x"), answer(bundle(FLAG))])

    assert wire.client().search("Flag", {"patient": "p"}, post=True).matches == (FLAG,)


def test_after_the_last_attempt_the_error_comes_through():
    wire = Wire(lambda _: answer(b"", 503))

    with pytest.raises(EHRUnavailable) as raised:
        wire.client().read("Flag", "1")

    assert len(wire.requests) == 3
    assert not raised.value.outcome_unknown


def test_the_wait_that_a_server_asks_for_is_kept(monkeypatch):
    waits = []
    monkeypatch.setattr("time.sleep", waits.append)
    wire = Wire([answer(b"", 429, Retry_After="1"), answer(FLAG)])

    wire.client().read("Flag", "1")

    assert waits == [1.0]


def test_a_wait_given_as_a_date_is_measured_on_the_servers_clock(monkeypatch):
    waits = []
    monkeypatch.setattr("time.sleep", waits.append)
    busy = answer(
        b"",
        503,
        Date="Sun, 22 Nov 2026 11:00:00 GMT",
        Retry_After="Sun, 22 Nov 2026 11:00:01 GMT",
    )

    Wire([busy, answer(FLAG)]).client().read("Flag", "1")

    assert waits == [1.0]


def test_a_date_in_the_past_means_at_once(monkeypatch):
    waits = []
    monkeypatch.setattr("time.sleep", waits.append)
    busy = answer(b"", 503, Retry_After="Sun, 22 Nov 2015 11:00:00 GMT")

    Wire([busy, answer(FLAG)]).client().read("Flag", "1")

    assert waits == [0.0]


def test_a_long_wait_is_left_to_the_queue():
    wire = Wire(lambda _: answer(b"", 429, Retry_After="120"))

    with pytest.raises(EHRUnavailable) as raised:
        wire.client().read("Flag", "1")

    assert raised.value.retry_after_seconds == 120
    assert len(wire.requests) == 1


def test_an_absurd_wait_is_cut_to_an_hour():
    wire = Wire(lambda _: answer(b"", 429, Retry_After="1795356104176"))

    with pytest.raises(EHRUnavailable) as raised:
        wire.client().read("Flag", "1")

    assert raised.value.retry_after_seconds == 3600


def test_a_wait_that_makes_no_sense_is_as_good_as_none():
    wire = Wire([answer(b"", 503, Retry_After="soon"), answer(FLAG)])

    assert wire.client().read("Flag", "1").resource == FLAG


def test_waits_never_add_up_beyond_the_total(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    wire = Wire(lambda _: answer(b"", 503, Retry_After="9"))
    retries = RetryOptions(attempts=9, longest_wait_seconds=10, total_seconds=8)

    with pytest.raises(EHRUnavailable):
        wire.client(retries=retries).read("Flag", "1")

    assert len(wire.requests) == 1


# Searching


def test_a_search_is_strict_and_not_answered_from_a_cache():
    wire = Wire([answer(bundle())])

    wire.client().search("Flag", {"patient": "a,b", "code": "s|c d"})

    request = wire.requests[0]
    assert request.url.query == b"patient=a,b&code=s%7Cc%20d"
    assert request.headers["Prefer"] == "handling=strict"
    assert request.headers["Cache-Control"] == "no-cache"


def test_a_search_by_post_says_everything_in_its_body():
    wire = Wire([answer(bundle())])

    wire.client().search("Flag", [("patient", "a"), ("patient", "b")], post=True)

    request = wire.requests[0]
    assert (request.method, str(request.url)) == ("POST", f"{BASE}/Flag/_search")
    assert request.content == b"patient=a&patient=b"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_server_that_does_not_take_strict_searches_is_asked_without():
    def handler(request):
        if "Prefer" in request.headers:
            told = outcome("error", "invalid", diagnostics="Unknown Prefer: handling=strict")
            return answer(told, 400)
        return answer(bundle(FLAG))

    wire = Wire(handler)
    client = wire.client()

    assert client.search("Flag", {"patient": "p"}).matches == (FLAG,)
    client.search("Flag", {"patient": "p"})
    assert len(wire.requests) == 3


def test_a_server_that_objects_to_a_parameter_is_not_asked_leniently():
    told = outcome("error", "invalid", diagnostics="Unknown x; use handling=lenient to ignore it")
    wire = Wire(lambda _: answer(told, 400))

    with pytest.raises(EHRRejected):
        wire.client().search("Flag", {"x": "p"})

    assert len(wire.requests) == 1


# Writing


def test_a_create_is_sent_as_fhir_json_and_tells_that_it_is_new():
    wire = Wire([answer(b"", 201, Location=f"{BASE}/Flag/9/_history/1")])

    stored = wire.client().create(UNSENT)

    request = wire.requests[0]
    assert (request.method, str(request.url)) == ("POST", f"{BASE}/Flag")
    assert msgspec.json.decode(request.content) == UNSENT
    assert request.headers["Content-Type"] == "application/fhir+json"
    assert request.headers["Prefer"] == "return=representation"
    assert "If-None-Exist" not in request.headers
    assert (stored.ref, stored.version, stored.is_new) == (ResourceRef("Flag", "9"), "1", True)


def test_a_conditional_create_that_found_one_is_not_new():
    wire = Wire([answer(FLAG, 200, ETag='W/"1"')])
    condition = query_string({"identifier": "https://x/sid|k"})

    stored = wire.client().create(UNSENT, if_none_exist=condition)

    assert wire.requests[0].headers["If-None-Exist"] == "identifier=https%3A%2F%2Fx%2Fsid%7Ck"
    assert not stored.is_new


def test_an_update_carries_the_version_that_was_read():
    wire = Wire([answer(FLAG, ETag='W/"4"')])

    stored = wire.client().update(FLAG, if_match="3")

    assert wire.sent == ["PUT /Flag/1"]
    assert wire.requests[0].headers["If-Match"] == 'W/"3"'
    assert stored.version == "4"


def test_an_update_without_a_version_carries_none():
    wire = Wire([answer(FLAG)])

    wire.client().update(FLAG)

    assert "If-Match" not in wire.requests[0].headers


@pytest.mark.parametrize("status", [409, 412])
def test_a_stale_version_is_a_conflict(status):
    with pytest.raises(EHRConflict):
        Wire([answer(b"", status)]).client().update(FLAG, if_match="1")


def test_a_write_that_succeeded_did_so_whatever_its_body_looks_like():
    wire = Wire([answer(b"<ok/>", 201, Location="Flag/9")])

    assert wire.client().create(UNSENT).ref == ResourceRef("Flag", "9")


def test_a_transaction_goes_to_the_base_and_answers_for_each_entry():
    response = {
        "resourceType": "Bundle",
        "entry": [{"response": {"status": "201", "location": "Flag/1/_history/1"}}],
    }
    wire = Wire([answer(response)])

    (stored,) = wire.client().transaction({"resourceType": "Bundle", "type": "transaction"})

    assert str(wire.requests[0].url) == BASE
    assert stored.ref == ResourceRef("Flag", "1")


WRITES = [
    pytest.param(lambda client: client.create(UNSENT), id="create"),
    pytest.param(lambda client: client.create(UNSENT, if_none_exist="a=b"), id="conditional"),
    pytest.param(lambda client: client.update(FLAG, if_match="1"), id="update"),
    pytest.param(lambda client: client.transaction(bundle()), id="transaction"),
]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("lost", [httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"),
                                  answer(b"", 500), answer(b"", 504)])  # fmt: skip
def test_a_write_whose_answer_got_lost_is_never_sent_again(write, lost):
    wire = Wire([lost, answer(FLAG, 201)])

    with pytest.raises(EHRUnavailable) as raised:
        write(wire.client())

    assert raised.value.outcome_unknown
    assert len(wire.requests) == 1


@pytest.mark.parametrize("unsent", [httpx.ConnectError("x"), answer(b"", 429)])
def test_a_write_that_surely_did_not_arrive_is_tried_again(unsent):
    wire = Wire([unsent, answer(FLAG, 201)])

    assert wire.client().create(UNSENT).is_new


# What must not leak, and what is counted


def test_no_error_and_no_log_holds_an_id_a_url_or_a_body():
    def handler(request):
        raise httpx.ReadTimeout("timeout for https://ehr.example.org/fhir/Patient/secret-7")

    bodies = answer(outcome("error", "x", diagnostics="secret-7"), 422)
    with capture_logs() as logs:
        for wire in (Wire(handler), Wire(lambda _: bodies)):
            with pytest.raises((EHRUnavailable, EHRRejected)) as raised:
                wire.client().search("Patient", {"_id": "secret-7"})
            assert "secret-7" not in f"{raised.value!r} {raised.value.__cause__}"

    assert "secret-7" not in str(logs)


def test_an_answer_that_cannot_be_decoded_names_only_the_kind_of_fault():
    with pytest.raises(EHRMisunderstood, match="DecodingError"):
        Wire([httpx.DecodingError("secret-7")]).client().read("Flag", "1")


def test_requests_are_counted_by_kind_with_those_that_were_repeated():
    pages = [answer(bundle(next_url=f"{BASE}?p=2")), answer(bundle())]
    wire = Wire([*pages, answer(b"", 503), answer(FLAG), answer(FLAG, 201)])
    with wire.client() as client:
        client.search("Flag", {"patient": "p"})
        client.read("Flag", "1")
        client.create(UNSENT)

        assert client.request_counts == {"searches": 1, "pages": 1, "reads": 2, "writes": 1}


def test_one_client_serves_several_threads():
    wire = Wire(lambda _: answer(FLAG))
    client = wire.client()
    threads = [threading.Thread(target=client.read, args=("Flag", "1")) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert client.request_counts == {"reads": 20}
