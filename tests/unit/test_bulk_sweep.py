"""A sweep by bulk export, step by step, and what interrupts it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
import structlog

from service.bulk_sweep import diagnosed_members, exported_members
from service.ehr.cohort.members import CohortMembers
from service.ehr.cohort.source import CohortSource
from service.ehr.errors import EHRRefused, EHRUnavailable
from service.inline import run_bulk_inline
from service.store.entries import RunState
from tests.lib.bulk import bulk_sweep
from tests.lib.export_server import ExportServer, ndjson
from tests.lib.small_line import SmallEHR, small_line
from tests.lib.wire import BASE, answer, resource

MS = {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "24700007"}]}}
TYPES = (
    "Patient Condition MedicationRequest Observation Procedure DiagnosticReport ServiceRequest"
    " MedicationStatement MedicationDispense MedicationAdministration Device DeviceUseStatement"
    " FamilyMemberHistory"
).split()


def person(id_):
    yield resource("Patient", id_, birthDate="1980-01-01")
    yield resource("Condition", f"c-{id_}", id_, **MS)


class Hospital(SmallEHR):
    """An EHR that exports these people, and whose other answers are those of the small one."""

    def __init__(self, *ids):
        super().__init__()
        self.exports = ExportServer(*(r for id_ in ids for r in person(id_)))
        for type_ in TYPES:
            self.exports.files.setdefault(type_, b"")
        self.kick_offs = 0
        self.quirk = lambda request: None
        self.can_search = True

    def __call__(self, request):
        instead = self.quirk(request)
        if instead is not None:
            return instead
        path = request.url.path
        if path.endswith("$export"):
            self.kick_offs += 1
        if any(part in path for part in ("$export", "/status/", "/files/")):
            return httpx.Response(503) if self.is_down else self.exports(request)
        if path.endswith("/metadata") and not self.is_down:
            code = "search-type" if self.can_search else "read"
            listed = [
                {"type": t, "interaction": [{"code": code}]} for t in (*TYPES, "Flag", "Task")
            ]
            rest = [{"mode": "server", "resource": listed}]
            return answer(
                {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": rest}
            )
        return super().__call__(request)


class Clock:
    def __init__(self):
        self.at = datetime(2026, 11, 22, 4, tzinfo=UTC)

    def now(self):
        return self.at

    def wait(self, seconds):
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def site(tmp_path):
    """An EHR with three people, its line, and a clock; `sweeps()` makes a process of its own."""
    clock, ehr = Clock(), Hospital("p1", "p2", "p3")
    with small_line(ehr, tmp_path, now=clock.now) as line:
        yield SimpleNamespace(
            ehr=ehr,
            line=line,
            ledger=line.ledger,
            clock=clock,
            sweeps=lambda **options: bulk_sweep(
                line, "ms", now=clock.now, pause=clock.wait, **options
            ),
        )


def run_out(site, bulk, most=100):
    """Step until it is over."""
    for _ in range(most):
        wait = bulk.step()
        if wait is None:
            return
        site.clock.wait(max(wait, 1))
    raise AssertionError("it never ends")


def judged(site):
    ledger = site.ledger
    ids = ledger.cohort.fhir_ids_of([k for k, _ in _everybody(ledger)])
    return {ids[k] for k in ledger.screenings.latest(list(ids))}


def _everybody(ledger):
    return [(key, id_) for id_, key in ledger.cohort.keys_of(["p1", "p2", "p3"]).items()]


def newest(site):
    return site.ledger.runs.newest(1)[0]


def test_without_an_export_there_is_nothing_to_do(site):
    assert site.sweeps().step() is None


def test_everybody_in_the_export_is_judged_and_the_job_is_over(site):
    bulk = site.sweeps()
    bulk.start()
    run_out(site, bulk)
    assert judged(site) == {"p1", "p2", "p3"}
    assert newest(site).waiting == 0
    assert site.ledger.bulk_jobs.current() is None
    assert len(site.ehr.exports.deleted) == 1


def test_the_whole_sweep_in_one_process_ends_done(site):
    run = run_bulk_inline(site.line, site.sweeps(), site.clock.wait)
    assert run.state == RunState.DONE


def test_nobody_is_asked_before_the_ehr_wants_to_be(site):
    bulk = site.sweeps()
    bulk.start()
    bulk.step()
    assert bulk.step() == 2.0
    site.clock.wait(1.9)
    assert bulk.step() == pytest.approx(0.1)
    assert judged(site) == set()


def test_an_export_under_way_is_not_begun_a_second_time(site):
    first = site.sweeps().start()
    site.sweeps().step()
    assert site.sweeps().start() == first
    assert site.ehr.kick_offs == 1


def test_a_process_that_starts_anew_goes_on_with_the_same_export(site):
    site.ehr.exports.polls = 3
    bulk = site.sweeps()
    bulk.start()
    bulk.step()
    run_out(site, site.sweeps())
    assert site.ehr.kick_offs == 1
    assert judged(site) == {"p1", "p2", "p3"}


def test_while_one_process_works_on_it_another_stands_back(site):
    bulk = site.sweeps()
    bulk.start()
    job = site.ledger.bulk_jobs.current()
    site.ledger.bulk_jobs.hold(job.id, site.clock.at, site.clock.at + timedelta(minutes=1))
    assert site.sweeps().step() == 60.0
    assert site.ehr.kick_offs == 0


class ProcessDied(Exception):
    """Nobody catches this one."""


def test_a_process_that_dies_while_it_screens_costs_a_second_download_and_no_person(site):
    dying = site.sweeps(batch_size=1)
    dying.start()
    dying.step()
    site.clock.wait(5)
    screen, left = site.line.screen, iter([True, False])

    def die_after_one(keys, read=None):
        if not next(left):
            raise ProcessDied
        return screen(keys, read)

    site.line.screen = die_after_one
    with pytest.raises(ProcessDied):
        dying.step()
    site.line.screen = screen
    assert len(judged(site)) == 1

    run_out(site, site.sweeps())

    assert judged(site) == {"p1", "p2", "p3"}
    assert site.ehr.kick_offs == 1


def test_people_stay_out_of_the_queue_while_their_export_is_read(site):
    seen = []
    screen = site.line.screen

    def look(keys, read=None):
        seen.extend(site.line.hand_out(10, queue_is_empty=True, forgotten_after=timedelta()))
        return screen(keys, read)

    site.line.screen = look
    bulk = site.sweeps(batch_size=1)
    bulk.start()
    run_out(site, bulk)
    assert seen == []


def test_who_was_judged_on_newer_facts_meanwhile_is_left_alone(site):
    bulk = site.sweeps()
    bulk.start()
    bulk.step()
    _, key = site.line.start_screening("p1")
    site.line.screen([key])
    before = site.ledger.screenings.latest([key])[key]
    site.clock.wait(5)

    run_out(site, bulk)

    assert site.ledger.screenings.latest([key])[key].at == before.at
    assert newest(site).waiting == 0
    assert judged(site) == {"p1", "p2", "p3"}


def test_who_waits_for_a_newer_run_is_left_to_it(site):
    bulk = site.sweeps()
    bulk.start()
    bulk.step()
    run, _ = site.line.start_screening("p1")
    site.clock.wait(5)

    run_out(site, bulk)

    assert judged(site) == {"p2", "p3"}
    assert site.ledger.runs.get(run).waiting == 1


def test_whoever_is_not_in_the_export_any_more_waits_in_the_queue(site):
    run_bulk_inline(site.line, site.sweeps(), site.clock.wait)
    del_person(site.ehr, "p3")
    keep_alert_open(site, "p3")
    bulk = site.sweeps()
    bulk.start()
    run_out(site, bulk)
    handed_out = site.line.hand_out(10, queue_is_empty=True, forgotten_after=timedelta())
    assert handed_out == [(site.ledger.cohort.keys_of(["p3"])["p3"],)]


def test_where_nobody_can_be_searched_they_are_given_up_with_the_reason(site):
    site.ehr.can_search = False
    run_bulk_inline(site.line, site.sweeps(), site.clock.wait)
    del_person(site.ehr, "p3")
    keep_alert_open(site, "p3")
    bulk = site.sweeps()
    bulk.start()
    with structlog.testing.capture_logs() as events:
        run_out(site, bulk)
    assert (newest(site).waiting, newest(site).given_up) == (0, 1)
    assert "not_in_the_bulk_export" in {event["event"] for event in events}


def del_person(ehr, id_):
    for type_ in ("Patient", "Condition"):
        lines = ehr.exports.files[type_].splitlines(keepends=True)
        ehr.exports.files[type_] = b"".join(x for x in lines if id_.encode() not in x)


def keep_alert_open(site, id_):
    key = site.ledger.cohort.keys_of([id_])[id_]
    site.ledger.alerts.patients_with_open = lambda: {key}


# Records that were merged into others


def merge(site, old, new):
    """The export says that the person goes on under another record."""
    link = [{"type": "replaced-by", "other": {"reference": f"Patient/{new}"}}]
    lines = site.ehr.exports.files["Patient"].splitlines(keepends=True)
    merged = resource("Patient", old, active=False, link=link)
    others = [line for line in lines if old.encode() not in line]
    site.ehr.exports.files["Patient"] = b"".join([*others, ndjson([merged])])


def handed_out(site):
    site.clock.wait(1)
    batches = site.line.hand_out(10, queue_is_empty=True, forgotten_after=timedelta())
    return [key for batch in batches for key in batch]


def test_who_goes_on_under_a_record_outside_the_export_waits_in_the_queue(site):
    merge(site, "p3", "p9")
    bulk = site.sweeps()
    bulk.start()
    run_out(site, bulk)
    assert handed_out(site) == [site.ledger.cohort.keys_of(["p9"])["p9"]]
    assert judged(site) == {"p1", "p2"}


def test_where_nobody_can_be_searched_for_their_new_record_they_are_given_up(site):
    site.ehr.can_search = False
    merge(site, "p3", "p9")
    run_bulk_inline(site.line, site.sweeps(), site.clock.wait)
    assert (newest(site).waiting, newest(site).given_up) == (0, 1)


@pytest.mark.parametrize("batch_size", [1, 60])
@pytest.mark.parametrize("stands", ["p1", "p2"])
def test_who_goes_on_under_a_record_of_the_export_is_judged_or_searched_for(
    site, batch_size, stands
):
    merge(site, "p3", stands)
    bulk = site.sweeps(batch_size=batch_size)
    bulk.start()
    run_out(site, bulk)
    done = judged(site) | set(site.ledger.cohort.fhir_ids_of(handed_out(site)).values())
    assert done == {"p1", "p2"}


def test_records_that_lead_to_each_other_cost_nobody_else_anything(site):
    merge(site, "p2", "p3")
    merge(site, "p3", "p2")
    bulk = site.sweeps()
    bulk.start()
    run_out(site, bulk)
    assert judged(site) == {"p1"}


# Who is the cohort


def sources_of(site):
    (reading,) = site.ledger.readings.newest()
    return {source: found["members"] for source, found in reading.sources.items()}


@pytest.mark.parametrize("name", ["group", "bulk-group"])
def test_members_of_an_exported_group_are_written_down_as_a_search_would(site, name):
    site.line.ehr.strategy = SimpleNamespace(sources=(name,))
    run_bulk_inline(site.line, site.sweeps(find_cohort=exported_members), site.clock.wait)
    assert sources_of(site) == {CohortSource(name, members, "ms").label: 3}


def test_people_with_the_disease_are_written_down_as_a_search_by_code_would(site):
    run_bulk_inline(site.line, site.sweeps(find_cohort=diagnosed_members), site.clock.wait)
    assert sources_of(site) == {"code-search": 3}


def test_nobody_moves_when_sweeps_by_bulk_and_by_search_take_turns(site):
    run_bulk_inline(site.line, site.sweeps(), site.clock.wait)
    site.line.start_sweep()
    run_bulk_inline(site.line, site.sweeps(), site.clock.wait)
    long_ago = site.clock.at - timedelta(days=9)
    assert {move.what for move in site.ledger.readings.moves(long_ago)} == {"came"}


def test_an_export_without_anybody_dismisses_nobody(site):
    run_bulk_inline(site.line, site.sweeps(), site.clock.wait)
    for type_ in ("Patient", "Condition"):
        site.ehr.exports.files[type_] = b""
    run_bulk_inline(site.line, site.sweeps(), site.clock.wait)
    assert len(site.ledger.cohort.members()) == 3


def test_of_a_whole_hospital_only_those_with_the_disease_are_watched(site):
    site.ehr.exports.files["Patient"] += b'{"resourceType":"Patient","id":"other"}\n'
    run_bulk_inline(site.line, site.sweeps(find_cohort=diagnosed_members), site.clock.wait)
    assert len(site.ledger.cohort.members()) == 3


# What goes wrong


def test_an_outage_at_the_kick_off_is_waited_for(site):
    bulk = site.sweeps()
    bulk.start()
    site.line.ehr.capability()
    site.ehr.is_down = True
    assert bulk.step() > 0
    site.ehr.is_down = False
    run_out(site, bulk)
    assert judged(site) == {"p1", "p2", "p3"}


def test_another_export_of_ours_over_there_is_waited_for(site):
    busy = [answer({}, 429, Retry_After="300")]
    site.ehr.quirk = lambda r: busy.pop() if r.url.path.endswith("$export") and busy else None
    bulk = site.sweeps()
    bulk.start()
    assert bulk.step() == 300.0
    run_out(site, bulk)
    assert judged(site) == {"p1", "p2", "p3"}


def test_a_refused_kick_off_ends_the_run_with_the_reason(site):
    site.ehr.quirk = lambda r: answer({}, 403) if r.url.path.endswith("$export") else None
    bulk = site.sweeps()
    bulk.start()
    with pytest.raises(EHRRefused):
        bulk.step()
    assert newest(site).state == RunState.FAILED
    assert "refused" in newest(site).held_reason
    assert site.ledger.bulk_jobs.current() is None


@pytest.mark.parametrize("status", [404, 410])
def test_an_export_that_the_server_forgot_is_asked_for_again_once(site, status):
    gone = [answer({}, status)]
    site.ehr.quirk = lambda r: gone.pop() if "/status/" in r.url.path and gone else None
    bulk = site.sweeps()
    bulk.start()
    run_out(site, bulk)
    assert site.ehr.kick_offs == 2
    assert judged(site) == {"p1", "p2", "p3"}


def test_files_that_expired_begin_the_export_again(site):
    gone = [answer({}, 403)]
    site.ehr.quirk = lambda r: gone.pop() if r.url.path.endswith("/Condition") and gone else None
    bulk = site.sweeps()
    bulk.start()
    run_out(site, bulk)
    assert site.ehr.kick_offs == 2
    assert judged(site) == {"p1", "p2", "p3"}


def test_an_export_that_the_server_always_forgets_is_given_up(site):
    site.ehr.quirk = lambda r: (
        answer({}, 404) if "/status/" in r.url.path and r.method == "GET" else None
    )
    bulk = site.sweeps()
    bulk.start()
    with pytest.raises(Exception, match="nothing at the address"):
        run_out(site, bulk)
    assert site.ehr.kick_offs == 2
    assert newest(site).state == RunState.FAILED


def test_an_export_that_fails_over_there_is_asked_for_again_and_then_given_up(site):
    site.ehr.quirk = lambda r: (
        answer({}, 500) if "/status/" in r.url.path and r.method == "GET" else None
    )
    bulk = site.sweeps()
    bulk.start()
    run_out(site, bulk)
    assert site.ehr.kick_offs == 2
    assert newest(site).state == RunState.FAILED


def test_an_export_that_never_becomes_ready_is_given_up_and_deleted(site):
    site.ehr.exports.polls = 10**6
    bulk = site.sweeps(patience=timedelta(minutes=5))
    bulk.start()
    run_out(site, bulk)
    assert newest(site).state == RunState.FAILED
    assert len(site.ehr.exports.deleted) == 1


def test_people_of_a_run_that_was_given_up_are_taken_over_by_the_next(site):
    bulk = site.sweeps()
    bulk.start()
    bulk.step()
    site.line.await_cohort(
        newest(site).id,
        members("p1", "p2", "p3"),
        site.clock.at,
        site.clock.at + timedelta(days=1),
    )
    site.clock.wait(80 * 3600)
    bulk.step()
    run_bulk_inline(site.line, site.sweeps(), site.clock.wait)
    assert newest(site).state == RunState.DONE
    assert judged(site) == {"p1", "p2", "p3"}


def members(*ids):
    return CohortMembers(ids, "bulk-group", True)


def test_an_ehr_that_is_away_while_our_alerts_are_read_back_costs_nobody_anything(site):
    site.line.ehr.capability()
    real, down = site.line.ehr.read_alerts, iter([True, True])

    def read_alerts(*args):
        if next(down, False):
            raise EHRUnavailable("away")
        return real(*args)

    site.line.ehr.read_alerts = read_alerts
    bulk = site.sweeps()
    bulk.start()
    run_out(site, bulk)
    assert judged(site) == {"p1", "p2", "p3"}
    assert site.ehr.kick_offs == 1


def test_a_sweep_that_begins_does_not_give_up_the_run_of_an_export(site):
    bulk = site.sweeps()
    run_id = bulk.start()
    site.clock.wait(3 * 3600)
    site.line.start_sweep()
    assert site.ledger.runs.get(run_id).state == RunState.OPEN


def test_polls_wait_for_the_first_export(site):
    bulk = site.sweeps()
    assert bulk.has_to_come_first()
    run_bulk_inline(site.line, bulk, site.clock.wait)
    assert not bulk.has_to_come_first()


def test_polls_do_not_wait_where_charts_are_searched_for(site):
    assert not site.sweeps(is_chosen=lambda: False).has_to_come_first()


def test_nothing_that_leads_to_the_charts_is_logged(site):
    with structlog.testing.capture_logs() as events:
        bulk = site.sweeps()
        bulk.start()
        run_out(site, bulk)
    assert events
    assert not any(BASE in str(event) or "p1" in str(event) for event in events)
