"""The line of one site against a server of this folder, and what can be seen of it from outside."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from service.demo_ehr.people import Person
from service.ehr.client import FHIRClient
from service.inline import run_inline
from service.settings import Settings
from service.store.entries import Run
from service.wiring import pipeline_for
from tests.lib.demo_site import ours
from tests.lib.expected import status_after_a_sweep
from tests.lib.going_live import go_live


def swept(settings: Settings) -> tuple[Run, dict[str, str]]:
    """A whole sweep in this process, and the latest status of everybody by FHIR id."""
    go_live(settings)
    pipeline = pipeline_for(settings)
    with closing(pipeline.ehr), closing(pipeline.ledger):
        run = run_inline(pipeline, pipeline.start_sweep)
        assert run is not None
        keys = pipeline.ledger.cohort.members()
        ids = pipeline.ledger.cohort.fhir_ids_of(keys)
        latest = pipeline.ledger.screenings.latest(keys)
        return run, {ids[key]: entry.status for key, entry in latest.items()}


def otherwise(people: list[Person], statuses: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Who stands elsewhere than their story says: what was found, what was expected."""
    expected = {p.id: status_after_a_sweep(p) for p in people}
    found = {id_: statuses.get(id_, "not-in-cohort") for id_ in expected}
    return {id_: (found[id_], e) for id_, e in expected.items() if found[id_] != e}


def shown(base_url: str, type_: str, status: str) -> Counter[str]:
    """How many of our Flags or Tasks in one status each patient has."""
    found = [r for r in alerts(base_url, type_) if r["status"] == status]
    subjects = [(r.get("subject") or r["for"])["reference"] for r in found]
    return Counter(subject.removeprefix("Patient/") for subject in subjects)


def versions(base_url: str) -> dict[str, str]:
    """The version of each alert of ours."""
    found = [r for type_ in ("Flag", "Task") for r in alerts(base_url, type_)]
    return {f"{r['resourceType']}/{r['id']}": r["meta"]["versionId"] for r in found}


def alerts(base_url: str, type_: str) -> list[dict[str, Any]]:
    """Our Flags or Tasks, whatever their status."""
    with closing(FHIRClient(base_url)) as client:
        return ours(client, type_)


def settings_for(base_url: str, directory: Path, **values: Any) -> Settings:
    """Live settings with a ledger in this directory."""
    return Settings(
        **{
            "site_id": "third-party",
            "mode": "live",
            "fhir_base_url": base_url,
            "database_url": f"sqlite:///{directory / 'ledger.sqlite3'}",
            "max_new_alerts_per_run": 1000,
            "max_new_alerts_percent_per_run": 100,
            "ehr_requests_per_second": 1000,
            **values,
        }
    )
