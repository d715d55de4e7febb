"""What keeps a mistake small and an outage harmless, over real HTTP with faults put into the wire.

After each fault one more sweep or delivery must leave the exact state: one Flag and one Task for
whoever is due, nothing for the others.
"""

import json
from datetime import timedelta

import pytest
import structlog
from typer.testing import CliRunner

from service import cli
from service.demo_ehr.arrivals import a_dxa_arrives
from service.inline import run_inline, screen_inline
from service.settings import load_settings
from tests.lib.demo_site import due, fine
from tests.lib.going_live import go_live

pytestmark = pytest.mark.heavy  # Many sweeps.

BUSY = (503, {"Retry-After": "0"}, b"")
DROPPED = (0, {}, b"")
SECOND = "Otto Other"
TOLD = ["Flag active", "Task requested"]


@pytest.fixture
def command(ward, monkeypatch):
    """Run a command of the command line on this ward in live mode with a limit of two alerts."""
    settings = ward.settings(max_new_alerts_per_run=2)
    go_live(settings)
    names = ("mode", "fhir_base_url", "cohort_group_ids", "database_url", "site_id")
    for name in (*names, "max_new_alerts_per_run"):
        monkeypatch.setenv(f"BONEFLAG_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    load_settings.cache_clear()

    def run(*words):
        return CliRunner().invoke(cli.app, list(words))

    yield run
    load_settings.cache_clear()


def screen_all(line):
    for keys in line.hand_out(1000, queue_is_empty=True, forgotten_after=timedelta()):
        line.screen(keys)


# Too many alerts


def test_a_run_with_more_new_alerts_than_allowed_sends_nothing_and_is_held(ward):
    ward.admit_all([due, due, due, fine])

    with structlog.testing.capture_logs() as events:
        run = ward.sweep(max_new_alerts_per_run=2)

    assert run.state == "held"
    assert ward.proxy.writes == []
    (held,) = [e for e in events if e["event"] == "run_held"]
    assert (held["new_alerts"], held["log_level"]) == (3, "error")
    assert "the limit is 2" in held["reason"]


def test_a_run_with_as_many_new_alerts_as_allowed_is_sent(ward):
    ids = ward.admit_all([due, due])

    run = ward.sweep(max_new_alerts_per_run=2)

    assert run.state == "done"
    assert [ward.shown(i) for i in ids] == [TOLD, TOLD]


def test_the_report_says_why_a_run_is_held_and_what_to_do(ward, command):
    ward.admit_all([due, due, due])
    held = command("sweep", "--inline")

    report = command("report")

    assert held.exit_code == 0
    said = " ".join(report.output.split())
    assert "3 new alerts, the limit is 2: nothing was sent" in said
    assert "boneflag release 1 --approver" in said


def test_a_released_run_is_sent(ward, command):
    ids = ward.admit_all([due, due, due])
    command("sweep", "--inline")

    released = command("release", "1", "--inline", "--approver", SECOND)

    assert released.exit_code == 0, released.output
    assert [ward.shown(i) for i in ids] == [TOLD] * 3


def test_a_run_that_is_released_without_inline_is_sent_by_the_next_delivery(ward, command):
    ids = ward.admit_all([due, due, due])
    command("sweep", "--inline")

    command("release", "1", "--approver", SECOND)
    before = ward.proxy.writes
    ward.line(max_new_alerts_per_run=2).deliver()

    assert before == []
    assert [ward.shown(i) for i in ids] == [TOLD] * 3


def test_a_run_that_is_not_held_cannot_be_released(ward, command):
    ward.admit(due)
    command("sweep", "--inline")

    result = command("release", "1", "--approver", SECOND)

    assert result.exit_code == 2
    assert "run 1 is not held" in result.output


def test_a_poll_does_not_let_out_what_a_held_run_keeps_back(ward):
    ids = ward.admit_all([due, due, due])
    ward.sweep(max_new_alerts_per_run=2)
    ward.load([ward.charts[ids[0]].resources[0]])

    waiting = ward.poll(max_new_alerts_per_run=2)

    assert waiting.open_plans > 0
    assert ward.proxy.writes == []


def test_a_sweep_within_a_raised_limit_sends_what_was_held_and_what_waited_for_it(ward):
    ids = ward.admit_all([due, due, due])
    ward.sweep(max_new_alerts_per_run=2)
    ward.load([ward.charts[ids[0]].resources[0]])
    ward.poll(max_new_alerts_per_run=2)

    run = ward.sweep(max_new_alerts_per_run=3)

    assert run.state == "done"
    assert [ward.shown(i) for i in ids] == [TOLD] * 3


def test_closing_alerts_is_not_held_by_the_limit_on_new_ones(ward):
    ids = ward.admit_all([due, due])
    ward.sweep()
    ward.load([r for i in ids for r in a_dxa_arrives(i, ward.clock.today())])

    run = ward.sweep(max_new_alerts_per_run=0)

    assert run.state == "done"
    assert [ward.shown(i) for i in ids] == [["Flag inactive", "Task completed"]] * 2


# An EHR that goes away


@pytest.mark.parametrize("answer", [BUSY, DROPPED], ids=["503", "dropped"])
def test_an_outage_during_screening_loses_nobody(ward, answer):
    ids = ward.admit_all([due, due, fine])
    line = ward.line()
    line.start_sweep()

    ward.proxy.on_request = lambda method, path: answer
    screen_all(line)
    ward.proxy.on_request = None
    waiting = line.ledger.runs.newest(1)[0].waiting
    ward.clock.advance(minutes=3)
    screen_all(line)
    line.deliver()

    assert waiting == 3
    assert [ward.shown(i) for i in ids] == [TOLD, TOLD, []]


def test_an_outage_that_outlasts_every_attempt_loses_nobody_for_the_next_run(ward):
    ids = ward.admit_all([due, fine])
    line = ward.line()
    line.start_sweep()
    ward.proxy.on_request = lambda method, path: BUSY
    for _ in range(7):
        screen_all(line)
        ward.clock.advance(minutes=3)
    given_up = line.ledger.runs.newest(1)[0].given_up

    ward.proxy.on_request = None
    ward.sweep()

    assert given_up == 2
    assert [ward.shown(i) for i in ids] == [TOLD, []]


@pytest.mark.parametrize("answer", [BUSY, DROPPED], ids=["503", "dropped"])
@pytest.mark.parametrize("has_happened", [False, True], ids=["before", "after the write"])
def test_an_outage_during_delivery_leaves_each_alert_once(ward, answer, has_happened):
    ids = ward.admit_all([due, due, due])
    line = ward.line()
    line.start_sweep()
    screen_all(line)

    counted = iter(range(1000))

    def fault(method, path, *_):
        is_write = method in ("POST", "PUT") and not path.endswith("_search")
        return answer if is_write and next(counted) == 1 else None

    setattr(ward.proxy, "on_answer" if has_happened else "on_request", fault)
    line.deliver()
    ward.clock.advance(minutes=5)
    line.deliver()
    line.deliver()

    assert [ward.shown(i) for i in ids] == [TOLD] * 3
    assert line.ledger.runs.newest(1)[0].state == "done"


def test_an_outage_after_a_closing_was_done_is_not_taken_for_a_persons_no(ward):
    fhir_id = ward.admit(due)
    ward.sweep()
    ward.load(a_dxa_arrives(fhir_id, ward.clock.today()))
    line = ward.line()
    line.start_sweep()
    screen_all(line)
    ward.proxy.on_answer = lambda method, *_: DROPPED if method == "PUT" else None
    line.deliver()
    ward.proxy.on_answer = None
    ward.clock.advance(minutes=5)
    line.deliver()

    run = ward.sweep()

    assert ward.shown(fhir_id) == ["Flag inactive", "Task completed"]
    assert ward.status(fhir_id) == "satisfied"
    assert run.state == "done"


def test_a_sweep_whose_cohort_cannot_be_read_is_given_up_and_dismisses_nobody(ward):
    ids = ward.admit_all([due, fine])
    ward.sweep()
    ward.proxy.on_request = lambda _, path: (403, {}, b"") if path.startswith("Group") else None
    line = ward.line()

    with pytest.raises(Exception, match="refused"):
        line.start_sweep()

    assert line.ledger.runs.newest(1)[0].state == "failed"
    assert len(line.ledger.cohort.members()) == len(ids)


def test_a_run_whose_process_died_while_reading_is_given_up_by_the_next_sweep(ward):
    ward.admit(fine)
    line = ward.line()
    dead = line.ledger.runs.open("sweep", "live", "digest", ward.clock.now())
    ward.clock.advance(hours=2)

    line.start_sweep()

    assert line.ledger.runs.get(dead).state == "failed"


def test_a_run_that_is_still_reading_is_left_alone_by_another_sweep(ward):
    ward.admit(fine)
    line = ward.line()
    busy = line.ledger.runs.open("sweep", "live", "digest", ward.clock.now())
    ward.clock.advance(minutes=30)

    line.start_sweep()

    assert line.ledger.runs.get(busy).state == "open"


def test_the_watermark_stays_where_it_is_when_a_poll_is_cut_off(ward):
    ward.admit(fine)
    ward.sweep()
    line = ward.line()
    before = line.ledger.watermarks.get("changes")
    ward.proxy.on_request = lambda method, path: BUSY

    with pytest.raises(Exception, match="try again later"):
        line.start_poll()

    assert line.ledger.watermarks.get("changes") == before


# What cannot be read


def test_an_alert_list_that_cannot_be_read_never_writes(ward):
    fhir_id = ward.admit(due)
    ward.proxy.on_request = lambda _, path: (403, {}, b"") if path.startswith("Task") else None

    ward.sweep()

    assert ward.proxy.writes == []
    assert ward.status(fhir_id) == "due"


def test_an_explanation_without_a_readable_alert_list_promises_nothing(ward, command):
    fhir_id = ward.admit(due)
    ward.proxy.on_request = lambda _, path: (403, {}, b"") if path.startswith("Flag") else None

    answer = json.loads(command("explain", fhir_id, "--json").stdout.splitlines()[-1])

    assert answer["plan"]["action"] == "keep"
    assert answer["resources"] == []


def test_explaining_somebody_whom_the_ehr_does_not_hold_says_so(ward, command):
    ward.admit(due)

    result = command("explain", "nobody-by-this-name")

    assert result.exit_code == 5
    assert "shows nobody with this id" in result.output


def test_a_refused_search_never_resolves_an_alert(ward):
    fhir_id = ward.admit(due)
    ward.sweep()
    ward.proxy.on_request = lambda _, p: (403, {}, b"") if p.startswith("Condition") else None

    ward.sweep()

    assert ward.shown(fhir_id) == TOLD


def broken(chart):
    """Things as odd as the server lets them be."""
    chart.add("Condition", code={"coding": [{"system": "x" * 500}]}, onsetString="\u202e???")
    chart.add(
        "Observation",
        status="final",
        code={"coding": [{"system": "http://snomed.info/sct", "code": "273554001"}]},
        effectiveDateTime="0001",
        valueQuantity={"value": 1e300},
    )
    chart.add("MedicationRequest", status="active", intent="order", medicationReference={})
    chart.add("Procedure", status="completed", code={"text": ""}, performedString="once")


def test_a_chart_as_broken_as_the_server_accepts_costs_nobody_else_anything(demo_ehr, ward):
    ids = ward.admit_all([due, due])
    odd = ward.admit(fine, name="odd")
    chart = ward.charts[odd]
    broken(chart)
    for resource in chart.resources:
        try:
            ward.load([resource])
        except Exception as refused:  # Not as broken as this, then.
            assert "422" in str(refused) or "400" in str(refused)

    run = ward.sweep()

    assert [ward.shown(i) for i in ids] == [TOLD, TOLD]
    assert (run.state, run.given_up) == ("done", 0)


def test_a_chart_that_breaks_the_parser_costs_nobody_else_anything(ward):
    first, poison, last = ward.admit_all([due, due, fine])
    line = ward.line()
    build = line.ehr._build

    def breaks(patient_id, *args, **kwargs):
        if patient_id == poison:
            raise ZeroDivisionError(patient_id)
        return build(patient_id, *args, **kwargs)

    line.ehr._build = breaks
    with structlog.testing.capture_logs() as events:
        run_id = line.start_sweep()
        for _ in range(6):
            screen_all(line)
            ward.clock.advance(minutes=3)
        line.deliver()

    assert [ward.shown(i) for i in (first, poison, last)] == [TOLD, [], []]
    run = line.ledger.runs.get(run_id)
    assert (run.state, run.given_up) == ("done", 1)
    assert poison not in str(events)
    assert "patient_could_not_be_judged" in {e["event"] for e in events}


def test_a_plan_that_the_ehr_does_not_accept_does_not_stand_in_the_way_of_the_others(ward):
    ids = ward.admit_all([due, due, due])
    refused = iter(range(1000))

    def fault(method, path):
        is_write = method == "POST" and not path.endswith("_search")
        return (422, {}, b"") if is_write and next(refused) == 0 else None

    ward.proxy.on_request = fault
    run = ward.sweep()
    told = sorted(ward.shown(i) for i in ids)
    ward.sweep()

    assert told == [[], TOLD, TOLD]
    assert run.counts["failed create"] == 1
    assert [ward.shown(i) for i in ids] == [TOLD] * 3


def test_a_plan_that_breaks_the_writer_does_not_stand_in_the_way_of_the_others(ward):
    ids = ward.admit_all([due, due, due])
    line = ward.line()
    write = line.ehr.apply
    first = []

    def breaks(plan, *args):
        first[:] = first or [plan.alert.key]
        if plan.alert.key == first[0]:
            raise ZeroDivisionError("a fault of ours")
        return write(plan, *args)

    line.ehr.apply = breaks
    run = run_inline(line, line.start_sweep)
    told = sorted(ward.shown(i) for i in ids)
    for _ in range(6):
        line.deliver()
        ward.clock.advance(minutes=3)

    assert told == [[], TOLD, TOLD]
    assert run.open_plans == 1
    assert line.ledger.runs.get(run.id).counts["failed create"] == 1


# Who is screened


def test_screening_one_patient_leaves_those_who_wait_for_a_sweep_alone(ward):
    first, second = ward.admit_all([due, due])
    line = ward.line()
    sweep = line.start_sweep()

    run = screen_inline(line, first)

    assert [ward.shown(first), ward.shown(second)] == [TOLD, []]
    assert run.state == "done"
    assert line.ledger.runs.get(sweep).waiting == 1


def test_a_new_diagnosis_outside_the_hospitals_group_does_not_join_the_cohort(ward):
    ward.admit(fine)
    ward.sweep()
    outsider = ward.admit(due)
    ward.discharge(outsider)

    ward.poll()

    with ward.ledger() as ledger:
        assert ledger.cohort.keys_of([outsider]) == {}
    assert ward.shown(outsider) == []


def test_a_new_diagnosis_joins_a_cohort_that_is_searched_by_code(demo_ehr, ward):
    ward.admit(fine)
    line = ward.line(mode="shadow", cohort_group_ids="")
    run_inline(line, line.start_sweep)
    newcomer = ward.admit(due)

    run_inline(line, line.start_poll)

    assert ward.status(newcomer) == "due"


def test_somebody_whom_a_poll_brought_leaves_with_the_sweep_that_no_longer_names_them(ward):
    ward.admit(fine)
    line = ward.line(mode="shadow", cohort_group_ids="")
    run_inline(line, line.start_sweep)
    newcomer = ward.admit(due)
    run_inline(line, line.start_poll)
    (key,) = line.ledger.cohort.keys_of([newcomer]).values()
    came = key in line.ledger.cohort.members()
    diagnosis = next(r for r in ward.charts[newcomer].resources if r["resourceType"] == "Condition")
    ward.load([diagnosis | {"code": {"text": "entered for somebody else"}}])

    run_inline(line, line.start_sweep)

    assert came
    assert key not in line.ledger.cohort.members()


# Two of the same


def with_a_second_flag(ward):
    """Somebody who was told of, and a second Flag with the same key beside the first."""
    fhir_id = ward.admit(due)
    ward.sweep()
    (flag,) = ward.ours("Flag", fhir_id)
    ward.load([flag | {"id": f"{flag['id']}-2"}])
    return fhir_id


def test_a_duplicate_is_retired_by_the_next_sweep(ward):
    fhir_id = with_a_second_flag(ward)

    ward.sweep()

    assert sorted(ward.shown(fhir_id)) == [
        "Flag active",
        "Flag entered-in-error",
        "Task requested",
    ]


def test_a_duplicate_that_cannot_be_retired_costs_no_judgement(ward):
    fhir_id = with_a_second_flag(ward)
    ward.proxy.on_request = lambda method, _: (403, {}, b"") if method == "PUT" else None

    with structlog.testing.capture_logs() as events:
        run = ward.sweep()

    assert run.state == "done"
    assert ward.shown(fhir_id).count("Flag active") == 2
    assert "duplicates_stay" in {event["event"] for event in events}


# One run and no other


def test_delivering_one_run_leaves_the_others_alone(ward):
    first, second = ward.admit_all([due, due])
    line = ward.line()
    run_one, key_one = line.start_screening(first)
    run_two, key_two = line.start_screening(second)
    line.screen([key_one, key_two])

    line.deliver(run_two)

    assert [ward.shown(first), ward.shown(second)] == [[], TOLD]
    assert line.ledger.runs.get(run_one).open_plans == 1


def test_a_plan_that_another_worker_took_meanwhile_is_left_to_it(ward):
    fhir_id = ward.admit(due)
    line = ward.line()
    run_id = line.start_sweep()
    screen_all(line)
    line.ledger.runs.start_delivery(run_id)
    now = ward.clock.now()
    (plan,) = line.ledger.outbox.plans_to_send(10, now, run_id)
    line.ledger.outbox.mark_sent(plan.id, now, now + timedelta(minutes=2))

    assert line._delivery._send(plan) is True
    assert ward.shown(fhir_id) == []


def test_the_end_that_a_door_sets_ends_a_delivery_and_loses_nothing(ward):
    class TimeIsOver(Exception):
        pass

    fhir_id = ward.admit(due)
    line = ward.line()
    line._delivery._passing = (TimeIsOver,)
    line.start_sweep()
    screen_all(line)
    write = line.ehr.apply

    def ends(*_):
        raise TimeIsOver

    line.ehr.apply = ends
    with pytest.raises(TimeIsOver):
        line.deliver()
    line.ehr.apply = write
    ward.clock.advance(minutes=3)
    line.deliver()

    assert ward.shown(fhir_id) == TOLD
