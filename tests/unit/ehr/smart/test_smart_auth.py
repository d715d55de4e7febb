"""Signing in: one token for many requests, renewed early, by one thread, and never shown."""

import logging
import re
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRError, EHRMisunderstood, EHRRefused, EHRUnavailable
from service.ehr.options import BearerToken
from service.ehr.smart.keys import new_key
from service.ehr.smart.scopes import Access
from service.screening.value_sets import DataRequirement, packaged_vocabulary
from tests.lib.login_server import (
    KEY,
    OLD_KEY,
    ORIGIN,
    TOKEN_URL,
    LoginServer,
    as_json,
    in_turn,
    oauth_error,
)
from tests.lib.wire import BASE, answer, bundle, resource

FLAG = resource("Flag", "1", "p", status="active")
RSA_KEY = new_key("RS384")
REFUSED = 401
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
VOCABULARY = packaged_vocabulary(True)


@pytest.fixture
def server():
    return LoginServer()


# One token


def test_a_request_carries_the_token_that_the_signature_bought(server):
    server.client().search("Patient", {})

    assert server.tokens_shown == ["Bearer token-1"]


def test_many_requests_share_one_token(server):
    client = server.client()

    for _ in range(5):
        client.search("Patient", {})

    assert server.given == 1


def test_the_address_of_the_login_server_is_asked_once(server):
    client = server.client()
    for _ in range(3):
        client.search("Patient", {})
        server.clock.pass_(300)

    assert server.given == 3
    assert sum(".well-known" in r.url.path for r in server.requests) == 1


def test_the_login_server_gets_a_form_and_no_token_of_ours(server):
    server.client().search("Patient", {})
    server.clock.pass_(300)
    server.auth().grant()

    asked = [r for r in server.requests if r.url.path == "/oauth2/token"]
    assert {r.headers["Content-Type"] for r in asked} == {"application/x-www-form-urlencoded"}
    assert not any("Authorization" in r.headers for r in asked)


def test_a_continuation_page_on_our_own_server_carries_the_token_too(server):
    next_page = f"{BASE}?page=2"
    server.instead_of_chart = in_turn(answer(bundle(next_url=next_page)))

    server.client().search("Patient", {})

    assert server.tokens_shown == ["Bearer token-1", "Bearer token-1"]


def test_a_page_on_another_server_gets_no_token(server):
    server.instead_of_chart = in_turn(answer(bundle(next_url="https://evil.example.net/page")))

    assert not server.client().search("Patient", {}).is_complete

    assert {request.url.host for request in server.requests} == {"ehr.example.org"}


# Early


@pytest.mark.parametrize(
    ("life", "after", "renewed"),
    [
        (300, 269, False),  # 30 seconds before its end.
        (300, 270, True),
        (3600, 3239, False),  # A tenth of its life before its end.
        (3600, 3240, True),
        (40, 19, False),  # Never before half of it.
        (40, 20, True),
        (0, 0, True),
    ],
)
def test_a_token_is_renewed_before_it_ends(server, life, after, renewed):
    server.token_answer["expires_in"] = life
    client = server.client()
    client.search("Patient", {})
    server.clock.pass_(after)

    client.search("Patient", {})

    assert (server.given == 2) is renewed


def test_while_the_old_token_lives_a_login_server_that_is_away_costs_nothing(server):
    client = server.client()
    client.search("Patient", {})
    server.instead_of_token = lambda _: answer(b"", 503)
    server.clock.pass_(290)

    client.search("Patient", {})
    client.search("Patient", {})

    assert server.tokens_shown == ["Bearer token-1"] * 3
    assert len(server.forms) == 2  # One for the token, one in vain: the second search did not ask.


def test_once_the_old_token_is_over_a_login_server_that_is_away_is_an_outage(server):
    client = server.client()
    client.search("Patient", {})
    server.instead_of_token = lambda _: answer(b"", 503)
    server.clock.pass_(301)

    with pytest.raises(EHRUnavailable):
        client.search("Patient", {})


# A 401


def test_after_a_401_the_request_is_sent_once_more_with_a_new_token(server):
    server.instead_of_chart = in_turn(answer(b"", REFUSED))

    server.client().search("Patient", {})

    assert server.tokens_shown == ["Bearer token-1", "Bearer token-2"]


