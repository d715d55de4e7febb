"""Staff sign in with the hospital's accounts: who is let in as what, and who is not."""

from __future__ import annotations

import base64
import hashlib
import logging
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey
from structlog.testing import capture_logs

from tests.lib.fake_provider import (
    CLIENT,
    OTHER_KEY,
    SECRET,
    signed_by,
    signed_with_the_public_key,
    unsigned,
    with_query,
)
from tests.lib.tls_server import Authority
from tests.lib.wire_server import wire_server

LEAD = "boneflag-clinical-lead"
SESSION = "__Host-boneflag"


def test_the_way_there_asks_for_a_code_with_proof_and_says_nothing_else(door):
    browser = door.opens()
    begun = browser.get("/sign-in/begin")
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert set(asked) == {
        *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method"),
    }
    assert asked["redirect_uri"] == ["https://pages.hospital.example/sign-in/callback"]
    assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])


@pytest.mark.parametrize(
    ("claims", "settings", "first_page"),
    [
        ({"roles": [LEAD]}, {}, "/programme"),
        ({"roles": "boneflag-operator other"}, {}, "/programme"),
        ({"realm": {"roles": [LEAD]}}, {"sign_in_roles_claim": "realm.roles"}, "/programme"),
        ({"https://x.y/r": ["ward"]}, {
            "sign_in_roles_claim": "https://x.y/r", "sign_in_lead_values": "bones,ward"
        }, "/programme"),
    ],
)  # fmt: skip
def test_who_has_a_role_is_let_in(door, claims, settings, first_page):
    door.provider.claims = claims
    browser = door.opens(**settings)
    assert door.signs_in(browser).headers["location"] == "/"
    assert browser.get("/").headers["location"].startswith(first_page)


def test_who_has_no_role_is_signed_in_and_told_whom_to_ask(door):
    browser = door.opens()
    assert door.signs_in(browser).status_code == 303
    answer = browser.get("/")
    assert (answer.status_code, "No role yet" in answer.text) == (403, True)


def test_roles_that_the_id_token_lacks_are_asked_for(door):
    door.provider.claims = {}
    door.provider.userinfo = {"sub": "s-1", "roles": [LEAD]}
    door.provider.published = {"userinfo_endpoint": f"{door.provider.origin}/userinfo"}
    browser = door.opens()
    door.signs_in(browser)
    assert browser.get("/").status_code == 303
    assert door.provider.headers[-1]["Authorization"] == "Bearer AT"


def test_roles_of_somebody_else_are_nobodys(door):
    door.provider.claims = {}
    door.provider.userinfo = {"sub": "s-2", "roles": [LEAD]}
    door.provider.published = {"userinfo_endpoint": f"{door.provider.origin}/userinfo"}
    assert door.signs_in(door.opens()).status_code == 403


def test_the_audit_says_who_signed_in_and_as_what(door):
    door.provider.claims = {"preferred_username": "a.lead", "roles": [LEAD]}
    door.signs_in(door.opens())
    row = list(door.ledger.audit.rows())[-1]
    assert (row.what, row.by_whom, row.detail) == ("sign-in", "a.lead", "as clinical-lead")


def test_a_session_from_before_is_over_and_never_taken_on(door):
    door.provider.claims = {"roles": [LEAD]}
    browser = door.opens()
    door.signs_in(browser)
    before = browser.cookies[SESSION]
    door.signs_in(browser)
    assert browser.cookies[SESSION] != before
    old = door.opens()
    old.cookies.set(SESSION, before)
    assert old.get("/").headers["location"].startswith("/sign-in")


def test_the_session_is_kept_by_a_cookie_of_this_host_that_no_script_reads(door):
    told = door.signs_in(door.opens()).headers.get_list("set-cookie")
    session = next(line for line in told if line.startswith(SESSION + "="))
    assert {*session.split("; ")[1:]} == {
        *("Path=/", "Max-Age=36000", "HttpOnly", "SameSite=Lax", "Secure"),
    }


