"""What of an assessment the ledger keeps."""

from dataclasses import replace

from service.explanation import closed_by_of, reported_json
from service.screening.alert import Action, AlertKind, AlertPlan, AlertState, PostedAlert
from service.screening.record import Problem, ResourceRef
from tests.lib.alerts import ON
from tests.lib.patients import edss
from tests.spec.book import MARA, thought_about


def test_a_problem_of_the_chart_is_kept_once_and_in_one_order():
    assessment = thought_about(*MARA, edss(2.0, on="2026-03-01"))[0].assessment
    twice = (
        Problem("b", "no readable code"),
        Problem("a", "EDSS"),
        Problem("b", "no readable code"),
    )
    assert reported_json(replace(assessment, reported=twice)) == [
        {"source": "a", "problem": "EDSS"},
        {"source": "b", "problem": "no readable code"},
    ]


def test_a_closing_is_explained_with_what_closes_the_gap():
    scan = ResourceRef("Observation", "scan")
    plan = AlertPlan(AlertKind.SCREENING, Action.RESOLVE, "satisfied", closed_by=scan)
    assert closed_by_of(plan) == scan


def test_an_alert_that_is_over_is_explained_with_what_closed_it():
    scan = ResourceRef("Observation", "scan")
    over = PostedAlert("k", AlertKind.SCREENING, 1, AlertState.RESOLVED, ON, "d", closed_by=scan)
    plan = AlertPlan(AlertKind.SCREENING, Action.KEEP, "nothing to say", posted=over)
    assert closed_by_of(plan) == scan


def test_an_alert_that_is_reopened_is_explained_without_what_closed_it():
    scan = ResourceRef("Observation", "scan")
    over = PostedAlert("k", AlertKind.SCREENING, 1, AlertState.RESOLVED, ON, "d", closed_by=scan)
    plan = AlertPlan(AlertKind.SCREENING, Action.UPDATE, "due again", posted=over)
    assert closed_by_of(plan) is None
