"""The list of whom somebody should look at: filtered, taken along, and opened."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.reader import Reader


def test_a_filter_leaves_who_fits_it(reader: Reader):
    page = reader.opens("/worklist")
    page.get_by_label("Priority").select_option("urgent")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("priority=urgent"))
    priorities = page.locator("table.worklist tbody tr td:first-child").all_inner_texts()
    assert {word.strip() for word in priorities} == {"urgent"}


def test_the_list_can_be_taken_along(reader: Reader):
    page = reader.opens("/worklist")
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download (CSV)").click()
    lines = coming.value.path().read_text("utf-8").splitlines()
    assert len(lines) > 100
    assert "priority" in lines[0]


def test_a_person_opens_by_a_key_and_has_nothing_wrong(reader: Reader):
    page = reader.opens("/worklist")
    link = page.locator("table.worklist tbody th a").first
    name = link.inner_text()
    link.click()
    expect(page.get_by_role("heading", level=2, name="Timeline")).to_be_visible()
    expect(page.locator("main")).to_contain_text(f"Patient/{name}")
    assert name not in page.url
    reader.finds_nothing_wrong()


def test_nobody_stands_behind_a_made_up_key(reader: Reader):
    page = reader.page
    page.goto("/patients/" + "0" * 32)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("Patient/")