@pytest.mark.parametrize(
    ("next_", "lands"),
    [
        ("/worklist?sort=due", "/worklist?sort=due"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\\b", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_signing_in_leads_to_our_own_pages_only(door, next_, lands):
    browser = door.opens()
    begun = browser.get("/sign-in/begin", params={"next": next_})
    assert door.comes_back(browser, begun).headers["location"] == lands


# Answers that are refused


def refused(answer, logs) -> str:
    """The reason in the log of a refusal, which is a page with a status of 4xx."""
    assert answer.status_code == 403
    assert "SECRET" not in answer.text
    [line] = [line for line in logs if line["event"] == "sign_in_refused"]
    return line["reason"]


def test_a_code_that_is_played_again_is_refused(door):
    browser = door.opens()
    given = door.provider.approve(browser.get("/sign-in/begin").headers["location"])
    assert browser.get(with_query("/sign-in/callback", given)).status_code == 303
    with capture_logs() as logs:
        again = browser.get(with_query("/sign-in/callback", given))
    assert "no sign-in" in refused(again, logs)
    assert door.provider.asked.count("/token") == 1


def test_an_answer_that_another_browser_began_is_refused(door):
    given = door.provider.approve(door.opens().get("/sign-in/begin").headers["location"])
    victim = door.opens()
    victim.get("/sign-in/begin")
    with capture_logs() as logs:
        answer = victim.get(with_query("/sign-in/callback", given))
    assert "another browser" in refused(answer, logs)
    assert "/token" not in door.provider.asked


def test_a_session_is_no_state(door):
    browser = door.opens()
    door.signs_in(browser)
    given = {"code": "c", "state": browser.cookies[SESSION]}
    assert browser.get(with_query("/sign-in/callback", given)).status_code == 403


def test_an_answer_of_a_launch_is_none_of_a_sign_in(door):
    browser = door.opens()
    given = door.provider.approve(browser.get("/launch").headers["location"])
    assert browser.get(with_query("/sign-in/callback", given)).status_code == 403


@pytest.mark.parametrize(
    ("published", "more", "is_refused"),
    [
        ({}, {"iss": "https://other.example"}, True),
        ({"authorization_response_iss_parameter_supported": True}, {}, True),
        ({}, {}, False),
        ({"authorization_response_iss_parameter_supported": True}, {"iss": ""}, False),
    ],
)
def test_an_answer_of_another_provider_is_refused(door, published, more, is_refused):
    door.provider.published = published
    if "iss" in more:
        more = {"iss": more["iss"] or door.provider.origin}
    browser = door.opens()
    answer = door.comes_back(browser, browser.get("/sign-in/begin"), **more)
    assert answer.status_code == (403 if is_refused else 303)
    assert ("/token" in door.provider.asked) is not is_refused


def test_what_the_provider_says_instead_of_a_code_is_not_repeated(door):
    browser = door.opens()
    begun = browser.get("/sign-in/begin")
    given = door.provider.approve(begun.headers["location"])
    said = {"state": given["state"], "error": "access_denied", "error_description": "SECRET"}
    with capture_logs() as logs:
        answer = browser.get(with_query("/sign-in/callback", said))
    assert "did not allow it" in refused(answer, logs)


@pytest.mark.parametrize(
    ("sign", "reason"),
    [
        (unsigned, "not signed with a public key"),
        (signed_with_the_public_key, "not signed with a public key"),
        (signed_by(OTHER_KEY, "one"), "not signed by its keys"),
        (signed_by(OTHER_KEY, "two"), "does not publish"),
        (lambda _: "SECRET", "cannot be used"),
    ],
)
def test_a_forged_token_is_refused(door, sign, reason):
    door.provider.sign = sign
    browser = door.opens()
    with capture_logs() as logs:
        assert reason in refused(door.signs_in(browser), logs)
    assert SESSION not in browser.cookies


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"exp": int(time.time()) - 300},
        {"exp": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": 5},
        {"iat": int(time.time()) + 3600, "nbf": int(time.time()) + 3600},
        {"at_hash": "of-another-token"},
    ],
)
def test_a_token_for_somebody_else_or_another_time_is_refused(door, claims):
    door.provider.claims = claims
    with capture_logs() as logs:
        refused(door.signs_in(door.opens()), logs)


def test_a_key_that_is_new_is_fetched_and_then_known(door):
    browser = door.opens()
    door.signs_in(browser)
    door.provider.keys = [OTHER_KEY]
    assert door.signs_in(browser).status_code == 303  # KEY is still known here.
    assert door.provider.asked.count("/jwks") == 1


def test_keys_that_change_under_the_same_name_or_none_are_asked_for_anew(door, monkeypatch):
    monkeypatch.setattr("service.identity.id_token._ASK_AGAIN_AFTER_SECONDS", 0.0)
    browser = door.opens()
    for named in ({"kid": "one"}, {"kid": "one"}, {}, {}):
        key = ECKey.generate_key("P-256", named)
        door.provider.keys = [key]
        door.provider.sign = lambda c, k=key, n=named: jwt.encode({"alg": "ES256", **n}, c, k)
        assert door.signs_in(browser).status_code == 303


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_a_token_by_ed25519_may_hold_the_hash_of_its_access_token(door, alg):
    key = OKPKey.generate_key("Ed25519", {"kid": "one"})
    digest = hashlib.sha512(b"AT").digest()[:32]
    door.provider.claims = {"at_hash": base64.urlsafe_b64encode(digest).decode().rstrip("=")}
    door.provider.keys = [key]
    door.provider.sign = lambda c: jwt.encode({"alg": alg, "kid": "one"}, c, key, algorithms=[alg])
    assert door.signs_in(door.opens()).status_code == 303
    door.provider.claims = {"at_hash": "of-another-token"}
    assert door.signs_in(door.opens()).status_code == 403


@pytest.mark.parametrize(
    ("beside", "status"),
    [
        ({"expires_in": "soon"}, 403),
        ({"expires_at": []}, 403),
        ({"id_token": 5}, 403),
    ],
)
def test_an_answer_that_makes_no_sense_is_told_in_a_page(door, beside, status):
    door.provider.beside = beside
    assert door.signs_in(door.opens()).status_code == status


def test_a_token_without_openid_is_refused(door):
    door.provider.beside = {"id_token": None}
    with capture_logs() as logs:
        assert "no ID token" in refused(door.signs_in(door.opens()), logs)


def test_a_wrong_secret_is_told_to_the_log_and_not_to_the_person(door):
    browser = door.opens(sign_in_client_secret="wrong")
    with capture_logs() as logs:
        assert "client id or our secret" in refused(door.signs_in(browser), logs)


def test_a_secret_goes_into_the_form_where_the_provider_takes_it_there_only(door):
    door.provider.published = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert door.signs_in(door.opens()).status_code == 303


# A provider that is away


@pytest.mark.parametrize(
    "published",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "http://login.hospital.example/token"},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "https://["},
        {"jwks_uri": None},
    ],
)
def test_what_a_provider_publishes_is_not_believed_blindly(door, published):
    door.provider.published = published
    with capture_logs() as logs:
        assert door.opens().get("/sign-in/begin").status_code == 503
    assert [line["event"] for line in logs] == ["login_server_away"]


