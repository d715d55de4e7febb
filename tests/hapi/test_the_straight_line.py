"""The main job on a real HAPI FHIR server, told in the order in which it happens."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from service.demo_ehr.arrivals import a_diagnosis_is_refuted, a_dxa_arrives, a_fracture_arrives
from service.demo_ehr.loading import put_resources
from service.inline import run_inline
from service.settings import Settings
from service.wiring import pipeline_for
from tests.hapi.conftest import LONGEST_RUN_SECONDS, Hospital

SCREENING, GAP = "ms-bone-health-review", "osteoporosis-treatment-gap"


def _patients(resources: list[dict[str, Any]]) -> Counter[str]:
    subjects = (r.get("subject") or r["for"] for r in resources)
    return Counter(s["reference"].removeprefix("Patient/") for s in subjects)


def _whose(hospital: Hospital, status: str) -> set[str]:
    return {own for own, expected in hospital.expected().items() if expected == status}


def test_a_shadow_sweep_leaves_no_flag_and_no_task_of_ours(hospital: Hospital, tmp_path) -> None:
    """Of some: nobody is to wait for another reading of all."""
    group = hospital.a_group("people-in-shadow", [p.id for p in hospital.people[::5]])
    before = {r["id"] for t in ("Flag", "Task") for r in hospital.search(t)}
    shadow = Settings(
        fhir_base_url=hospital.settings.fhir_base_url,
        database_url=f"sqlite:///{tmp_path / 'shadow.sqlite3'}",
        cohort_group_ids=group,
    )
    pipeline = pipeline_for(shadow)
    run = run_inline(pipeline, pipeline.start_sweep)
    assert run is not None
    assert run.state == "done"
    assert run.counts["shadow create"] > 0
    assert {r["id"] for t in ("Flag", "Task") for r in hospital.search(t)} == before


def test_a_server_that_is_killed_in_the_middle_of_delivery_loses_nothing(
    hospital: Hospital,
) -> None:
    newest = hospital.newest_run()
    already = len(hospital.alerts("Flag", "active"))
    hospital.queue.sweep()
    give_up = time.monotonic() + LONGEST_RUN_SECONDS
    while len(hospital.alerts("Flag", "active")) < already + 10:
        assert time.monotonic() < give_up, "no alert was ever written"
    hospital.server.kill()
    time.sleep(2)
    hospital.server.start()
    interrupted = hospital.ledger.runs.get(newest + 1)
    assert interrupted is not None
    assert interrupted.state != "done", "the server was killed too late to prove anything"
    hospital.sweep()


def test_everybody_stands_where_the_stories_say(hospital: Hospital) -> None:
    statuses = hospital.statuses()
    wrong = {
        own: (statuses.get(own), expected)
        for own, expected in hospital.expected().items()
        if statuses.get(own, "not-in-cohort") != expected
    }
    assert wrong == {}


def test_each_person_who_is_due_has_exactly_one_active_flag_and_one_open_task(
    hospital: Hospital,
) -> None:
    due = dict.fromkeys(_whose(hospital, "due"), 1)
    assert _patients(hospital.alerts("Flag", "active")) == due
    assert _patients(hospital.alerts("Task", "requested", SCREENING)) == due


def test_known_osteoporosis_without_therapy_has_its_own_task_and_no_flag(
    hospital: Hospital,
) -> None:
    needing = dict.fromkeys(_whose(hospital, "result-needs-action"), 1)
    assert _patients(hospital.alerts("Task", "requested", GAP)) == needing
    assert not _patients(hospital.alerts("Flag", "active")).keys() & needing.keys()


@pytest.mark.parametrize("type_", ["Flag", "Task"])
def test_everything_we_sent_passes_the_servers_validation(hospital: Hospital, type_: str) -> None:
    _assert_valid(hospital, type_)


def test_a_second_sweep_changes_nothing(hospital: Hospital) -> None:
    before = _versions(hospital)
    run = hospital.sweep()
    assert {name: n for name, n in run.counts.items() if name.startswith("confirmed")} == {}
    assert _versions(hospital) == before


@dataclass(frozen=True)
class Arrivals:
    """Who had what, by FHIR id, before one and the same poll."""

    scanned: str
    broken: str
    refuted: str


@pytest.fixture(scope="module")
def arrivals(hospital: Hospital) -> Arrivals:
    """A day's facts about three people, and the poll that finds them."""
    base_url, today, statuses = hospital.server.base_url, hospital.today, hospital.statuses()
    scanned = "edss-six-point-five-01"
    broken = next(
        p.id
        for p in hospital.people
        if statuses.get(p.id) == "not-at-risk"
        and str(p.resources[0].get("birthDate", "9999"))[:4] < "1980"
    )
    wrong = next(
        p for p in hospital.people if p.expected_status == "due" and p.id.startswith("wheelchair")
    )
    put_resources(base_url, a_dxa_arrives(scanned, today))
    put_resources(base_url, a_fracture_arrives(broken, today))
    put_resources(base_url, a_diagnosis_is_refuted(wrong))
    newest = hospital.newest_run()
    hospital.queue.poll()
    hospital.finished_after(newest)
    return Arrivals(scanned, broken, wrong.id)


