"""Opens what the walks need: a quiet Chromium, and the demo that a person gets."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from service.settings import PREFIX

ROOT = Path(__file__).parents[2]
_DEMO = [sys.executable, "-c", "from service.cli import run; run()", "demo"]
_QUIET = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
)


class NoChromium(Exception):
    """There is none on this machine: install the package chromium."""


@dataclass(frozen=True, slots=True)
class DemoPages:
    """Where the pages of the demo are, and the one password that opens them."""

    url: str
    password: str


@contextmanager
def opened_chromium() -> Iterator[Browser]:
    """The Chromium of this machine; NoChromium where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise NoChromium("no Chromium on this machine: install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_QUIET.split())
        yield browser
        browser.close()


@contextmanager
def opened_demo(directory: Path) -> Iterator[DemoPages]:
    """What `boneflag demo` leaves open without a terminal; it is closed by its own command.

    While a page is being made: PAGES_OF_A_DEMO="http://127.0.0.1:40017 password" takes one that is
    open already.
    """
    if given := os.environ.get("PAGES_OF_A_DEMO"):
        yield DemoPages(*given.split())
        return
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    # In a temporary directory of its own, so that nobody else's demo is closed by this one.
    environment = inherited | {"TMPDIR": str(directory)}
    told = _demo(environment, "--no-stay", "--pages-minutes", "10")
    try:
        assert told.returncode == 0, told.stdout + told.stderr
        yield DemoPages(_said(told.stdout, "Address"), _said(told.stdout, "Password"))
    finally:
        _demo(environment, "--close")


def _demo(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_DEMO, *words],
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
