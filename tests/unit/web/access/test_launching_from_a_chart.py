"""SMART App Launch: the patient in context, and nobody else."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs

from tests.lib.fake_provider import with_query

AT = datetime(2026, 11, 23, tzinfo=UTC)
SESSION = "__Host-boneflag-chart"
BACK = "/launch/callback"


@pytest.fixture
def keys(door):
    door.provider.claims = {"fhirUser": f"{door.provider.origin}/fhir/Practitioner/7"}
    door.provider.beside = {"patient": "p1", "need_patient_banner": False}
    return door.ledger.cohort.register(["p1", "p2"], "test", AT)


def from_chart(door) -> str:
    return with_query("/launch", {"iss": f"{door.provider.origin}/fhir", "launch": "L1"})


def asked(answer) -> dict[str, str]:
    return {n: v[0] for n, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def test_a_launch_from_a_chart_asks_for_who_looks_and_at_whom_and_nothing_more(door):
    given = asked(door.opens().get(from_chart(door)))
    assert (given["scope"], given["launch"]) == ("launch openid fhirUser", "L1")
    assert given["aud"] == f"{door.provider.origin}/fhir"
    assert given["redirect_uri"].endswith(BACK)


def test_a_launch_without_a_chart_lets_the_ehr_ask_for_the_patient(door):
    given = asked(door.opens().get("/launch"))
    assert given["scope"] == "launch/patient openid fhirUser"
    assert given["aud"] == f"{door.provider.origin}/fhir"
    assert "launch" not in given


def test_a_slash_at_the_end_of_the_ehrs_address_is_no_other_ehr(door):
    where = with_query("/launch", {"iss": f"{door.provider.origin}/fhir/", "launch": "L1"})
    assert door.opens().get(where).status_code == 303


@pytest.mark.parametrize(
    "query",
    [
        {"iss": "https://other.example/fhir", "launch": "L1"},
        {"iss": "", "launch": "L1"},
        {"launch": "L1"},
    ],
)
def test_another_ehr_is_refused_and_asked_for_nothing(door, query):
    with capture_logs() as logs:
        answer = door.opens().get(with_query("/launch", query))
    assert (answer.status_code, logs[0]["event"]) == (403, "sign_in_refused")
    assert door.provider.asked == []


def test_the_patient_in_context_is_opened_by_our_own_key(door, keys):
    answer = door.signs_in(door.opens(), from_chart(door), BACK)
    assert answer.headers["location"] == f"/patients/{keys['p1']}"
    row = list(door.ledger.audit.rows())[-1]
    assert (row.what, row.by_whom, row.patient_key) == ("sign-in", "Practitioner/7", keys["p1"])


def test_the_session_holds_that_patient_and_no_role_but_the_clinicians(door, keys):
    browser = door.opens()
    door.signs_in(browser, from_chart(door), BACK)
    answer = browser.get("/")
    assert (answer.status_code, "another role" in answer.text) == (403, True)
    assert "Programme" not in answer.text


def test_a_newer_launch_ends_the_older_one(door, keys):
    browser = door.opens()
    door.signs_in(browser, from_chart(door), BACK)
    older = browser.cookies[SESSION]
    door.provider.beside = {"patient": "Patient/p2"}
    answer = door.signs_in(browser, from_chart(door), BACK)
    assert answer.headers["location"] == f"/patients/{keys['p2']}"
    stale = door.opens()
    stale.cookies.set(SESSION, older)
    assert "from the chart again" in stale.get("/").text


@pytest.mark.parametrize(
    ("claims", "patient"), [({}, "unknown"), ({"fhirUser": "Patient/p1"}, "p1"), ({}, None)]
)
def test_a_launch_that_opens_nobody_ends_the_chart_that_was_open(door, keys, claims, patient):
    browser = door.opens()
    door.signs_in(browser, from_chart(door), BACK)
    door.provider.claims |= claims
    door.provider.beside = {"patient": patient}
    assert door.signs_in(browser, from_chart(door), BACK).status_code in (403, 404)
    assert "from the chart again" in browser.get(f"/patients/{keys['p1']}").text


def test_two_charts_that_are_opened_at_once_each_come_back(door, keys):
    browser = door.opens()
    one, two = browser.get(from_chart(door)), browser.get(from_chart(door))
    assert door.comes_back(browser, one, BACK).status_code == 303
    assert door.comes_back(browser, two, BACK).status_code == 303


def test_who_opens_a_chart_is_a_clinical_lead_no_more(door, keys):
    door.provider.claims |= {"roles": ["boneflag-clinical-lead"]}
    browser = door.opens()
    door.signs_in(browser)
    staff = browser.cookies["__Host-boneflag"]
    door.signs_in(browser, from_chart(door), BACK)
    assert browser.get("/").status_code == 403
    other = door.opens()
    other.cookies.set("__Host-boneflag", staff)
    assert other.get("/").headers["location"].startswith("/sign-in")


def test_somebody_whom_the_ledger_does_not_know_is_told_kindly(door, keys):
    door.provider.beside = {"patient": "unknown"}
    browser = door.opens()
    answer = door.signs_in(browser, from_chart(door), BACK)
    assert (answer.status_code, "Nothing was read" in answer.text) == (404, True)
    assert SESSION not in browser.cookies
    assert "unknown" not in answer.text


def test_somebody_who_must_not_be_looked_at_is_not_opened(door, keys):
    door.ledger.cohort.leave_out(["p2"], AT)
    door.provider.beside = {"patient": "p2"}
    assert door.signs_in(door.opens(), from_chart(door), BACK).status_code == 404


@pytest.mark.parametrize("patient", [None, 5, ""])
def test_an_answer_without_a_patient_opens_nobody(door, keys, patient):
    door.provider.beside = {"patient": patient}
    assert door.signs_in(door.opens(), from_chart(door), BACK).status_code == 403


@pytest.mark.parametrize("kind", ["Patient", "RelatedPerson"])
def test_the_page_is_not_for_patients(door, keys, kind):
    door.provider.claims = {"fhirUser": f"{kind}/p1"}
    browser = door.opens()
    assert door.signs_in(browser, from_chart(door), BACK).status_code == 403
    assert SESSION not in browser.cookies


# 103 characters before the id: longer than a name may be.
FAR = f"https://healthlake.us-east-1.amazonaws.com/datastore/{'a' * 32}/r4"


@pytest.mark.parametrize("user", [f"{FAR}/RelatedPerson/1", f"{FAR}{'a' * 60}/Patient/1"])
def test_a_long_address_does_not_hide_that_somebody_is_a_patient(door, keys, user):
    door.provider.claims = {"fhirUser": user}
    browser = door.opens()
    assert door.signs_in(browser, from_chart(door), BACK).status_code == 403
    assert SESSION not in browser.cookies


@pytest.mark.parametrize("user", [None, "", " ", 5])
def test_somebody_of_whom_the_ehr_says_nothing_is_not_taken_for_staff(door, keys, user):
    door.provider.claims = {"fhirUser": user}
    with capture_logs() as logs:
        assert door.signs_in(door.opens(), from_chart(door), BACK).status_code == 403
    assert "fhirUser is missing" in logs[-1]["reason"]


@pytest.mark.parametrize(
    ("user", "named"),
    [
        ("https://b.example/Practitioner/7", "https://b.example/Practitioner/7"),
        (f"{FAR}/Practitioner/7", "Practitioner/7"),
    ],
)
def test_the_audit_names_whoever_looks_however_long_their_address_is(door, keys, user, named):
    door.provider.claims = {"fhirUser": user}
    door.signs_in(door.opens(), from_chart(door), BACK)
    assert list(door.ledger.audit.rows())[-1].by_whom == named


def test_keys_that_the_ehr_names_beside_openid_only_are_found_there(door, keys):
    whole = door.provider._configuration()
    door.provider._configuration = lambda: (  # What SMART asks for, and what else there is.
        whole if door.provider.asked[-1].endswith("openid-configuration")
        else {n: v for n, v in whole.items() if n != "jwks_uri"}
    )  # fmt: skip
    assert door.signs_in(door.opens(), from_chart(door), BACK).status_code == 303


@pytest.mark.parametrize(
    "published",
    [
        {"token_endpoint": "https://elsewhere.example/token"},
        {"authorization_endpoint": "https://elsewhere.example/authorize"},
        {"code_challenge_methods_supported": ["plain"]},
    ],
)
def test_a_login_server_elsewhere_is_not_believed(door, published):
    door.provider.published = published
    assert door.opens().get(from_chart(door)).status_code == 503


def test_an_issuer_elsewhere_is_not_even_asked_for_its_keys(door):
    door.provider.published = {"issuer": "https://elsewhere.example", "jwks_uri": None}
    with capture_logs() as logs:
        assert door.opens().get(from_chart(door)).status_code == 503
    assert "names a login server elsewhere" in logs[-1]["reason"]


def test_a_login_server_elsewhere_is_believed_where_the_hospital_named_it(door):
    door.provider.published = {"authorization_endpoint": "https://elsewhere.example/authorize"}
    browser = door.opens(smart_token_url="https://elsewhere.example/token")
    assert browser.get(from_chart(door)).headers["location"].startswith("https://elsewhere.example")


# Frames


def test_nobody_may_frame_a_page_unless_the_hospital_says_who(door):
    browser = door.opens()
    policy = browser.get(with_query("/launch", {"iss": "x"})).headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy


def test_the_ehr_may_frame_the_pages_of_a_chart_alone(door, keys):
    browser = door.opens(launch_frame_origins="https://ehr.example")
    answer = door.signs_in(browser, from_chart(door), BACK)
    session = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(SESSION))
    assert {"SameSite=None", "Secure", "Partitioned"} <= {*session.split("; ")}
    assert (
        "frame-ancestors https://ehr.example" in browser.get("/").headers["content-security-policy"]
    )
    staff = door.opens(launch_frame_origins="https://ehr.example")
    assert "frame-ancestors 'none'" in staff.get("/sign-in").headers["content-security-policy"]


def test_a_frame_whose_session_is_over_says_so_and_asks_for_no_password(door):
    browser = door.opens(launch_frame_origins="https://ehr.example")
    answer = browser.get("/", headers={"Sec-Fetch-Dest": "iframe"})
    assert (answer.status_code, "from the chart again" in answer.text) == (403, True)
    assert "frame-ancestors https://ehr.example" in answer.headers["content-security-policy"]
