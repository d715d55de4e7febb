"""Coming in and going out, as a person does it, with the keyboard too."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.opening import DemoPages
from tests.browser.reader import NARROW, Reader


def test_the_way_in_has_nothing_wrong_with_it(stranger: Reader):
    stranger.opens("/sign-in")
    stranger.finds_nothing_wrong()


def test_who_comes_by_a_link_is_asked_first_and_then_led_there(
    stranger: Reader, demo_pages: DemoPages
):
    page = stranger.page
    page.goto("/protocol?from=mail")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_label("Password of the demo").fill(demo_pages.password)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/protocol\?from=mail$"))


def test_a_wrong_password_is_said_and_opens_nothing(stranger: Reader):
    page = stranger.opens("/sign-in")
    page.get_by_label("Password of the demo").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not the password")
    stranger.wrongs.clear()  # The browser itself reports an answer of 403.
    stranger.finds_nothing_wrong(widths=(NARROW,))
    page.goto("/protocol")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_signing_out_ends_the_session(stranger: Reader, demo_pages: DemoPages):
    stranger.signs_in(demo_pages.password)
    page = stranger.page
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/protocol")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