def test_a_write_that_got_a_401_is_sent_once_more_whole(server):
    server.instead_of_chart = in_turn(answer(b"", REFUSED), answer(FLAG, 201))

    stored = server.client().create({k: v for k, v in FLAG.items() if k != "id"})

    bodies = [r.content for r in server.requests if r.url.path.endswith("/Flag")]
    assert stored.is_new
    assert len(bodies) == 2
    assert bodies[0] == bodies[1] != b""


def test_a_second_401_is_a_refusal(server):
    server.instead_of_chart = lambda _: answer(b"", REFUSED)

    with pytest.raises(EHRRefused):
        server.client().search("Patient", {})

    assert len(server.tokens_shown) == 2


def test_where_a_new_token_did_not_help_none_is_asked_for_during_a_minute(server):
    server.instead_of_chart = lambda _: answer(b"", REFUSED)
    client = server.client()
    for _ in range(5):
        with pytest.raises(EHRRefused):
            client.search("Patient", {})

    assert server.given == 2
    server.clock.pass_(60)
    with pytest.raises(EHRRefused):
        client.search("Patient", {})
    assert server.given == 3


def test_a_403_costs_no_token(server):
    server.instead_of_chart = lambda _: answer(b"", 403)

    with pytest.raises(EHRRefused):
        server.client().search("Patient", {})

    assert server.given == 1


# Many threads


def test_many_threads_ask_for_one_token(server):
    asked = threading.Event()

    def slowly(_):
        asked.wait(0.2)

    server.instead_of_token = slowly
    client = server.client()
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: client.search("Patient", {}), range(64)))

    assert server.given == 1
    assert set(server.tokens_shown) == {"Bearer token-1"}


def test_many_threads_that_get_a_401_together_ask_for_one_new_token(server):
    client = server.client()
    client.search("Patient", {})
    together = threading.Barrier(5, timeout=10)

    def revoked(request):
        if request.headers["Authorization"] == "Bearer token-1":
            together.wait()
            return answer(b"", REFUSED)
        return None

    server.instead_of_chart = revoked
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(lambda _: client.search("Patient", {}), range(5)))

    assert server.given == 2


def test_threads_that_waited_for_a_failure_share_it(server):
    all_wait = threading.Event()

    def fails(_):
        all_wait.wait(0.3)
        return answer(b"", 503)

    server.instead_of_token = fails
    auth = server.auth()

    def outcome(_):
        with pytest.raises(EHRUnavailable):
            auth.grant()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(outcome, range(8)))

    assert len(server.forms) == 1


# Failures


def test_after_a_429_nobody_asks_before_its_time(server):
    server.instead_of_token = in_turn(answer(b"", 429, Retry_After="20"))
    auth = server.auth()
    with pytest.raises(EHRUnavailable) as first:
        auth.grant()
    server.clock.pass_(15)
    with pytest.raises(EHRUnavailable) as second:
        auth.grant()

    assert (first.value.retry_after_seconds, second.value.retry_after_seconds) == (20, 5)
    assert len(server.forms) == 1
    server.clock.pass_(5)
    assert auth.grant().is_whole


def test_after_a_refusal_nobody_asks_for_a_minute(server):
    server.instead_of_token = in_turn(oauth_error("invalid_client", 401))
    auth = server.auth()
    for _ in range(3):
        with pytest.raises(EHRRefused):
            auth.grant()

    assert len(server.forms) == 1
    server.clock.pass_(60)
    assert auth.grant().is_whole


def test_a_short_outage_of_the_login_server_is_waited_out(server):
    server.instead_of_token = in_turn(answer(b"", 503))
    server.clock.seconds_a_look = 1

    server.client().search("Patient", {})

    assert (len(server.forms), server.given) == (2, 1)


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("to https://s3cret"),
        httpx.ReadTimeout("s3cret"),
        httpx.RemoteProtocolError("s3cret"),
    ],
)
def test_a_login_server_that_cannot_be_reached_never_leaves_a_write_in_doubt(server, fault):
    server.instead_of_token = lambda _: fault

    with pytest.raises(EHRUnavailable) as error:
        server.client().create({"resourceType": "Flag"})

    assert not error.value.outcome_unknown
    assert "s3cret" not in str(error.value)


