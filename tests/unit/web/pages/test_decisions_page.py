"""A no that is said on a page: who may say it, what is kept, and where one goes then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.reason_words import OFFERED, choices
from service.screening.alert import AlertKind
from service.screening.decision_meaning import Meaning
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from service.settings import Settings
from service.store.ledger import Ledger
from service.web.access.visitor import Role
from service.wiring import today_for
from tests.lib.pages import browsing

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
SCREENING = str(AlertKind.SCREENING)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(f"sqlite:///{tmp_path}/ledger.sqlite3", attempts_in_a_run=5) as ledger:
        ledger.migrate()
        ledger.cohort.register(["p1", "p2"], "test", NOW)
        yield ledger


@pytest.fixture
def browser(ledger, redis_url):
    with browsing(Settings(), ledger, redis_url) as browser:
        browser.signs_in(Role.CLINICAL_LEAD, name="Dr. Åse Vik")
        yield browser


def key_of(ledger, fhir_id="p1"):
    return ledger.cohort.keys_of([fhir_id])[fhir_id]


def said(ledger, fhir_id="p1"):
    return ledger.decisions.of([key_of(ledger, fhir_id)]).get(key_of(ledger, fhir_id), ())


def decides(browser, ledger, reason="patient-refuses", **fields):
    given = {"act": "decide", "patient": key_of(ledger), "about": SCREENING, "reason": reason}
    return browser.sends("/decisions", **(given | fields))


def test_a_press_without_a_reason_opens_the_form_and_keeps_nothing(browser, ledger):
    answer = browser.sends("/decisions", patient=key_of(ledger), about=SCREENING)
    assert answer.status_code == 200
    assert "Patient refuses/declines" in answer.text
    assert not said(ledger)


def test_a_no_is_kept_under_the_name_of_who_said_it_and_the_person_is_looked_at(browser, ledger):
    assert decides(browser, ledger).status_code == 303
    (decision,) = said(ledger)
    assert (decision.kind, decision.code) == ("declined", "patient-refuses")
    assert decision.decided_by == "Dr. Åse Vik"
    assert ledger.pending.runs_of([key_of(ledger)])
    row = list(ledger.audit.rows())[-1]
    assert (row.what, row.by_whom) == ("decide", "Dr. Åse Vik")


def test_a_no_that_stands_is_shown_and_taken_back_under_the_name(browser, ledger):
    decides(browser, ledger)
    shown = browser.sends("/decisions", patient=key_of(ledger), about=SCREENING).text
    assert "by Dr. Åse Vik: Patient refuses/declines" in shown
    assert decides(browser, ledger, act="take-back").status_code == 303
    assert not said(ledger)
    rows = [r for r in ledger.audit.rows() if r.what == "take-back"]
    assert [r.by_whom for r in rows] == ["Dr. Åse Vik"]


def test_a_day_that_was_given_is_kept(browser, ledger):
    decides(browser, ledger, "limited-time", until="2099-01-10")
    assert [str(d.until) for d in said(ledger)] == ["2099-01-10"]


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": "nonsense"},
        {"reason": ""},
        {"about": "nonsense"},
        {"until": "soon"},
        {"until": "2001-01-01"},
    ],
)
def test_what_cannot_be_understood_is_refused_and_not_kept(browser, ledger, fields):
    answer = decides(browser, ledger, **fields)
    assert answer.status_code == 400
    assert not said(ledger)


def test_somebody_whom_nobody_knows_is_not_decided_about(browser, ledger):
    assert decides(browser, ledger, patient="0" * 32).status_code == 404


def test_a_clinician_says_no_about_the_patient_of_their_chart_alone(browser, ledger):
    browser.signs_in(Role.CLINICIAN, name="Practitioner/7", patient_key=key_of(ledger))
    assert decides(browser, ledger, patient=key_of(ledger, "p2")).status_code == 403
    assert not said(ledger, "p2")
    assert decides(browser, ledger).status_code == 303
    assert [d.decided_by for d in said(ledger)] == ["Practitioner/7"]


def test_being_refused_a_no_about_another_chart_is_in_the_audit(browser, ledger):
    browser.signs_in(Role.CLINICIAN, name="Practitioner/7", patient_key=key_of(ledger))
    decides(browser, ledger, patient=key_of(ledger, "p2"))
    row = list(ledger.audit.rows())[-1]
    assert (row.what, row.reason, row.outcome) == ("view", "another chart", "failed")
    assert (row.detail, row.patient_key, row.by_whom) == ("/decisions", "", "Practitioner/7")


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.CLINICAL_LEAD])
def test_a_form_from_before_a_merge_is_about_the_person_under_the_key_of_today(
    browser, ledger, role
):
    kept = key_of(ledger, "p1")
    ledger.cohort.register(["p-later"], "test", NOW + timedelta(days=1))
    before = key_of(ledger, "p-later")
    browser.signs_in(role, patient_key=before)
    run = ledger.runs.open("sweep", "shadow", "digest", NOW)
    assert ledger.merges.follow("p-later", "p1", NOW + timedelta(days=2), run) == kept
    asked = browser.sends("/decisions", patient=before, about=SCREENING)
    assert f'name="patient" value="{before}"' in asked.text
    answer = decides(browser, ledger, patient=before)
    assert answer.headers["location"] == f"/patients/{before}"
    assert [d.code for d in said(ledger, "p1")] == ["patient-refuses"]
    assert list(ledger.decisions.kept([before])) == []


def test_nothing_is_said_about_somebody_who_is_left_out(browser, ledger):
    ledger.cohort.leave_out(["p1"], NOW)
    answer = decides(browser, ledger)
    assert answer.status_code == 404
    assert "left out at the hospital" in answer.text
    assert not said(ledger)


def test_an_operator_says_no_about_nobody(browser, ledger):
    browser.signs_in(Role.OPERATOR)
    assert decides(browser, ledger).status_code == 403
    assert not said(ledger)


def test_a_form_of_another_origin_is_not_taken(browser, ledger):
    assert decides(browser, ledger, form_token="guessed").status_code == 403
    assert not said(ledger)


@pytest.mark.parametrize(
    ("wanted", "goes_back"),
    [
        ("/worklist?sort=due&page=2#line-7", True),
        ("/worklist", True),
        ("//elsewhere.example", False),
        ("https://elsewhere.example/worklist", False),
        ("/worklist/../sign-out", False),
        ("/sign-out", False),
        ("/worklist\r\nX: y", False),
    ],
)
def test_one_goes_back_to_a_page_of_ours_and_nowhere_else(browser, ledger, wanted, goes_back):
    where = decides(browser, ledger, next=wanted).headers["location"]
    assert where == (wanted if goes_back else f"/patients/{key_of(ledger)}")


def test_every_reason_that_is_offered_says_until_when_it_stands():
    protocol = packaged_protocol(packaged_vocabulary())
    on = today_for(Settings())
    offered = [choice for group in choices(protocol, on).values() for choice in group]
    assert {c.code for c in offered} == {*OFFERED, Meaning.WRONG_DIAGNOSIS}
    assert all(choice.until > on for choice in offered)
