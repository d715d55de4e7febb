"""The demo EHR really starts, keeps ids, survives a kill and says what is missing."""

from __future__ import annotations

import importlib.util
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from service.demo_ehr.errors import DemoEHRNotInstalled, DemoEHRNotStarted, DemoEHRRejected
from service.demo_ehr.people import make_people
from service.demo_ehr.recording import RecordingProxy
from service.demo_ehr.server import DemoEHR

TODAY = date(2026, 11, 22)
needs_the_server = pytest.mark.skipif(
    importlib.util.find_spec("sekmet") is None, reason="sekmet-fhir is not installed"
)
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def read(url: str) -> Any:
    with OPENER.open(url, timeout=10) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoEHR]:
    with DemoEHR(tmp_path_factory.mktemp("ehr")) as running:
        running.load(r for person in make_people(TODAY, 30) for r in person.resources)
        yield running


@needs_the_server
def test_a_patient_is_read_through_the_proxy_under_the_id_of_the_story(ehr: DemoEHR) -> None:
    with RecordingProxy(ehr.base_url) as proxy:
        patient = read(f"{proxy.base_url}/Patient/edss-six-point-five-01")
        assert patient["name"][0]["family"] == "Example-Edss-Six-Point-Five-01"
        assert [request.path for request in proxy.requests] == ["Patient/edss-six-point-five-01"]


@needs_the_server
def test_the_next_page_is_reached_through_the_proxy(ehr: DemoEHR) -> None:
    with RecordingProxy(ehr.base_url) as proxy:
        page = read(f"{proxy.base_url}/Patient?_count=20")
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        assert following[0].startswith(proxy.base_url)
        assert len(read(following[0])["entry"]) == 10
        assert len(proxy.searches) == 2


@needs_the_server
def test_loading_twice_doubles_nothing(ehr: DemoEHR) -> None:
    before = read(f"{ehr.base_url}/Condition?_summary=count")["total"]
    ehr.load(make_people(TODAY, 1)[0].resources)
    assert read(f"{ehr.base_url}/Condition?_summary=count")["total"] == before


@needs_the_server
def test_a_killed_server_comes_back_at_the_same_address_with_its_charts(ehr: DemoEHR) -> None:
    address = ehr.base_url
    ehr.kill()
    with pytest.raises(OSError, match="refused"):
        read(f"{address}/metadata")
    ehr.restart()
    assert ehr.base_url == address
    assert read(f"{address}/Patient?_summary=count")["total"] == 30


@needs_the_server
def test_a_broken_resource_is_refused_with_the_servers_words(ehr: DemoEHR) -> None:
    broken = {"resourceType": "Flag", "id": "broken", "status": "active"}
    with pytest.raises(DemoEHRRejected, match=r"Flag\.code"):
        ehr.load([broken])


@needs_the_server
def test_a_port_that_is_taken_is_told_with_the_servers_log(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(DemoEHRNotStarted, match="address already in use"):
            DemoEHR(tmp_path, taken.getsockname()[1])


@needs_the_server
def test_a_temporary_directory_goes_with_the_server() -> None:
    with DemoEHR() as running:
        directory = running.directory
        assert directory.exists()
    assert not directory.exists()


def test_a_missing_server_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DemoEHRNotInstalled, match=r"pip install 'boneflag\[demo\]'"):
        DemoEHR()


@needs_the_server
def test_a_server_that_requires_smart_lets_nobody_else_in() -> None:
    with DemoEHR() as server:
        server.load(make_people(TODAY, 1)[0].resources)
        server.require_smart([{"client_id": "us", "jwks": {"keys": []}, "scopes": "system/*.*"}])

        with pytest.raises(urllib.error.HTTPError, match="401"):
            read(f"{server.base_url}/Patient")
        assert read(f"{server.base_url}/.well-known/smart-configuration")["token_endpoint"]
