"""The audit is written with what it tells, by several processes, in one chain."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from service.store.acts import FIRST_HASH, Act, Actor, AuditRow, chained_hash
from service.store.audit import append
from service.store.entries import EntryState
from service.store.errors import StoreConflict
from service.store.ledger import Ledger

from .at_once import append_to_the_audit
from .builders import (
    MINUTE,
    NOW,
    begin,
    create,
    deliver_one,
    entry,
    people,
    resolve,
    screening,
)


def whole_chain(ledger):
    return list(ledger.audit.rows())


def chain(ledger):
    """Without the approval that every live run here begins with."""
    return [row for row in whole_chain(ledger) if row.what != "golive"]


def told(ledger):
    return [(row.what, row.outcome) for row in chain(ledger)]


def assert_whole(rows):
    previous = FIRST_HASH
    for number, row in enumerate(rows, 1):
        assert row.number == number
        assert row.hash == row.hash_after(previous)
        previous = row.hash


def test_each_row_follows_the_one_before(ledger):
    ledger.audit.record([Act("list"), Act("explain", "k1")], NOW)
    ledger.audit.record([Act("list")], NOW + MINUTE)
    assert_whole(whole_chain(ledger))


def test_the_hash_is_that_of_an_encoding_that_anybody_can_write_down_again():
    # printf '["",1,"2026-11-22T03:00:00.000000+00:00","a\u00e4",null]' | sha256sum
    assert (
        chained_hash("", 1, NOW, "a\u00e4", None)
        == "1648ebafa4e7c22a08be957bfbc81b372e22b05b6a66e45db70ebc70f12071ff"
    )


def test_a_row_says_who_worked_with_the_ledger(url, ledger):
    actor = Actor("client-7", "BoneFlag 1.2", "ward: boneflag explain")
    with Ledger(url, attempts_in_a_run=1, actor=actor) as other:
        other.audit.record([Act("explain", "k1")], NOW)
    (row,) = chain(ledger)
    assert (row.client, row.software, row.by_whom) == (
        "client-7",
        "BoneFlag 1.2",
        "ward: boneflag explain",
    )


def test_whoever_answers_for_an_act_stands_in_the_place_of_the_process(ledger):
    ledger.audit.record([Act("approve", by="Dr Weber")], NOW)
    assert chain(ledger)[0].by_whom == "Dr Weber"


def test_a_transaction_that_is_taken_back_takes_its_row_back(ledger, prepared):
    ledger.audit.record([Act("list")], NOW)
    with pytest.raises(ZeroDivisionError), prepared.store.writing() as connection:
        append(connection, [Act("explain", "k1")], NOW)
        raise ZeroDivisionError
    ledger.audit.record([Act("list")], NOW)
    assert told(ledger) == [("list", "done")] * 2
    assert_whole(whole_chain(ledger))


def test_everybody_whose_chart_was_read_has_a_row(ledger):
    keys = people(ledger, "p1", "p2")
    run = begin(ledger, keys)
    first, second = (screening(key, run) for key in keys)
    ledger.screenings.store_all([first, second], NOW)
    rows = chain(ledger)
    assert [(r.what, r.patient_key, r.run_id, r.run_kind) for r in rows] == [
        ("read", keys[0], run, "sweep"),
        ("read", keys[1], run, "sweep"),
    ]
    assert rows[0].protocol_digest == "digest"


def test_a_reading_says_what_was_asked_for_and_what_did_not_come(ledger):
    (key,) = people(ledger, "p1")
    run = begin(ledger, [key])
    made = screening(key, run, unread=["Task", "Flag"])
    object.__setattr__(made, "types_asked_for", ("Condition", "Flag", "Task"))
    ledger.screenings.store(made, NOW)
    assert chain(ledger)[0].detail == "asked for: Condition, Flag, Task; unread: Flag, Task"


def test_whoever_was_overtaken_by_a_newer_run_was_read_all_the_same(ledger):
    (key,) = people(ledger, "p1")
    old, new = begin(ledger, [key]), begin(ledger, [key])
    ledger.screenings.store(screening(key, new), NOW)
    ledger.screenings.store(screening(key, old), NOW)
    assert [row.run_id for row in chain(ledger)] == [new, old]


def test_screenings_that_are_refused_leave_no_row(ledger):
    first, second = people(ledger, "p1", "p2")
    run = begin(ledger, [first, second])
    ledger.screenings.store(screening(first, run, create("alert-1")), NOW)
    with pytest.raises(StoreConflict):
        ledger.screenings.store(screening(second, run, create("alert-1")), NOW)
    assert len(chain(ledger)) == 1


def test_a_chart_that_could_not_be_read_has_a_row_with_the_reason(ledger):
    (key,) = people(ledger, "p1")
    run = begin(ledger, [key])
    ledger.pending.store_failure(key, run, "EHRRefused", NOW)
    (row,) = chain(ledger)
    assert (row.what, row.outcome, row.reason, row.patient_key) == (
        "read",
        "failed",
        "EHRRefused",
        key,
    )
    assert (row.run_kind, row.protocol_digest) == ("sweep", "digest")


def test_a_write_is_told_before_it_leaves_and_after_it_was_read_back(ledger):
    key, run, plan = deliver_one(ledger)
    ledger.outbox.mark_sent(plan, NOW, NOW + MINUTE)
    ledger.outbox.mark_confirmed(plan, entry(), NOW)
    _, sent, done = chain(ledger)
    assert [(r.what, r.outcome, r.resource) for r in (sent, done)] == [
        ("create", "sent", ""),
        ("create", "done", "Flag/f1 Task/t1"),
    ]
    assert (done.patient_key, done.run_id, done.reason) == (key, run, "due")
    assert done.detail == f"plan {plan}: ms-bone-health-review"


def test_a_write_that_somebody_else_took_is_not_told_twice(ledger):
    _, _, plan = deliver_one(ledger)
    ledger.outbox.mark_sent(plan, NOW, NOW + MINUTE)
    assert not ledger.outbox.mark_sent(plan, NOW, NOW + MINUTE)
    assert told(ledger)[1:] == [("create", "sent")]


def test_a_closing_is_told_with_what_closed_the_gap(ledger):
    _, _, plan = deliver_one(ledger, resolve())
    ledger.outbox.mark_sent(plan, NOW, NOW + MINUTE)
    over = entry(state=EntryState.CLOSED, closing_reason="done", closed_by="Observation/scan")
    ledger.outbox.mark_confirmed(plan, over, NOW)
    detail = chain(ledger)[-1].detail
    assert detail == f"plan {plan}: ms-bone-health-review; closed by Observation/scan"


def test_closing_and_messages_are_told_by_their_names(ledger):
    _, _, plan = deliver_one(ledger, resolve())
    ledger.outbox.mark_sent(plan, NOW, NOW + MINUTE)
    told_by_message = entry(
        flag_id=None, task_id=None, message_type="Communication", message_id="c1"
    )
    ledger.outbox.mark_confirmed(plan, told_by_message, NOW)
    done = chain(ledger)[-1]
    assert (done.what, done.resource) == ("close", "Communication/c1")


@pytest.mark.parametrize(
    ("end", "outcome", "detail"),
    [
        (lambda box, plan: box.mark_confirmed(plan, None, NOW), "nothing changed", ""),
        (lambda box, plan: box.mark_unknown(plan, "no answer", NOW), "unknown", "; no answer"),
        (
            lambda box, plan: box.mark_unsent(plan, "login refused", NOW, NOW),
            "failed",
            "; login refused",
        ),
        (
            lambda box, plan: box.mark_left_unknown(plan, None, NOW),
            "unknown",
            "; nobody can look, and it is not sent again",
        ),
        (lambda box, plan: box.mark_failed(plan, "EHRRejected"), "failed", "; EHRRejected"),
    ],
)
def test_each_end_of_a_request_is_told(ledger, end, outcome, detail):
    _, _, plan = deliver_one(ledger)
    ledger.outbox.mark_sent(plan, NOW, NOW + MINUTE)
    end(ledger.outbox, plan)
    row = chain(ledger)[-1]
    assert (row.outcome, row.detail) == (outcome, f"plan {plan}: ms-bone-health-review{detail}")


def test_a_plan_that_is_not_there_has_nothing_to_tell(ledger):
    ledger.outbox.mark_confirmed(99, None, NOW)
    ledger.outbox.mark_failed(99, "EHRRejected")
    assert chain(ledger) == []


def test_a_pause_and_its_end_are_told_once(ledger):
    ledger.switches.pause("a reason that somebody typed", NOW)
    ledger.switches.pause("", NOW)
    ledger.switches.resume()
    ledger.switches.resume()
    assert told(ledger) == [("pause", "done"), ("resume", "done")]
    assert all("typed" not in row.reason for row in chain(ledger))


def test_letting_a_held_run_go_is_told(ledger):
    run = begin(ledger)
    ledger.runs.hold(run, "too many")
    assert ledger.runs.release(run, "Otto Other", NOW)
    assert not ledger.runs.release(run, "Otto Other", NOW)
    assert [(row.what, row.run_id) for row in chain(ledger)] == [("release", run)]


def test_several_processes_write_one_chain_without_a_gap(ledger, url, at_once):
    written = at_once(append_to_the_audit, url)
    assert written == [20, 20, 20]
    rows = chain(ledger)
    assert len(rows) == 60
    assert_whole(rows)


def test_rows_can_be_asked_for_by_instant(ledger):
    for days in range(3):
        ledger.audit.record([Act("list")], NOW + timedelta(days=days))
    day = timedelta(days=1)
    assert [r.number for r in ledger.audit.rows(NOW + day, NOW + 2 * day)] == [2]


def test_all_that_was_done_about_one_person_is_found_under_all_of_their_keys(ledger):
    acts = [Act("read", key) for key in ("k1", "k2", "k3")]
    ledger.audit.record(acts, NOW)
    assert [r.patient_key for r in ledger.audit.about(["k1", "k3"])] == ["k1", "k3"]
    assert ledger.audit.about(["k1"], NOW + MINUTE) == []


def test_an_anchor_keeps_how_far_the_chain_went(ledger):
    assert ledger.audit.anchor(NOW).number == 0
    ledger.audit.record([Act("list"), Act("list")], NOW)
    end = ledger.audit.anchor(NOW)
    ledger.audit.anchor(NOW + MINUTE)
    with ledger.audit.chain() as kept:
        assert kept.anchors == {2: end.hash}
    assert chain(ledger)[-1].hash == end.hash


def test_a_row_does_not_show_itself_when_it_is_printed():
    values = [1, NOW, *["secret"] * 13]
    assert "secret" not in repr(AuditRow(*values)) + repr(Act("read", "secret"))


def test_the_number_is_ours_and_not_the_databases(ledger, prepared):
    ledger.audit.record([Act("list")], NOW)
    with prepared.store.writing() as connection:
        connection.execute(sa.text("DELETE FROM audit"))
    ledger.audit.record([Act("list")], NOW)
    assert chain(ledger)[0].number == 1


def test_a_chain_that_is_read_holds_still_while_others_write(ledger, url):
    ledger.audit.record([Act("list")], NOW)
    with ledger.audit.chain() as kept:
        with Ledger(url, attempts_in_a_run=1) as other:
            other.audit.record([Act("list")], NOW)
        assert [row.number for row in kept.rows] == [1]


def test_all_keys_of_a_merged_person_are_found_by_either_id(ledger):
    old, new = people(ledger, "p1", "p2")
    kept = ledger.merges.follow("p1", "p2", NOW, begin(ledger))
    for fhir_id in ("p1", "p2"):
        assert set(ledger.audit.keys_of(fhir_id)) == {old, new}
        assert ledger.audit.keys_of(fhir_id)[0] == kept
    assert ledger.audit.keys_of("stranger") == []
    assert set(ledger.audit.fhir_ids().values()) == {"p1", "p2"}
