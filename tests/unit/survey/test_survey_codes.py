"""Foreign codes: which are counted, and which may be told."""

import pytest

from service.ehr.codes import CodeReader
from service.screening.value_sets import packaged_vocabulary
from service.survey.codes import CodeCounts, codes_not_ours

CODES = CodeReader(packaged_vocabulary(True))
LOCAL = "urn:oid:1.2.3"


def coding(code="EDSS1", display="EDSS score", system=LOCAL):
    return {"system": system, "code": code, "display": display}


def coded(type_, *codings, element="code", **elements):
    return {type_: [{"resourceType": type_, element: {"coding": list(codings)}, **elements}]}


def seen(resources, medications=None):
    return codes_not_ours(resources, medications or {}, CODES)


@pytest.mark.parametrize(
    "type_", ["Condition", "DiagnosticReport", "Observation", "Procedure", "ServiceRequest"]
)
def test_a_code_that_is_in_no_value_set_is_seen(type_):
    assert seen(coded(type_, coding())) == {(type_, LOCAL, "EDSS1", "EDSS score")}


def test_a_device_is_named_by_its_type():
    found = seen(coded("Device", coding("W1", "Wheelchair"), element="type"))
    assert found == {("Device", LOCAL, "W1", "Wheelchair")}


def test_a_component_is_looked_at_too():
    resources = coded("Observation", coding("PANEL", "Neuro"))
    resources["Observation"][0]["component"] = [{"code": {"coding": [coding()]}}]
    assert ("Observation", LOCAL, "EDSS1", "EDSS score") in seen(resources)


def test_what_stands_beside_a_code_of_ours_is_not_seen():
    ours = coding("273554001", "", "http://snomed.info/sct")
    assert not seen(coded("Observation", ours, coding()))


def test_neither_text_nor_values_are_looked_at():
    resources = coded("Observation")
    resources["Observation"][0] |= {
        "code": {"text": "EDSS of Ida Muster"},
        "valueCodeableConcept": {"coding": [coding("A1", "an answer")]},
        "valueString": "6.5",
    }
    assert not seen(resources)


def test_a_code_without_a_system_is_seen_without_one():
    found = seen(coded("Observation", {"code": "EDSS1"}))
    assert found == {("Observation", "", "EDSS1", "")}


@pytest.mark.parametrize("code", ["x" * 151, "two\nlines", ""])
def test_what_no_dictionary_can_hold_is_not_seen(code):
    assert not seen(coded("Observation", coding(code)))


@pytest.mark.parametrize("display", ["x" * 151, "two\nlines"])
def test_a_display_that_no_dictionary_can_hold_is_left_out(display):
    found = seen(coded("Observation", coding(display=display)))
    assert found == {("Observation", LOCAL, "EDSS1", "")}


def medicine(**elements):
    return {"MedicationRequest": [{"resourceType": "MedicationRequest", **elements}]}


def test_a_medicine_that_is_not_ours_is_seen_by_its_code():
    concept = {"coding": [coding("M7", "Ointment 7")]}
    found = seen(medicine(medicationCodeableConcept=concept))
    assert found == {("MedicationRequest", LOCAL, "M7", "Ointment 7")}


def test_a_medicine_that_is_recognised_by_name_is_ours():
    concept = {"coding": [coding("M8", "prednisone 5 mg tablet")]}
    assert not seen(medicine(medicationCodeableConcept=concept))


def test_a_medicine_is_seen_by_the_code_of_the_medication_that_it_points_to():
    resources = medicine(medicationReference={"reference": "Medication/m"})
    code = {"coding": [coding("M7", "Ointment 7")]}
    medication = {"resourceType": "Medication", "id": "m", "code": code}
    found = seen(resources, {"Medication/m": medication})
    assert found == {("MedicationRequest", LOCAL, "M7", "Ointment 7")}


def test_a_medicine_is_seen_by_the_code_of_the_medication_that_it_contains():
    code = {"coding": [coding("M7", "Ointment 7")]}
    contained = [{"resourceType": "Medication", "id": "m", "code": code}]
    resources = medicine(medicationReference={"reference": "#m"}, contained=contained)
    assert seen(resources) == {("MedicationRequest", LOCAL, "M7", "Ointment 7")}


def test_a_medicine_that_cannot_be_resolved_has_no_code():
    assert not seen(medicine(medicationReference={"reference": "Medication/gone"}))


# Counting


def counted(*people):
    counts = CodeCounts()
    for codes in people:
        counts.add(codes)
    return counts


EDSS = ("Observation", LOCAL, "EDSS1", "EDSS score")


@pytest.mark.parametrize(("people", "told"), [(7, 0), (8, 1), (9, 1)])
def test_a_code_is_told_where_more_than_seven_people_share_it(people, told):
    assert len(counted(*[{EDSS}] * people).shared()) == told


def test_a_display_that_fewer_people_share_is_not_told():
    by_person = [{("Observation", LOCAL, "NOTE", f"seen with Mrs {n}")} for n in range(9)]
    (code,) = counted(*by_person).shared()
    assert (code.people, code.display) == (9, "")


def test_a_display_that_many_share_is_told_though_others_vary():
    by_person = [{EDSS} for _ in range(8)] + [{(*EDSS[:3], f"Mrs {n}")} for n in range(20)]
    (code,) = counted(*by_person).shared()
    assert (code.people, code.display) == (28, "EDSS score")


def test_the_display_that_most_people_share_is_told():
    odd = ("Observation", LOCAL, "EDSS1", "Disability of Mr X")
    (code,) = counted(*[{EDSS}] * 8, {odd}).shared()
    assert (code.people, code.display) == (9, "EDSS score")


def test_one_person_with_two_displays_of_a_code_is_one_person():
    (code,) = counted(*[{EDSS, (*EDSS[:3], "EDSS")}] * 8).shared()
    assert code.people == 8


def test_what_most_people_have_comes_first():
    other = ("Condition", LOCAL, "C1", "Something")
    shared = counted(*[{EDSS, other}] * 8, {other}).shared()
    assert [code.code for code in shared] == ["C1", "EDSS1"]


def test_codes_beyond_what_can_be_remembered_are_not_counted_and_that_is_said(monkeypatch):
    monkeypatch.setattr("service.survey.codes._MOST_CODES", 1)
    other = ("Condition", LOCAL, "C1", "Something")
    counts = counted(*[{EDSS}] * 8, *[{other}] * 8)
    assert [code.code for code in counts.shared()] == ["EDSS1"]
    assert counts.is_full


def test_counts_say_nothing_when_printed():
    assert "EDSS" not in repr(counted({EDSS}))
