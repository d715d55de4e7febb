"""Servers that other people wrote, each in a process of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from service.demo_ehr.loading import put_resources
from service.demo_ehr.people import Person, make_people
from service.settings import Settings
from service.wiring import today_for
from tests.third_party.node_server import NodeServer

PEOPLE = 281
"""All whom the stories tell of; fewer cannot be made."""
OF_EACH_STATUS = 12
PER_BUNDLE = 50
"""The router takes no transaction with many more updates."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here needs Node."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.third_party)


@pytest.fixture(scope="session", autouse=True)
def _node() -> None:
    """Skip where Node is missing; in CI a missing Node is a fault and no reason to skip."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if not missing:
        return
    said = f"servers from npm need Node 20 or newer, and {' and '.join(missing)} is not installed"
    if os.environ.get("CI") == "true":
        pytest.fail(said)
    pytest.skip(said)


@pytest.fixture(scope="session")
def today() -> date:
    """Today at the hospital."""
    return today_for(Settings())


@pytest.fixture(scope="session")
def people(today: date) -> list[Person]:
    """Some people for every status that the stories lead to: a server in memory is slow."""
    chosen: dict[str, list[Person]] = {}
    for person in make_people(today, PEOPLE):
        same = chosen.setdefault(str(person.expected_status), [])
        if len(same) < OF_EACH_STATUS:
            same.append(person)
    return [person for same in chosen.values() for person in same]


@pytest.fixture(scope="module")
def router(people: list[Person]) -> Iterator[NodeServer]:
    """Medplum's router with these people in it, a true /metadata and bare ids."""
    with NodeServer("medplum_server.js", metadata=True, bareIds=True) as server:
        put_resources(
            server.base_url, (r for p in people for r in p.resources), per_bundle=PER_BUNDLE
        )
        yield server
