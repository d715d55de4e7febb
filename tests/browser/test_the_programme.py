"""The programme in numbers: the same in the pictures, in the tables and in the file."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.reader import Reader


def test_every_picture_says_in_words_what_it_shows(reader: Reader):
    page = reader.opens("/programme")
    pictures = page.locator("main img")
    assert pictures.count() > 0
    for number in range(pictures.count()):
        assert pictures.nth(number).get_attribute("alt")
    expect(page.locator("main table").first).to_be_attached()


def test_the_numbers_can_be_taken_along(reader: Reader):
    page = reader.opens("/programme")
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download CSV").click()
    assert len(coming.value.path().read_text("utf-8").splitlines()) > 10