def test_a_provider_that_is_away_is_told_in_a_page(door):
    door.provider.is_away = True
    answer = door.opens().get("/sign-in/begin")
    assert (answer.status_code, "SECRET" in answer.text) == (503, False)
    assert "set-cookie" not in answer.headers


def test_a_provider_that_goes_away_meanwhile_is_told_in_a_page(door):
    browser = door.opens()
    begun = browser.get("/sign-in/begin")
    given = door.provider.approve(begun.headers["location"])
    door.provider.is_away = True
    assert browser.get(with_query("/sign-in/callback", given)).status_code == 503


def test_too_many_who_set_out_are_stopped_for_a_minute(door, monkeypatch):
    monkeypatch.setattr("service.web.access.opening.TRIPS_PER_MINUTE", 2)
    browser = door.opens()
    told = [browser.get("/sign-in/begin").status_code for _ in range(3)]
    assert told == [303, 303, 429]


# Signing out


def form_token(page) -> str:
    return page.text.partition('name="form_token" value="')[2].partition('"')[0]


@pytest.mark.parametrize("offers", [True, False])
def test_signing_out_ends_the_session_and_leads_on_where_the_provider_offers_it(door, offers):
    away = f"{door.provider.origin}/end"
    door.provider.published = {"end_session_endpoint": away} if offers else {}
    browser = door.opens()
    door.signs_in(browser)
    token = browser.cookies[SESSION]
    page = browser.get("/")
    answer = browser.post("/sign-out", data={"form_token": form_token(page)})
    assert ("Signed out" in answer.text) is offers
    assert (f"{away}?client_id={CLIENT}&amp;post_logout" in answer.text) is offers
    browser.cookies.set(SESSION, token)
    assert browser.get("/").headers["location"].startswith("/sign-in")


def test_nobody_is_signed_out_by_a_page_of_somebody_else(door):
    browser = door.opens()
    door.signs_in(browser)
    browser.post("/sign-out", data={"form_token": "guessed"})
    assert browser.get("/").status_code == 403  # Still signed in, without a role.


def test_a_redis_that_is_away_is_told_in_a_page(door):
    browser = door.opens(redis_url="redis://127.0.0.1:1/0")
    assert browser.get("/sign-in/begin").status_code == 503
    assert browser.get("/sign-in/callback?state=s&code=c").status_code == 503


@pytest.mark.parametrize(("trusted", "status"), [("ca.pem", 303), ("", 503)])
def test_a_provider_of_the_hospitals_own_authority_is_trusted_where_it_is_named(
    door, tmp_path, trusted, status
):
    certificate = Authority(tmp_path).issue("login")
    with wire_server(door.provider, certificate) as origin:
        door.provider.origin = origin
        named = str(tmp_path / trusted) if trusted else ""
        browser = door.opens(sign_in_ca_file=named)
        assert browser.get("/sign-in/begin").status_code == status


def test_the_log_of_a_whole_sign_in_holds_nothing_that_is_worth_stealing(door, caplog):
    browser = door.opens()
    with caplog.at_level(logging.DEBUG), capture_logs() as logs:
        begun = browser.get("/sign-in/begin")
        given = door.provider.approve(begun.headers["location"])
        browser.get(with_query("/sign-in/callback", given))
    libraries = [r for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    told = " ".join([str(logs), *(record.getMessage() for record in libraries)])
    stolen = [given["code"], given["state"], door.provider.forms[0]["code_verifier"], SECRET]
    assert [word for word in stolen if word in told] == []
