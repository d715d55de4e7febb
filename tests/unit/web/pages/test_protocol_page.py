"""The Protocol page: what is in force, where it comes from, and what this hospital changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.screening.protocol import packaged_document
from service.settings import Settings
from service.store.approvals import NewApproval
from service.store.ledger import Ledger
from service.web.access.visitor import Role
from service.web.pages.protocol import in_force
from tests.lib.overlays import APPROVED
from tests.lib.pages import browsing


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite3"
    with Ledger(f"sqlite:///{path}", attempts_in_a_run=5) as ledger:
        ledger.migrate()
        yield ledger


@pytest.fixture
def browser_with(ledger, redis_url, tmp_path):
    """Makes a signed-in browser for an overlay's text, "" for none."""
    opened = []

    def make(overlay="", role=Role.CLINICAL_LEAD):
        path = tmp_path / "overlay.yaml"
        path.write_text(overlay)
        settings = Settings(protocol_overlay=str(path) if overlay else "")
        context = browsing(settings, ledger, redis_url)
        opened.append(context)
        browser = context.__enter__()
        browser.signs_in(role)
        return browser

    yield make
    for context in opened:
        context.__exit__(None, None, None)


def test_every_criterion_stands_there_with_its_citation(browser_with):
    text = browser_with().reads("/protocol")
    for item in packaged_document()["criteria"]:
        assert f'id="{item["number"]}"' in text
    assert "Danish registers, Mult Scler 2012" in text


def test_nothing_is_loaded_from_where_a_citation_leads(browser_with):
    text = browser_with().reads("/protocol")
    assert '<a href="https://www.nice.org.uk/guidance/cg146" rel="external noopener' in text
    assert 'src="http' not in text


def test_an_overlay_stands_beside_what_ships(browser_with):
    text = browser_with(APPROVED + "criteria: {MSO-11: {is_on: false}}\n").reads("/protocol")
    assert "changed here" in text
    assert "Signed by" in text
    assert "Nothing: the protocol is as it ships." not in text


def test_a_review_date_that_is_past_is_overdue(browser_with):
    past = APPROVED.replace("review_by: 2", "review_by: 1")
    assert past != APPROVED
    assert '<span class="chip urgent">overdue' in browser_with(past).reads("/protocol")
    assert '<span class="chip good">not overdue' in browser_with(APPROVED).reads("/protocol")


def test_an_overlay_that_cannot_be_read_is_said_and_not_passed_over(browser_with):
    answer = browser_with("overlay: [").client.get("/protocol")
    assert answer.status_code == 500
    assert "the protocol overlay cannot be used" in answer.text


def test_who_approved_which_digest_is_told(browser_with, ledger):
    ledger.approvals.record(
        NewApproval("full", "Ada Approver", "p", "0.1.0", "sha256:abc", "BoneFlag 1", ""),
        datetime(2026, 11, 1, 12, tzinfo=UTC),
    )
    text = browser_with(role=Role.OPERATOR).reads("/protocol")
    assert "Ada Approver" in text
    assert "2026-11-01 12:00" in text
    assert "in force now" not in text


def test_a_run_by_another_protocol_is_told_until_one_by_this_came(browser_with, ledger):
    browser = browser_with()
    says = "The last run judged by another protocol"
    assert says not in browser.reads("/protocol")
    for digest, is_told in (("sha256:abc", True), (in_force(browser.desk).protocol.digest, False)):
        ledger.runs.open("poll", "shadow", digest, datetime.now(UTC))
        assert (says in browser.reads("/protocol")) is is_told


def test_an_operator_is_offered_no_change_to_try(browser_with):
    assert 'href="/protocol/change"' not in browser_with(role=Role.OPERATOR).reads("/protocol")
    assert 'href="/protocol/change"' in browser_with().reads("/protocol")


def test_a_clinician_who_came_from_a_chart_sees_no_protocol(browser_with):
    assert browser_with(role=Role.CLINICIAN).client.get("/protocol").status_code == 403
