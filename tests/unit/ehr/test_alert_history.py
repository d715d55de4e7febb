"""What people made of our alerts, judged from Flag, Task and the ledger's memory."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from service.ehr.alert_history import alert_history
from service.ehr.alert_state import Remembered
from service.ehr.decision_reason import NON_ADHERENCE_SYSTEM
from service.ehr.delivery.flag_and_task import Delivery
from service.ehr.delivery.task import closed_task
from service.screening.alert import AlertKind, AlertState, PostedAlert
from service.screening.record import Decision, ResourceRef
from tests.lib.alerts import ANNA, AT, ON, an_alert, key_of

BOTH = Delivery()
Resource = dict[str, Any]
LATER = AT + timedelta(days=30)
ACTIVE, RESOLVED = AlertState.ACTIVE, AlertState.RESOLVED
DISMISSED, CHANGED, WITHDRAWN = AlertState.DISMISSED, AlertState.CHANGED, AlertState.WITHDRAWN


def a_flag(status: str = "active", version: str = "1", **elements: Any) -> Resource:
    meta = {"versionId": version, "lastUpdated": "2026-12-24T10:00:00Z"}
    flag = BOTH.new("Flag", an_alert(), AT) | {"id": "f1", "status": status, "meta": meta}
    return flag | elements


def a_task(status: str = "requested", version: str = "1", **elements: Any) -> Resource:
    meta = {"versionId": version, "lastUpdated": "2026-12-24T10:00:00Z"}
    task = BOTH.new("Task", an_alert(), AT, "Flag/f1") | {"id": "t1", "meta": meta}
    return task | {"status": status} | elements


def closed_by_us(status: str = "completed", closing: Any = "resolved") -> Resource:
    return closed_task(a_task(), status, closing, "done", LATER)


def judge(*resources: Resource, known: Remembered | None = None) -> PostedAlert:
    memory = {an_alert().key: known} if known else {}
    history = alert_history(ANNA, resources, snooze_months=12, remembered=memory)
    (posted,) = history.posted
    return posted


def decided(*resources: Resource, known: Remembered | None = None) -> tuple[Decision, ...]:
    memory = {an_alert().key: known} if known else {}
    history = alert_history(ANNA, resources, snooze_months=12, remembered=memory)
    return history.decisions.get(AlertKind.SCREENING, ())


@pytest.mark.parametrize("status", ["requested", "received", "accepted", "ready", "in-progress"])
def test_an_alert_that_waits_or_is_worked_on_is_active(status: str) -> None:
    assert judge(a_flag(), a_task(status)).state is ACTIVE


@pytest.mark.parametrize("status", ["rejected", "failed", "on-hold", "cancelled"])
def test_a_task_that_a_person_turned_down_dismisses_the_alert(status: str) -> None:
    for flag in (a_flag(), a_flag("inactive")):
        assert judge(flag, a_task(status)).state is DISMISSED


def test_a_task_marked_as_an_error_by_a_person_dismisses_the_alert() -> None:
    assert judge(a_flag(), a_task("entered-in-error")).state is DISMISSED


def test_a_spare_alert_that_we_retired_is_nobodys_no() -> None:
    retired = a_flag("entered-in-error"), closed_by_us("entered-in-error", "duplicate")
    known = Remembered(episode=1, flag_status="active", task_status="requested")
    assert judge(*retired, known=known).state is WITHDRAWN
    assert decided(*retired, known=known) == ()


def test_an_alert_withdrawn_where_no_flag_may_be_an_error_is_withdrawn_all_the_same() -> None:
    assert judge(a_flag("inactive"), closed_by_us("cancelled", "withdrawn")).state is WITHDRAWN


def test_a_task_that_a_person_completed_leaves_the_flag_standing() -> None:
    assert judge(a_flag(), a_task("completed")).state is CHANGED


def test_a_flag_that_went_down_while_its_task_waits_was_taken_down_by_a_person() -> None:
    assert judge(a_flag("inactive"), a_task()).state is DISMISSED
    assert judge(a_flag("entered-in-error"), a_task()).state is DISMISSED


def test_a_flag_that_the_ledger_says_we_closed_was_not_taken_down_by_a_person() -> None:
    ours = Remembered(flag_status="inactive", task_status="requested")
    assert judge(a_flag("inactive"), a_task("in-progress"), known=ours).state is ACTIVE


def test_a_flag_that_we_were_closing_when_we_crashed_was_not_taken_down_by_a_person() -> None:
    sent = Remembered(flag_status="active", sent_flag_status="inactive")
    assert judge(a_flag("inactive"), known=sent).state is RESOLVED
    assert judge(a_flag("inactive"), known=Remembered(flag_status="active")).state is DISMISSED


def test_an_alert_that_we_closed_is_resolved_with_or_without_the_ledger() -> None:
    assert judge(a_flag("inactive"), closed_by_us()).state is RESOLVED
    known = Remembered(flag_status="active", task_status="requested")
    assert judge(a_flag("inactive"), closed_by_us(), known=known).state is RESOLVED


def test_an_alert_that_we_closed_after_a_person_completed_it_is_resolved() -> None:
    ours = Remembered(flag_status="inactive")
    flag, task = a_flag("inactive"), a_task("completed")
    assert judge(flag, task, known=ours).state is RESOLVED
    assert judge(flag, task).state is RESOLVED


def test_a_person_who_completed_the_task_and_took_the_flag_down_has_dismissed_it() -> None:
    known = Remembered(flag_status="active", task_status="requested")
    assert judge(a_flag("inactive"), a_task("completed"), known=known).state is DISMISSED


def test_an_alert_that_we_withdrew_is_withdrawn() -> None:
    task = closed_by_us("cancelled", "withdrawn")
    assert judge(a_flag("entered-in-error"), task).state is WITHDRAWN
    assert judge(task).state is WITHDRAWN


def test_a_spare_copy_that_we_retired_is_not_taken_for_a_persons_no() -> None:
    """After a merge it stands under a key of its own, and would silence the alert that is kept."""
    retired = (a_flag("entered-in-error"), closed_by_us("entered-in-error", "duplicate"))
    known = Remembered(flag_status="active", task_status="requested")
    assert judge(*retired, known=known).state is WITHDRAWN
    assert decided(*retired, known=known) == ()


def test_a_closing_that_stopped_half_way_is_open_and_says_nothing_that_a_plan_could_keep() -> None:
    posted = judge(a_flag(), closed_by_us())
    assert (posted.state, posted.content_digest) == (ACTIVE, "")


def test_an_update_that_stopped_half_way_says_nothing_that_a_plan_could_keep() -> None:
    task = BOTH.new("Task", an_alert(content_digest="ff"), AT) | {"id": "t1"}
    posted = judge(a_flag(), task)
    assert (posted.state, posted.content_digest) == (ACTIVE, "")


@pytest.mark.parametrize("state", ["planned", "sent"])
def test_a_half_that_was_never_written_leaves_nothing_that_a_plan_could_keep(state: Any) -> None:
    assert judge(a_flag(), known=Remembered(state=state)).content_digest == ""


def test_a_half_that_somebody_deleted_is_not_missed() -> None:
    confirmed = Remembered(state="confirmed", flag_status="active", task_status="requested")
    assert judge(a_flag(), known=confirmed).content_digest == an_alert().content_digest


def test_a_whole_alert_tells_what_it_says() -> None:
    assert judge(a_flag(), a_task()).content_digest == "0011223344556677"


REASONS = frozenset({"MSO-02|major", "MSO-10|minor"})


def a_reasoned(kind: str, said: str | None = None) -> Resource:
    made = BOTH.new(kind, an_alert(reasons=REASONS), AT) | {"id": kind.lower()}
    if said is not None:
        made["extension"][-1]["valueString"] = said
    return made


def test_an_alert_tells_which_risk_factors_it_rests_on() -> None:
    assert judge(a_reasoned("Flag"), a_reasoned("Task")).reasons == REASONS
    assert judge(a_reasoned("Task")).reasons == REASONS


def test_the_ledger_knows_the_reasons_that_an_ehr_dropped() -> None:
    assert judge(a_flag(), known=Remembered(reasons=REASONS)).reasons == REASONS
    assert judge(a_flag()).reasons == frozenset()


def test_reasons_that_somebody_made_unreadable_are_left_out() -> None:
    edited = a_reasoned("Flag", "MSO-02|major MSO-03|huge nonsense |major")
    assert judge(edited).reasons == {"MSO-02|major"}


def test_a_sentence_that_a_person_rewrote_makes_the_alert_changed() -> None:
    flag = a_flag(code={"text": "Ask her son first"}, version="2")
    assert judge(flag, a_task()).state is CHANGED
    known = Remembered(flag_version="1", task_version="1", flag_status="active")
    assert judge(flag, a_task(), known=known).state is CHANGED


def test_a_sentence_that_a_person_rewrote_is_seen_where_the_ehr_keeps_no_versions() -> None:
    flag = a_flag(code={"text": "Ask her son first"}, meta={})
    known = Remembered(flag_status="active", task_status="requested", state="confirmed")
    assert judge(flag, a_task(meta={}), known=known).state is CHANGED
    assert judge(a_flag(meta={}), a_task(meta={}), known=known).state is ACTIVE


def test_a_reworded_flag_that_we_took_down_is_shown_again_when_the_task_is_taken_up() -> None:
    flag = a_flag("inactive", code={**a_flag()["code"], "text": "Bones: call Dr Ito first"})
    ours = Remembered(flag_status="inactive", task_status="requested")
    assert judge(flag, a_task(), known=ours).state is ACTIVE


def test_versions_that_are_ours_need_no_suspicion() -> None:
    flag = a_flag(code={"text": "In other words"}, version="2")
    known = Remembered(flag_version="2", task_version="1", flag_status="active")
    assert judge(flag, a_task(), known=known).state is ACTIVE


def test_a_flag_alone_and_a_task_alone_are_alerts_too() -> None:
    assert judge(a_flag()).state is ACTIVE
    assert judge(a_task()).state is ACTIVE
    assert judge(closed_by_us()).state is RESOLVED
    assert judge(a_task("completed")).state is DISMISSED
    assert judge(a_flag("inactive")).state is RESOLVED


def test_the_days_of_opening_and_closing_are_read_from_the_resources() -> None:
    flag = a_flag("inactive", period={"start": "2026-03-01", "end": "2026-05-02"})
    posted = judge(flag, closed_by_us())
    assert (posted.opened_on, posted.closed_on) == (date(2026, 3, 1), date(2026, 5, 2))
    assert judge(a_flag(), a_task()).closed_on is None


def test_the_days_of_a_task_alone_come_from_its_own_stamps() -> None:
    posted = judge(closed_by_us())
    assert (posted.opened_on, posted.closed_on) == (ON, date(2026, 12, 22))


def test_a_start_that_is_no_day_falls_back_on_the_task_and_then_on_the_server() -> None:
    flag = a_flag(period={"start": "2026"})
    assert judge(flag, a_task()).opened_on == ON
    assert judge(flag).opened_on == date(2026, 12, 24)
    bare = {k: v for k, v in flag.items() if k != "meta"}
    assert judge(bare).opened_on == date.min


# Decisions


def test_a_rejected_task_snoozes_for_calendar_months_from_the_day_of_the_rejection() -> None:
    task = a_task("rejected", lastModified="2026-12-24T10:00:00Z")
    (decision,) = decided(a_flag(), task)
    assert decision.kind == "snoozed"
    assert (decision.made_on, decision.until) == (date(2026, 12, 24), date(2027, 12, 24))
    assert decision.source == ResourceRef("Task", "t1")


@pytest.mark.parametrize("code", ["patient-refuses", "patient-does-not-want-change"])
def test_the_code_that_a_person_gave_is_read(code: str) -> None:
    reason = {"coding": [{"system": NON_ADHERENCE_SYSTEM, "code": code}]}
    (decision,) = decided(a_flag(), a_task("rejected", statusReason=reason))
    assert (decision.code, decision.reason) == (code, code)


def test_the_same_code_of_another_system_is_not_taken_for_a_patients_refusal() -> None:
    reason = {"coding": [{"system": "urn:hospital", "code": "patient-refuses"}]}
    (decision,) = decided(a_flag(), a_task("rejected", statusReason=reason))
    assert decision.kind == "snoozed"


def test_what_a_clinician_typed_is_not_carried_away() -> None:
    (decision,) = decided(a_flag(), a_task("rejected", statusReason={"text": "Her son died"}))
    assert "son" not in decision.reason


def test_a_screen_that_leaves_last_modified_alone_is_dated_by_the_server() -> None:
    (decision,) = decided(a_flag(), a_task("rejected"))
    assert decision.made_on == date(2026, 12, 24)


def test_a_rejection_without_any_stamp_is_dated_by_the_task() -> None:
    task = {k: v for k, v in a_task("rejected").items() if k != "meta"}
    (decision,) = decided(a_flag(), task)
    assert decision.made_on == ON


@pytest.mark.parametrize("status", ["cancelled", "failed", "on-hold"])
def test_other_endings_by_a_person_snooze_as_well(status: str) -> None:
    (decision,) = decided(a_flag(), a_task(status))
    assert (decision.kind, decision.reason) == ("snoozed", f"Task {status}")


def test_a_flag_that_a_person_took_down_snoozes_from_that_day() -> None:
    flag = a_flag("inactive", period={"start": "2026-11-22", "end": "2026-12-01"})
    (decision,) = decided(flag, a_task())
    assert (decision.made_on, decision.source) == (date(2026, 12, 24), ResourceRef("Flag", "f1"))
    bare = {k: v for k, v in flag.items() if k != "meta"}
    assert decided(bare, a_task())[0].made_on == date(2026, 12, 1)


def test_a_dismissed_alert_is_dated_by_the_decision() -> None:
    assert judge(a_flag(), a_task("rejected")).closed_on == date(2026, 12, 24)


@pytest.mark.parametrize(
    "pair",
    [
        (a_flag(), a_task()),
        (a_flag(), a_task("completed")),
        (a_flag("inactive"), closed_by_us()),
        (a_flag("entered-in-error"), closed_by_us("cancelled", "withdrawn")),
    ],
)
def test_nothing_else_is_taken_for_a_no(pair: tuple[Resource, Resource]) -> None:
    assert decided(*pair) == ()


# Which resources belong together


def test_resources_of_other_systems_and_other_people_are_passed_over() -> None:
    foreign = a_flag(identifier=[{"system": "urn:other", "value": an_alert().key}])
    empty = a_flag(identifier=[{"system": "https://boneflag.example/fhir/sid/alert"}])
    berta = a_flag(subject={"reference": "Patient/berta"})
    group = a_flag(subject={"reference": "Group/anna"})
    observation = {"resourceType": "Observation", "identifier": a_flag()["identifier"]}
    nobody = a_flag(subject={"display": "Anna"})
    found = [foreign, empty, berta, group, observation, nobody]
    assert alert_history(ANNA, found, snooze_months=12).posted == ()


def test_a_subject_given_as_an_absolute_url_is_understood() -> None:
    flag = a_flag(subject={"reference": "https://ehr.example.org/fhir/Patient/anna"})
    assert judge(flag).state is ACTIVE


def test_an_alert_whose_code_a_person_removed_keeps_the_kind_of_its_other_half() -> None:
    gap = BOTH.new("Task", an_alert(kind=AlertKind.TREATMENT_GAP), AT) | {"id": "t9"}
    assert judge(gap).kind is AlertKind.TREATMENT_GAP
    assert judge(a_flag(code={"text": "x"})).kind is AlertKind.SCREENING


def test_broken_elements_cost_only_themselves() -> None:
    flag = a_flag(code="text", period=[], extension="x", category=None, meta="m")
    posted = judge(flag, a_task(note="x", statusReason=[], focus="y"))
    assert posted.state is ACTIVE


def test_of_two_alike_the_older_is_kept_and_the_younger_named_as_a_duplicate() -> None:
    older = a_flag() | {"id": "b", "meta": {"lastUpdated": "2026-11-22T09:00:00Z"}}
    younger = a_flag() | {"id": "a", "meta": {"lastUpdated": "2026-11-22T09:00:01Z"}}
    for order in ([older, younger], [younger, older]):
        history = alert_history(ANNA, order, snooze_months=12)
        (posted,) = history.posted
        assert posted.flag is not None
        assert posted.flag.ref.id == "b"
        assert [d.ref.id for d in history.duplicates] == ["a"]


def test_the_task_that_somebody_took_is_kept_before_the_older_one() -> None:
    older = a_task() | {"id": "a"}
    taken = a_task("accepted") | {"id": "b", "authoredOn": LATER.isoformat()}
    history = alert_history(ANNA, [older, taken], snooze_months=12)
    assert [d.ref.id for d in history.duplicates] == ["a"]


def test_a_copy_that_a_person_rejected_stays_rejected_beside_one_that_another_person_took() -> None:
    taken, rejected = a_task("accepted") | {"id": "a"}, a_task("rejected") | {"id": "b"}
    history = alert_history(ANNA, [taken, rejected], snooze_months=12)
    assert history.duplicates == ()


def test_the_task_of_the_flag_that_is_kept_is_kept_with_it() -> None:
    older = a_task(focus={"reference": "Flag/f2"}) | {"id": "a"}
    ours = a_task() | {"id": "b", "authoredOn": LATER.isoformat()}
    history = alert_history(ANNA, [a_flag(), older, ours], snooze_months=12)
    assert [d.ref.id for d in history.duplicates] == ["a"]


def test_what_was_entered_in_error_is_no_duplicate_and_is_not_kept() -> None:
    retired = a_flag("entered-in-error") | {"id": "a"}
    history = alert_history(ANNA, [retired, a_flag()], snooze_months=12)
    assert history.duplicates == ()
    assert history.posted[0].flag is not None
    assert history.posted[0].flag.ref.id == "f1"


# Episodes


def an_episode(number: int, since: date) -> Resource:
    flag = BOTH.new("Flag", an_alert(episode=number, since=since), AT)
    return flag | {"id": f"f{number}"}


def test_episodes_count_by_the_day_they_opened_where_nothing_else_is_known() -> None:
    found = [an_episode(2, date(2026, 5, 1)), an_episode(1, date(2024, 5, 1))]
    posted = alert_history(ANNA, found, snooze_months=12).posted
    assert [(p.episode, p.opened_on.year) for p in posted] == [(1, 2024), (2, 2026)]


def test_the_number_of_an_episode_is_found_again_from_its_key() -> None:
    found = [an_episode(3, date(2026, 5, 1))]
    (posted,) = alert_history(ANNA, found, snooze_months=12, key_of=key_of).posted
    assert posted.episode == 3


def test_the_ledger_knows_the_number_of_an_episode_best() -> None:
    found = [an_episode(1, date(2026, 5, 1))]
    memory = {an_alert().key: Remembered(episode=7)}
    (posted,) = alert_history(ANNA, found, snooze_months=12, remembered=memory).posted
    assert posted.episode == 7


def test_two_episodes_never_share_a_number() -> None:
    found = [an_episode(1, date(2024, 5, 1)), an_episode(2, date(2026, 5, 1))]
    memory = {key_of(ANNA, AlertKind.SCREENING, 2): Remembered(episode=1)}
    posted = alert_history(ANNA, found, snooze_months=12, remembered=memory).posted
    assert len({p.episode for p in posted}) == 2
