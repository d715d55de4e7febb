"""The Worklist page: who stands on it, what is written down, and what leaves it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from service.settings import Settings
from service.web.access.visitor import Role
from tests.lib.pages import browsing
from tests.lib.patients import edss, ms, woman
from tests.unit.worklist.builders import judged, keep, of_status

NOTHING_ON_FILE = judged(woman(born="1986-06-01"), ms())
DUE = judged(woman(born="1986-06-01"), ms(), edss(6.5, on="2026-03-01"))
SNOOZED = of_status("snoozed")
GAP = of_status("result-needs-action")


@pytest.fixture
def browser(ledger, redis_url):
    with browsing(Settings(), ledger, redis_url) as browser:
        browser.signs_in(Role.CLINICAL_LEAD)
        yield browser


def listed(ledger, key):
    return [r for r in ledger.audit.rows() if (r.what, r.patient_key) == ("list", key)]


def test_a_list_of_nobody_says_what_fills_it(browser):
    assert "the first sweep fills it" in browser.reads("/worklist")


def test_who_is_due_and_who_needs_a_look_stand_there_with_the_reason(browser, ledger):
    key = keep(ledger, "p-due", DUE)
    keep(ledger, "p-gap", NOTHING_ON_FILE)
    text = browser.reads("/worklist")
    assert f'<a class="person" href="/patients/{key}">p-due</a>' in text
    assert "Consider bone density assessment: " in text
    assert "nothing is there to judge by" in text
    assert "Observation/" not in text


def test_whoever_is_shown_is_in_the_audit_and_nobody_else_is(browser, ledger):
    shown, other = keep(ledger, "p-due", DUE), keep(ledger, "p-no", SNOOZED)
    browser.reads("/worklist")
    assert [row.by_whom for row in listed(ledger, shown)] == ["A. Lead"]
    assert listed(ledger, other) == []


def test_the_list_is_narrowed_and_an_unknown_word_is_as_if_it_was_not_said(browser, ledger):
    keep(ledger, "p-due", DUE)
    keep(ledger, "p-gap", NOTHING_ON_FILE)
    narrowed = browser.reads("/worklist?why=data-gap&status=%3Cscript%3E")
    assert "p-gap" in narrowed
    assert "p-due" not in narrowed
    assert "script%3E" not in narrowed


def test_a_no_is_offered_where_an_alert_asks_and_nowhere_else(browser, ledger):
    keep(ledger, "p-due", DUE)
    assert "Snooze or decline" in browser.reads("/worklist")
    assert "Snooze or decline" not in browser.reads("/worklist?why=data-gap")


def test_an_answer_stands_beside_the_person_until_the_next_look(browser, ledger):
    key = keep(ledger, "p-due", DUE)
    fields = {"patient": key, "about": "ms-bone-health-review", "reason": "limited-time"}
    where = browser.sends("/decisions", act="decide", next="/worklist?sort=due", **fields)
    text = browser.reads(where.headers["location"])
    assert "The next look takes it in" in text
    assert "due to limited time" in text


def test_a_known_osteoporosis_stays_with_its_answer_and_no_look_is_said_to_take_it_away(
    browser, ledger
):
    key = keep(ledger, "p-gap", GAP)
    fields = {"patient": key, "about": "osteoporosis-treatment-gap", "reason": "limited-time"}
    where = browser.sends("/decisions", act="decide", next="/worklist", **fields)
    text = browser.reads(where.headers["location"])
    assert "due to limited time" in text
    assert "The next look takes it in" not in text


def test_the_second_fifty_stand_on_the_second_page(browser, ledger):
    for n in range(51):
        keep(ledger, f"p{n:02}", replace(SNOOZED, on=SNOOZED.on))
    first = browser.reads("/worklist?show=all")
    assert "page 1 of 2" in first
    assert ">p50</a>" not in first
    assert ">p50</a>" in browser.reads("/worklist?show=all&page=2")
    assert ">p50</a>" in browser.reads("/worklist?show=all&rows=1000")


def test_the_file_holds_what_was_chosen_and_is_in_the_audit(browser, ledger):
    key = keep(ledger, "p-due", DUE)
    keep(ledger, "p-gap", NOTHING_ON_FILE)
    answer = browser.client.get("/worklist.csv?why=due")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith("attachment; ")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [(row["patient"], row["why"]) for row in rows] == [("Patient/p-due", "due")]
    assert len(listed(ledger, key)) == 1


def test_a_cell_of_the_file_that_a_spreadsheet_would_run_gets_an_apostrophe(browser, ledger):
    keep(ledger, "p-due", replace(DUE, notes=["=HYPERLINK(1)"]))
    assert "'=HYPERLINK" in browser.client.get("/worklist.csv").text


@pytest.mark.parametrize("path", ["/worklist", "/worklist.csv"])
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.CLINICIAN])
def test_the_list_is_the_clinical_leads_alone(browser, ledger, path, role):
    keep(ledger, "p-due", DUE)
    browser.signs_in(role, patient_key="0" * 32)
    answer = browser.client.get(path)
    assert answer.status_code == 403
    assert "p-due" not in answer.text
