"""What a chart has of the things that criteria ask for, and what can be told of its steroids."""

from datetime import date

import pytest

from service.ehr.parse import RecordParser
from service.screening.prednisone_equivalents import POLICY, equivalents_of
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from service.survey.sights import SIGHTS, sights_of
from service.survey.steroids import TOLD, steroid_records
from tests.lib.patients import (
    bmi,
    bundle,
    condition,
    document,
    dxa,
    dxa_done,
    edss,
    height,
    icd,
    loinc,
    ms,
    observation,
    ordered,
    report,
    snomed,
    visit_for_ms,
    vitamin_d,
    weight,
    woman,
)

ON = date(2026, 11, 22)
DAY = "2026-09-01"
VOCABULARY = packaged_vocabulary(True)
PROTOCOL = packaged_protocol(VOCABULARY)
EQUIVALENTS = equivalents_of(PROTOCOL.policies[POLICY])


def record_of(*resources):
    by_type = {}
    for entry in bundle(woman("1980-05-05"), *resources)["entry"]:
        by_type.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    return RecordParser(VOCABULARY).record("p", by_type)


def sights(*resources):
    numbers = PROTOCOL.entry("central-dxa").parameters
    return sights_of(record_of(*resources), numbers, ON)


@pytest.mark.parametrize(
    ("resource", "sight"),
    [
        (ms(), "ms"),
        (edss(4.0, on=DAY), "edss"),
        (edss(4.0, on=DAY), "edss-usable"),
        (observation(loinc("LP241977-0"), on=DAY, value=4), "edss-part"),
        (condition(snomed("105503008"), recorded=DAY), "mobility"),
        (bmi(22, on=DAY), "bmi"),
        (bmi(22, on=DAY), "body-mass"),
        (weight(60, on=DAY), "weight"),
        (height(170, on=DAY), "height"),
        (vitamin_d(25, "ng/mL", on=DAY), "vitamin-d"),
        (vitamin_d(25, None, on=DAY), "vitamin-d-no-unit"),
        (dxa(on=DAY, t=-1.0), "dxa"),
        (dxa_done(on=DAY), "dxa-no-score"),
        (condition(icd("S72.001A"), recorded=DAY), "fracture"),
        (condition(icd("R29.6"), recorded=DAY), "falls"),
        (observation(loinc("72166-2"), on=DAY), "smoking"),
        (document("DXA hip", on=DAY), "dxa-in-a-title"),
        (ordered("ibuprofen", on=DAY), "medicines"),
    ],
)
def test_what_a_chart_holds_is_seen(resource, sight):
    assert sight in sights(resource)


def test_of_an_empty_chart_only_the_birth_date_is_seen():
    assert sights() == {"birth-date"}


@pytest.mark.parametrize(
    ("resource", "sight"),
    [
        (edss(65, on=DAY), "edss-usable"),
        (edss(4.0, on=DAY, status="entered-in-error"), "edss"),
        (ms(verification="refuted"), "ms"),
        (weight(60, on=DAY, unit=None), "weight"),
        (vitamin_d(25, "ng/mL", on=DAY), "vitamin-d-no-unit"),
        (dxa(on=DAY, t=-1.0), "dxa-no-score"),
        (dxa_done(on=DAY, status="entered-in-error"), "dxa"),
        (report(snomed("241686001"), on=DAY, status="entered-in-error"), "dxa"),
    ],
)
def test_what_cannot_be_used_is_not_seen(resource, sight):
    assert sight not in sights(resource)


def test_multiple_sclerosis_only_at_visits_is_told_apart():
    assert "ms-only-at-visits" in sights(visit_for_ms("2026-01-01"), visit_for_ms("2026-02-01"))
    assert "ms-only-at-visits" not in sights(visit_for_ms("2026-01-01"), ms())


def test_a_relatives_fracture_is_not_the_persons():
    mother = {"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}
    broken = {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "5913000"}]}}
    history = {
        "resourceType": "FamilyMemberHistory",
        "status": "completed",
        "relationship": {"coding": [mother]},
        "condition": [broken],
    }
    found = sights(history)
    assert "family" in found
    assert "fracture" not in found


def test_a_wheelchair_that_is_assigned_is_seen():
    wheelchair = {"coding": [{"system": "http://snomed.info/sct", "code": "58938008"}]}
    assert "mobility" in sights({"resourceType": "Device", "type": wheelchair})


def test_a_report_with_a_document_attached_is_seen():
    attached = [{"contentType": "application/pdf", "url": "Binary/1"}]
    central = snomed("241686001")
    found = sights(report(central, on=DAY, presentedForm=attached))
    assert {"dxa", "dxa-no-score", "dxa-document"} <= found


def test_what_is_a_share_of_something_else_names_it():
    ids = {sight.id for sight in SIGHTS}
    assert {sight.among for sight in SIGHTS if sight.among} <= ids


# Steroids


def steroids(*resources):
    return dict(steroid_records(record_of(*resources), EQUIVALENTS, ON))


def test_a_dose_that_is_stated_can_be_told():
    order = ordered("prednisone", on=DAY, mg_daily=5, since=DAY, until="2026-10-01", route="oral")
    assert steroids(order) == {TOLD: 1}


def test_each_record_without_a_dose_says_why():
    without = ordered("prednisone", on=DAY, since=DAY, until="2026-10-01", route="oral")
    assert steroids(without, without) == {"its dose is not stated": 2}


def test_a_cream_is_no_systemic_steroid():
    assert steroids(ordered("hydrocortisone cream", on=DAY, route="topical")) == {}
