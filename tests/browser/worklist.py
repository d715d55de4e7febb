"""The worklist as somebody works with it."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.reader import Reader


class Worklist:
    """Everybody who is to be looked at, on one page."""

    def __init__(self, reader: Reader) -> None:
        self._page = reader.opens("/worklist?rows=1000")
        self._rows = self._page.locator("table.worklist tbody tr")

    def names(self) -> list[str]:
        """The ids of all, as they stand there."""
        return self._rows.locator("th").all_inner_texts()

    def anybody(self) -> str:
        """The first who has one line, is due, and whom nobody answered for."""
        due = self._rows.filter(has_text="Consider bone density assessment")
        waiting = due.filter(has_text="Snooze or decline").locator("th").all_inner_texts()
        return next(name for name in waiting if waiting.count(name) == 1)

    def has(self, name: str) -> bool:
        """Whether this person stands there."""
        return name in self.names()

    def row(self, name: str) -> Locator:
        """The line of somebody."""
        return self._rows.filter(has=self._page.get_by_role("rowheader", name=name, exact=True))

    def answer(self, name: str) -> None:
        """Go to where one says no for somebody."""
        self.row(name).get_by_role("button").click()
        title = self._page.get_by_role("heading", level=1)
        expect(title).to_have_text("Snooze or decline")

    def declines(self, name: str) -> None:
        """Say that this patient does not want a scan."""
        self.answer(name)
        self._page.get_by_label("Reason for a no").select_option("patient-refuses")
        self._page.get_by_role("button", name="Keep this decision").click()
        self._page.locator("table.worklist").wait_for()
