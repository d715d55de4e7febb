"""The line's manners where something is not in order; what it does otherwise is in functional."""

from datetime import UTC, timedelta

import pytest
import structlog

from service.ehr.errors import EHRMisunderstood, EHRNotAsked
from service.ehr.pace import Pace
from service.ehr.politeness import Politeness
from service.ehr.turns import LocalTurns
from service.store.errors import StoreConflict, StoreUnavailable
from tests.lib.small_line import NoAlerts, SmallEHR, small_line


@pytest.fixture
def ehr():
    return SmallEHR()


@pytest.fixture
def line(ehr, tmp_path):
    with small_line(ehr, tmp_path) as line:
        yield line


def batches(line):
    return line.hand_out(1000, queue_is_empty=True, forgotten_after=timedelta())


def waiting(line):
    return line.ledger.runs.newest(1)[0].waiting


class TimeIsOver(Exception):
    """How a door ends work in its middle."""


def test_a_cohort_that_was_cut_short_dismisses_nobody(ehr, line):
    line.start_sweep()
    ehr.people, ehr.is_complete = ("p1",), False

    with structlog.testing.capture_logs() as events:
        line.start_sweep()

    assert len(line.ledger.cohort.members()) == 3
    assert "cohort_incomplete" in {event["event"] for event in events}


def test_a_complete_cohort_lets_go_whom_it_no_longer_names(ehr, line):
    line.start_sweep()
    ehr.people = ("p1",)

    line.start_sweep()

    assert len(line.ledger.cohort.members()) == 1


def test_a_second_sweep_leaves_the_watermark_where_polls_have_brought_it(line):
    line.start_sweep()
    before = line.ledger.watermarks.get("changes")

    line.start_sweep()

    assert line.ledger.watermarks.get("changes") == before


def test_a_poll_without_a_watermark_is_a_sweep(line):
    run_id = line.start_poll()

    assert line.ledger.runs.get(run_id).kind == "sweep"


def test_keys_that_nobody_waits_for_are_passed_over(line):
    line.start_sweep()

    assert line.screen(["never given"]) == 0
    assert waiting(line) == 3


def test_a_batch_is_screened_and_its_people_wait_no_longer(line):
    line.start_sweep()

    assert sum(line.screen(keys) for keys in batches(line)) == 3
    assert waiting(line) == 0


def test_an_ehr_that_cannot_be_understood_is_nobodys_fault_and_goes_up(line, monkeypatch):
    def misunderstand(*_):
        raise EHRMisunderstood("no FHIR")

    line.start_sweep()
    monkeypatch.setattr(NoAlerts, "read", misunderstand)

    with pytest.raises(EHRMisunderstood):
        line.screen(batches(line)[0])

    assert waiting(line) == 3


@pytest.mark.parametrize("where", ["_build", "_today"])
def test_an_end_that_the_door_sets_passes_through_and_is_nobodys_fault(ehr, tmp_path, where):
    def end(*_, **__):
        raise TimeIsOver

    with small_line(ehr, tmp_path, stops_for=(TimeIsOver,)) as line:
        line.start_sweep()
        setattr(line.ehr if where == "_build" else line, where, end)
        with pytest.raises(TimeIsOver), structlog.testing.capture_logs() as events:
            line.screen(batches(line)[0])

        assert waiting(line) == 3
        assert "patient_could_not_be_judged" not in {e["event"] for e in events}


def test_a_ledger_that_is_away_is_nobodys_fault_and_goes_up(line):
    line.start_sweep()
    keys = batches(line)[0]

    def gone(*_):
        raise StoreUnavailable("locked")

    line.ledger.decisions.of = gone

    with pytest.raises(StoreUnavailable):
        line.screen(keys)


def test_a_conflict_of_one_persons_does_not_cost_the_batch(line):
    line.start_sweep()
    keys = batches(line)[0]
    store = line.ledger.screenings.store_all

    def conflicts(screenings, at):
        if any(screening.patient_key == keys[0] for screening in screenings):
            raise StoreConflict("two truths")
        return store(screenings, at)

    line.ledger.screenings.store_all = conflicts
    with structlog.testing.capture_logs() as events:
        line.screen(keys)

    assert keys[0] not in line.ledger.screenings.latest(keys)
    assert keys[1] in line.ledger.screenings.latest(keys)
    assert "screening_conflict" in {event["event"] for event in events}


def test_who_was_handed_out_lately_is_not_handed_out_again_while_the_queue_holds_work(line):
    line.start_sweep()
    first = batches(line)

    again = line.hand_out(1000, queue_is_empty=False, forgotten_after=timedelta(minutes=30))

    assert (len(first), again) == (2, [])


# Keeping still


def polite(**options):
    """Politeness without a rate that would be felt."""
    per_day = options.pop("per_day", 0)
    return Politeness(LocalTurns(), Pace(10_000.0, per_day, None, UTC), **options)


def test_nobody_is_handed_out_while_it_is_paused_and_nobody_loses_an_attempt(line):
    line.start_sweep()
    line.ehr.client.politeness = polite(is_paused=lambda: True)
    with structlog.testing.capture_logs() as events:
        assert [batches(line) for _ in range(9)] == [[]] * 9
    line.ehr.client.politeness = None
    assert sum(line.screen(keys) for keys in batches(line)) == 3
    assert {(e["event"], e["reason"]) for e in events} == {("work_waits", "paused")}


def test_what_was_handed_out_before_a_pause_is_put_off(line):
    line.start_sweep()
    handed_out = batches(line)
    line.ehr.client.politeness = polite(is_paused=lambda: True)
    assert [line.screen(keys) for keys in handed_out] == [0, 0]
    assert waiting(line) == 3


def test_no_run_is_begun_that_could_not_read_its_cohort(line):
    line.ehr.client.politeness = polite(is_paused=lambda: True)
    with pytest.raises(EHRNotAsked):
        line.start_sweep()
    assert line.ledger.runs.newest(1) == []


def test_a_budget_that_ends_in_the_middle_puts_the_rest_off_until_tomorrow(line):
    line.start_sweep()
    line.ehr.client.politeness = polite(per_day=6)
    judged = sum(line.screen(keys) for keys in batches(line))
    assert 0 < judged < 3
    assert waiting(line) == 3 - judged
    assert batches(line) == []