def test_an_answer_that_cannot_be_decoded_is_not_understood(server):
    server.instead_of_token = lambda _: httpx.DecodingError("s3cret")

    with pytest.raises(EHRMisunderstood, match="DecodingError"):
        server.auth().grant()


def test_a_redirect_of_the_token_endpoint_is_not_followed(server):
    elsewhere = "https://elsewhere.example.net/token"
    server.instead_of_token = lambda _: answer(b"", 307, Location=elsewhere)

    with pytest.raises(EHRMisunderstood):
        server.auth().grant()

    assert {r.url.host for r in server.requests} == {"ehr.example.org"}


def test_a_bare_400_is_asked_once_more_with_a_new_assertion(server):
    server.instead_of_token = in_turn(answer(b"", 400))

    server.auth().grant()

    assert len({form["client_assertion"] for form in server.forms}) == 2


def test_a_bare_400_twice_is_a_refusal(server):
    server.instead_of_token = lambda _: answer(b"", 400)

    with pytest.raises(EHRRefused, match="without a reason"):
        server.auth().grant()

    assert len(server.forms) == 2


def test_a_clock_that_is_wrong_is_told_as_the_reason(server):
    server.clock.wrong_by = timedelta(minutes=10)

    with pytest.raises(EHRRefused, match="clock is 600 s ahead of"):
        server.auth().grant()


def test_a_clock_that_is_a_little_wrong_does_no_harm(server):
    server.clock.wrong_by = timedelta(seconds=5)
    assert server.auth().grant().is_whole

    server.clock.wrong_by = timedelta(seconds=-200)
    assert server.auth().grant().is_whole


def test_a_clock_that_differs_is_told_in_the_log_while_it_still_works(server):
    server.clock.wrong_by = timedelta(seconds=-90)
    date = server.clock.true_now.strftime("%a, %d %b %Y %H:%M:%S GMT")
    server.instead_of_token = lambda _: answer({"access_token": "t"}, 200, Date=date)

    with capture_logs() as logs:
        server.auth().grant()

    assert {"event": "clock_differs_from_the_ehr", "seconds": -90, "log_level": "warning"} in logs


# Keys


def test_the_first_key_signs(server):
    server.jwks = {"keys": [KEY.public_jwk, OLD_KEY.public_jwk]}

    server.auth(KEY, OLD_KEY).grant()

    assert len(server.forms) == 1


def test_while_the_ehr_does_not_know_the_new_key_the_old_one_signs(server):
    server.jwks = {"keys": [OLD_KEY.public_jwk]}

    with capture_logs() as logs:
        assert server.auth(KEY, OLD_KEY).grant().is_whole

    assert [log["event"] for log in logs] == ["signing_key_not_accepted"]


def test_where_no_key_is_known_the_newest_one_is_named(server):
    server.jwks = {"keys": []}

    with pytest.raises(EHRRefused, match=re.escape(KEY.kid)):
        server.auth(KEY, OLD_KEY).grant()


def test_a_single_key_that_is_not_known_is_told_as_an_error_and_not_twice(server):
    server.jwks = {"keys": []}

    with capture_logs() as logs, pytest.raises(EHRRefused):
        server.auth(KEY).grant()

    assert logs == []


def test_a_refusal_that_is_not_about_the_key_is_not_tried_with_another(server):
    server.instead_of_token = lambda _: oauth_error("unauthorized_client")

    with pytest.raises(EHRRefused, match="unauthorized_client"):
        server.auth(KEY, OLD_KEY).grant()

    assert len(server.forms) == 1


def test_a_key_whose_algorithm_the_server_does_not_take_is_passed_over(server):
    server.configuration["token_endpoint_auth_signing_alg_values_supported"] = ["RS384"]
    server.jwks = {"keys": [KEY.public_jwk, RSA_KEY.public_jwk]}

    server.auth(KEY, RSA_KEY).grant()

    assert len(server.forms) == 1


def test_a_key_that_the_server_forgot_to_list_is_tried_all_the_same(server):
    server.configuration["token_endpoint_auth_signing_alg_values_supported"] = ["RS256"]

    assert server.auth(KEY).grant().is_whole


def test_a_key_that_the_server_does_not_list_and_refuses_is_of_the_wrong_kind(server):
    server.configuration["token_endpoint_auth_signing_alg_values_supported"] = ["RS384"]
    server.jwks = {"keys": [RSA_KEY.public_jwk]}

    with pytest.raises(EHRRefused, match="a key of the other kind with `boneflag keys new`"):
        server.auth(KEY).grant()


