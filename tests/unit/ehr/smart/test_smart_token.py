"""What a login server may answer, and what becomes of it."""

from datetime import UTC, datetime

import pytest

from service.ehr.errors import EHRMisunderstood, EHRUnavailable
from service.ehr.smart.token import AccessToken, Refusal, token_in
from tests.lib.login_server import as_json

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
GOOD = {"access_token": "t0ken", "token_type": "bearer", "expires_in": 300, "scope": "a b"}


def told(body, status=200, **headers):
    content = body if isinstance(body, bytes) else as_json(body)
    return token_in(status, content, {n.replace("_", "-"): v for n, v in headers.items()}, NOW)


def test_a_token_comes_with_its_life_and_its_scopes():
    token = told(GOOD)

    assert isinstance(token, AccessToken)
    assert (token.value, token.lifetime_seconds, token.scopes) == ("t0ken", 300, ("a", "b"))


def test_a_token_is_never_printed():
    assert "t0ken" not in repr(told(GOOD))


def test_an_answer_without_scopes_means_those_that_were_asked_for():
    assert told({"access_token": "t"}).scopes is None


@pytest.mark.parametrize("kind", ["Bearer", "BEARER", None])
def test_the_word_bearer_is_read_in_any_case_and_taken_for_granted(kind):
    assert told(GOOD | {"token_type": kind}).value == "t0ken"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (60, 60),
        (59.5, 59.5),
        ("3600", 3600),
        (0, 0),
        (-5, 0),
        (10**400, 86_400),
        (1e300, 86_400),
        ("9" * 5000, 86_400),
        (None, 300),
        ("soon", 300),
        ("", 300),
        (True, 300),
        ([300], 300),
    ],
)
def test_how_long_it_lives_is_read_with_tolerance(written, seconds):
    assert told(GOOD | {"expires_in": written}).lifetime_seconds == seconds


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": "two words"},
        {"access_token": "line\nInjected: s3cret"},
        {"access_token": "t\u00f6ken"},
        {"access_token": "s3cret", "token_type": "mac"},
        {"access_token": "s3cret", "token_type": 1},
    ],
)
def test_an_answer_without_a_bearer_token_is_not_understood(body):
    with pytest.raises(EHRMisunderstood, match="without a bearer token") as error:
        told(body)

    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"<html>s3cret</html>", b"[]", b"\xff\xfe", b"null"])
def test_garbage_is_not_understood_and_not_repeated(content):
    with pytest.raises(EHRMisunderstood, match="does not answer with JSON") as error:
        told(content)

    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_server_that_cannot_now_is_to_be_asked_later(status):
    with pytest.raises(EHRUnavailable) as error:
        told(b"", status, Retry_After="7")

    assert error.value.retry_after_seconds == 7
    assert not error.value.outcome_unknown


def test_retry_after_may_be_a_date():
    with pytest.raises(EHRUnavailable) as error:
        told(
            b"",
            429,
            Retry_After="Sun, 22 Nov 2026 08:00:30 GMT",
            Date="Sun, 22 Nov 2026 08:00:00 GMT",
        )

    assert error.value.retry_after_seconds == 30


@pytest.mark.parametrize("code", ["temporarily_unavailable", "server_error", "slow_down"])
def test_an_error_that_will_pass_is_to_be_asked_later_whatever_its_status(code):
    with pytest.raises(EHRUnavailable):
        told({"error": code}, 400)


@pytest.mark.parametrize("status", [302, 404, 405, 410, 501])
def test_an_answer_from_elsewhere_says_to_check_the_address(status):
    with pytest.raises(EHRMisunderstood, match="check BONEFLAG_SMART_TOKEN_URL"):
        told(b"s3cret", status, Location="https://elsewhere.example.net/s3cret")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"error": "invalid_client"}, 401, "invalid_client"),
        ({"error": "invalid_client"}, 400, "invalid_client"),
        ({"error": "invalid_scope"}, 400, "invalid_scope"),
        (b"Invalid token", 401, "invalid_client"),  # The reference Bulk Data server says it so.
        ({"error": "something of their own"}, 401, "invalid_client"),
        (b"", 400, ""),
        ({"error": "something of their own"}, 400, ""),
        ({"error": 7}, 400, ""),
        ({"error": "no"}, 403, ""),
    ],
)
def test_a_refusal_is_known_by_its_code(body, status, code):
    assert told(body, status) == Refusal(code, status, 0)


ADVICE = {
    "invalid_client": "client id and the public key",
    "invalid_grant": "client id and the public key",
    "invalid_request": "client id and the public key",
    "": "client id and the public key",
    "invalid_scope": "allow this client system/Patient.read",
    "unauthorized_client": "grant client_credentials",
    "unsupported_grant_type": "grant client_credentials",
}


@pytest.mark.parametrize("code", ADVICE)
def test_a_refusal_says_what_to_ask_the_ehr_team(code):
    error = Refusal(code, 400, 0).error("key-1", ("system/Patient.read",))

    assert ADVICE[code] in str(error)
    assert "EHR team" in str(error)


def test_a_refusal_names_the_key_that_was_signed_with():
    assert "key id key-1" in str(Refusal("invalid_client", 401, 0).error("key-1", ()))


@pytest.mark.parametrize("kid", ["k" * 65, "two\nlines"])
def test_a_key_id_that_would_spoil_a_sentence_is_not_told(kid):
    assert kid not in str(Refusal("invalid_client", 401, 0).error(kid, ()))


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("Sun, 22 Nov 2026 08:00:59 GMT", None),
        ("Sun, 22 Nov 2026 08:01:00 GMT", None),
        ("Sun, 22 Nov 2026 08:01:01 GMT", "clock is 61 s behind"),
        ("Sun, 22 Nov 2026 07:58:59 GMT", "clock is 61 s ahead of"),
        ("not a date", None),
    ],
)
def test_a_clock_that_is_more_than_a_minute_off_is_named_as_the_reason(date, words):
    refusal = told({"error": "invalid_client"}, 401, Date=date)

    said = str(refusal.error("key-1", ()))

    assert (words in said) if words else ("clock" not in said)
