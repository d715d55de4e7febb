"""A day of an operator on the invented hospital, typed as an operator types it.

One walk in one order, because that is what an operator does: look in shadow, approve a canary, go
live, hit the hard stop, let the run go by a second person, take everything back, and find out that
somebody has changed the audit. Each claim below looks at one station of it.
"""

import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from service.demo_ehr.people import make_people
from service.demo_ehr.server import DemoEHR
from service.ehr.client import FHIRClient
from service.settings import Settings
from service.wiring import ledger_for, today_for
from tests.lib.command_line import boneflag
from tests.lib.demo_site import ours

pytestmark = pytest.mark.heavy

PEOPLE = 150
FIRST, SECOND = "Ana Núñez", "Otto Other"
CANARY = "3"
MOST_NEW_ALERTS = "5"


def standing(client):
    """How many Flags and Tasks of ours stand open in the EHR, or wait in it."""
    flags = [r for r in ours(client, "Flag") if r["status"] == "active"]
    tasks = [r for r in ours(client, "Task") if r["status"] == "requested"]
    return len(flags), len(tasks)


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """What each command said, and what stood in the EHR after it."""
    ledger = Path(tmp_path_factory.mktemp("operator")) / "ledger.sqlite3"
    said, stood = {}, {}
    with DemoEHR() as server, FHIRClient(server.base_url) as client:
        people = make_people(today_for(Settings()), PEOPLE)
        server.load(r for person in people for r in person.resources)
        given = {
            "fhir_base_url": server.base_url,
            "database_url": f"sqlite:///{ledger}",
            "max_new_alerts_per_run": MOST_NEW_ALERTS,
            "ehr_requests_per_second": "1000",
        }

        def types(station, *words, mode="live"):
            said[station] = boneflag(*words, mode=mode, **given)
            stood[station] = standing(client)

        types("shadow", "sweep", "--inline", mode="shadow")
        types("unapproved", "sweep", "--inline")
        types("full at once", "golive", "--approver", FIRST, "--yes")
        types("look", "golive", "--approver", FIRST, "--canary", CANARY)
        types("canary", "golive", "--approver", FIRST, "--canary", CANARY, "--yes")
        types("canary sweep", "sweep", "--inline")
        types("full", "golive", "--approver", FIRST, "--yes")
        types("stopped", "sweep", "--inline")
        with ledger_for(Settings(**given)) as opened:
            held = next(run.id for run in opened.runs.newest(5) if run.state == "held")
        types("report", "report")
        types("alone", "release", str(held), "--approver", FIRST.upper())
        types("raised", "release", str(held), "--approver", SECOND)
        types("live", "sweep", "--inline")
        types("quiet", "sweep", "--inline")
        types("take back: look", "withdraw", "--all")
        why = ("--reason", "the hospital looks at the protocol again", "--by", SECOND)
        types("take back", "withdraw", "--all", *why, "--yes")
        types("after", "sweep", "--inline")
        types("whole", "audit", "verify")
        types("one person", "audit", "patient", people[0].id)
        with ledger_for(Settings(**given)) as opened:
            due = sum(
                found.status == "due"
                for found in opened.screenings.latest(opened.cohort.members()).values()
            )
        with sqlite3.connect(ledger) as file:
            (number,) = file.execute(
                "SELECT number FROM audit WHERE what = 'create' ORDER BY number LIMIT 1"
            ).fetchone()
            file.execute("UPDATE audit SET outcome = 'done' || ' ' WHERE number = ?", [number])
        types("broken", "audit", "verify")
    return SimpleNamespace(said=said, stood=stood, due=due, broken_row=number)


def test_shadow_and_live_without_an_approval_write_nothing(day):
    assert day.said["shadow"].code == 0
    assert day.said["unapproved"].code == 0
    assert day.stood["unapproved"] == (0, 0)
    assert "golive" in day.said["unapproved"].output


def test_everybody_at_once_is_refused_without_a_canary(day):
    assert day.said["full at once"].code == 2
    assert "canary" in day.said["full at once"].sentences[0]


def test_a_look_at_a_canary_approves_nothing_and_says_how_many_alerts_would_open(day):
    assert day.said["look"].code == 0
    assert "nothing was approved" in day.said["look"].output
    assert str(day.due) in day.said["look"].output


def test_a_canary_is_told_of_three_people_and_nobody_else(day):
    assert day.said["canary"].code == 0
    assert day.stood["canary"] == (0, 0)
    assert day.stood["canary sweep"][0] == int(CANARY)


def test_more_than_the_limit_is_stopped_as_a_whole_and_the_report_says_what_to_do(day):
    assert day.said["full"].code == 0
    assert day.stood["stopped"] == day.stood["canary sweep"]
    assert "release" in day.said["report"].output


def test_who_approved_going_live_cannot_raise_the_limit_alone(day):
    assert day.said["alone"].code == 2
    assert "second person" in day.said["alone"].sentences[0]
    assert day.stood["alone"] == day.stood["stopped"]


def test_a_second_person_lets_the_run_go_and_everybody_due_is_told_once(day):
    assert day.said["raised"].code == 0
    assert day.stood["live"][0] == day.due
    assert day.stood["quiet"] == day.stood["live"]


def test_a_look_at_a_withdrawal_changes_nothing(day):
    assert day.said["take back: look"].code == 0
    assert day.stood["take back: look"] == day.stood["quiet"]


def test_everything_is_taken_back_and_the_next_sweep_tells_nobody_again(day):
    assert day.said["take back"].code == 0
    assert day.stood["take back"] == (0, 0)
    assert day.stood["after"] == (0, 0)


def test_the_audit_is_whole_and_tells_what_was_done_about_a_person(day):
    assert day.said["whole"].code == 0
    assert "the audit holds" in day.said["whole"].output
    assert day.said["one person"].code == 0


def test_a_changed_row_of_the_audit_is_found_by_its_number(day):
    assert day.said["broken"].code == 6
    assert f"number {day.broken_row}" in day.said["broken"].sentences[0]
