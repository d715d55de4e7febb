"""The short line of an assessment holds what the programme counts, and nothing of the chart."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from service.demo_ehr.stories import STORIES
from service.ehr.parse import RecordParser
from service.in_short import in_short
from service.screening.assess import assess
from service.screening.criterion import Verdict
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary

ON = date(2026, 11, 23)
VOCABULARY = packaged_vocabulary(use_cpt=False)
PROTOCOL = packaged_protocol(VOCABULARY)


def judged(story):
    chart: dict[str, list] = {need.type: [] for need in PROTOCOL.needs}
    for resource in story.person(ON, 1).resources:
        chart.setdefault(resource["resourceType"], []).append(resource)
    record = RecordParser(VOCABULARY).record(chart["Patient"][0]["id"], chart)
    return assess(record, PROTOCOL, ON)


@pytest.fixture(scope="module")
def assessments():
    return [judged(story) for story in STORIES]


def test_every_verdict_that_is_not_a_no_and_every_unread_type_is_in_the_line(assessments):
    for assessment in assessments:
        words = in_short(replace(assessment, unread=frozenset({"Procedure"}))).split()
        assert "!Procedure" in words
        numbers = {word for word in words if word.upper() == word}
        expected = {f.number for f in assessment.findings if f.verdict is Verdict.MET}
        expected |= {f"{f.number}?" for f in assessment.findings if f.verdict is Verdict.UNKNOWN}
        assert numbers == expected


def test_at_risk_is_said_exactly_where_the_decision_is_reached(assessments):
    reached = {a.weighing.is_reached for a in assessments}
    assert reached == {True, False}
    assert all(("at-risk" in in_short(a).split()) is a.weighing.is_reached for a in assessments)


def is_low(assessment) -> bool:
    return "low" in in_short(assessment).split()


def test_low_is_said_of_known_osteoporosis_and_of_a_low_scan_whose_interval_runs(assessments):
    def evidence(assessment):
        return assessment.finding("low-bone-mass").evidence

    osteoporosis = [a for a in assessments if a.finding("osteoporosis-known").is_met]
    running = [
        a
        for a in assessments
        if a not in osteoporosis
        and not a.finding("low-bone-mass").is_met
        and any(e.source.type != "Condition" for e in evidence(a))
    ]
    assert osteoporosis and running
    assert all(is_low(a) for a in osteoporosis + running)


def test_low_is_not_said_of_a_diagnosis_that_no_longer_counts(assessments):
    low = next(a for a in assessments if a.finding("low-bone-mass").evidence)
    finding = low.finding("low-bone-mass")
    from service.screening.criterion import Weight
    from service.screening.record import ResourceRef

    former = replace(finding.evidence[0], source=ResourceRef("Condition", "1"), weight=Weight.SEEN)
    others = [f for f in low.findings if f.criterion not in ("low-bone-mass", "osteoporosis-known")]
    changed = replace(finding, verdict=Verdict.NOT_MET, evidence=(former,))
    assert not is_low(replace(low, findings=(*others, changed)))


def test_nothing_is_said_of_a_criterion_that_a_hospital_has_switched_off(assessments):
    off = ("low-bone-mass", "osteoporosis-known", "osteoporosis-therapy")
    for assessment in assessments:
        kept = tuple(f for f in assessment.findings if f.criterion not in off)
        words = in_short(replace(assessment, findings=kept)).split()
        assert "low" not in words and "treated" not in words


def test_treated_is_said_of_therapy_in_its_window(assessments):
    treated = [a for a in assessments if a.finding("osteoporosis-therapy").is_met]
    assert treated
    assert all("treated" in in_short(a).split() for a in treated)
