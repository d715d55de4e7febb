"""What holds for every page: nothing wrong in any theme or width, by keyboard, without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.reader import NARROW, Reader

PAGES = ("/programme", "/worklist", "/protocol", "/operations")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_nothing_wrong_with_it(reader: Reader, path: str):
    page = reader.opens(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("nav [aria-current=page]")).to_have_attribute("href", path)
    reader.finds_nothing_wrong()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_without_scripts(reader_without_scripts: Reader, path: str):
    page = reader_without_scripts.opens(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert reader_without_scripts.wrongs == []


@pytest.mark.parametrize("path", PAGES)
def test_the_keyboard_goes_past_the_navigation_to_the_content(reader: Reader, path: str):
    page = reader.opens(path)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    is_in_main = "() => document.querySelector('main').contains(document.activeElement)"
    assert page.evaluate(is_in_main) or page.locator("main a, main button, main input").count() == 0


@pytest.mark.parametrize("path", PAGES)
def test_the_focus_is_always_seen(reader: Reader, path: str):
    page = reader.opens(path)
    reader.looks(NARROW, "light")
    for _ in range(15):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => {
                const e = document.activeElement, s = getComputedStyle(e);
                return e === document.body || s.outlineStyle !== "none";
            }"""
        )
        assert seen, page.evaluate("() => document.activeElement.outerHTML.slice(0, 200)")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_on_paper_shows_what_it_says_and_no_buttons(reader: Reader, path: str):
    page = reader.opens(path)
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
