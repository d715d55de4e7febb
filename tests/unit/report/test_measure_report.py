"""The MeasureReport: valid R4, hidden counts masked, nothing betrayed by a share."""

import json
from datetime import UTC, datetime

import pytest
from fhir.resources.R4B.measurereport import MeasureReport

from service.report.measure_report import ReportImpossible, measure_report
from service.report.programme import count_programme

from .builders import CRITERIA, DIGEST, judged

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
PEOPLE = [judged("due")] * 30 + [judged("satisfied")] * 20 + [judged("due", "male")] * 5
MASKED = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def made(people=PEOPLE, reporter=""):
    programme = count_programme(people, CRITERIA, DIGEST)
    return measure_report(programme, "0.2.0", AT, reporter)


def group(report):
    (only,) = report["group"]
    return only


def population(counted, code):
    (only,) = [p for p in counted["population"] if p["code"]["coding"][0]["code"] == code]
    return only


def stratum(report, stratifier, code):
    (division,) = [
        s for s in group(report)["stratifier"] if s["code"][0]["coding"][0]["code"] == stratifier
    ]
    (only,) = [s for s in division["stratum"] if s["value"]["coding"][0]["code"] == code]
    return only


def test_it_is_a_complete_summary_of_the_measure_in_its_version():
    report = made()
    assert (report["status"], report["type"]) == ("complete", "summary")
    assert report["measure"] == "https://boneflag.example/fhir/Measure/ms-bone-health|0.2.0"
    assert report["period"] == {"start": "2026-11-22", "end": "2026-11-22"}


def test_it_names_nobody():
    report = made()
    assert "subject" not in report
    assert "evaluatedResource" not in report


def test_it_survives_a_round_through_the_model():
    report = made()
    again = MeasureReport.model_validate(report).model_dump_json()
    assert json.loads(again) == report


def test_counts_are_those_that_may_be_shown():
    assert population(group(made()), "due")["count"] == 35
    assert population(stratum(made(), "sex", "female"), "done")["count"] == 20


def test_a_hidden_count_is_masked_and_not_left_out():
    hidden = population(stratum(made(), "sex", "male"), "due")
    assert "count" not in hidden
    assert hidden["_count"]["extension"] == [{"url": MASKED, "valueCode": "masked"}]


def test_the_share_is_that_of_the_shown_counts():
    # 20 of 55; shown 20 of 55.
    assert group(made())["measureScore"]["value"] == 0.364


def test_the_share_of_hidden_counts_is_masked():
    score = stratum(made(), "sex", "male")["measureScore"]
    assert "value" not in score
    assert score["_value"]["extension"][0]["valueCode"] == "masked"


def test_every_criterion_is_a_stratum():
    assert stratum(made(), "criterion-met", "MSO-02")
    assert stratum(made(), "criterion-unknown", "MSO-11")


def test_a_reporter_stands_there_only_where_one_is_given():
    assert "reporter" not in made()
    assert made(reporter="Organization/1")["reporter"] == {"reference": "Organization/1"}


@pytest.mark.parametrize("reporter", ["Patient/1", "Organization", "Organization/a b"])
def test_what_cannot_report_is_refused(reporter):
    with pytest.raises(ReportImpossible, match="Organization/1"):
        made(reporter=reporter)


def test_nobody_judged_makes_no_report():
    with pytest.raises(ReportImpossible, match="sweep"):
        made([])


@pytest.mark.parametrize("version", ["", "0.1 0", "0.1|0"])
def test_a_version_that_breaks_the_canonical_is_refused(version):
    programme = count_programme(PEOPLE, CRITERIA, DIGEST)
    with pytest.raises(ReportImpossible, match="version"):
        measure_report(programme, version, AT)
