"""The exported audit on a real HAPI server: `$validate` finds no fault in an AuditEvent of ours.

By the base specification: HAPI is not given IHE's package, so the profile's name is taken out. What
the profiles want is compared by hand in `tests/unit/test_audit_events.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from service.audit_events import Source, events_of
from tests.hapi.hapi_server import HAPIServer
from tests.lib.audit_rows import ROW

SOURCE = Source("ward", "machine", "https://ehr.example/fhir")
ROWS = {
    "read": ROW,
    "read that failed": replace(ROW, outcome="failed", reason="EHRRefused"),
    "create": replace(ROW, what="create", resource="Flag/1 Task/2", reason="due"),
    "update that nobody knows": replace(ROW, what="update", outcome="unknown"),
    "explain": replace(ROW, what="explain", run_id=None, run_kind=""),
    "list": replace(ROW, what="list"),
    "pause": replace(ROW, what="pause", patient_key="", detail=""),
    "forgotten": replace(ROW, what="forget", patient_key="gone"),
}
# HAPI 8.8 knows no content of these systems, so it can only say that it did not look; and nobody
# reads a narrative of an audit (dom-6, a best practice).
NOT_LOADED = ("dicom.nema.org", "boneflag.example", "dom-6")


def _issues(hapi: HAPIServer, event: dict[str, Any]) -> list[tuple[str, str]]:
    body = {name: value for name, value in event.items() if name not in ("meta", "id")}
    answer = httpx.post(f"{hapi.base_url}/AuditEvent/$validate", json=body, timeout=120)
    return [
        (issue["severity"], issue.get("diagnostics", ""))
        for issue in answer.json()["issue"]
        if issue["severity"] in ("error", "fatal", "warning")
        and not any(system in issue.get("diagnostics", "") for system in NOT_LOADED)
    ]


@pytest.mark.parametrize("name", ROWS)
def test_hapi_finds_no_fault_in_an_event(hapi: HAPIServer, name: str) -> None:
    for event in events_of(ROWS[name], {"k1": "p1"}, SOURCE):
        assert _issues(hapi, event) == []


def test_hapi_does_find_a_fault_in_an_event_without_an_observer(hapi: HAPIServer) -> None:
    (event,) = events_of(ROW, {"k1": "p1"}, SOURCE)
    del event["source"]["observer"]
    assert [severity for severity, _ in _issues(hapi, event)].count("error") > 0
