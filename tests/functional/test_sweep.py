"""The main job on the whole invented hospital, over real HTTP: who is told of, and who is not."""

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from service.demo_ehr.people import DEMO_COUNT, make_people
from service.demo_ehr.recording import RecordingProxy
from service.demo_ehr.server import DemoEHR
from service.ehr.client import FHIRClient
from service.inline import run_inline
from service.settings import Settings
from service.wiring import pipeline_for, today_for
from tests.lib.demo_site import ours
from tests.lib.expected import status_after_a_sweep
from tests.lib.going_live import go_live


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    """The hospital after a live sweep; what that sweep sent, and what a second one sent."""
    directory = Path(tmp_path_factory.mktemp("hospital"))
    with DemoEHR() as server, RecordingProxy(server.base_url) as proxy:
        settings = Settings(
            mode="live",
            fhir_base_url=proxy.base_url,
            database_url=f"sqlite:///{directory / 'ledger.sqlite3'}",
            max_new_alerts_per_run=1000,
            max_new_alerts_percent_per_run=100,
        )
        people = make_people(today_for(settings), DEMO_COUNT)
        server.load(r for person in people for r in person.resources)
        with FHIRClient(server.base_url) as client:
            go_live(settings)
            pipeline = pipeline_for(settings)
            run = run_inline(pipeline, pipeline.start_sweep)
            proxy.forget()
            flags = [f for f in ours(client, "Flag") if f["status"] == "active"]
            tasks = [t for t in ours(client, "Task") if t["status"] == "requested"]
            again = run_inline(pipeline, pipeline.start_sweep)
        yield SimpleNamespace(
            people=people,
            run=run,
            again=again,
            second_writes=proxy.writes,
            flags=flags,
            tasks=tasks,
            ledger=pipeline.ledger,
        )
        pipeline.ehr.close()
        pipeline.ledger.close()


def latest(hospital):
    """The latest assessment of everybody in the cohort, by FHIR id."""
    ledger = hospital.ledger
    members = ledger.cohort.members()
    ids = ledger.cohort.fhir_ids_of(members)
    return {ids[k]: e for k, e in ledger.screenings.latest(members).items()}


def risk_factors_met(entry):
    met = (f for f in entry.findings if f.get("grade") and f["verdict"] == "met")
    return sorted(f["number"] for f in met)


def with_status(hospital, status):
    return {person.id for person in hospital.people if person.expected_status == status}


def patients(resources):
    refs = [(r.get("subject") or r.get("for"))["reference"] for r in resources]
    return Counter(ref.removeprefix("Patient/") for ref in refs)


def test_everybody_gets_the_status_of_their_story(hospital):
    found = {person: entry.status for person, entry in latest(hospital).items()}

    expected = {p.id: status_after_a_sweep(p) for p in hospital.people}
    named = {i: s for i, s in expected.items() if i in found}
    assert found == named
    assert {s for i, s in expected.items() if i not in found} == {"not-in-cohort"}


def test_everybody_who_is_due_or_not_at_risk_has_exactly_the_risk_factors_of_their_story(hospital):
    judged_by_risk = with_status(hospital, "due") | with_status(hospital, "not-at-risk")

    found = {i: risk_factors_met(e) for i, e in latest(hospital).items() if i in judged_by_risk}

    people = {person.id: person for person in hospital.people}
    assert found == {i: sorted(people[i].expected_reasons) for i in judged_by_risk}


def test_who_is_due_has_exactly_one_active_flag_and_nobody_else_has_one(hospital):
    assert patients(hospital.flags) == Counter(with_status(hospital, "due"))


def test_who_is_due_or_has_a_result_that_needs_action_has_exactly_one_open_task(hospital):
    expected = with_status(hospital, "due") | with_status(hospital, "result-needs-action")

    assert patients(hospital.tasks) == Counter(expected)


def test_each_task_points_at_the_flag_of_its_patient(hospital):
    flag_of = {f["subject"]["reference"]: f"Flag/{f['id']}" for f in hospital.flags}
    due = {f"Patient/{i}" for i in with_status(hospital, "due")}

    focus = {t["for"]["reference"]: t.get("focus", {}).get("reference") for t in hospital.tasks}

    assert {p: focus[p] for p in due} == flag_of


def test_an_alert_names_the_evidence_that_it_rests_on(hospital):
    for flag in hospital.flags:
        assert "MS;" in flag["code"]["text"]
    assert all(task["input"] for task in hospital.tasks)


def test_a_second_sweep_sends_not_one_write(hospital):
    assert hospital.second_writes == []
    assert hospital.again.state == "done"


def test_the_run_counts_add_up_to_the_cohort(hospital):
    counts = hospital.run.counts
    judged = sum(number for name, number in counts.items() if name.startswith("status "))

    assert judged == len(hospital.ledger.cohort.members())
    assert json.loads(json.dumps(dict(counts)))["given up"] == 0
