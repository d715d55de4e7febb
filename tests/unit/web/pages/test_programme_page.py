"""The programme's page: what it shows, and what nobody can read from it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from service.screening.alert import AlertKind
from service.settings import Settings
from service.store.entries import AssessmentEntry, Milestone, Screening
from service.store.ledger import Ledger
from service.web.access.visitor import Role
from service.web.pages.programme import programme_routes
from tests.lib.pages import browsing

NOW = datetime.now(UTC)
TODAY = NOW.date()


@pytest.fixture
def browser(ledger, redis_url):
    with browsing(Settings(), ledger, redis_url) as browser:
        browser.signs_in(Role.OPERATOR)
        yield browser


def entry(status: str, short: str = "") -> AssessmentEntry:
    kept = AssessmentEntry(status, None, TODAY, NOW, "p", "1", "digest", (), (), "female")
    return replace(kept, age_band="40-49", in_short=short)


def mark(what) -> Milestone:
    since = TODAY - timedelta(days=200)
    return Milestone(AlertKind.SCREENING, since, what, since)


def judge(ledger: Ledger, *groups: tuple[int, str, str, Sequence[str]]) -> None:
    """People in groups: how many, their status and short line, and the milestones of each."""
    ids = [f"{n}-{i}" for n, (number, *_) in enumerate(groups) for i in range(number)]
    ledger.cohort.add(ids, "group Group/north", NOW)
    keys = ledger.cohort.keys_of(ids)
    run = ledger.runs.open("sweep", "shadow", "digest", NOW)
    screenings = [
        Screening(
            keys[f"{n}-{i}"],
            run,
            entry(status, short),
            (),
            milestones=tuple(map(mark, reached)),
        )
        for n, (number, status, short, reached) in enumerate(groups)
        for i in range(number)
    ]
    ledger.screenings.store_all(screenings, NOW)
    ledger.runs.finish_reading(run)
    ledger.runs.finish(run, NOW)


def rows(browser) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(browser.reads("/programme.csv"))))


def number(browser, table: str, row: str, column: str = "") -> str:
    return next(
        r["number"]
        for r in rows(browser)
        if (r["table"], r["row"], r["column"]) == (table, row, column)
    )


def cell(page: str, row: str) -> str:
    """The first number of a row of the funnel, as it stands on the page."""
    found = re.search(rf'<th scope="row">{row}</th><td class="number"[^>]*>(.*?)</td>', page)
    assert found is not None, row
    return unescape(re.sub(r"<[^>]+>", "", found[1]))


def test_an_empty_ledger_has_a_page_that_says_what_to_do(browser):
    page = browser.reads("/programme")
    assert "run the first sweep" in page
    assert "none has come to its end yet" in page
    assert "could be read for everybody" not in page
    assert "No group is large enough to be shown." in page


def test_the_top_says_what_is_written_which_protocol_holds_and_when_a_sweep_ended(browser, ledger):
    judge(ledger, (20, "due", "at-risk", ["due"]))
    page = browser.reads("/programme")
    assert "BONEFLAG_MODE is shadow" in page
    assert "sha256:" in page
    assert f"ended {NOW:%Y-%m-%d %H:%M} UTC, shadow" in page
    assert "Paused" not in page


def test_a_pause_stands_above_everything_with_its_reason(browser, ledger):
    ledger.switches.pause("the EHR is being <upgraded>", NOW)
    page = browser.reads("/programme")
    assert "<strong>Paused</strong>" in page
    assert "the EHR is being &lt;upgraded&gt;" in page


@pytest.mark.parametrize(("low", "shown"), [(7, "hidden"), (8, "10")])
def test_seven_are_hidden_on_the_page_and_in_the_csv_and_eight_are_rounded(
    browser, ledger, low, shown
):
    judge(
        ledger,
        (60, "not-at-risk", "", ()),
        (30, "due", "at-risk", ["due"]),
        (low, "satisfied", "low", ["due", "done"]),
    )
    assert cell(browser.reads("/programme"), "Low") == shown
    assert number(browser, "funnel", "low") == ("" if shown == "hidden" else shown)


def test_nothing_that_is_shown_together_gives_a_hidden_number_away(browser, ledger):
    # 13 of 13 at risk: rounded to 15, beside a cohort known to be 13, it would say nobody is not.
    judge(ledger, (13, "due", "at-risk MSO-02", ["due"]))
    told = {(r["table"], r["row"], r["column"]): r["number"] for r in rows(browser) if r["number"]}
    assert {key[:2] for key in told} == {
        ("funnel", "cohort"),
        ("population", "initial-population"),
    }
    assert set(told.values()) == {"15"}


def test_the_page_the_csv_and_the_pictures_are_of_one_count(browser, ledger):
    judge(ledger, (40, "due", "at-risk", ["due"]), (60, "not-at-risk", "", ()))
    page = browser.reads("/programme")
    picture = browser.reads("/programme/funnel.svg?theme=dark&width=narrow")
    judge(ledger, (90, "due", "at-risk", ["due"]))
    assert cell(page, "Cohort") == cell(browser.reads("/programme"), "Cohort") == "100"
    assert number(browser, "funnel", "cohort") == "100"
    assert (
        "100" in picture
        and browser.reads("/programme/funnel.svg?theme=dark&width=narrow") == picture
    )


@pytest.mark.parametrize("name", ["funnel", "due", "happened", "days"])
def test_every_picture_of_the_page_is_there_with_words_for_who_cannot_see_it(browser, ledger, name):
    judge(ledger, (40, "due", "at-risk", ["due", "ordered"]))
    page = browser.reads("/programme")
    found = re.search(rf'<img src="(/programme/{name}\.svg[^"]*)" alt="([^"]+)"', page)
    assert found is not None and "the same numbers" in found[2]
    assert browser.reads(unescape(found[1])).lstrip().startswith("<")


def test_a_picture_that_nobody_draws_is_a_problem_and_no_failure(browser):
    assert browser.client.get("/programme/other.svg").status_code == 404


def test_the_csv_is_saved_under_the_day_and_kept_by_no_cache(browser):
    answer = browser.client.get("/programme.csv")
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize("path", ["/programme", "/programme.csv", "/programme/funnel.svg"])
def test_a_clinician_from_a_chart_does_not_see_the_programme(browser, path):
    browser.signs_in(Role.CLINICIAN, patient_key="a")
    assert browser.client.get(path).status_code == 403


def test_every_look_is_audited_without_anybody_in_it(browser, ledger):
    for path in ("/programme", "/programme.csv", "/programme/due.svg?theme=light"):
        browser.reads(path)
    told = [(row.what, row.detail, row.patient_key) for row in ledger.audit.rows()][-3:]
    assert told == [
        ("view", "/programme", ""),
        ("view", "/programme.csv", ""),
        ("view", "/programme/{picture}.svg", ""),
    ]


def test_types_that_stay_unread_are_told_with_what_rests_on_them(browser, ledger):
    ledger.cohort.add([str(n) for n in range(20)], "group Group/north", NOW)
    run = ledger.runs.open("sweep", "shadow", "digest", NOW)
    for key in ledger.cohort.members():
        ledger.screenings.store(Screening(key, run, entry("due", "!Procedure"), ()), NOW)
    page = browser.reads("/programme")
    row = re.search(r'<th scope="row">Procedure</th>.*?</tr>', page, re.DOTALL)
    assert row is not None and "everybody" in row[0] and "DONE-1" in row[0]


def test_the_programme_has_three_addresses(browser):
    assert [route.path for route in programme_routes(browser.desk)] == [
        "/programme",
        "/programme.csv",
        "/programme/{picture}.svg",
    ]
