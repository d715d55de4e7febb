"""The clinical lead says no for a person, with a reason, and takes another one back.

Whether the first is heard is looked at in the end (test_the_no_was_heard.py): the workers take a
minute to look at somebody anew, and nobody waits for them here.
"""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.reader import Reader
from tests.browser.worklist import Worklist


def test_a_no_with_a_reason_is_kept(reader: Reader, declined: str):
    worklist = Worklist(reader)
    if worklist.has(declined):  # The workers may have been quick.
        expect(worklist.row(declined)).to_contain_text("answered")


def test_a_no_without_a_reason_is_not_taken(reader: Reader):
    worklist = Worklist(reader)
    worklist.answer(worklist.anybody())
    reader.finds_nothing_wrong()
    reader.page.get_by_role("button", name="Keep this decision").click()
    expect(reader.page.get_by_label("Reason for a no")).to_be_focused()


def test_a_no_can_be_taken_back(reader: Reader):
    worklist = Worklist(reader)
    name = worklist.anybody()
    worklist.declines(name)
    worklist.answer(name)
    reader.page.get_by_role("button", name="Take it back").click()
    expect(worklist.row(name)).not_to_contain_text("answered")
