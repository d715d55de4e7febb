"""The Operations page: what it tells an operator, what its buttons do, and that it names nobody."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from service.settings import Settings
from service.store.ledger import Ledger
from service.web.access.visitor import Role
from tests.lib.pages import browsing
from tests.unit.store.builders import deliver_one

AT = datetime(2026, 11, 22, 3, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(f"sqlite:///{tmp_path}/ledger.sqlite3", attempts_in_a_run=1) as ledger:
        ledger.migrate()
        yield ledger


@pytest.fixture
def browser(ledger, redis_url, tmp_path):
    settings = Settings(
        redis_url=redis_url,
        database_url=f"sqlite:///{tmp_path}/ledger.sqlite3",
        ehr_requests_per_day=5000,
    )
    with browsing(settings, ledger, redis_url) as browser:
        browser.signs_in(Role.OPERATOR, name="O. Perator")
        yield browser


def given_up(ledger, fhir_id="p1"):
    """Somebody whose only attempt failed; their key."""
    ledger.cohort.add([fhir_id], "test", AT)
    key = ledger.cohort.keys_of([fhir_id])[fhir_id]
    run_id = ledger.runs.open("sweep", "shadow", "digest", AT)
    ledger.pending.mark(run_id, [key], AT)
    ledger.pending.hand_out(10, 10, AT, AT)
    ledger.pending.store_failure(key, run_id, "KeyError", AT)
    return key


def words(text):
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def audited(ledger, what):
    return [(r.by_whom, r.patient_key) for r in ledger.audit.rows() if r.what == what]


def test_a_quiet_day_needs_nobody(browser):
    text = words(browser.reads("/operations"))
    assert "Nothing waits for an operator" in text
    assert "0 of 5000 requests today, 5000 left" in text
    assert "To screen 0 messages" in text


def test_who_was_given_up_is_told_by_key_and_reason_and_is_judged_anew(browser, ledger):
    key = given_up(ledger)
    text = browser.reads("/operations")
    assert key in text
    assert "1 person could not be judged: KeyError" in words(text)
    assert "docs/runbooks/dead-letters.md" in text
    assert browser.sends("/operations", act="retry").headers["location"] == "/operations"
    assert list(ledger.pending.runs_of([key]).values()) == [2]
    assert audited(ledger, "retry") == [("O. Perator", "")]


def test_a_pause_needs_a_reason_and_stands_under_the_name_of_who_paused(browser, ledger):
    assert browser.sends("/operations", act="pause", reason="  ").status_code == 400
    assert ledger.switches.paused() is None
    browser.sends("/operations", act="pause", reason="EHR upgrade")
    assert ledger.switches.paused().reason == "EHR upgrade"
    assert audited(ledger, "pause") == [("O. Perator", "")]
    assert "Paused since" in words(browser.reads("/operations"))


def test_who_resumes_is_written_down(browser, ledger):
    ledger.switches.pause("", AT)
    browser.sends("/operations", act="resume")
    assert ledger.switches.paused() is None
    assert audited(ledger, "resume") == [("O. Perator", "")]


def test_a_button_that_nobody_knows_does_nothing(browser):
    assert browser.sends("/operations", act="forget").status_code == 400


def test_a_form_without_the_token_of_the_session_pauses_nothing(browser, ledger):
    answer = browser.sends("/operations", act="pause", reason="x", form_token="guessed")
    assert answer.status_code == 403
    assert ledger.switches.paused() is None


def test_a_held_run_says_why_and_what_a_second_person_types(browser, ledger):
    run_id = deliver_one(ledger)[1]
    ledger.runs.hold(run_id, "40 new alerts, the limit is 20")
    text = words(browser.reads("/operations"))
    assert "40 new alerts, the limit is 20" in text
    assert f"boneflag release {run_id} --approver NAME" in text


def test_no_id_of_a_patient_is_on_the_page(browser, ledger):
    given_up(ledger, "patient-of-the-ehr")
    assert "patient-of-the-ehr" not in browser.reads("/operations")


@pytest.mark.parametrize("path", ["/operations", "/operations/audit"])
@pytest.mark.parametrize("role", [Role.CLINICAL_LEAD, Role.CLINICIAN])
def test_the_page_is_the_operators_alone(browser, path, role):
    browser.signs_in(role)
    assert browser.client.get(path).status_code == 403
    assert browser.sends(path, act="pause", reason="x").status_code == 403


# The audit


def test_the_audit_is_searched_by_act_and_by_name(browser, ledger):
    ledger.switches.pause("", AT, "Ada Night")
    ledger.switches.resume("Bo Day")
    text = words(browser.sends("/operations/audit", what="pause", who="ada").text)
    assert "1 entry" in text
    assert "Ada Night" in text
    assert "Bo Day" not in text


def test_the_audit_is_searched_by_days_of_the_hospital(browser, ledger):
    ledger.switches.pause("", AT, "Ada Night")
    on_the_day = {"since": "2026-11-22", "until": "2026-11-22", "what": "pause"}
    assert "1 entry" in words(browser.sends("/operations/audit", **on_the_day).text)
    before = {"since": "2026-11-20", "until": "2026-11-21", "what": "pause"}
    assert "Nothing fits" in words(browser.sends("/operations/audit", **before).text)


def test_who_asks_about_a_person_is_written_down_and_no_clinical_word_is_shown(browser, ledger):
    from service.deciding import Answer, Deciding
    from service.screening.protocol import packaged_protocol
    from service.screening.value_sets import packaged_vocabulary

    ledger.cohort.register(["p1"], "test", AT)
    key = ledger.cohort.keys_of(["p1"])["p1"]
    deciding = Deciding(ledger, packaged_protocol(packaged_vocabulary()), "shadow")
    deciding.decide("p1", Answer("patient-refuses", "nurse"), AT.date(), AT)
    answer = browser.sends("/operations/audit", patient="Patient/p1", who="nurse")
    assert "A decision about an alert was written down" in answer.text
    assert "patient-refuses" not in answer.text
    assert "declined" not in answer.text
    assert audited(ledger, "show-audit") == [("O. Perator", key)]


def test_a_stranger_is_told_as_such_and_the_search_is_written_down(browser, ledger):
    answer = browser.sends("/operations/audit", patient="nobody-here")
    assert "Nobody with this id is known here" in answer.text
    assert audited(ledger, "search-audit") == [("O. Perator", "")]
    assert "nobody-here" not in "".join(r.detail for r in ledger.audit.rows())


@pytest.mark.parametrize(
    "fields", [{"since": "soon"}, {"until": "9999-12-31"}, {"what": "nonsense"}]
)
def test_what_cannot_be_looked_for_is_refused(browser, fields):
    assert browser.sends("/operations/audit", **fields).status_code == 400
