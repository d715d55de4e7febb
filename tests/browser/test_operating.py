"""An operator at work: stop everything, let it go on, and see who did it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.reader import WIDE, Reader


def test_everything_is_paused_and_resumed_by_hand(reader: Reader):
    page = reader.opens("/operations")
    page.get_by_text("Pause BoneFlag", exact=True).click()
    page.get_by_label("Why, for whoever comes next").fill("the walk through the pages")
    page.get_by_role("button", name="Pause all reading and writing").click()
    expect(page.get_by_role("region", name="The pause")).to_contain_text("the walk through")
    reader.finds_nothing_wrong(widths=(WIDE,))
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("region", name="The pause")).to_have_count(0)


def test_the_audit_tells_who_paused(reader: Reader):
    page = reader.opens("/operations")
    page.get_by_role("link", name="Search the audit").click()
    page.get_by_label("Act").select_option("pause")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("table tbody tr").first).to_contain_text("demo")
    reader.finds_nothing_wrong()
