"""From record numbers to people: nobody is guessed, and a list is not believed unseen."""

import pytest

from service.ehr.cohort.identifier_search import IdentifierSearch, digest_of
from service.ehr.errors import EHRMisunderstood, EHRRefused
from tests.lib.wire import Wire, answer, bundle, outcome, parameters_of, resource

MRN = "urn:oid:1.2.3"


def patient(id_, *numbers, **elements):
    identifiers = [{"system": MRN, "value": number} for number in numbers]
    return resource("Patient", id_, identifier=identifiers, **elements)


class Register:
    """A server that searches Patients by identifier."""

    def __init__(self, *patients, takes_lists=True, takes_post=True, ignores=False):
        self.patients = patients
        self.takes_lists = takes_lists
        self.takes_post = takes_post
        self.ignores = ignores

    def __call__(self, request):
        if request.method == "POST" and not self.takes_post:
            return answer(outcome("error", "not-supported"), 405)
        wanted = parameters_of(request)["identifier"]
        tokens = set(wanted.split(",")) if self.takes_lists else {wanted}
        return answer(bundle(*(p for p in self.patients if self.ignores or tokens & names(p))))


def names(found):
    return {f"{i['system']}|{i['value']}" for i in found["identifier"]}


def find(register, *numbers, **options):
    wire = Wire(register)
    found = IdentifierSearch(wire.client(), **options).find([(MRN, n) for n in numbers])
    one = {value: id_ for (_, value), id_ in found.one.items()}
    return wire, one, {value: ids for (_, value), ids in found.several.items()}


def test_several_record_numbers_are_asked_for_at_once_and_not_in_the_url():
    wire, one, _ = find(Register(patient("a", "1"), patient("b", "2")), "1", "2")

    assert one == {"1": "a", "2": "b"}
    assert wire.sent == ["POST /Patient/_search"]


def test_a_hundred_record_numbers_cost_three_requests():
    people = [patient(f"p{n}", str(n)) for n in range(100)]

    wire, one, _ = find(Register(*people), *(str(n) for n in range(100)))

    assert len(one) == 100
    assert len(wire.sent) == 3


def test_a_record_number_that_nobody_has_is_in_no_part_of_the_answer():
    _, one, several = find(Register(patient("a", "1")), "1", "2")

    assert (one, several) == ({"1": "a"}, {})


def test_a_record_number_that_two_people_have_is_nobodys():
    _, one, several = find(Register(patient("a", "1"), patient("b", "1")), "1")

    assert (one, several) == ({}, {"1": ("a", "b")})


def test_a_record_number_of_a_merged_record_and_of_its_successor_is_one_persons():
    link = [{"type": "replaced-by", "other": {"reference": "Patient/b"}}]

    _, one, _ = find(Register(patient("a", "1", link=link), patient("b", "1")), "1")

    assert one == {"1": "b"}


def test_a_server_that_takes_no_list_is_asked_for_each_alone():
    register = Register(patient("a", "1"), patient("b", "2"), takes_lists=False)

    _, one, _ = find(register, "1", "2")

    assert one == {"1": "a", "2": "b"}


def test_a_list_that_was_answered_in_part_is_not_believed_before_somebody_was_asked_alone():
    def first_only(request):
        wanted = parameters_of(request)["identifier"].split(",")[0]
        return answer(bundle(patient(wanted[-1], wanted[-1])))

    _, one, _ = find(first_only, "1", "2", "3")

    assert one == {"1": "1", "2": "2", "3": "3"}


def test_a_server_that_ignores_the_parameter_names_nobody():
    register = Register(patient("a", "8"), patient("b", "9"), ignores=True)

    with pytest.raises(EHRMisunderstood, match="may not understand"):
        find(register, "1")


def test_of_an_answer_that_holds_others_too_only_the_right_one_counts():
    _, one, _ = find(Register(patient("a", "1"), patient("b", "9"), ignores=True), "1")

    assert one == {"1": "a"}


def test_a_server_that_takes_no_post_is_asked_by_get():
    wire, one, _ = find(Register(patient("a", "1"), takes_post=False), "1")

    assert one == {"1": "a"}
    assert wire.requests[-1].method == "GET"


def test_a_refusal_is_raised():
    with pytest.raises(EHRRefused):
        find(lambda _: answer(outcome("error", "forbidden"), 403), "1", "2")


def test_the_same_number_of_two_systems_has_two_digests():
    assert digest_of((MRN, "1")) != digest_of(("urn:other", "1"))


def test_a_digest_holds_nothing_of_the_number():
    assert "4711" not in digest_of((MRN, "4711"))
