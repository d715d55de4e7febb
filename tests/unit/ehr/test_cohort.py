"""Who has MS, by code or by Group, and when the answer must not be believed to be all."""

import pytest

from service.ehr.cohort.code_search import members_by_code
from service.ehr.cohort.group import members_of_group
from service.ehr.cohort.members import CohortMembers
from service.ehr.errors import EHRMisunderstood, EHRNotFound, EHRRefused, EHRRejected
from service.screening.value_sets import ICD10CM, SNOMED, vocabulary_from
from tests.lib.wire import Wire, answer, bundle, outcome, parameters_of, resource

VOCABULARY = vocabulary_from(
    [
        {
            "resourceType": "ValueSet",
            "id": "multiple-sclerosis",
            "title": "MS",
            "version": "1",
            "compose": {
                "include": [
                    {"system": ICD10CM, "concept": [{"code": "G35"}, {"code": "G35.A"}]},
                    {
                        "system": ICD10CM,
                        "filter": [{"property": "concept", "op": "is-a", "value": "G35"}],
                    },
                    {"system": SNOMED, "concept": [{"code": "24700007"}]},
                ]
            },
        }
    ]
)


def condition(id_, patient, code="G35", system=ICD10CM, **elements):
    coding = [{"system": system, "code": code}]
    return resource("Condition", id_, patient, code={"coding": coding}, **elements)


def by_code(handler):
    wire = Wire(handler)
    return wire, members_by_code(wire.client(), VOCABULARY)


# By code


def test_people_are_found_by_every_spelling_of_the_code():
    found = [
        condition("1", "a"),
        condition("2", "b", "G35A"),
        condition("3", "c", "24700007", "urn:oid:2.16.840.1.113883.6.96"),
        condition("4", "a", "G35.A"),
    ]

    wire, members = by_code([answer(bundle(*found))])

    assert members.ids == ("a", "b", "c")
    assert members.is_complete
    assert parameters_of(wire.requests[0])["code"] == "24700007,G35,G35.A,G35A"


def test_refuted_conditions_are_left_in_to_be_judged_with_the_whole_record():
    refuted = condition("1", "a", verificationStatus={"coding": [{"code": "refuted"}]})

    _, members = by_code([answer(bundle(refuted))])

    assert members.ids == ("a",)


def test_conditions_of_another_code_bring_nobody_into_the_cohort():
    found = [condition("1", "a"), condition("2", "b", "G35", "urn:local:wards")]

    _, members = by_code([answer(bundle(*found))])

    assert members.ids == ("a",)


def test_a_condition_that_came_without_its_code_may_be_ms():
    _, members = by_code([answer(bundle(resource("Condition", "1", "a")))])

    assert members.ids == ("a",)


@pytest.mark.parametrize("code", [{"text": "MS"}, {"coding": "x"}, {"coding": [None, {"code": 3}]}])
def test_a_condition_whose_codes_cannot_be_read_is_not_ms(code):
    unreadable = resource("Condition", "2", "b", code=code)

    _, members = by_code([answer(bundle(condition("1", "a"), unreadable))])

    assert members.ids == ("a",)


def test_every_page_is_read():
    link = "https://ehr.example.org/fhir?page=2"
    pages = [bundle(condition("1", "a"), next_url=link), bundle(condition("2", "b"))]

    _, members = by_code([answer(page) for page in pages])

    assert members.ids == ("a", "b")


def test_a_server_that_does_not_know_elements_is_asked_without():
    def handler(request):
        if "_elements" in parameters_of(request):
            return answer(outcome("error", "not-supported"), 400)
        return answer(bundle(condition("1", "a")))

    _, members = by_code(handler)

    assert members.ids == ("a",)


@pytest.mark.parametrize(("status", "kind"), [(400, EHRRejected), (403, EHRRefused)])
def test_a_server_that_does_not_allow_the_search_is_an_error_and_not_an_empty_cohort(status, kind):
    with pytest.raises(kind):
        by_code(lambda _: answer(b"", status))


def test_a_cohort_that_was_cut_short_is_not_complete():
    circle = bundle(condition("1", "a"), next_url="https://ehr.example.org/fhir?page=2")

    _, members = by_code(lambda _: answer(circle))

    assert members.ids == ("a",)
    assert not members.is_complete


def test_a_cohort_from_which_something_was_withheld_is_not_complete():
    _, members = by_code([answer(bundle(condition("1", "a"), outcome("warning", "suppressed")))])

    assert not members.is_complete


def test_a_server_that_ignores_the_code_is_stopped_and_not_believed():
    hospital = [condition(str(n), f"p{n}", "I10") for n in range(50)]
    link = "https://ehr.example.org/fhir?page=2"

    wire, members = by_code(lambda _: answer(bundle(*hospital, next_url=link)))

    assert members.ids == ()
    assert not members.is_complete
    assert len(wire.requests) == 1


# By Group


def group_of(*members, **elements):
    return {"resourceType": "Group", "id": "g", "member": list(members), **elements}


def member(reference, **elements):
    return {"entity": {"reference": reference}, **elements}


def by_group(group):
    return members_of_group(Wire([answer(group)]).client(), "g")


def test_the_active_patients_of_a_group_are_its_members():
    members = by_group(
        group_of(member("Patient/b"), member("Patient/a"), member("Patient/c", inactive=True))
    )

    assert members.ids == ("a", "b")
    assert members.is_complete


@pytest.mark.parametrize(
    "group",
    [
        group_of(),
        group_of(member=None),
        group_of(member("Patient/a"), quantity=2),
        group_of(member("Patient/a"), actual=False),
        group_of(member("Patient/a"), member("Group/h")),
        group_of(member("Patient/a"), {"entity": {"identifier": {"value": "1"}}}),
    ],
)
def test_a_group_that_does_not_list_everybody_is_not_complete(group):
    assert not by_group(group).is_complete


def test_a_group_with_as_many_members_as_it_says_is_complete():
    assert by_group(group_of(member("Patient/a"), quantity=1)).is_complete


def test_a_group_that_is_not_there_is_an_error_and_not_an_empty_cohort():
    with pytest.raises(EHRNotFound):
        members_of_group(Wire([answer(b"", 404)]).client(), "g")


def test_an_answer_that_is_no_group_is_misunderstood():
    with pytest.raises(EHRMisunderstood):
        by_group(resource("Patient", "g"))


def test_members_are_never_printed():
    assert "a-patient" not in repr(CohortMembers(("a-patient",), "x", True))
