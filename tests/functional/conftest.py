"""One demo EHR for all functional tests; each test has a ward of its own in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sekmet", reason="the demo EHR is an optional extra")

from service.demo_ehr.server import DemoEHR
from tests.lib.demo_site import Ward, opened_ward


@pytest.fixture(scope="session")
def demo_ehr() -> Iterator[DemoEHR]:
    with DemoEHR() as server:
        yield server


@pytest.fixture
def ward(demo_ehr: DemoEHR, tmp_path: Path) -> Iterator[Ward]:
    with opened_ward(demo_ehr, tmp_path) as ward:
        yield ward
