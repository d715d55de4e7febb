"""What the command line prints for people and machines: counts, and no person."""

import json
from datetime import UTC, datetime

import pytest

from service.checking import Check
from service.printing import print_check, print_report, print_run, report_json
from service.store.entries import Run, RunState
from tests.unit.store.builders import ATTEMPTS, NOW, begin, create, people, screening


@pytest.fixture
def ledger(tmp_path):
    from service.store.ledger import Ledger

    with Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", attempts_in_a_run=ATTEMPTS) as ledger:
        ledger.migrate()
        yield ledger


@pytest.fixture
def held(ledger):
    """A ledger with a run that is held for one alert too many."""
    keys = people(ledger, "ada", "bea")
    run_id = begin(ledger, keys)
    ledger.screenings.store(screening(keys[0], run_id, create()), NOW)
    ledger.screenings.store(screening(keys[1], run_id, status="satisfied"), NOW)
    ledger.runs.hold(run_id, "1 new alerts, the limit is 0: [see the report]")
    return ledger


def a_run(**values):
    fixed = {
        "id": 3,
        "kind": "sweep",
        "mode": "live",
        "protocol_digest": "d",
        "state": RunState.DONE,
        "is_reading_done": True,
        "started_at": datetime(2026, 11, 22, tzinfo=UTC),
        "finished_at": None,
        "held_reason": "",
        "counts": {"status due": 2, "status error": 0},
        "waiting": 0,
        "given_up": 0,
        "open_plans": 0,
    }
    return Run(**(fixed | values))


def test_the_report_for_machines_is_json_with_counts_and_runs(held):
    answer = json.loads(json.dumps(report_json(held)))

    assert answer["counts"]["statuses"] == {"due": 1, "satisfied": 1}
    assert answer["counts"]["plans"] == {"planned create": 1}
    assert (answer["runs"][0]["state"], answer["runs"][0]["open_plans"]) == ("held", 1)


def test_the_report_for_people_says_why_a_run_is_held(held, capsys):
    print_report(held)

    said = capsys.readouterr().out
    assert "run 1: 1 new alerts, the limit is 0: [see the report]" in said
    assert "statuses due: 1" in said


def test_no_report_names_a_person(held, capsys):
    keys = held.cohort.members()
    print_report(held)

    said = capsys.readouterr().out + json.dumps(report_json(held))
    assert not [name for name in ("ada", "bea", *keys) if name in said]


def test_a_run_is_printed_with_its_counts_and_without_zeros(capsys):
    print_run(a_run())

    said = capsys.readouterr().out
    assert "Run 3 (sweep, live): done" in said
    assert "status due: 2" in said
    assert "status error" not in said


def test_a_run_that_still_waits_and_is_held_says_so(capsys):
    print_run(a_run(waiting=7, held_reason="too many"))

    said = capsys.readouterr().out
    assert "still waiting: 7" in said
    assert "too many" in said


def test_shadow_mode_says_that_nothing_was_written(capsys):
    print_run(a_run(mode="shadow"))

    assert "nothing was written" in capsys.readouterr().out


def test_a_poll_of_whom_nobody_changed_says_so(capsys):
    print_run(None)

    assert capsys.readouterr().out == "Nobody changed.\n"


def test_a_check_is_printed_with_what_is_missing(capsys):
    checked = Check("Server [1.0]", (("mode", "live"),), ("Flag [x] cannot be searched",), "")

    print_check(checked)

    said = capsys.readouterr().out
    assert "Server [1.0]" in said
    assert "missing: Flag [x] cannot be searched" in said
