"""The clinical lead moves a number, tries it on the cohort, and keeps it as a draft."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.reader import Reader


def moves_the_first_slider(page: Page) -> None:
    """One step to the right by the keyboard; the number beside it follows."""
    slider = page.locator("input[type=range]:visible").first
    number = page.locator(f"[id='{slider.get_attribute('data-moves')}']")
    before = number.input_value()
    slider.focus()
    page.keyboard.press("ArrowRight")
    if number.input_value() == before:
        page.keyboard.press("ArrowLeft")
    assert number.input_value() != before


def says_what_it_is_for(page: Page) -> None:
    page.get_by_label("In a few words").fill("One more of it")
    page.get_by_label("Your role").fill("clinical lead")
    page.get_by_label("To be reviewed by").fill("2027-11-01")
    page.get_by_label("Why: the source").fill("Local decision after the audit of 2026")


def test_a_change_is_tried_on_the_cohort(reader: Reader):
    page = reader.opens("/protocol/change")
    reader.finds_nothing_wrong()
    moves_the_first_slider(page)
    says_what_it_is_for(page)
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Simulation")
    newly = page.locator(".tile", has_text="newly due")
    expect(newly).to_be_visible(timeout=45_000)
    reader.finds_nothing_wrong()


def test_a_change_is_kept_as_a_draft(reader: Reader):
    page = reader.opens("/protocol/change")
    moves_the_first_slider(page)
    says_what_it_is_for(page)
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Try a change")
    expect(page).to_have_url(re.compile("/protocol/drafts"))
    expect(page.locator("main")).to_contain_text("One more of it")
    reader.finds_nothing_wrong()
