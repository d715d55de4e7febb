"""A sweep in shadow mode: requests for each patient, and its time against a bare download.

Goals: at most 0.3 requests a patient in batches of sixty, and at most 1.3 times the time that the
same searches take over as many connections when nothing is done with the answers but decode them.
The two take turns, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import httpx
import msgspec

from benchmarks.figures import print_note, print_table, wall_seconds
from benchmarks.hospital import hospital, line, sweep
from service.demo_ehr.recording import RecordingProxy
from service.pipeline import Pipeline

CONNECTIONS = 5
TURNS = 3
# People, and what their charts are filled up to.
WARDS = ((300, 100), (2000, 0), (2000, 40))
Search = tuple[str, str]


def measure() -> None:
    """Print one row for each size of ward."""
    requests: list[tuple[object, ...]] = []
    times: list[tuple[object, ...]] = []
    for people, resources_each in WARDS:
        with hospital(people, resources_each) as (ehr, folder):
            searches = _record_searches(ehr.base_url, folder / "recorded.sqlite3")
            pipeline = line(ehr.base_url, folder / "ledger.sqlite3")
            first, second = sweep(pipeline), sweep(pipeline)
            patients = len(pipeline.ledger.cohort.members())
            ward = f"{people} people, {resources_each or 'about 10'} resources each"
            for name, counts in (("first of a process", first), ("later ones", second)):
                requests.append(
                    (
                        f"{ward}: {name}",
                        patients,
                        counts["searches"],
                        f"{counts['searches'] / patients:.3f}",
                        counts.get("pages", 0),
                        counts.get("reads", 0),
                    )
                )
            times.append((ward, *_race(pipeline, ehr.base_url, searches, patients)))
            pipeline.ehr.close()
    print_table(
        "Requests of a sweep in batches of 60",
        ("sweeps", "patients", "searches", "a patient", "pages", "reads"),
        requests,
    )
    print_note("Searches for alerts and for the cohort are counted; continuation pages are apart.")
    columns = (f"medians of {TURNS}", "download s", "sweep s", "ratio", "CPU ms a patient")
    print_table(f"A sweep and a bare download, {CONNECTIONS} connections each", columns, times)


def _record_searches(base_url: str, ledger: Path) -> list[Search]:
    """What a later sweep asks, as a proxy sees it: path and form of each search."""
    with RecordingProxy(base_url) as proxy:
        pipeline = line(proxy.base_url, ledger)
        sweep(pipeline)
        proxy.forget()
        sweep(pipeline)
        pipeline.ehr.close()
        asked = list(proxy.requests)
    return [
        (request.path, urlencode(request.parameters))
        for request in asked
        if request.path.endswith("/_search")
    ]


def _race(
    pipeline: Pipeline, base_url: str, searches: Sequence[Search], patients: int
) -> tuple[str, str, str, str]:
    downloads, sweeps, busy = [], [], []
    for _ in range(TURNS):
        downloads.append(wall_seconds(lambda: _download(base_url, searches)))
        before = time.process_time()
        sweeps.append(wall_seconds(lambda: sweep(pipeline)))
        busy.append(time.process_time() - before)
    download, swept = statistics.median(downloads), statistics.median(sweeps)
    cpu_ms = statistics.median(busy) / patients * 1e3
    return f"{download:.2f}", f"{swept:.2f}", f"{swept / download:.2f}", f"{cpu_ms:.2f}"


def _download(base_url: str, searches: Sequence[Search]) -> None:
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    headers = {"Accept": "application/fhir+json"}
    with (
        httpx.Client(limits=limits, timeout=60, headers=headers) as client,
        ThreadPoolExecutor(CONNECTIONS) as threads,
    ):
        list(threads.map(lambda search: _all_pages(client, base_url, search), searches))


def _all_pages(client: httpx.Client, base_url: str, search: Search) -> None:
    path, form = search
    content_type = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.post(f"{base_url}/{path}", content=form, headers=content_type)
    while True:
        bundle = msgspec.json.decode(answer.raise_for_status().content)
        links = bundle.get("link", ())
        url = next((link["url"] for link in links if link["relation"] == "next"), None)
        if url is None:
            return
        answer = client.get(url)
