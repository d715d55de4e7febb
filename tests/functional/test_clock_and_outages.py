"""An EHR that is away for a week, and clocks that jump: one sweep catches up, nobody twice."""

from __future__ import annotations

from collections import Counter

import pytest
import structlog

from service.demo_ehr.arrivals import a_dxa_arrives, a_fracture_arrives
from service.ehr.errors import EHRUnavailable
from tests.lib.demo_site import due, fine

pytestmark = pytest.mark.heavy  # Several sweeps for each test.
TOLD = ["Flag active", "Task requested"]
BUSY = (503, {"Retry-After": "0"}, b"")


def away_for(ward, nights):
    """Each night the sweep finds nobody at home."""
    ward.proxy.on_request = lambda method, path: BUSY
    for _ in range(nights):
        ward.clock.advance(days=1)
        with pytest.raises(EHRUnavailable):
            ward.sweep()
    ward.proxy.on_request = lambda method, path: None


# A week without the EHR


def test_after_a_week_without_the_ehr_one_sweep_catches_up(ward):
    told, scanned = ward.admit_all([due, due])
    ward.sweep()
    away_for(ward, nights=7)
    newcomer = ward.admit(due)
    ward.load(a_dxa_arrives(scanned, ward.clock.today()))

    assert ward.sweep().state == "done"

    assert ward.shown(told) == ward.shown(newcomer) == TOLD
    assert ward.shown(scanned) == ["Flag inactive", "Task completed"]


def test_what_people_answered_while_the_ehr_was_away_from_us_is_respected(ward):
    said_no = ward.admit(due)
    ward.sweep()
    away_for(ward, nights=7)
    ward.person_sets(ward.ours("Task", said_no)[0], status="rejected")

    ward.sweep()

    assert ward.shown(said_no) == ["Flag inactive", "Task rejected"]


def test_nights_without_the_ehr_leave_no_run_that_waits(ward):
    ward.admit(due)
    ward.sweep()
    away_for(ward, nights=7)
    ward.sweep()

    with ward.ledger() as ledger:
        states = Counter(str(run.state) for run in ledger.runs.newest(20))
        assert states == {"done": 2, "failed": 7}
        assert ledger.pending.count() == 0


# Clocks


@pytest.mark.parametrize("days", [1, -1, 365, -365])
def test_a_clock_that_jumps_and_is_set_right_leaves_one_alert(ward, days):
    somebody = ward.admit(due)
    ward.sweep()
    ward.clock.advance(days=days)
    ward.sweep()
    ward.clock.advance(days=-days)
    ward.sweep()

    statuses = Counter(ward.shown(somebody))
    assert (statuses["Flag active"], statuses["Task requested"]) == (1, 1)


def test_a_watermark_of_a_clock_that_was_ahead_is_not_believed(ward):
    somebody = ward.admit(fine)
    ward.clock.advance(days=365)
    ward.sweep()
    ward.clock.advance(days=-365)
    ward.load(a_fracture_arrives(somebody, ward.clock.today()))

    with structlog.testing.capture_logs() as events:
        ward.poll()

    assert "watermark_lies_ahead" in {event["event"] for event in events}
    assert ward.shown(somebody) == TOLD


def test_a_plan_that_was_put_off_by_a_clock_that_was_ahead_does_not_wait_for_it(ward):
    somebody = ward.admit(due)
    line = ward.line()
    run = line.start_sweep()
    line.screen([ward_key(line, somebody)])
    ward.clock.advance(days=365)
    ward.proxy.on_request = lambda method, path: BUSY
    line.deliver()
    ward.proxy.on_request = lambda method, path: None
    ward.clock.advance(days=-365)

    line.deliver()

    assert line.ledger.runs.get(run).state == "done"
    assert ward.shown(somebody) == TOLD


def ward_key(line, fhir_id):
    return line.ledger.cohort.keys_of([fhir_id])[fhir_id]
