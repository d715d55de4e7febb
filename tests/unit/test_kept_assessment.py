"""What the ledger keeps of an assessment says the same again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from service.assessment_entry import entry_of
from service.ehr.bundle_file import read_bundle
from service.ehr.parse import RecordParser
from service.kept_assessment import assessment_from
from service.screening.alert import AlertKind
from service.screening.assess import assess
from service.screening.overlay import overlaid
from service.screening.plan import alert_for
from service.screening.protocol import packaged_document, packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from tests.lib.overlays import overlay
from tests.lib.patients import bmi, bundle, condition, dxa, edss, icd, ms, woman

ON = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
VOCABULARY = packaged_vocabulary(True)
PROTOCOL = packaged_protocol(VOCABULARY)
SCORE = "Read the result by"
ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))


def judged(*resources, unread=()):
    chart = read_bundle(json.dumps(bundle(*resources)).encode())
    record = RecordParser(VOCABULARY).record(chart.patient_id, chart.resources, unread=unread)
    return record, assess(record, PROTOCOL, ON)


def kept(record, assessment):
    return assessment_from(entry_of(assessment, record, AT), record.patient, PROTOCOL, ON)


def said(assessment):
    alert = alert_for(AlertKind.SCREENING, assessment, "site", PROTOCOL, 1, ON)
    lines = [line for line in alert.detail.splitlines() if not line.startswith(SCORE)]
    return replace(alert, detail="\n".join(lines))


@pytest.mark.parametrize(
    "resources",
    [
        ANNA,
        (*ANNA, dxa(t_score=-1.0, on="2019-01-01")),
        (*ANNA, condition(icd("M80.08XA"), onset="2026-10-01", recorded="2026-10-01")),
    ],
    ids=["nothing scanned", "an old scan", "a recent fracture"],
)
def test_an_alert_from_the_ledger_says_what_the_alert_from_the_chart_said(resources):
    record, assessment = judged(*resources)
    assert said(kept(record, assessment)) == said(assessment)


@pytest.mark.parametrize(("born", "is_reached"), [("1966-06-01", True), ("1986-06-01", False)])
def test_the_decision_is_weighed_by_the_age_that_the_ledger_keeps(born, is_reached):
    asks_more = overlay(
        "policies:\n  decision:\n    minor_domains_needed_when_young: {value: 3, source: local}\n"
    )
    protocol, _ = overlaid(asks_more, packaged_document(), VOCABULARY)
    chart = (woman(born=born), ms(), edss(4.5, on="2026-09-01"), bmi(19, on="2026-09-01"))
    record, _ = judged(*chart)
    assessment = assess(record, protocol, ON)
    entry = entry_of(assessment, record, AT)
    again = assessment_from(entry, record.patient, protocol, ON)
    assert again.weighing == assessment.weighing
    assert again.weighing.is_reached is is_reached


def test_what_was_not_known_is_told_from_the_ledger_too():
    record, assessment = judged(*ANNA, unread=["MedicationRequest"])
    alert = said(kept(record, assessment))
    assert alert.unknown
    assert alert == said(assessment)


def test_by_which_score_to_read_is_told_for_both_cases():
    record, assessment = judged(*ANNA)
    alert = alert_for(AlertKind.SCREENING, kept(record, assessment), "site", PROTOCOL, 1, ON)
    assert "by T-score from age 50 or after menopause, else by Z-score" in alert.detail


def test_a_finding_of_a_criterion_that_is_gone_is_left_out():
    record, assessment = judged(*ANNA)
    entry = entry_of(assessment, record, AT)
    older = replace(entry, findings=[*entry.findings, {"criterion": "long-gone"}])
    again = assessment_from(older, record.patient, PROTOCOL, ON)
    assert len(again.findings) == len(assessment.findings)
