"""FHIR JSON -> the parts of a record: what is kept, what is unclear, what is reported."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from service.ehr.codes import MODIFIED as MODIFIED_PROBLEM
from service.ehr.parse import RecordParser
from service.screening.record import REQUIRED_TYPES, PatientRecord, Problem, ResourceRef, When
from service.screening.value_sets import packaged_vocabulary
from tests.lib.patients import (
    MODIFIED,
    NO_VALUE,
    concept,
    condition,
    cpt,
    document,
    dxa,
    dxa_appointment,
    dxa_done,
    dxa_order,
    edss,
    icd,
    loinc,
    ms,
    observation,
    ordered,
    procedure,
    report,
    snomed,
    woman,
)

ANNA = woman(born="1986-06-01")
WHEELCHAIR = {"coding": [{"system": "http://snomed.info/sct", "code": "58938008"}]}


def record(*resources: dict[str, Any], **more: Any) -> PatientRecord:
    by_type: dict[str, list[Any]] = {}
    for number, resource in enumerate(resources):
        by_type.setdefault(resource["resourceType"], []).append({"id": str(number), **resource})
    return RecordParser(packaged_vocabulary()).record("p", by_type, **more)


def test_a_person_is_read_with_birth_date_and_sex():
    anna = record(ANNA)
    assert (anna.patient, anna.sex) == (ResourceRef("Patient", "p"), "female")
    assert anna.birth == When.day(date(1986, 6, 1))


@pytest.mark.parametrize(
    ("own", "kept"),
    [
        ("n\0l", "n\ufffdl"),
        ("a\u202eb", "a\ufffdb"),
        ("", "(no id)"),
        (7, "(no id)"),
        ("é_1", "é_1"),
    ],
)
def test_an_id_is_kept_as_far_as_it_can_be_printed(own, kept):
    chart = record(edss(6, on="2026-03-01", id=own), ordered("prednisone", on=None, id=own))
    assert chart.observations[0].ref == ResourceRef("Observation", kept)
    assert chart.medicines[0].ref == ResourceRef("MedicationRequest", kept)


@pytest.mark.parametrize("gender", ["unknown", "FEMALE?", 5, None])
def test_a_gender_that_says_nothing_is_unknown(gender):
    assert record({"resourceType": "Patient", "gender": gender}).sex == "unknown"


def test_a_birth_date_that_cannot_be_read_is_reported():
    anna = record(woman(born="1.6.1986"))
    assert anna.birth is None
    assert anna.reported == (Problem("Patient/p", "birth date not understood"),)


def test_a_missing_patient_is_an_empty_record():
    assert record().birth is None


def test_a_merged_record_names_the_one_that_replaces_it():
    link = {"type": "replaced-by", "other": {"reference": "Patient/q"}}
    assert record(ANNA | {"link": [link]}).replaced_by == ResourceRef("Patient", "q")
    assert record(ANNA | {"link": [{"type": "replaced-by"}]}).replaced_by is not None
    assert record(ANNA | {"link": [{"type": "seealso"}]}).replaced_by is None


def test_only_what_is_in_a_value_set_of_ours_is_kept():
    kept = record(ms(), condition(icd("J06.9"))).conditions
    assert [c.ref for c in kept] == [ResourceRef("Condition", "0")]


@pytest.mark.parametrize(
    "code",
    [
        {},
        {"text": "multiple sclerosis"},
        {"coding": []},
        {"coding": [{"code": "G35"}]},
        {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm"}]},
        {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": " "}]},
        {"coding": "G35"},
    ],
)
def test_a_condition_without_a_readable_code_is_reported_and_costs_only_itself(code):
    anna = record(condition(code), ms())
    assert len(anna.conditions) == 1
    assert anna.reported == (Problem("Condition/0", "no readable code"),)


def test_reported_problems_are_bounded():
    assert len(record(*[condition({})] * 300).reported) == 100


def test_two_codings_of_one_diagnosis_are_one_part_with_both_meanings():
    both = concept(icd("G35.C0"), snomed("24700007"))
    (kept,) = record(condition(both)).conditions
    assert {"multiple-sclerosis", "multiple-sclerosis-progressive"} <= kept.concepts


def test_an_onset_may_be_a_date_a_period_or_an_age():
    stretch = {"onsetPeriod": {"start": "2020-03"}}
    age = {"onsetAge": {"value": 40, "unit": "years", "code": "a"}}
    first, second, third = record(ANNA, ms(onset="2020"), ms() | stretch, ms() | age).conditions
    assert first.onset == When(date(2020, 1, 1), date(2020, 12, 31))
    assert second.onset == When(date(2020, 3, 1), date(2020, 3, 31))
    assert third.onset == When(date(2026, 6, 1), date(2027, 5, 31))


@pytest.mark.parametrize(
    "age",
    [{"value": 40}, {"value": 40, "code": "mo"}, {"value": "40", "code": "a"}, {"value": 400}],
)
def test_an_age_that_cannot_be_understood_is_no_onset(age):
    (kept,) = record(ANNA, ms() | {"onsetAge": age}).conditions
    assert kept.onset is None


def test_an_age_at_onset_may_fall_on_a_leap_day_or_beyond_the_calendar():
    age = {"onsetAge": {"value": 41, "code": "a"}}
    (leap,) = record(woman(born="1984-02-29"), ms() | age).conditions
    assert leap.onset == When(date(2025, 3, 1), date(2026, 2, 28))
    (late,) = record(woman(born="9990-01-01"), ms() | age).conditions
    assert late.onset == When(date.max, date.max)


def test_an_observation_keeps_number_unit_and_comparator():
    value = {"valueQuantity": {"value": 20, "unit": "ng/ml", "code": "ng/mL", "comparator": "<"}}
    (kept,) = record(observation(loinc("62292-8"), on="2026-01-01") | value).observations
    assert kept.quantity is not None
    assert (kept.quantity.value, kept.quantity.unit, kept.quantity.comparator) == (20, "ng/mL", "<")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"valueInteger": 6}, 6),
        ({"valueDecimal": 6.5}, 6.5),
        ({"valueString": "6.5"}, 6.5),
        ({"valueString": "-1.8"}, -1.8),
        ({"valueString": "about 6"}, None),
        ({"valueQuantity": {"value": "6.5"}}, None),
        ({"valueQuantity": {"unit": "mg"}}, None),
        ({"valueBoolean": True}, None),
    ],
)
def test_a_number_is_read_in_the_forms_that_servers_use(value, read):
    (kept,) = record(observation(snomed("273554001"), on="2026-01-01") | value).observations
    assert (kept.quantity.value if kept.quantity else None) == read
    assert kept.has_value


def test_a_value_that_is_absent_with_a_reason_is_no_value():
    absent = {"dataAbsentReason": {"text": "lost"}}
    (kept,) = record(observation(snomed("273554001"), on="2026-01-01") | absent).observations
    assert kept.is_absent
    assert not kept.has_value


def test_a_value_beside_a_reason_why_there_is_none_is_not_kept():
    number = edss(6.5, on="2026-01-01", dataAbsentReason=NO_VALUE)
    yes = observation(
        snomed("105503008"), on="2026-01-01", valueBoolean=True, dataAbsentReason=NO_VALUE
    )
    for kept in record(number, yes).observations:
        assert kept.is_absent and kept.has_value
        assert (kept.quantity, kept.boolean) == (None, None)


def test_a_component_has_its_own_reason_why_there_is_no_value():
    inner = {k: v for k, v in edss(6.5, on=None).items() if k not in ("status", "resourceType")}
    whole = observation(
        loinc("85353-1"), on="2026-01-01", component=[inner], dataAbsentReason=NO_VALUE
    )
    (kept,) = record(whole).observations
    assert not kept.is_absent
    assert kept.quantity is not None


@pytest.mark.parametrize(
    ("low", "high", "bound"),
    [
        ({"value": 2}, {"value": 4}, (2, None, ">=")),
        ({"value": 2, "unit": "cm"}, {}, (2, "cm", ">=")),
        ({"value": 0}, {"value": 1, "code": "1"}, (1, "1", "<=")),
        ({"value": 0}, {}, (0, None, ">=")),
        ({}, {"value": 4, "unit": "cm"}, (4, "cm", "<=")),
        ({}, {}, None),
        ({"value": "2"}, {"unit": "cm"}, None),
    ],
)
def test_a_range_is_its_end_that_says_more(low, high, bound):
    value = {"valueRange": {"low": low, "high": high}}
    (kept,) = record(observation(snomed("273554001"), on="2026-01-01") | value).observations
    read = kept.quantity and (kept.quantity.value, kept.quantity.unit, kept.quantity.comparator)
    assert read == bound
    assert kept.has_value


MODIFIER = {"modifierExtension": MODIFIED}
INNER = {k: v for k, v in edss(6.5, on=None).items() if k not in ("status", "resourceType")}


def test_whatever_carries_a_modifier_is_reported_and_unclear():
    kept = record(
        ms(**MODIFIER),
        edss(6.5, on="2026-01-01", **MODIFIER),
        dxa_done(on="2026-01-01", **MODIFIER),
        report(loinc("38268-9"), on="2026-01-01", **MODIFIER),
        dxa_order(on="2026-01-01", **MODIFIER),
        dxa_appointment(on="2026-01-01", **MODIFIER),
        ordered("prednisone 5 mg oral tablet", on="2026-01-01", **MODIFIER),
    )
    assert kept.conditions[0].verification == "unclear"
    parts = (kept.observations, kept.procedures, kept.reports, kept.orders, kept.appointments)
    assert {part[0].status for part in parts} == {"unclear"}
    assert kept.medicines[0].counts is None
    assert [p.problem for p in kept.reported] == [MODIFIED_PROBLEM] * 7


def test_a_modifier_of_what_is_none_of_ours_is_not_reported():
    other = observation(loinc("8867-4"), on="2026-01-01", value=70, unit="/min", **MODIFIER)
    assert record(other, condition(icd("J00"), **MODIFIER)).reported == ()


def test_a_modifier_of_one_component_leaves_the_others():
    whole = observation(
        loinc("85353-1"), on="2026-01-01", component=[INNER | MODIFIER, dict(INNER)]
    )
    assert [o.status for o in record(whole).observations] == ["unclear", "final"]


def test_a_modifier_of_a_report_holds_for_the_result_inside():
    inside = dxa(t=-1.2, on="2026-01-01")
    (kept,) = record(
        report(loinc("38268-9"), on="2026-01-01", contained=[inside], **MODIFIER)
    ).observations
    assert kept.status == "unclear"


def test_an_answer_may_be_of_ours_where_the_question_is_not():
    answer = {"valueCodeableConcept": concept(snomed("105503008"))}
    (kept,) = record(observation(loinc("45606-1"), on="2026-01-01") | answer).observations
    assert kept.value_concepts == {"wheelchair-or-bed"}


def test_components_are_parts_under_the_same_reference_and_status():
    inner = {k: v for k, v in edss(6.5, on=None).items() if k not in ("status", "resourceType")}
    whole = observation(loinc("85353-1"), on="2026-01-01", component=[inner])
    (kept,) = record(whole).observations
    assert (str(kept.ref), kept.status, kept.when) == (
        "Observation/0",
        "final",
        When.day(date(2026, 1, 1)),
    )


@pytest.mark.parametrize(
    ("dates", "read"),
    [
        ({"effectiveDateTime": "2026-01-02T10:00:00+02:00"}, date(2026, 1, 2)),
        ({"effectiveInstant": "2026-01-02T10:00:00Z"}, date(2026, 1, 2)),
        ({"effectivePeriod": {"start": "2026-01-01", "end": "2026-01-02"}}, date(2026, 1, 2)),
        ({"effectivePeriod": {"start": "2026-01-02"}}, date(2026, 1, 2)),
        ({"issued": "2026-01-02T10:00:00Z"}, date(2026, 1, 2)),
        ({"effectiveDateTime": "last week", "issued": "2026-01-02T10:00:00Z"}, None),
        ({}, None),
    ],
)
def test_the_day_of_an_observation(dates, read):
    (kept,) = record(edss(6.5, on=None) | dates).observations
    assert kept.when == (When.day(read) if read else None)


def test_a_result_inside_a_report_has_the_report_s_reference_and_date():
    inside = report(loinc("38268-9"), on="2026-01-02", contained=[dxa(t=-1.2, on=None)])
    (kept,) = record(inside).observations
    assert (str(kept.ref), kept.when) == ("DiagnosticReport/0", When.day(date(2026, 1, 2)))


@pytest.mark.parametrize(
    ("outer", "inner", "read"),
    [
        ("final", "final", "final"),
        ("final", "entered-in-error", "withdrawn"),
        ("entered-in-error", "final", "withdrawn"),
        ("preliminary", "final", "not-final"),
    ],
)
def test_a_result_inside_a_report_is_as_final_as_the_less_final_of_both(outer, inner, read):
    held = [dxa(t=-1.2, on=None, status=inner), {"resourceType": "Specimen"}]
    inside = report(loinc("38268-9"), on="2026-01-02", status=outer, contained=held)
    (kept,) = record(inside).observations
    assert kept.status == read


def test_a_report_points_to_its_results():
    results = [{"reference": "Observation/7"}, {"reference": "#a"}, {"display": "x"}]
    (kept,) = record(report(loinc("38268-9"), on="2026-01-02", result=results)).reports
    assert kept.results == (ResourceRef("Observation", "7"),)


def test_a_report_keeps_its_conclusions_its_document_and_its_order():
    conclusions = [concept(snomed("312894000")), concept(text="osteoporosis")]
    order = [{"reference": "ServiceRequest/7"}, {"reference": "#a"}]
    full, bare = record(
        report(
            loinc("38268-9"),
            on="2026-01-02",
            conclusionCode=conclusions,
            presentedForm=[{"contentType": "application/pdf"}],
            basedOn=order,
        ),
        report(loinc("38268-9"), on="2026-01-02"),
    ).reports
    assert full.conclusions == {"osteopenia"}
    assert (full.has_document, bare.has_document) == (True, False)
    assert (full.based_on, bare.based_on) == ((ResourceRef("ServiceRequest", "7"),), ())


@pytest.mark.parametrize(
    "link",
    [
        report(loinc("38268-9"), on="2026-01-02", result=[{"reference": "Observation/own"}]),
        observation(
            loinc("38268-9"), on="2026-01-02", hasMember=[{"reference": "Observation/own"}]
        ),
    ],
    ids=["report", "panel"],
)
def test_a_result_without_a_date_has_that_of_what_points_to_it(link):
    found = record(link, dxa(t=-1.2, on=None, id="own")).observations
    (own,) = [o for o in found if o.ref.id == "own"]
    assert own.when == When.day(date(2026, 1, 2))


def test_a_result_without_a_date_has_that_of_what_it_is_derived_from():
    source = observation(loinc("24966-4"), on="2026-01-02", id="source")
    own = dxa(t=-1.2, on=None, derivedFrom=[{"reference": "Observation/source"}])
    assert {o.when for o in record(source, own).observations} == {When.day(date(2026, 1, 2))}


def test_the_date_of_a_report_goes_before_that_of_a_panel():
    member = [{"reference": "Observation/own"}]
    found = record(
        observation(loinc("38268-9"), on="2026-01-09", hasMember=member),
        report(loinc("38268-9"), on="2026-01-02", result=member),
        dxa(t=-1.2, on=None, id="own"),
    ).observations
    (own,) = [o for o in found if o.ref.id == "own"]
    assert own.when == When.day(date(2026, 1, 2))


@pytest.mark.parametrize(
    "own", [{"effectiveDateTime": "last week"}, {"issued": "last week"}, {"effectivePeriod": {}}]
)
def test_a_date_that_is_broken_is_not_replaced_by_that_of_the_report(own):
    link = report(loinc("38268-9"), on="2026-01-02", result=[{"reference": "Observation/own"}])
    (kept,) = record(link, dxa(t=-1.2, on=None, id="own") | own).observations
    assert kept.when is None


def test_links_that_lead_nowhere_give_no_date():
    members = [{"reference": "Observation/none"}, {"display": "x"}]
    lost = dxa(t=-1.2, on=None, derivedFrom=members, hasMember=members)
    undated = report(loinc("38268-9"), on=None, result=[{"reference": "Observation/0"}])
    (kept,) = record(lost, undated).observations
    assert kept.when is None


@pytest.mark.parametrize(
    ("code", "sites", "kept"),
    [
        (snomed("312681000"), ["80144004"], {"dxa-peripheral"}),
        (snomed("312681000"), ["75129005"], {"dxa-peripheral"}),
        (snomed("312681000"), ["80144004", "29627003"], {"dxa-central"}),
        (snomed("312681000"), ["29627003"], {"dxa-central"}),
        (snomed("312681000"), ["1"], {"dxa-central"}),
        (loinc("46383-6"), ["122496007"], {"dxa-central", "dxa-bone-mineral-density"}),
        (
            loinc("46383-6"),
            ["71341001:272741003=7771000"],
            {"dxa-central", "dxa-bone-mineral-density"},
        ),
        (loinc("46383-6"), ["80144004"], {"dxa-peripheral"}),
        (loinc("46383-6"), [], {"dxa-site-unknown"}),
    ],
)
def test_a_body_site_says_what_a_code_for_bone_density_leaves_open(code, sites, kept):
    site = [concept(*(snomed(s) for s in sites)), {"text": "hip"}, {"coding": [{"code": 5}]}]
    (scan,) = record(procedure(code, on="2026-01-02", bodySite=site)).procedures
    (order,) = record(dxa_order(on="2026-01-02") | {"code": concept(code), "bodySite": site}).orders
    assert scan.concepts == kept == order.concepts


def test_the_body_site_of_a_panel_holds_for_its_components():
    inner = {"code": concept(loinc("38267-1")), "valueQuantity": {"value": -1.2}}
    heel = concept(snomed("80144004"))
    whole = observation(loinc("85353-1"), on="2026-01-01", component=[inner], bodySite=heel)
    (kept,) = record(whole).observations
    assert kept.concepts == {"dxa-peripheral"}


def test_a_body_site_changes_nothing_about_other_codes():
    (kept,) = record(edss(6.5, on="2026-01-01", bodySite=concept(snomed("80144004")))).observations
    assert kept.concepts == {"edss"}


def test_what_was_not_done_has_the_day_of_its_recording():
    recorded = {
        "url": "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-recorded",
        "valueDateTime": "2026-01-02",
    }
    other = {"url": "http://example.org/other", "valueDateTime": "2020-01-01"}
    not_done, done = record(
        dxa_done(on=None, status="not-done", extension=[other, recorded]),
        dxa_done(on=None, extension=[recorded]),
    ).procedures
    assert not_done.when == When.day(date(2026, 1, 2))
    assert done.when is None


def test_an_order_keeps_the_reason_of_its_revocation():
    refused = concept(icd("Z53.20"))
    extension = {
        "url": "http://hl7.org/fhir/StructureDefinition/request-statusReason",
        "valueCodeableConcept": refused,
    }
    orders = record(
        dxa_order(on="2026-01-01", status="revoked", reasonCode=[refused]),
        dxa_order(on="2026-01-01", status="revoked", extension=[extension]),
        dxa_order(on="2026-01-01", status="revoked"),
    ).orders
    assert [bool(o.reason_concepts) for o in orders] == [True, True, False]


@pytest.mark.parametrize(
    ("intent", "status", "is_order"),
    [
        ("order", "active", True),
        ("filler-order", "active", True),
        ("proposal", "active", False),
        ("directive", "active", False),
        ("perhaps", "unclear", True),
        (None, "unclear", True),
    ],
)
def test_an_intent_that_nobody_knows_makes_an_active_order_unclear(intent, status, is_order):
    (kept,) = record(dxa_order(on="2026-01-01", intent=intent)).orders
    assert (kept.status, kept.is_order) == (status, is_order)


def test_orders_for_something_else_are_not_kept():
    assert record({"resourceType": "ServiceRequest", "code": concept(loinc("8867-4"))}).orders == ()


def test_an_appointment_is_kept_for_its_service_its_reason_or_its_order():
    scan, other = concept(cpt("77080")), concept(loinc("8867-4"))
    kept = record(
        dxa_appointment(on="2026-01-02"),
        dxa_appointment(on="2026-01-02", code=loinc("8867-4"), reasonCode=[scan]),
        dxa_appointment(
            on="2026-01-02", code=loinc("8867-4"), basedOn=[{"reference": "ServiceRequest/1"}]
        ),
        dxa_appointment(on="2026-01-02", code=loinc("8867-4"), reasonCode=[other]),
    ).appointments
    assert [a.ref.id for a in kept] == ["0", "1", "2"]
    assert kept[2].based_on == (ResourceRef("ServiceRequest", "1"),)


@pytest.mark.parametrize(
    ("dates", "read"),
    [
        ({"start": "2026-01-02T09:00:00Z"}, date(2026, 1, 2)),
        ({"requestedPeriod": [{"start": "2026-01-02"}]}, date(2026, 1, 2)),
        ({"start": "soon", "requestedPeriod": [{"start": "2026-01-02"}]}, None),
        ({}, None),
    ],
)
def test_the_day_of_an_appointment(dates, read):
    (kept,) = record(dxa_appointment(on=None) | dates).appointments
    assert kept.when == (When.day(read) if read else None)


@pytest.mark.parametrize(
    ("told", "word"),
    [
        (document("Outside DEXA 2024", on="2026-01-02"), "DXA"),
        (document("dxa", on="2026-01-02"), "DXA"),
        (document("Osteodensitometrie", on="2026-01-02"), "densitometry"),
        (document("Bone mineral density, hip", on="2026-01-02"), "bone density"),
        (document("", on="2026-01-02", description="bone density"), "bone density"),
        (document("", on="2026-01-02", type={"text": "DXA report"}), "DXA"),
        (document("", on="2026-01-02", type={"coding": [{"display": "DXA"}]}), "DXA"),
        (document("", on="2026-01-02", type=concept(loinc("38268-9"))), "bone density scan"),
    ],
)
def test_a_document_may_be_a_scan_by_its_code_or_by_a_word_of_ours(told, word):
    (kept,) = record(told).documents
    assert (kept.word, kept.when) == (word, When.day(date(2026, 1, 2)))


@pytest.mark.parametrize(
    "told",
    [
        document("dexamethasone", on="2026-01-02"),
        document("Bone scan", on="2026-01-02"),
        document("DXA", on="2026-01-02", status="superseded"),
        document("DXA", on="2026-01-02", status="entered-in-error"),
        {"resourceType": "DocumentReference", "content": "DXA", "description": 5},
    ],
)
def test_any_other_document_is_none(told):
    assert record(told).documents == ()


def test_a_document_has_the_day_of_what_it_tells_of():
    context = {"context": {"period": {"start": "2025-01-01", "end": "2025-01-02"}}}
    (kept,) = record(document("DXA", on="2026-01-02") | context).documents
    assert kept.when == When.day(date(2025, 1, 2))


def test_a_device_counts_where_it_is_assigned_or_said_to_be_in_use():
    device = {"resourceType": "Device", "id": "d", "type": WHEELCHAIR}
    use = {"resourceType": "DeviceUseStatement", "status": "active"}
    assigned = record(device | {"patient": {"reference": "Patient/p"}}).devices
    stored = record(device).devices
    stated = record(device, use | {"device": {"reference": "Device/d"}}).devices
    held = {"contained": [device], "device": {"reference": "#d"}}
    contained = record(use | held).devices
    assert (len(assigned), len(stored), len(stated), len(contained)) == (1, 0, 1, 1)


@pytest.mark.parametrize("reference", ["#nothing", "Device/nothing", ""])
def test_a_statement_of_use_whose_device_is_not_there_says_nothing(reference):
    use = {"resourceType": "DeviceUseStatement", "status": "active"}
    assert record(use | {"device": {"reference": reference}}).devices == ()


def test_a_withdrawn_device_is_not_there():
    device = {"resourceType": "Device", "type": WHEELCHAIR, "patient": {"reference": "Patient/p"}}
    assert record(device | {"status": "entered-in-error"}).devices == ()


def test_a_medicine_that_cannot_be_known_is_reported():
    lost = ordered("x", on="2026-01-01") | {"medicationCodeableConcept": {}}
    anna = record(lost)
    assert [p.source for p in anna.reported] == ["MedicationRequest/0"]
    assert not anna.has_medicines


@pytest.mark.parametrize("status", ["cancelled", "draft", "entered-in-error"])
def test_a_medicine_that_was_never_taken_tells_nothing_about_the_medicines(status):
    assert not record(ordered("paracetamol", on="2026-01-01", status=status)).has_medicines
    assert record(ordered("paracetamol", on="2026-01-01")).has_medicines


def test_a_resource_without_an_id_is_kept():
    (kept,) = record(ms() | {"id": None}).conditions
    assert str(kept.ref) == "Condition/(no id)"


def test_a_record_with_patient_data_prints_nothing():
    anna = record(ANNA, ms(), edss(6.5, on="2026-01-01"))
    assert "1986-" not in repr(anna)
    assert "G35" not in repr(anna.conditions)


def test_a_chart_that_breaks_the_parser_is_unreadable_and_nothing_may_be_concluded_from_it():
    broken = RecordParser(packaged_vocabulary()).record("p", {"Condition": [5]})  # type: ignore[list-item]  # what no reader hands over
    assert broken.is_unreadable
    assert broken.unread >= REQUIRED_TYPES
