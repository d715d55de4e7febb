"""What a closing points at: the fact that closed the gap, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from service.screening.alert import Action, AlertKind, AlertPlan, AlertState, PostedAlert
from service.screening.alert import PostedResource as Posted
from service.screening.assess import assess
from service.screening.decision import Decision
from service.screening.plan import History, plan_alert, plan_gap
from service.screening.protocol import packaged_protocol
from service.screening.record import ResourceRef
from service.screening.value_sets import packaged_vocabulary
from tests.lib.patients import dxa, dxa_done, edss, ms, ordered, woman
from tests.spec.book import TODAY
from tests.unit.screening.test_assess_and_plan import ANNA, judged, record

PROTOCOL = packaged_protocol(packaged_vocabulary())


def an_open(kind: AlertKind) -> PostedAlert:
    flag = Posted(ResourceRef("Flag", "f"), "active", "1")
    task = Posted(ResourceRef("Task", "t"), "requested", "1")
    return PostedAlert("key", kind, 1, AlertState.ACTIVE, date(2026, 9, 1), "d", flag, task)


def planned(*chart: Any) -> AlertPlan:
    history = History("site", (an_open(AlertKind.SCREENING),))
    return plan_alert(judged(*chart), history, PROTOCOL, TODAY)


def test_an_alert_points_at_the_scan_that_closed_it():
    plan = planned(*ANNA, dxa(z=-0.5, on="2026-11-01", id="scan"))
    assert (plan.action, plan.closed_by) == (Action.RESOLVE, ResourceRef("Observation", "scan"))


def test_an_alert_points_at_a_procedure_where_no_score_is_on_file():
    plan = planned(*ANNA, dxa_done(on="2026-11-01", id="done"))
    assert plan.closed_by == ResourceRef("Procedure", "done")


def test_an_alert_points_at_the_low_score_that_makes_it_another_piece_of_work():
    low = dxa(t=-2.7, on="2026-11-01", id="low")
    plan = planned(woman(born="1961-06-01"), *ANNA[1:], low)
    assert plan.closed_by == ResourceRef("Observation", "low")


def test_a_treatment_gap_points_at_the_medicine_that_closed_it():
    low = dxa(t=-2.7, on="2026-10-01", id="low")
    tablets = ordered("alendronate 70 mg", on="2026-11-01", id="tablets")
    assessment = judged(woman(born="1961-06-01"), *ANNA[1:], low, tablets)
    history = History("site", (an_open(AlertKind.TREATMENT_GAP),))
    plan = plan_gap(assessment, history, PROTOCOL, TODAY)
    assert plan is not None
    assert plan.closed_by == ResourceRef("MedicationRequest", "tablets")


def test_a_scan_whose_id_fhir_allows_nobody_to_reference_is_told_in_words_only():
    plan = planned(*ANNA, dxa(z=-0.5, on="2026-11-01", id="scan_1"))
    assert plan.closed_by is None
    assert "central DXA" in plan.reason


def test_a_death_closes_without_pointing_at_the_patient():
    plan = planned(woman(born="1986-06-01", deceasedBoolean=True), *ANNA[1:])
    assert (plan.action, plan.closed_by) == (Action.RESOLVE, None)


def test_an_alert_whose_reason_is_gone_points_at_nothing():
    plan = planned(woman(born="1986-06-01"), ms(), edss(2.0, on="2026-11-01"))
    assert (plan.action, plan.closed_by) == (Action.RESOLVE, None)


def after_a_no(source: ResourceRef | None) -> AlertPlan:
    no = Decision("snoozed", TODAY, date(2027, 11, 22), "limited-time", source)
    assessment = assess(replace(record(*ANNA), decisions=(no,)), PROTOCOL, TODAY)
    history = History("site", (an_open(AlertKind.SCREENING),), (no,))
    return plan_alert(assessment, history, PROTOCOL, TODAY)


def test_an_alert_that_a_person_turned_down_points_at_where_they_said_so():
    assert after_a_no(ResourceRef("Task", "t")).closed_by == ResourceRef("Task", "t")


def test_a_no_that_was_said_elsewhere_has_nothing_to_point_at():
    plan = after_a_no(None)
    assert (plan.action, plan.closed_by) == (Action.RESOLVE, None)
