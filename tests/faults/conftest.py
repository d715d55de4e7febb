"""One FHIR server for all legs of the fault run, and the line with which its output ends."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("sekmet", reason="the demo EHR is an optional extra")

from service.demo_ehr.server import DemoEHR
from service.settings import load_settings
from tests.faults.leg import Leg, LegResult, run_leg
from tests.hapi.hapi_server import HAPIServer

Run = Callable[[Leg, str], LegResult]
_LAST_LINE = pytest.StashKey[str]()
_MUST_BE_0 = ("duplicates", "missing", "extra", "human edits overwritten")


@pytest.fixture(scope="session")
def seed() -> str:
    """What everything is drawn from: FAULTS_SEED, else another one each time."""
    return os.environ.get("FAULTS_SEED") or str(time.time_ns() % 10**6)


@pytest.fixture(scope="session")
def demo_ehr() -> Iterator[DemoEHR]:
    """The server behind the imitated EHRs. It checks nothing: the line before it does."""
    with DemoEHR(checks_resources=False) as server:
        yield server


@pytest.fixture(scope="session")
def hapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HAPIServer]:
    """A real HAPI FHIR server."""
    if shutil.which("java") is None or shutil.which("mvn") is None:
        pytest.skip("a real HAPI server needs Java 17 and Maven, and one of them is not installed")
    with HAPIServer(tmp_path_factory.mktemp("hapi")) as server:
        yield server


@pytest.fixture
def run(
    seed: str, tmp_path: Path, request: pytest.FixtureRequest, record_property: Callable[..., None]
) -> Run:
    """Runs a leg, prints what it has shown, and keeps its numbers for the last line."""

    def run(leg: Leg, base_url: str) -> LegResult:
        load_settings.cache_clear()
        result = run_leg(leg, seed, base_url, tmp_path)
        record_property("leg", str(result))
        if not leg.is_forgetful:
            numbers = {"faults": result.faults.total, "writes": result.faults.writes.total()}
            record_property("numbers", {**numbers, **result.verdict.numbers})
        return result

    return run


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """What each leg has shown."""
    counts: Counter[str] = Counter()
    reports = [r for found in terminalreporter.stats.values() for r in found]
    for report in reports:
        if getattr(report, "when", "") != "call":
            continue
        for name, value in report.user_properties:
            if name == "leg":
                terminalreporter.write_line(value)
            elif name == "numbers":
                counts.update(value)
    if counts:
        found = ", ".join(f"{name} {counts[name]}" for name in _MUST_BE_0)
        config.stash[_LAST_LINE] = (
            f"faults {counts['faults']:,} (writes {counts['writes']:,}): {found}"
        )


def pytest_unconfigure(config: pytest.Config) -> None:
    """The numbers of all legs together, after everything that pytest has to say."""
    if _LAST_LINE in config.stash:
        print(config.stash[_LAST_LINE])
