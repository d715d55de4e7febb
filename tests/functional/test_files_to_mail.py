"""Files that `explain --html` and `report --html` save, in a real browser without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from tests.lib.command_line import boneflag
from tests.lib.patients import bundle, dxa, edss, ms, woman

pytestmark = pytest.mark.heavy
ANNA = (woman(born="1970-06-01"), ms(), edss(6.5, on="2026-09-01"), dxa(on="2020-05-01", t=-2.7))
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
QUIET += ("--disable-background-networking", "--disable-component-update", "--disable-sync")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*QUIET])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def anna(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("anna")
    (folder / "anna.json").write_text(json.dumps(bundle(*ANNA)), "utf-8")
    html = folder / "anna.html"
    assert boneflag("explain", str(folder / "anna.json"), "--html", str(html)).code == 0
    return html


def opened(chromium: Browser, file: Path, width: int, scheme: Any) -> dict[str, Any]:
    """What a reader meets: complaints, addresses asked for, widths of pictures, axe's findings."""
    with chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    ) as seen:
        page = seen.new_page()
        found: dict[str, Any] = {"told": [], "asked": []}
        page.on("console", lambda message: found["told"].append(message.text))
        page.on("pageerror", lambda error: found["told"].append(str(error)))
        page.on("request", lambda request: found["asked"].append(request.url[:12]))
        page.goto(file.as_uri())
        found["pictures"] = page.eval_on_selector_all("img", "all => all.map(i => i.naturalWidth)")
        found["overflow"] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found["axe"] = [v["id"] for v in Axe().run(page).response["violations"]]
        return found


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programme")
    ledger = f"sqlite:///{folder / 'ledger.sqlite3'}"
    html = folder / "programme.html"
    assert boneflag("report", "--html", str(html), database_url=ledger).code == 0
    return html


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_report_opens_anywhere(chromium, programme, width, scheme):
    found = opened(chromium, programme, width, scheme)
    assert (found["told"], found["axe"]) == ([], [])
    assert found["overflow"] <= 0
    assert all(address.startswith(("file:///", "data:image/s")) for address in found["asked"])


@pytest.mark.parametrize(("width", "picture_px"), [(1280, 1100), (390, 352)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_explanation_opens_anywhere(chromium, anna, width, picture_px, scheme):
    found = opened(chromium, anna, width, scheme)
    assert (found["told"], found["axe"], found["pictures"]) == ([], [], [picture_px])
    assert found["overflow"] <= 0
    assert all(address.startswith(("file:///", "data:image/s")) for address in found["asked"])
