"""Decisions that no Task shows: said elsewhere, about the gap, under an older protocol."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date

import pytest

from service.ehr.parse import RecordParser
from service.screening.alert import AlertKind, AlertState, PostedAlert, PostedResource
from service.screening.assess import Status, assess, with_decisions
from service.screening.decision_span import settled
from service.screening.plan import History, gap_status, plan_alert, plan_gap
from service.screening.protocol import (
    ProtocolInvalid,
    packaged_document,
    packaged_protocol,
    protocol_from,
)
from service.screening.record import NO_END, Decision, ResourceRef
from service.screening.value_sets import packaged_vocabulary
from tests.lib.patients import bundle, condition, dxa, edss, icd, ms, woman
from tests.spec.book import TODAY

VOCABULARY = packaged_vocabulary()
PROTOCOL = packaged_protocol(VOCABULARY)
ANNA = (woman(born="1971-06-01"), ms(), edss(6.5, on="2026-01-01"))
UNTREATED = (*ANNA, dxa(t=-2.7, on="2026-02-01"))
SCREENING, GAP = AlertKind.SCREENING, AlertKind.TREATMENT_GAP


def said(code: str = "patient-refuses", about: AlertKind = SCREENING, **more) -> Decision:
    given = Decision("snoozed", date(2026, 9, 1), TODAY, code, about=about, code=code, **more)
    return settled(given, PROTOCOL)


def judged(chart, *decisions: Decision, protocol=PROTOCOL, on=TODAY):
    by_type: dict[str, list[dict]] = {}
    for entry in bundle(*chart)["entry"]:
        by_type.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    record = RecordParser(VOCABULARY).record("p", by_type)
    return assess(with_decisions(record, decisions), protocol, on)


def posted(kind=SCREENING, task="requested", flag="active", state=AlertState.ACTIVE, **more):
    resources = {
        "flag": PostedResource(ResourceRef("Flag", "f"), flag, "1") if flag else None,
        "task": PostedResource(ResourceRef("Task", "t"), task, "1") if task else None,
    }
    return PostedAlert("key", kind, 1, state, date(2026, 8, 1), "old", **(resources | more))


def planned(assessment, *alerts, plan=plan_alert, said=()):
    return plan(assessment, History("site", alerts, said), PROTOCOL, TODAY)


# Elsewhere


def test_a_no_said_elsewhere_takes_the_flag_down_and_cancels_a_task_that_nobody_took():
    plan = planned(judged(ANNA, said()), posted())
    assert (plan.action, plan.task_status) == ("resolve", "cancelled")
    assert plan.reason == "declined: patient-refuses"


def test_a_no_said_elsewhere_leaves_a_task_that_somebody_took_up():
    plan = planned(judged(ANNA, said()), posted(task="in-progress"))
    assert (plan.action, plan.task_status) == ("resolve", None)


def test_a_no_said_on_another_resource_leaves_the_task_as_it_is():
    plan = planned(judged(ANNA, said(source=ResourceRef("Procedure", "x"))), posted())
    assert (plan.action, plan.task_status) == ("resolve", None)


def test_a_no_said_elsewhere_cancels_a_task_that_has_no_flag():
    plan = planned(judged(ANNA, said()), posted(flag=None))
    assert (plan.action, plan.task_status) == ("resolve", "cancelled")


def test_a_no_said_elsewhere_ends_a_message_that_nobody_took_up():
    message = PostedResource(ResourceRef("ServiceRequest", "s"), "draft", "1")
    plan = planned(judged(ANNA, said()), posted(flag=None, task=None, message=message))
    assert plan.action == "resolve"


def test_a_no_said_elsewhere_leaves_what_a_person_changed():
    changed = posted(flag=None, state=AlertState.CHANGED)
    assert planned(judged(ANNA, said()), changed).action == "keep"


# The treatment gap


def test_a_no_to_screening_does_not_hide_an_untreated_osteoporosis():
    assert gap_status(judged(UNTREATED, said())) is Status.DUE


@pytest.mark.parametrize(
    ("code", "status"), [("patient-refuses", Status.DECLINED), ("limited-time", Status.SNOOZED)]
)
def test_a_no_to_the_gap_is_about_the_gap_alone(code, status):
    assessment = judged(UNTREATED, said(code, GAP))
    assert (assessment.status, gap_status(assessment)) == (Status.RESULT_NEEDS_ACTION, status)


def test_a_no_to_the_gap_ends_its_task():
    plan = planned(judged(UNTREATED, said(about=GAP)), posted(GAP, flag=None), plan=plan_gap)
    assert (plan.action, plan.task_status) == ("resolve", "cancelled")


def test_a_no_to_the_gap_leaves_the_screening_alert_alone():
    assert judged(ANNA, said(about=GAP)).status is Status.DUE


def test_a_no_to_the_gap_lapses():
    lapsed = replace(said(about=GAP), until=TODAY)
    assert gap_status(judged(UNTREATED, lapsed)) is Status.DUE


def test_a_fracture_breaks_a_no_to_the_gap():
    broken = (*UNTREATED, condition(icd("S72.001A"), onset="2026-11-10"))
    assert gap_status(judged(broken, said(about=GAP))) is Status.DUE


def test_after_a_no_to_the_gap_has_lapsed_it_is_told_anew():
    lapsed = replace(said(about=GAP), until=TODAY)
    ended = posted(GAP, task="rejected", flag=None, state=AlertState.DISMISSED)
    plan = planned(judged(UNTREATED, lapsed), ended, plan=plan_gap, said=(lapsed,))
    assert plan.action == "create"


def test_a_dismissed_gap_of_which_nobody_knows_what_was_said_stays_quiet():
    ended = posted(GAP, task="rejected", flag=None, state=AlertState.DISMISSED)
    assert planned(judged(UNTREATED), ended, plan=plan_gap).action == "keep"


# The diagnosis is wrong


@pytest.mark.parametrize(("kind", "plan"), [(SCREENING, plan_alert), (GAP, plan_gap)])
@pytest.mark.parametrize("about", list(AlertKind))
def test_a_wrong_diagnosis_withdraws_either_alert(kind, plan, about):
    assessment = judged(UNTREATED, said("wrong-diagnosis", about))
    made = planned(assessment, posted(kind), plan=plan)
    assert (made.action, made.task_status) == ("withdraw", "cancelled")
    assert "diagnosis of MS is wrong" in made.reason


def test_a_wrong_diagnosis_goes_before_a_newer_no():
    wrong = replace(said("wrong-diagnosis"), made_on=date(2025, 1, 1))
    assert judged(ANNA, wrong, said()).decision == wrong


def test_a_wrong_diagnosis_does_not_lapse_under_a_new_major_version():
    wrong = replace(said("wrong-diagnosis"), protocol_version="0.3.0")
    later = replace(PROTOCOL, version="1.0.0")
    assert judged(ANNA, wrong, protocol=later).status is Status.SNOOZED


# The protocol's next major version


@pytest.mark.parametrize(
    ("then", "now", "status"),
    [
        ("0.3.0", "0.9.9", Status.DECLINED),
        ("0.3.0", "1.0.0", Status.DUE),
        ("1.9.0+here-7", "1.0.0", Status.DECLINED),
        ("1.9.0+here-7", "2.0.0+here-1", Status.DUE),
        ("2.0.0", "1.0.0", Status.DECLINED),
        ("", "1.0.0", Status.DECLINED),
    ],
)
def test_a_no_is_broken_by_a_new_major_version_only(then, now, status):
    no = replace(said(), protocol_version=then)
    assert judged(ANNA, no, protocol=replace(PROTOCOL, version=now)).status is status


def test_a_decision_is_settled_under_the_version_by_which_it_was_made():
    assert said(protocol_version="0.1.0").protocol_version == "0.1.0"
    assert said().protocol_version == PROTOCOL.version


# Spans that no Task can show


def test_a_day_that_was_given_is_until_when_it_stands():
    assert said("limited-time", given_until=date(2027, 1, 10)).until == date(2027, 1, 10)


def test_a_wrong_diagnosis_takes_no_day():
    assert said("wrong-diagnosis", given_until=date(2027, 1, 10)).until == NO_END


def test_a_scan_that_lies_ahead_counts_from_the_day_of_the_answer():
    assert said("action-completed", done_on=date(2027, 9, 1)).until == date(2028, 9, 1)


def test_a_code_outside_the_table_is_not_kept():
    assert (said("anything-else").code, said("anything-else").until) == ("", date(2027, 9, 1))


# The table


def document():
    return copy.deepcopy(dict(packaged_document()))


@pytest.mark.parametrize(
    ("code", "row", "fault"),
    [
        ("limited-time", {"means": "perhaps", "source": "us", "certainty": "local"}, "means is"),
        ("limited-time", {"means": "postponed", "certainty": "local"}, "needs a source"),
        ("limited-time", {"means": "postponed", "source": "us"}, "needs a source"),
        (
            "wrong-diagnosis",
            {"means": "postponed", "source": "us", "certainty": "local"},
            "wrong-diagnosis",
        ),
    ],
)
def test_a_table_of_reasons_that_cannot_be_used_is_refused(code, row, fault):
    given = document()
    given["policies"]["decision-reasons"]["reasons"][code] = row
    with pytest.raises(ProtocolInvalid, match=fault):
        protocol_from(given, VOCABULARY)


def test_every_code_of_hl7_has_its_row():
    # HL7/cds-hooks, input/vocabulary/CodeSystem-non-adherence-reason-codes.json: 6 categories with
    # 6, 4, 4, 4, 5 and 6 codes below them.
    assert len(PROTOCOL.reasons) == 6 + 6 + 4 + 4 + 4 + 5 + 6 + len({"wrong-diagnosis"})
