"""Who is let in to a page, what is written down, and what a browser is told."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Route

from service.settings import Settings
from service.web.access.visitor import Role, Visitor
from service.web.pages.opening import pages
from tests.lib.pages import browsing
from tests.lib.patients import edss, ms, woman
from tests.unit.worklist.builders import judged, keep

DUE = judged(woman(born="1986-06-01"), ms(), edss(6.5, on="2026-03-01"))


@pytest.fixture
def browser(ledger, redis_url):
    with browsing(Settings(), ledger, redis_url) as browser:
        yield browser


def test_who_has_not_signed_in_is_sent_there_and_back(browser):
    answer = browser.client.get("/?a=b")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2F%3Fa%3Db"


def test_somebody_without_a_role_is_told_whom_to_ask(browser):
    browser.signs_in()
    answer = browser.client.get("/")
    assert answer.status_code == 403
    assert "Ask whoever runs it" in answer.text


def test_every_look_is_in_the_audit_with_a_name_and_without_an_id(browser, ledger):
    browser.signs_in(Role.OPERATOR, name="O. Perator")
    browser.client.get("/?patient=secret")
    row = list(ledger.audit.rows())[-1]
    assert (row.what, row.detail, row.by_whom) == ("view", "/", "O. Perator")


def test_what_no_ledger_can_hold_is_refused_and_not_told_as_a_database_that_is_away(browser):
    browser.signs_in(Role.CLINICAL_LEAD, Role.OPERATOR)
    answers = [
        browser.client.get("/patients/a%00b"),
        browser.client.get("/operations?by=a%00b"),
        browser.sends("/operations", act="pause", reason="a\0b"),
    ]
    assert [answer.status_code for answer in answers] == [400] * 3


def test_a_session_that_was_ended_opens_nothing(browser):
    browser.signs_in(Role.OPERATOR)
    browser.desk.entrance.sessions.close(browser.session_token())
    assert browser.client.get("/").headers["location"].startswith("/sign-in")


def test_who_came_from_a_chart_gets_nothing_of_anybody_else_at_any_address(browser, ledger):
    own, other = keep(ledger, "p-own", DUE), keep(ledger, "p-other", DUE)
    browser.signs_in(Role.CLINICIAN, name="Practitioner/7", patient_key=own)
    routes = [r for r in pages(browser.desk) if isinstance(r, Route)]
    assert "/patients/{key}/timeline.svg" in {r.path for r in routes}
    for route in routes:
        path = re.sub(r"\{[^}]+\}", other, route.path)
        answers = [browser.client.get(f"{path}?patient={other}&show=all")]
        if "POST" in route.methods:
            fields = {"patient": other, "about": "ms-bone-health-review", "act": "decide"}
            answers.append(browser.sends(path, reason="patient-refuses", **fields))
        for answer in answers:
            told = answer.text + str(answer.headers)
            assert answer.status_code in (403, 404), (route.path, answer.status_code)
            assert "p-other" not in told
            assert "EDSS" not in told
    assert ledger.decisions.kept([other]) == {}


@pytest.mark.parametrize(
    ("roles", "in_context", "asked", "may"),
    [
        ({Role.CLINICAL_LEAD}, "", "a", True),
        ({Role.OPERATOR}, "", "a", False),
        ({Role.CLINICIAN}, "a", "a", True),
        ({Role.CLINICIAN}, "a", "b", False),
        ({Role.CLINICIAN}, "", "", False),
        ({Role.CLINICIAN, Role.CLINICAL_LEAD}, "a", "b", False),
        (set(), "", "a", False),
    ],
)
def test_a_chart_is_open_to_whom_it_is_open(roles, in_context, asked, may):
    assert Visitor("A", frozenset(roles), "t", in_context).may_see(asked) is may


@pytest.mark.parametrize("path", ["/operations", "/worklist"])
def test_an_overlay_that_was_damaged_meanwhile_is_told_with_what_still_works(
    ledger, redis_url, tmp_path, path
):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("overlay: [")
    settings = Settings(
        protocol_overlay=str(overlay),
        redis_url=redis_url,
        database_url=f"sqlite:///{tmp_path}/ledger.sqlite3",
    )
    with browsing(settings, ledger, redis_url) as browser:
        browser.signs_in(Role.OPERATOR, Role.CLINICAL_LEAD)
        answer = browser.client.get(path)
    assert (answer.status_code, "boneflag pause" in answer.text) == (503, True)