def test_a_dxa_that_arrives_resolves_flag_and_task(hospital: Hospital, arrivals: Arrivals) -> None:
    (flag,) = hospital.search("Flag", patient=arrivals.scanned)
    (task,) = hospital.search("Task", patient=arrivals.scanned)
    assert (flag["status"], flag["period"]["end"]) == ("inactive", hospital.today.isoformat())
    assert task["status"] == "completed"


def test_a_fracture_that_arrives_opens_an_urgent_task(
    hospital: Hospital, arrivals: Arrivals
) -> None:
    tasks = hospital.search("Task", patient=arrivals.broken)
    assert [t["priority"] for t in tasks if t["status"] == "requested"] == ["urgent"]


def test_a_refuted_diagnosis_withdraws_the_alert(hospital: Hospital, arrivals: Arrivals) -> None:
    person = arrivals.refuted
    assert [f["status"] for f in hospital.search("Flag", patient=person)] == ["entered-in-error"]
    assert [t["status"] for t in hospital.search("Task", patient=person)] == ["cancelled"]


def test_a_task_that_a_clinician_rejects_takes_the_flag_down_and_is_believed(
    hospital: Hospital,
) -> None:
    task = next(
        t for t in hospital.alerts("Task", "requested", SCREENING) if t["priority"] == "routine"
    )
    patient = task["for"]["reference"].removeprefix("Patient/")
    rejected = {**task, "status": "rejected", "statusReason": {"text": "not now"}}
    httpx.put(f"{hospital.server.base_url}/Task/{task['id']}", json=rejected).raise_for_status()
    hospital.sweep()
    assert hospital.statuses()[patient] == "snoozed"
    # Some people have an earlier alert besides, which they said no to in the story they begin with.
    flags = {f"Flag/{f['id']}": f for f in hospital.search("Flag", patient=patient)}
    assert flags[task["focus"]["reference"]]["status"] == "inactive"
    assert {f["status"] for f in flags.values()} == {"inactive"}
    assert {t["status"] for t in hospital.search("Task", patient=patient)} == {"rejected"}


@pytest.mark.parametrize(("type_", "still_open"), [("Flag", "active"), ("Task", "requested")])
def test_what_we_closed_and_withdrew_passes_validation_too(
    hospital: Hospital, arrivals: Arrivals, type_: str, still_open: str
) -> None:
    _assert_valid(hospital, type_, but=still_open)


def _versions(hospital: Hospital) -> dict[str, str]:
    return {
        f"{type_}/{r['id']}": r["meta"]["versionId"]
        for type_ in ("Flag", "Task")
        for r in hospital.search(type_)
    }


def _assert_valid(hospital: Hospital, type_: str, but: str = "") -> None:
    """Against our profile and thereby the base specification; a missing narrative is no fault."""
    profile = f"https://boneflag.example/fhir/StructureDefinition/boneflag-{type_.lower()}"
    ours = [r for r in hospital.search(type_) if _is_written_by_us(r) and r["status"] != but]
    assert ours
    url = f"{hospital.server.base_url}/{type_}/$validate"
    with httpx.Client(timeout=60) as client:
        answers = [client.post(url, params={"profile": profile}, json=r).json() for r in ours]
    faults = [
        (resource["id"], issue.get("diagnostics"))
        for resource, answer in zip(ours, answers, strict=True)
        for issue in answer["issue"]
        if issue["severity"] in ("error", "fatal")
    ]
    assert faults == []


def _is_written_by_us(resource: dict[str, Any]) -> bool:
    """Not the alerts that the stories begin with: those lack what our own version carries."""
    return any("protocol-digest" in e.get("url", "") for e in resource.get("extension", []))
