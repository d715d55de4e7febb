"""How the two forms of an alert go together, and what a plan makes of them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from service.ehr.alert_history import alert_history
from service.ehr.delivery.flag_and_task import Delivery
from service.screening.alert import Action, AlertKind, AlertPlan, PostedAlert
from tests.lib.alerts import ANNA, AT, an_alert, create, resolve, update, withdraw

BOTH = Delivery()
Resource = dict[str, Any]


def posted_pair(**task: Any) -> tuple[Resource, Resource, PostedAlert]:
    flag = BOTH.new("Flag", an_alert(), AT) | {"id": "f1"}
    made = BOTH.new("Task", an_alert(), AT, "Flag/f1") | {"id": "t1"} | task
    (posted,) = alert_history(ANNA, [flag, made], snooze_months=12).posted
    return flag, made, posted


def test_a_treatment_gap_is_never_a_flag() -> None:
    assert BOTH.types_for(AlertKind.TREATMENT_GAP) == ("Task",)
    assert Delivery(frozenset({"Flag"})).types_for(AlertKind.TREATMENT_GAP) == ()


def test_the_flag_comes_before_the_task_that_points_at_it() -> None:
    assert BOTH.types_for(AlertKind.SCREENING) == ("Flag", "Task")


def test_a_hospital_may_want_tasks_only() -> None:
    only = Delivery(frozenset({"Task"}))
    (task,) = only.rendered(create(), (), AT)
    assert task["resourceType"] == "Task"
    assert "focus" not in task


def test_what_a_plan_to_create_would_write_can_be_shown_without_an_ehr() -> None:
    flag, task = BOTH.rendered(create(), (), AT)
    assert (flag["status"], task["status"]) == ("active", "requested")
    assert task["focus"]["reference"].startswith("urn:uuid:")


def test_what_a_plan_to_resolve_would_write_can_be_shown_without_an_ehr() -> None:
    flag, task, posted = posted_pair()
    written = BOTH.rendered(resolve(posted), (flag, task), AT)
    assert [(r["resourceType"], r["status"]) for r in written] == [
        ("Flag", "inactive"),
        ("Task", "completed"),
    ]


def test_a_plan_to_resolve_makes_no_half_that_is_missing() -> None:
    _, task, posted = posted_pair()
    (written,) = BOTH.rendered(resolve(posted), (task,), AT)
    assert written["resourceType"] == "Task"


def test_a_plan_to_keep_writes_nothing() -> None:
    flag, task, posted = posted_pair()
    plan = AlertPlan(AlertKind.SCREENING, Action.KEEP, "already told", posted=posted)
    assert BOTH.rendered(plan, (flag, task), AT) == ()


@pytest.mark.parametrize("action", ["update", "resolve", "withdraw"])
def test_a_plan_that_was_carried_out_changes_nothing_more(action: str) -> None:
    flag, task, posted = posted_pair()
    plans = {
        "update": update(an_alert(summary="Other", content_digest="ff"), posted),
        "resolve": resolve(posted),
        "withdraw": withdraw(posted),
    }
    first = BOTH.rendered(plans[action], (flag, task), AT)
    assert len(first) == 2
    assert BOTH.rendered(plans[action], first, AT) == ()


def test_a_task_without_a_status_in_the_plan_stays_as_the_person_left_it() -> None:
    flag, task, posted = posted_pair(status="rejected")
    (written,) = BOTH.rendered(resolve(posted, task_status=None), (flag, task), AT)
    assert (written["resourceType"], written["status"]) == ("Flag", "inactive")


@pytest.mark.parametrize("status", ["rejected", "failed", "completed", "cancelled"])
def test_a_task_that_a_person_ended_is_not_ended_again_when_the_gap_closes(status: str) -> None:
    flag, task, posted = posted_pair(status=status)
    (written,) = BOTH.rendered(resolve(posted), (flag, task), AT)
    assert written["resourceType"] == "Flag"


@pytest.mark.parametrize("status", ["accepted", "in-progress", "on-hold"])
def test_a_task_that_somebody_took_is_completed_by_us_when_the_gap_closes(status: str) -> None:
    flag, task, posted = posted_pair(status=status)
    _, written = BOTH.rendered(resolve(posted), (flag, task), AT)
    assert written["status"] == "completed"


@pytest.mark.parametrize(
    ("status", "after"), [("requested", "cancelled"), ("completed", "cancelled")]
)
def test_a_withdrawal_overrides_a_task_that_waits_or_was_completed(status: str, after: str) -> None:
    flag, task, posted = posted_pair(status=status)
    withdrawn, written = BOTH.rendered(withdraw(posted), (flag, task), AT)
    assert withdrawn["status"] == "entered-in-error"
    assert written["status"] == after


def test_a_withdrawal_leaves_a_refusal_as_it_is() -> None:
    flag, task, posted = posted_pair(status="rejected")
    (written,) = BOTH.rendered(withdraw(posted), (flag, task), AT)
    assert written["resourceType"] == "Flag"


def test_a_new_protocol_rewrites_an_alert_that_is_updated_though_it_says_the_same() -> None:
    flag, task, posted = posted_pair()
    alert = replace(an_alert(), protocol_digest="def456")
    assert len(BOTH.rendered(update(alert, posted), (flag, task), AT)) == 2


def test_a_task_that_points_at_a_flag_by_an_absolute_url_is_left_alone() -> None:
    flag, task, posted = posted_pair(focus={"reference": "https://ehr.example.org/fhir/Flag/f1"})
    assert BOTH.rendered(update(an_alert(), posted), (flag, task), AT) == ()


def test_a_task_that_points_at_a_retired_flag_is_turned_to_the_one_that_stands() -> None:
    flag, task, posted = posted_pair(focus={"reference": "Flag/gone"})
    (written,) = BOTH.rendered(update(an_alert(), posted), (flag, task), AT)
    assert written["focus"] == {"reference": "Flag/f1"}


def test_reading_alerts_costs_no_import_of_fhir_models_or_http() -> None:
    code = (
        "import sys, service.ehr.alert_history, service.ehr.delivery.flag_and_task;"
        "print([m for m in ('fhir.resources', 'pydantic', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
