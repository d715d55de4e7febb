"""Other people's patients: whole Synthea charts, judged and told of as worked out by hand.

They come last and are read once. H2 compares every code of a search with every value of a chart, so
that these fifteen take longer to read than the three hundred of the other tests; in their sweeps
they were most of the time that these tests took.
"""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from service.inline import screen_inline
from service.wiring import pipeline_for
from tests.hapi.conftest import Hospital
from tests.lib.synthea import EXPECTED, bundle_with_ms, names

TOLD = {
    "due": {"Flag active": 1, "Task requested": 1},
    "result-needs-action": {"Task requested": 1},
}


@pytest.fixture(scope="module")
def charts(hospital: Hospital) -> dict[str, str]:
    """Everybody loaded, screened and told of: the name of a chart to the server's id."""
    ids = {name: _load(hospital.server.base_url, name) for name in names()}
    line = pipeline_for(hospital.settings)
    for own in ids.values():
        screen_inline(line, own)
    return ids


def test_every_chart_stands_where_it_was_worked_out_to_stand(
    hospital: Hospital, charts: dict[str, str]
) -> None:
    keys = hospital.ledger.cohort.keys_of(list(charts.values()))
    latest = hospital.ledger.screenings.latest(list(keys.values()))
    assert {name: latest[keys[own]].status for name, own in charts.items()} == EXPECTED


def test_everybody_is_told_of_once_or_not_at_all(
    hospital: Hospital, charts: dict[str, str]
) -> None:
    assert {name: _shown(hospital, own) for name, own in charts.items()} == {
        name: TOLD.get(EXPECTED[name], {}) for name in charts
    }


def _shown(hospital: Hospital, own: str) -> Counter[str]:
    found = [r for type_ in ("Flag", "Task") for r in hospital.search(type_, patient=own)]
    return Counter(f"{r['resourceType']} {r['status']}" for r in found)


def _load(base_url: str, name: str) -> str:
    """Load one person by transaction; the id that the server gave the Patient."""
    answer = httpx.post(base_url, json=bundle_with_ms(name), timeout=120)
    answer.raise_for_status()
    locations = [entry["response"]["location"] for entry in answer.json()["entry"]]
    return next(loc.split("/")[1] for loc in locations if loc.startswith("Patient/"))
