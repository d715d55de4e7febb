"""A glance decides only what certainly does not matter: with and without it, charts say the same.

The records are compared whole, so that each test here stands for every element that a parser reads.
"""

import copy
import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.demo_ehr.people import each_person
from service.ehr.bundle_file import read_bundle
from service.ehr.glance import Glance, PassedOver
from service.ehr.parse import RecordParser
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary

ON = date(2026, 11, 22)
VOCABULARY = packaged_vocabulary()
PARSER = RecordParser(VOCABULARY)
PEOPLE = [p.resources for p in each_person(ON, 120, resources_per_person=30)]

EDSS = {"coding": [{"system": "http://snomed.info/sct", "code": "273554001"}]}
PULSE = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
WHEELCHAIR = {"coding": [{"system": "http://snomed.info/sct", "code": "105503008"}]}
SUBJECT = {"reference": "Patient/p"}


def observation(**elements):
    return {"resourceType": "Observation", "id": "o", "subject": SUBJECT} | elements


def bundle_of(*resources):
    entries = [{"resource": r} for r in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def glance():
    return Glance(PARSER.concepts_in)


def record_in(raw, looking=None):
    chart = read_bundle(raw, looking)
    record = PARSER.record(
        chart.patient_id, chart.resources, chart.medications, reported=chart.problems
    )
    assert not record.is_unreadable
    return record


def passed_over(resource):
    [(_, seen, _)] = glance().entries(bundle_of(resource))
    return isinstance(seen, PassedOver)


@pytest.mark.parametrize("number", range(len(PEOPLE)))
def test_a_chart_of_the_demo_gives_the_same_record_with_and_without_a_glance(number):
    raw = bundle_of(*PEOPLE[number])
    assert record_in(raw, glance()) == record_in(raw)


KEYS = st.sampled_from(
    "resourceType id meta code coding system subject patient valueCodeableConcept component"
    " contained status effectiveDateTime reference versionId lastUpdated".split()
)
WORDS = st.sampled_from([*"Patient/p Patient/q Observation Condition Encounter #a".split(), ""])
LEAVES = WORDS | st.sampled_from(
    [None, True, 7, EDSS, PULSE, WHEELCHAIR, SUBJECT, [EDSS], {"code": EDSS}, [{"code": EDSS}]]
)
VALUES = LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(KEYS, LEAVES, max_size=3)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(PEOPLE) - 1),
    st.lists(st.tuples(st.integers(0, 200), KEYS, VALUES), min_size=1, max_size=8),
)
def test_whatever_stands_in_its_elements_a_chart_gives_the_same_record(number, changes):
    resources = copy.deepcopy(PEOPLE[number])
    for place, key, value in changes:
        resources[place % len(resources)][key] = value
    raw = bundle_of(*resources)
    assert record_in(raw, glance()) == record_in(raw)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(PEOPLE) - 1), st.data())
def test_what_is_no_resource_or_no_entry_costs_the_same_with_and_without_a_glance(number, data):
    entries = [{"resource": r, "fullUrl": f"urn:uuid:{n}"} for n, r in enumerate(PEOPLE[number])]
    at = st.integers(0, len(entries))
    for odd in data.draw(st.lists(VALUES | st.just({"resource": None}), max_size=3)):
        entries.insert(data.draw(at), odd)
    raw = json.dumps({"resourceType": "Bundle", "entry": entries}).encode()
    assert record_in(raw, glance()) == record_in(raw)


def test_a_pulse_rate_is_passed_over():
    assert passed_over(observation(code=PULSE))


def test_a_visit_is_passed_over_without_looking_for_a_code():
    assert passed_over({"resourceType": "Encounter", "id": "e", "subject": SUBJECT})


def test_a_code_of_ours_is_not_passed_over():
    assert not passed_over(observation(code=EDSS))


def test_a_resource_without_a_readable_code_is_not_passed_over_for_it_is_reported():
    assert not passed_over(observation(code={"text": "EDSS"}))