def test_a_refusal_for_another_reason_does_not_blame_the_kind_of_key(server):
    server.configuration["token_endpoint_auth_signing_alg_values_supported"] = ["RS384"]
    server.instead_of_token = lambda _: oauth_error("unauthorized_client")

    with pytest.raises(EHRRefused, match="unauthorized_client"):
        server.auth(KEY).grant()


# Scopes


def test_scopes_are_asked_for_in_v1_where_nothing_is_said(server):
    server.auth().grant()

    assert server.forms[0]["scope"] == (
        "system/Condition.read system/Flag.read system/Flag.write system/Patient.read"
    )


def test_scopes_are_asked_for_in_v2_where_only_that_is_offered(server):
    server.configuration["capabilities"] = ["permission-v2"]

    server.auth().grant()

    assert server.forms[0]["scope"] == "system/Condition.rs system/Flag.crus system/Patient.rs"


def test_scopes_that_are_set_by_hand_are_asked_for_as_they_stand(server):
    server.auth(scopes="system/*.read  custom").grant()

    assert server.forms[0]["scope"] == "system/*.read custom"


def test_fewer_scopes_than_needed_are_told_once(server):
    server.token_answer["scope"] = "system/Patient.read system/Flag.read"
    auth = server.auth()

    with capture_logs() as logs:
        grant = auth.grant()
        server.clock.pass_(300)
        auth.grant()

    assert (grant.unread, grant.unwritable) == (("Condition",), ("Flag",))
    assert [(log["event"], log["types"]) for log in logs] == [
        ("fewer_scopes_granted_than_needed", "Condition Flag")
    ]


def test_scopes_that_nobody_can_read_are_told(server):
    server.token_answer["scope"] = "user_impersonation"

    with capture_logs() as logs:
        assert not server.auth().grant().is_clear

    assert [log["event"] for log in logs] == ["granted_scopes_not_understood"]


def test_a_server_that_refuses_all_for_one_scope_is_asked_for_what_it_lists(server):
    server.configuration["scopes_supported"] = ["system/Patient.read", "system/Condition.read"]
    server.instead_of_token = in_turn(oauth_error("invalid_scope"))

    grant = server.auth().grant()

    assert server.forms[1]["scope"] == "system/Condition.read system/Patient.read"
    assert grant.unread == ("Flag",)


@pytest.mark.parametrize("listed", [[], ["system/*.*"], ["openid"]])
def test_where_the_list_does_not_help_the_refusal_names_the_scopes(server, listed):
    server.configuration["scopes_supported"] = listed
    server.instead_of_token = lambda _: oauth_error("invalid_scope")

    with pytest.raises(EHRRefused, match=r"system/Condition\.read.*BONEFLAG_SMART_SCOPES"):
        server.auth().grant()

    assert len(server.forms) == 1


def test_scopes_set_by_hand_are_never_changed(server):
    server.configuration["scopes_supported"] = ["system/Patient.read"]
    server.instead_of_token = lambda _: oauth_error("invalid_scope")

    with pytest.raises(EHRRefused):
        server.auth(scopes="system/Patient.read system/Flag.read").grant()

    assert len(server.forms) == 1


# Where the login server is


def test_without_a_discovery_document_the_endpoint_must_be_set_by_hand(server):
    server.configuration = None  # JSON, but no object.

    with pytest.raises(EHRMisunderstood, match="BONEFLAG_SMART_TOKEN_URL"):
        server.auth().grant()


@pytest.mark.parametrize("status", [404, 403, 302])
def test_a_configured_endpoint_needs_no_discovery_document(server, status, monkeypatch):
    usual = server.__class__.__call__

    def without_discovery(self, request):
        return answer(b"", status) if ".well-known" in request.url.path else usual(self, request)

    monkeypatch.setattr(LoginServer, "__call__", without_discovery)

    assert server.auth(token_url=TOKEN_URL).grant().is_whole


def test_a_discovery_that_cannot_be_answered_now_is_an_outage(server, monkeypatch):
    monkeypatch.setattr(LoginServer, "__call__", lambda *_: answer(b"", 503, Retry_After="3"))

    with pytest.raises(EHRUnavailable) as error:
        server.auth(token_url=TOKEN_URL).grant()

    assert error.value.retry_after_seconds == 3


