"""Which ways in the settings open, what the password of a demo does, and what a form must show."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from service.settings import SettingsInvalid

NO_WAY = {
    "sign_in_issuer": "",
    "sign_in_client_id": "",
    "launch_client_id": "",
    "page_url": "http://127.0.0.1:8000",
}
DEMO = NO_WAY | {"page_password": SecretStr("pass")}
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (NO_WAY, "nobody could sign in"),
        ({"page_password": SecretStr("p")}, "different ways in"),
        (DEMO | {"page_url": "https://pages.example"}, "for a demo, with its EHR"),
        (DEMO | {"fhir_base_url": "https://ehr.hospital.example/fhir"}, "for a demo, with its EHR"),
        ({"page_url": "http://pages.example"}, "must be https"),
        ({"page_url": "https://pages.example/with/path"}, "address without a path"),
        ({"sign_in_issuer": "http://login.example"}, "no https address"),
        ({"sign_in_scopes": "profile"}, "lacks openid"),
        ({"sign_in_ca_file": "/nowhere.pem"}, "SIGN_IN_CA_FILE"),
        ({"launch_frame_origins": "https://ehr.example/path"}, "no origin"),
        ({"launch_frame_origins": "*"}, "no origin"),
        ({"launch_frame_origins": "https://a.example; script-src *"}, "no origin"),
        (
            {"page_url": "http://127.0.0.1:8000", "launch_frame_origins": "https://ehr.example"},
            "needs an https",
        ),
        ({"redis_url": ""}, "REDIS_URL"),
    ],
)
def test_settings_that_let_nobody_in_or_anybody_are_refused(door, settings, named):
    with pytest.raises(SettingsInvalid, match=named):
        door.opens(**settings)


def test_where_only_charts_lead_here_the_sign_in_says_so(door):
    browser = door.opens(sign_in_issuer="", sign_in_client_id="")
    assert "open from a patient" in browser.get("/sign-in").text
    assert browser.get("/sign-in/begin").status_code == 404


def test_the_password_lets_in_and_a_wrong_one_does_not(door):
    browser = door.opens(**DEMO)
    assert browser.post("/sign-in", data={"password": "word"}).status_code == 403
    assert browser.get("/").headers["location"].startswith("/sign-in")
    assert browser.post("/sign-in", data={"password": "pass"}).headers["location"] == "/"
    assert browser.get("/").headers["location"] == "/programme"


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({"Host": "localhost:8000", "Origin": "http://localhost:8000"}, True),
        ({"Host": "boneflag.hospital.example"}, False),
        ({"Host": "localhost.evil.example"}, False),
        ({"Origin": "https://boneflag.hospital.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://["}, False),
    ],
)
def test_the_password_is_not_taken_through_a_proxy_or_under_another_name(door, headers, is_taken):
    browser = door.opens(**DEMO)
    answer = browser.post("/sign-in", data={"password": "pass"}, headers=headers)
    assert answer.status_code == (303 if is_taken else 403)
    assert ("set-cookie" in answer.headers) is is_taken


def test_who_tries_passwords_is_stopped_after_ten_even_with_the_right_one(door):
    browser = door.opens(**DEMO)
    told = [browser.post("/sign-in", data={"password": "word"}).status_code for _ in range(10)]
    assert set(told) == {403}
    assert browser.post("/sign-in", data={"password": "pass"}).status_code == 429


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({}, True),
        ({"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Content-Type": "text/plain"}, False),
    ],
)
def test_a_form_is_taken_from_our_own_page_and_as_a_form_alone(door, headers, is_taken):
    browser = door.opens(**DEMO)
    browser.post("/sign-in", data={"password": "pass"})
    token = door.form_token(browser)
    browser.post(
        "/sign-out", content=f"form_token={token}", headers={"Content-Type": FORM} | headers
    )
    is_out = browser.get("/").headers["location"].startswith("/sign-in")
    assert is_out is is_taken


def test_over_https_browsers_are_told_to_keep_to_it(door):
    told = door.opens().get("/sign-in").headers["strict-transport-security"]
    assert told == "max-age=31536000"
    assert "strict-transport-security" not in door.opens(**DEMO).get("/sign-in").headers