def test_an_answer_of_ours_to_another_question_is_not_passed_over():
    assert not passed_over(observation(code=PULSE, valueCodeableConcept=WHEELCHAIR))


def test_a_component_of_ours_is_not_passed_over():
    assert not passed_over(observation(code=PULSE, component=[{"code": PULSE}, {"code": EDSS}]))


def test_a_component_that_is_no_list_is_not_passed_over():
    assert not passed_over(observation(code=PULSE, component={"code": EDSS}))


def test_components_that_are_all_none_of_ours_are_passed_over():
    assert passed_over(observation(code=PULSE, component=[{"code": PULSE}]))


def test_a_medicine_is_never_passed_over_for_it_may_be_known_by_name():
    assert not passed_over({"resourceType": "MedicationRequest", "id": "m", "subject": SUBJECT})


def test_a_type_that_nobody_listed_is_not_passed_over():
    assert not passed_over({"resourceType": "Nonsense", "id": "n", "subject": SUBJECT})


def test_a_newer_version_that_is_passed_over_takes_the_older_one_with_it():
    old = observation(code=EDSS, meta={"lastUpdated": "2026-01-01T00:00:00Z"})
    new = observation(code=PULSE, meta={"lastUpdated": "2026-02-01T00:00:00Z"})
    assert record_in(bundle_of(old, new), glance()).observations == ()


def test_a_visit_of_somebody_else_is_reported_though_it_is_passed_over():
    visit = {"resourceType": "Encounter", "id": "e", "subject": {"reference": "Patient/q"}}
    patient = {"resourceType": "Patient", "id": "p"}
    reported = record_in(bundle_of(patient, visit), glance()).reported
    assert [p.source for p in reported] == ["Encounter/e"]


@pytest.mark.parametrize("kind", ["Group", "Patient"])
def test_whom_a_contained_subject_is_counts_though_the_resource_is_passed_over(kind):
    inner = {"resourceType": kind, "id": "x"}
    subject = {"reference": "#x"}
    visit = {"resourceType": "Encounter", "id": "e", "subject": subject, "contained": [inner]}
    raw = bundle_of({"resourceType": "Patient", "id": "p"}, visit)
    assert record_in(raw, glance()) == record_in(raw)
    assert len(record_in(raw, glance()).reported) == (kind == "Group")


def test_a_broken_character_in_what_is_passed_over_costs_nothing():
    raw = bundle_of({"resourceType": "Patient", "id": "p"}, observation(code=PULSE, note="@"))
    record = record_in(raw.replace(b"@", b"\xe9"), glance())
    assert record.patient.id == "p"


def test_no_type_that_a_criterion_reads_is_passed_over():
    needed = {need.type for need in packaged_protocol(VOCABULARY).needs}
    coded = {"Condition", "Procedure", "ServiceRequest", "Observation", "DiagnosticReport"}
    for type_ in needed:
        code = EDSS if type_ in coded else PULSE
        assert not passed_over({"resourceType": type_, "id": "x", "code": code})


def test_what_was_looked_at_shows_no_patient_when_printed():
    [(_, seen, _)] = glance().entries(bundle_of(observation(code=PULSE)))
    assert repr(seen) == "PassedOver"


TITLED = {"resourceType": "DocumentReference", "id": "d", "subject": SUBJECT, "type": PULSE}


@pytest.mark.parametrize("title", ["DEXA 2024", "Osteodensitometrie", "bone density"])
def test_a_document_with_a_word_of_ours_is_not_passed_over(title):
    assert not passed_over(TITLED | {"content": [{"attachment": {"title": title}}]})


def test_a_document_whose_type_is_a_scan_is_not_passed_over():
    scan = {"coding": [{"system": "http://loinc.org", "code": "38268-9"}]}
    assert not passed_over(TITLED | {"type": scan})


def test_any_other_document_is_passed_over():
    assert passed_over(TITLED | {"content": [{"attachment": {"title": "Letter"}}]})


def test_a_document_without_a_type_is_not_passed_over():
    assert not passed_over({k: v for k, v in TITLED.items() if k != "type"})