def test_an_endpoint_on_another_server_is_asked_only_where_it_is_configured(server):
    elsewhere = "https://login.example.net/token"
    server.configuration["token_endpoint"] = elsewhere
    with pytest.raises(EHRMisunderstood, match=r"login\.example\.net"):
        server.auth().grant()
    assert server.forms == []

    assert server.auth(token_url=elsewhere).grant().is_whole
    assert server.requests[-1].url.host == "login.example.net"
    assert server.assertions[-1]["aud"] == elsewhere


@pytest.mark.parametrize("url", ["http://ehr.example.org/token", "token"])
def test_a_configured_endpoint_that_is_not_safe_is_refused_at_once(server, url):
    with pytest.raises(ValueError, match="The token endpoint must"):
        server.auth(token_url=url)


def test_another_login_has_no_scopes(server):
    assert server.client(auth=BearerToken("t")).grant() is None


# Nothing leaks


def everything_said(error):
    """The error with all that hangs on it, as a traceback prints it."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


TROUBLES = {
    "unknown kid": lambda server: server.jwks.update(keys=[]),
    "refused": lambda server: setattr(
        server, "instead_of_token", lambda r: oauth_error("invalid_client", 401)
    ),
    "echoed": lambda server: setattr(
        server, "instead_of_token", lambda r: answer(as_json(r.content.decode()), 400)
    ),
    "echoed as an error code": lambda server: setattr(
        server, "instead_of_token", lambda r: answer({"error": r.content.decode()}, 400)
    ),
    "echoed as a success": lambda server: setattr(
        server, "instead_of_token", lambda r: answer(r.content, 200)
    ),
    "echoed as a token of two words": lambda server: setattr(
        server, "instead_of_token", lambda r: answer({"access_token": f"token-1 {r.content}"})
    ),
    "sent elsewhere": lambda server: setattr(
        server,
        "instead_of_token",
        lambda r: answer(b"", 302, Location=f"{ORIGIN}/?{r.content.decode()}"),
    ),
    "timed out": lambda server: setattr(
        server, "instead_of_token", lambda r: httpx.ReadTimeout(r.content.decode(), request=r)
    ),
    "the chart says no": lambda server: setattr(
        server, "instead_of_chart", lambda r: answer(as_json(dict(r.headers)), REFUSED)
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_no_secret_reaches_a_log_or_an_error(server, trouble, caplog):
    caplog.set_level(logging.DEBUG)
    trouble(server)
    client = server.client()

    with capture_logs() as logs, pytest.raises(EHRError) as told:
        client.search("Patient", {})

    said = everything_said(told.value) + repr(logs) + caplog.text + repr(vars(client._smart))
    secrets = [form["client_assertion"] for form in server.forms] + ["token-1", "SECRET in"]
    assert server.forms
    for secret in secrets:
        assert secret not in said
        assert secret[-40:] not in said


def test_what_holds_a_secret_is_silent(server):
    auth = server.auth()
    auth.grant()

    shown = repr(auth) + repr(auth._held) + repr(auth._sign_in) + repr(vars(auth._sign_in))

    assert "token-1" not in shown
    assert "SigningKey(" not in shown


def test_what_is_needed_is_what_was_given_to_it(server):
    access = Access(frozenset({"Patient"}), frozenset())

    assert server.auth(access=access).grant().is_whole
    assert server.forms[0]["scope"] == "system/Patient.read"


# A login that is refused is nobody's chart


@pytest.mark.parametrize(
    "ask",
    [
        lambda ehr: list(ehr.read_records(["p"], [DataRequirement("Condition")])),
        lambda ehr: ehr.read_alerts(["p"], {}),
        lambda ehr: ehr.changed_since([DataRequirement("Condition")], NOW),
    ],
    ids=["records", "alerts", "changes"],
)
def test_a_refused_login_passes_through_and_is_not_taken_for_a_closed_type(server, ask):
    server.instead_of_token = lambda _: oauth_error("invalid_client", 401)
    ehr = EHRConnection(
        server.client(), VOCABULARY, None, cohort_sources=[], open_reading=lambda _: None
    )

    with pytest.raises(EHRRefused, match="invalid_client"):
        ask(ehr)

    assert server.tokens_shown == []
