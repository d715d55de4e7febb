"""Somebody at a browser who forgives nothing: what a page does wrong is kept and asserted.

A newcomer would get one thing wrong: axe sees what it is shown. Each page is looked at in both
themes and at both widths, because contrast, order and the size of what one presses depend on them;
in the dark it is asked for contrast alone, for nothing else depends on the theme.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, ViewportSize

Theme = Literal["light", "dark"]
WIDE, NARROW = 1280, 390
THEMES: tuple[Theme, ...] = ("light", "dark")
_HEIGHTS = {WIDE: 900, NARROW: 844}
_AXE = Axe()
_AXE_OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    # Of WCAG 2.2 and left out by axe unless one asks for it.
    "rules": {"target-size": {"enabled": True}},
}
_AXE_IN_THE_DARK = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast"]},
}
_OVERFLOW = """() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    return [...document.querySelectorAll("body *")]
        .filter(e => e.getBoundingClientRect().right > root.clientWidth + 1)
        .slice(0, 5).map(e => e.outerHTML.slice(0, 120));
}"""
# A picture in a folded <details> is loaded when it is unfolded; so all are unfolded first.
_UNFOLD = "() => document.querySelectorAll('details').forEach(d => { d.open = true; })"
_BROKEN = """() => [...document.images]
    .filter(i => !i.complete || !i.naturalWidth).map(i => i.outerHTML)"""
_TWO_FRAMES = """() => new Promise(done =>
    requestAnimationFrame(() => requestAnimationFrame(done)))"""
_LONGEST_PICTURE_SECONDS = 10.0


class Reader:
    """One window. `wrongs` are console errors, requests to others and failures of the server."""

    def __init__(self, browser: Browser, url: str, **context: Any) -> None:
        self.url = url
        self.wrongs: list[str] = []
        size = ViewportSize(width=WIDE, height=_HEIGHTS[WIDE])
        self.context = browser.new_context(
            base_url=url, viewport=size, reduced_motion="reduce", **context
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.wrongs.append(f"script: {error}"))
        self.page.on("request", lambda request: self._follow(request.url))
        self.page.on("response", self._judge)

    def opens(self, path: str) -> Page:
        """Go to a page that must be there."""
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        return self.page

    def signs_in(self, password: str) -> None:
        """Come in by the password of the demo."""
        page = self.opens("/sign-in?next=/protocol")
        page.get_by_label("Password of the demo").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Sign out").wait_for()

    def looks(self, width: int, theme: Theme) -> None:
        """Take another window, or another theme."""
        self.page.set_viewport_size({"width": width, "height": _HEIGHTS[width]})
        self.page.emulate_media(color_scheme=theme)

    def finds_nothing_wrong(self, widths: tuple[int, ...] = (WIDE, NARROW)) -> None:
        """Look at the page that is open in every way that people do."""
        self.page.evaluate(_UNFOLD)
        for width in widths:
            for theme in THEMES:
                self.looks(width, theme)
                options = _AXE_OPTIONS if theme == "light" else _AXE_IN_THE_DARK
                self._sees_everything_in(f"{self.page.url} at {width} px, {theme}", options)
        assert self.wrongs == []

    def close(self) -> None:
        """Close the window."""
        self.context.close()

    def photographs(self, file: Path, *, full: bool = False) -> None:
        """Keep what is seen."""
        self._pictures_that_do_not_load()
        self.page.screenshot(path=file, full_page=full)

    def _pictures_that_do_not_load(self) -> list[str]:
        """Each theme has pictures of its own, which a browser asks for with the next frames."""
        self.page.evaluate(_TWO_FRAMES)
        give_up = time.monotonic() + _LONGEST_PICTURE_SECONDS
        while (broken := self.page.evaluate(_BROKEN)) and time.monotonic() < give_up:
            self.page.wait_for_timeout(50)
        return list(broken)

    def _sees_everything_in(self, where: str, options: dict[str, Any]) -> None:
        broken = self._pictures_that_do_not_load()
        assert broken == [], f"{where}: pictures that did not load"
        too_wide = self.page.evaluate(_OVERFLOW)
        assert too_wide == [], f"{where}: wider than the window"
        found = _AXE.run(self.page, options=options)
        assert found.violations_count == 0, f"{where}\n{found.generate_report()}"

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.wrongs.append(f"console: {message.text}")

    def _follow(self, url: str) -> None:
        if urlsplit(url).netloc != urlsplit(self.url).netloc:
            self.wrongs.append(f"asked another host: {url}")

    def _judge(self, response: Response) -> None:
        if response.status >= 500:
            self.wrongs.append(f"{response.status} from {response.url}")
