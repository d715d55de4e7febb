"""What of an assessment the ledger keeps."""

from dataclasses import replace

from service.explanation import reported_json
from service.screening.record import Problem
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
