"""Carrying out plans: exactly one alert, whatever the server does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from service.ehr.alert_history import alert_history
from service.ehr.alert_state import Remembered
from service.ehr.capability import capability_from
from service.ehr.delivery.flag_and_task import Delivery
from service.ehr.errors import EHRConflict, EHRMisunderstood, EHRRefused, EHRUnavailable
from service.ehr.plan_progress import Outcome
from service.ehr.writer import Writer
from service.screening.alert import Action, AlertKind, AlertPlan, PostedAlert
from service.screening.record import ResourceRef
from tests.lib.alerts import ANNA, AT, an_alert, create, resolve, update, withdraw
from tests.lib.fake_fhir_server import FakeFHIRServer
from tests.lib.wire import Resource, Wire, answer, outcome, parameters_of

SERVERS = [
    pytest.param({"conditional_create": False}, id="plain-transactions"),
    pytest.param({}, id="transactions"),
    pytest.param({"has_transactions": False}, id="conditional-create"),
    pytest.param({"has_transactions": False, "conditional_create": False}, id="plain-create"),
    pytest.param({"has_transactions": False, "keeps_versions": False}, id="no-versions"),
]
OTHER = an_alert(summary="Consider bone density assessment soon", content_digest="ff")


def a_writer(server: FakeFHIRServer, wire: Wire | None = None, **options: Any) -> Writer:
    capability = capability_from(server.capability())
    client = (wire or Wire(server)).client()
    return Writer(
        client, capability, options.get("delivery", Delivery()), now=lambda: AT + timedelta(hours=1)
    )


def posted(server: FakeFHIRServer) -> PostedAlert:
    resources = server.all("Flag") + server.all("Task")
    (found,) = alert_history(ANNA, resources, snooze_months=12).posted
    return found


def created(**quirks: Any) -> FakeFHIRServer:
    server = FakeFHIRServer(**quirks)
    a_writer(server).apply(create())
    server.writes.clear()
    return server


def standing(server: FakeFHIRServer) -> list[Resource]:
    everything = server.all("Flag") + server.all("Task")
    return [r for r in everything if r["status"] not in ("entered-in-error", "inactive")]


def once(do: Callable[[], object], when: Callable[[httpx.Request], bool]) -> Any:
    """Something that happens right before the first request of a kind."""
    waiting = [do]

    def before(request: httpx.Request) -> httpx.Response | None:
        if waiting and when(request):
            waiting.pop()()
        return None

    return before


# Creating


@pytest.mark.parametrize("quirks", SERVERS)
def test_an_alert_becomes_one_flag_and_one_task_that_points_at_it(quirks: dict[str, Any]) -> None:
    server = FakeFHIRServer(**quirks)
    done = a_writer(server).apply(create())
    flag, task = server.only("Flag"), server.only("Task")
    assert (flag["status"], task["status"]) == ("active", "requested")
    assert task["focus"]["reference"] == f"Flag/{flag['id']}"
    assert done.did == "created"
    assert done.flag is not None
    assert done.task is not None
    assert (done.flag.ref.id, done.task.ref.id) == (flag["id"], task["id"])
    assert done.settled == {"Flag", "Task"}


@pytest.mark.parametrize("quirks", SERVERS)
def test_creating_twice_is_creating_once(quirks: dict[str, Any]) -> None:
    server = FakeFHIRServer(**quirks)
    first = a_writer(server).apply(create())
    writes = list(server.writes)
    second = a_writer(server).apply(create())
    assert second.did == "already-there"
    assert server.writes == writes
    assert (second.flag, second.task) == (first.flag, first.task)


def test_flag_and_task_are_created_in_one_transaction_where_the_server_offers_that() -> None:
    server = FakeFHIRServer()
    wire = Wire(server)
    a_writer(server, wire).apply(create())
    assert [line for line in wire.sent if line.startswith("POST")] == ["POST "]
    (bundle,) = [msgspec.json.decode(r.content) for r in wire.requests if r.method == "POST"]
    assert bundle["type"] == "transaction"
    assert len({e["fullUrl"] for e in bundle["entry"]}) == 2


def refuse_transactions(request: httpx.Request) -> httpx.Response | None:
    return answer(outcome("error", "forbidden"), 403) if request.url.path == "/fhir" else None


def test_a_transaction_that_is_refused_is_sent_in_its_parts() -> None:
    server = FakeFHIRServer()
    server.before = refuse_transactions
    wire = Wire(server)
    done = a_writer(server, wire).apply(create())
    posts = [line for line in wire.sent if line.startswith("POST")]
    assert posts == ["POST ", "POST /Flag", "POST /Task"]
    assert done.did == "created"
    assert server.only("Task")["focus"]["reference"] == f"Flag/{server.only('Flag')['id']}"


def test_a_part_that_is_refused_as_well_is_a_refusal() -> None:
    server = FakeFHIRServer()
    server.before = lambda request: (
        answer(outcome("error", "forbidden"), 403) if request.method == "POST" else None
    )
    with pytest.raises(EHRRefused):
        a_writer(server, Wire(server)).apply(create())


def test_if_none_exist_holds_an_encoded_query_string_and_no_type() -> None:
    server = FakeFHIRServer(has_transactions=False)
    wire = Wire(server)
    a_writer(server, wire).apply(create())
    condition = next(r.headers["If-None-Exist"] for r in wire.requests if r.method == "POST")
    assert condition == (
        "identifier=https%3A%2F%2Fboneflag.example%2Ffhir%2Fsid%2Falert%7C" + an_alert().key
    )


def test_if_none_exist_is_not_sent_where_it_is_not_offered() -> None:
    server = FakeFHIRServer(has_transactions=False, conditional_create=False)
    wire = Wire(server)
    a_writer(server, wire).apply(create())
    assert not any("If-None-Exist" in r.headers for r in wire.requests)


def test_the_ehr_is_looked_at_before_anything_is_sent_and_past_every_cache() -> None:
    server = FakeFHIRServer()
    wire = Wire(server)
    a_writer(server, wire).apply(create())
    looks = wire.requests[:2]
    assert [r.method for r in looks] == ["GET", "GET"]
    assert all(r.headers["Cache-Control"] == "no-cache" for r in looks)
    assert parameters_of(looks[0])["patient"] == "anna"
    assert parameters_of(looks[0])["identifier"].endswith(f"|{an_alert().key}")


@pytest.mark.parametrize("quirks", SERVERS)
def test_a_lost_answer_is_an_unknown_outcome_and_nothing_more_is_sent(
    quirks: dict[str, Any],
) -> None:
    server = FakeFHIRServer(**quirks)
    server.loses_answer_of = lambda r: r.method == "POST"
    with pytest.raises(EHRUnavailable) as lost:
        a_writer(server).apply(create())
    assert lost.value.outcome_unknown
    assert len([w for w in server.writes if w == "create Flag"]) == 1


@pytest.mark.parametrize("quirks", SERVERS)
def test_after_a_lost_answer_the_next_attempt_finds_what_was_written(
    quirks: dict[str, Any],
) -> None:
    server = FakeFHIRServer(**quirks)
    server.loses_answer_of = lambda r: r.method == "POST"
    for _ in range(3):
        try:
            a_writer(server).apply(create())
        except EHRUnavailable:
            continue
    assert len(server.all("Flag")) == len(server.all("Task")) == 1


def test_a_crash_between_flag_and_task_is_mended_by_the_next_attempt() -> None:
    server = FakeFHIRServer(Delivery().new("Flag", an_alert(), AT))
    done = a_writer(server).apply(create())
    assert done.did == "created"
    assert server.writes == ["create Task"]
    assert server.only("Task")["focus"]["reference"] == f"Flag/{server.only('Flag')['id']}"


def test_a_task_that_points_nowhere_is_turned_to_its_flag() -> None:
    server = FakeFHIRServer(Delivery().new("Task", an_alert(), AT))
    a_writer(server).apply(create())
    assert server.only("Task")["focus"]["reference"] == f"Flag/{server.only('Flag')['id']}"


@pytest.mark.parametrize("quirks", SERVERS)
def test_of_two_workers_that_create_at_the_same_moment_one_alert_is_left(
    quirks: dict[str, Any],
) -> None:
    server = FakeFHIRServer(is_racy=True, **quirks)
    other = a_writer(server)
    server.before = once(lambda: other.apply(create()), lambda r: r.method == "POST")
    done = a_writer(server).apply(create())
    assert done.duplicates_retired == 2
    assert sorted(r["resourceType"] for r in standing(server)) == ["Flag", "Task"]
    kept = {r["resourceType"]: r["id"] for r in standing(server)}
    assert server.store["Task", kept["Task"]]["focus"]["reference"] == f"Flag/{kept['Flag']}"


def test_of_several_the_older_is_kept_and_the_others_are_entered_in_error() -> None:
    flag = Delivery().new("Flag", an_alert(), AT)
    server = FakeFHIRServer(flag | {"id": "first"}, flag | {"id": "second"})
    done = a_writer(server).apply(create())
    assert done.duplicates_retired == 1
    assert server.store["Flag", "first"]["status"] == "active"
    assert server.store["Flag", "second"]["status"] == "entered-in-error"


def test_a_server_that_already_has_several_answers_412_and_is_tidied_up() -> None:
    server = FakeFHIRServer(has_transactions=False)
    flag = Delivery().new("Flag", an_alert(), AT)

    def two_others() -> None:
        server.put(flag | {"id": "first"})
        server.put(flag | {"id": "second"})

    server.before = once(two_others, lambda r: r.method == "POST")
    done = a_writer(server).apply(create())
    assert done.duplicates_retired == 1
    assert len(standing(server)) == 2


def test_a_copy_that_a_person_rejected_is_not_retired() -> None:
    task = Delivery().new("Task", an_alert(), AT)
    taken, rejected = task | {"status": "accepted"}, task | {"status": "rejected"}
    server = FakeFHIRServer(taken | {"id": "first"}, rejected | {"id": "second"})
    a_writer(server).apply(create())
    assert server.store["Task", "second"]["status"] == "rejected"


def test_a_retired_task_says_that_it_was_a_duplicate() -> None:
    task = Delivery().new("Task", an_alert(), AT)
    server = FakeFHIRServer(task | {"id": "first"}, task | {"id": "second"})
    a_writer(server).apply(create())
    retired = server.store["Task", "second"]
    assert retired["status"] == "entered-in-error"
    assert retired["statusReason"]["coding"][0]["code"] == "duplicate"


def test_an_index_that_lags_does_not_hide_what_was_just_created() -> None:
    server = FakeFHIRServer()
    server.hides_from_search = True
    done = a_writer(server).apply(create())
    assert done.did == "created"
    assert len(server.all("Flag")) == 1


def test_what_cannot_be_seen_after_a_conflict_is_an_unknown_outcome() -> None:
    server = FakeFHIRServer(has_transactions=False)
    server.before = lambda r: answer(outcome("error", "x"), 412) if r.method == "POST" else None
    with pytest.raises(EHRUnavailable) as unseen:
        a_writer(server).apply(create())
    assert unseen.value.outcome_unknown


@pytest.mark.parametrize("status", ["inactive", "entered-in-error"])
def test_an_old_closed_flag_under_the_same_key_is_not_taken_for_the_new_alert(status: str) -> None:
    server = FakeFHIRServer(Delivery().new("Flag", an_alert(), AT) | {"status": status})
    done = a_writer(server).apply(create())
    assert done.did == "left-alone"
    assert done.settled == frozenset()
    assert server.writes == []


def test_an_alert_that_a_person_turned_down_before_we_knew_is_left_alone() -> None:
    server = created()
    server.edit(server.only("Task"), status="rejected")
    done = a_writer(server).apply(create(OTHER))
    assert done.did == "left-alone"
    assert server.writes == []


def test_an_alert_that_was_found_is_brought_up_to_what_the_plan_says() -> None:
    server = created()
    assert a_writer(server).apply(create(OTHER)).did == "updated"
    assert server.only("Flag")["code"]["text"] == OTHER.banner


def test_a_look_that_was_cut_short_creates_nothing() -> None:
    server = FakeFHIRServer()
    bundle = {"resourceType": "Bundle", "entry": [{"resource": outcome("warning", "suppressed")}]}
    server.before = lambda r: answer(bundle) if r.method == "GET" else None
    with pytest.raises(Exception, match="cannot be told"):
        a_writer(server).apply(create())
    assert server.writes == []


def test_a_refused_look_creates_nothing() -> None:
    server = FakeFHIRServer()
    server.before = lambda _: answer(outcome("error", "forbidden"), 403)
    with pytest.raises(EHRRefused):
        a_writer(server).apply(create())
    assert server.writes == []


def test_a_treatment_gap_becomes_a_task_and_no_flag() -> None:
    server = FakeFHIRServer()
    done = a_writer(server).apply(create(an_alert(kind=AlertKind.TREATMENT_GAP)))
    assert server.all("Flag") == []
    assert server.only("Task")["status"] == "requested"
    assert (done.flag, done.settled) == (None, {"Task"})


def test_a_duplicate_that_was_retired_before_is_not_touched_again() -> None:
    flag = Delivery().new("Flag", an_alert(), AT)
    server = FakeFHIRServer(flag | {"id": "a", "status": "entered-in-error"}, flag | {"id": "b"})
    assert a_writer(server).apply(create()).duplicates_retired == 0
    assert server.writes == ["create Task"]


def test_a_server_that_cannot_search_by_identifier_is_looked_at_by_patient() -> None:
    berta = Delivery().new("Flag", an_alert(key="3c5b3a3e-0000-4000-8000-000000000000"), AT)
    server = FakeFHIRServer(berta, has_transactions=False, conditional_create=False)
    statement = server.capability()
    for listed in statement["rest"][0]["resource"]:
        listed["searchParam"] = [{"name": "patient"}]
    wire = Wire(server)
    capability = capability_from(statement)
    writer = Writer(wire.client(), capability, Delivery(), now=lambda: AT)
    assert writer.apply(create()).did == "created"
    assert writer.apply(create()).did == "already-there"
    assert len(server.all("Flag")) == 2
    assert parameters_of(wire.requests[0]) == {"patient": "anna"}


def test_a_version_that_only_the_etag_tells_is_used() -> None:
    server = created()
    plan = update(OTHER, posted(server))
    wire = Wire(server)

    def without_meta(request: httpx.Request) -> httpx.Response | None:
        if request.method != "GET":
            return None
        shown = server.store[tuple(request.url.path.split("/")[-2:])]  # type: ignore[index]
        body = {name: value for name, value in shown.items() if name != "meta"}
        return answer(body, ETag='W/"1"')

    server.before = without_meta
    a_writer(server, wire).apply(plan)
    sent = [r.headers.get("If-Match") for r in wire.requests if r.method == "PUT"]
    assert sent == ['W/"1"', 'W/"1"']


def test_a_read_that_is_answered_with_something_else_changes_nothing() -> None:
    server = created()
    plan = update(OTHER, posted(server))
    server.before = lambda r: answer({"hello": 1}) if r.method == "GET" else None
    with pytest.raises(EHRMisunderstood):
        a_writer(server).apply(plan)
    assert server.writes == []


# Updating


def test_an_update_says_which_version_it_read() -> None:
    server = created()
    wire = Wire(server)
    a_writer(server, wire).apply(update(OTHER, posted(server)))
    versions = [r.headers["If-Match"] for r in wire.requests if r.method == "PUT"]
    assert versions == ['W/"1"', 'W/"1"']


@pytest.mark.parametrize("quirks", SERVERS)
def test_updating_twice_is_updating_once(quirks: dict[str, Any]) -> None:
    server = created(**quirks)
    plan = update(OTHER, posted(server))
    assert a_writer(server).apply(plan).did == "updated"
    assert server.writes == ["update Flag active", "update Task requested"]
    assert a_writer(server).apply(plan).did == "already-there"
    assert len(server.writes) == 2


def test_an_update_reports_the_new_versions() -> None:
    server = created()
    done = a_writer(server).apply(update(OTHER, posted(server)))
    assert done.flag is not None
    assert done.task is not None
    assert (done.flag.version, done.task.version) == ("2", "2")


def test_a_note_that_comes_in_between_is_kept_and_the_update_is_made_on_top() -> None:
    server = created()
    plan = update(OTHER, posted(server))
    note = {"text": "Rang her", "authorString": "Dr B"}

    def a_person() -> None:
        task = server.only("Task")
        server.edit(task, status="accepted", note=[*task["note"], note])

    server.before = once(a_person, lambda r: r.method == "PUT" and "Task" in r.url.path)
    assert a_writer(server).apply(plan).did == "updated"
    task = server.only("Task")
    assert (task["status"], task["description"]) == ("accepted", OTHER.summary)
    assert note in task["note"]


@pytest.mark.parametrize("status", ["rejected", "cancelled", "completed"])
def test_a_task_that_a_person_ends_in_between_is_not_overwritten(status: str) -> None:
    server = created()
    plan = update(OTHER, posted(server))
    server.before = once(
        lambda: server.edit(server.only("Task"), status=status),
        lambda r: r.method == "PUT" and "Task" in r.url.path,
    )
    done = a_writer(server).apply(plan)
    assert (done.did, done.settled) == ("left-alone", {"Flag"})
    assert done.task is not None
    assert done.task.status == server.only("Task")["status"] == status


def test_a_flag_that_a_person_took_down_since_the_plan_is_left_alone_with_its_task() -> None:
    server = created()
    plan = update(OTHER, posted(server))
    server.edit(server.only("Flag"), status="inactive")
    assert a_writer(server).apply(plan).did == "left-alone"
    assert server.writes == []


def test_a_second_conflict_is_handed_to_the_queue() -> None:
    server = created()
    plan = update(OTHER, posted(server))

    def always(request: httpx.Request) -> None:
        if request.method == "PUT":
            server.edit(server.only("Flag"))

    server.before = always
    with pytest.raises(EHRConflict):
        a_writer(server).apply(plan)


@pytest.mark.parametrize("status", [409, 412])
def test_both_conflict_answers_mean_read_again(status: int) -> None:
    server = created()
    plan = update(OTHER, posted(server))
    refused: list[bool] = []

    def first_put(request: httpx.Request) -> httpx.Response | None:
        if request.method == "PUT" and not refused:
            refused.append(True)
            return answer(outcome("error", "conflict"), status)
        return None

    server.before = first_put
    assert a_writer(server).apply(plan).did == "updated"


def test_a_lost_answer_to_an_update_is_found_out_by_the_next_attempt() -> None:
    server = created()
    plan = update(OTHER, posted(server))
    server.loses_answer_of = lambda r: r.method == "PUT"
    with pytest.raises(EHRUnavailable):
        a_writer(server).apply(plan)
    server.loses_answer_of = lambda r: False
    assert a_writer(server).apply(plan).did == "updated"
    assert server.writes == ["update Flag active", "update Task requested"]


def test_reopening_stands_both_up_again() -> None:
    server = created()
    a_writer(server).apply(resolve(posted(server)))
    done = a_writer(server).apply(update(OTHER, posted(server)))
    assert done.did == "updated"
    assert (server.only("Flag")["status"], server.only("Task")["status"]) == ("active", "requested")
    assert "end" not in server.only("Flag")["period"]


def test_an_update_makes_the_half_that_was_never_created() -> None:
    server = FakeFHIRServer(Delivery().new("Flag", an_alert(), AT))
    done = a_writer(server).apply(update(an_alert(), posted(server)))
    assert done.did == "created"
    assert server.only("Task")["focus"]["reference"] == f"Flag/{server.only('Flag')['id']}"


def test_a_flag_that_somebody_deleted_is_not_made_again() -> None:
    server = created()
    known = Remembered(flag_status="active", task_status="requested")
    plan = update(OTHER, posted(server))
    del server.store["Flag", server.only("Flag")["id"]]
    a_writer(server).apply(plan, known)
    assert server.all("Flag") == []
    assert server.only("Task")["description"] == OTHER.summary


# Closing


@pytest.mark.parametrize("quirks", SERVERS)
def test_resolving_closes_the_task_before_the_flag(quirks: dict[str, Any]) -> None:
    server = created(**quirks)
    done = a_writer(server).apply(resolve(posted(server)))
    assert server.writes == ["update Task completed", "update Flag inactive"]
    assert done.did == "updated"
    assert done.settled == {"Flag", "Task"}


def test_resolving_twice_is_resolving_once() -> None:
    server = created()
    plan = resolve(posted(server))
    a_writer(server).apply(plan)
    done = a_writer(server).apply(plan)
    assert done.did == "already-there"
    assert done.settled == {"Flag", "Task"}
    assert len(server.writes) == 2


def test_a_flag_that_was_down_before_the_plan_is_not_claimed_as_our_doing() -> None:
    server = created()
    server.edit(server.only("Flag"), status="inactive")
    done = a_writer(server).apply(resolve(posted(server)))
    assert done.settled == {"Task"}


def test_a_refusal_that_comes_in_between_survives_the_closing() -> None:
    server = created()
    plan = resolve(posted(server))
    reason = {"text": "no"}
    server.before = once(
        lambda: server.edit(server.only("Task"), status="rejected", statusReason=reason),
        lambda r: r.method == "PUT" and "Task" in r.url.path,
    )
    a_writer(server).apply(plan)
    assert server.only("Task")["status"] == "rejected"
    assert server.only("Task")["statusReason"] == reason
    assert server.only("Flag")["status"] == "inactive"


def test_a_closing_that_stopped_half_way_is_read_as_open_and_finished_by_the_next() -> None:
    server = created()
    server.before = lambda r: (
        answer({}, 503) if r.method == "PUT" and "Flag" in r.url.path else None
    )
    with pytest.raises(EHRUnavailable):
        a_writer(server).apply(resolve(posted(server)))
    server.before = lambda r: None
    a_writer(server).apply(resolve(posted(server)))
    assert (server.only("Flag")["status"], server.only("Task")["status"]) == (
        "inactive",
        "completed",
    )


def test_a_task_that_may_not_point_at_what_closed_it_is_closed_all_the_same() -> None:
    server = created()

    def refuse_outputs(request: httpx.Request) -> httpx.Response | None:
        is_pointing = request.method == "PUT" and b'"output"' in request.content
        return answer(outcome("error", "invalid"), 422) if is_pointing else None

    server.before = refuse_outputs
    scan = ResourceRef("Observation", "deleted-since")
    a_writer(server).apply(replace(resolve(posted(server)), closed_by=scan))
    assert server.only("Task")["status"] == "completed"
    assert "output" not in server.only("Task")


def test_a_closed_alert_is_read_back_with_what_closed_it() -> None:
    server = created()
    scan = ResourceRef("Observation", "scan")
    a_writer(server).apply(replace(resolve(posted(server)), closed_by=scan))
    assert posted(server).closed_by == scan


def test_a_no_takes_the_flag_down_and_leaves_the_task_as_the_person_left_it() -> None:
    server = created()
    server.edit(server.only("Task"), status="rejected")
    a_writer(server).apply(resolve(posted(server), task_status=None))
    assert server.writes == ["update Flag inactive"]


def test_a_closing_asks_for_what_was_read_and_searches_for_nothing() -> None:
    server = created()
    plan = resolve(posted(server))
    wire = Wire(server)
    a_writer(server, wire).apply(plan)
    assert sorted(r.method for r in wire.requests) == ["GET", "GET", "PUT", "PUT"]
    assert not any(r.url.query for r in wire.requests)


def test_closing_what_somebody_deleted_is_nothing_to_do() -> None:
    server = created()
    plan = resolve(posted(server))
    server.store.clear()
    done = a_writer(server).apply(plan)
    assert done == Outcome("already-there", channel="flag-and-task")


def test_withdrawing_says_that_the_alert_should_never_have_been_there() -> None:
    server = created()
    a_writer(server).apply(withdraw(posted(server)))
    assert server.only("Flag")["status"] == "entered-in-error"
    task = server.only("Task")
    assert (task["status"], task["statusReason"]["coding"][0]["code"]) == ("cancelled", "withdrawn")


def test_keeping_asks_and_writes_nothing() -> None:
    server = created()
    found = posted(server)
    wire = Wire(server)
    plan = AlertPlan(AlertKind.SCREENING, Action.KEEP, "already told", posted=found)
    done = a_writer(server, wire).apply(plan)
    assert wire.sent == []
    assert (done.did, done.flag, done.task) == ("left-alone", found.flag, found.task)


# Duplicates


def test_duplicates_that_a_reading_found_are_retired_once() -> None:
    flag = Delivery().new("Flag", an_alert(), AT)
    server = FakeFHIRServer(flag | {"id": "first"}, flag | {"id": "second"})
    found = alert_history(ANNA, server.all("Flag"), snooze_months=12).duplicates
    assert a_writer(server).retire(found) == 1
    assert a_writer(server).retire(found) == 0
    assert [r["id"] for r in standing(server)] == ["first"]


def test_a_duplicate_that_is_gone_or_being_worked_on_is_left_to_the_next_look() -> None:
    flag = Delivery().new("Flag", an_alert(), AT)
    server = FakeFHIRServer(flag | {"id": "first"}, flag | {"id": "second"})
    found = alert_history(ANNA, server.all("Flag"), snooze_months=12).duplicates
    server.before = lambda r: answer({}, 412) if r.method == "PUT" else None
    assert a_writer(server).retire(found) == 0
    server.store.clear()
    assert a_writer(server).retire(found) == 0


def test_a_duplicate_that_somebody_changed_since_it_was_read_is_left_to_the_next_look() -> None:
    flag = Delivery().new("Flag", an_alert(), AT)
    server = FakeFHIRServer(flag | {"id": "first"}, flag | {"id": "second"})
    found = alert_history(ANNA, server.all("Flag"), snooze_months=12).duplicates
    server.edit(server.store["Flag", "second"], category=[{"text": "mine"}])
    assert a_writer(server).retire(found) == 0
    assert server.store["Flag", "second"]["status"] == "active"


def test_no_patient_and_no_word_of_an_alert_reaches_an_error() -> None:
    server = created()
    server.before = lambda r: answer(outcome("error", "x"), 422) if r.method == "PUT" else None
    with pytest.raises(Exception, match="EHR") as refused:
        a_writer(server).apply(update(OTHER, posted(server)))
    assert "anna" not in str(refused.value)
    assert "bone density" not in str(refused.value)


# Interrupted anywhere


@pytest.mark.parametrize("quirks", SERVERS)
@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("number", range(10))
def test_a_plan_that_is_cut_off_at_any_request_ends_the_same_when_it_comes_again(
    number: int, arrives: bool, quirks: dict[str, Any]
) -> None:
    server = FakeFHIRServer(**quirks)
    for plan_of, statuses in (
        (lambda: create(), ("active", "requested")),
        (lambda: update(OTHER, posted(server)), ("active", "requested")),
        (lambda: resolve(posted(server)), ("inactive", "completed")),
        (lambda: update(OTHER, posted(server)), ("active", "requested")),
        (lambda: withdraw(posted(server)), ("entered-in-error", "cancelled")),
    ):
        plan = plan_of()
        server.cut_off(at=number, arrives=arrives)
        try:
            a_writer(server).apply(plan)
        except EHRUnavailable:
            server.cut_off(at=None)
            a_writer(server).apply(plan)
        server.cut_off(at=None)
        assert (server.only("Flag")["status"], server.only("Task")["status"]) == statuses
