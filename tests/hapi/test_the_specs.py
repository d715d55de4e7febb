"""The whole book of specifications on a real HAPI server: the same charts, the same answers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from service.demo_ehr.loading import put_resources
from tests.hapi.hapi_server import HAPIServer
from tests.lib.spec_people import SpecPerson, answers_through, spec_people
from tests.spec.book import shown_in, wanted

# Charts that are broken on purpose, in a way that HAPI's own parser refuses: unknown codes in
# required bindings, dates that are none, an id with an underscore, subjects that are no patient.
REFUSED = frozenset(
    {
        "A central DXA in any shape answers the question: a status that nobody knows",
        "A result in any shape is found: a T-score whose own date is broken, in a report with a"
        " date",
        "Hospice and terminal care: hospice care as a procedure with a status that nobody knows",
        "The question “falls in the past year”: 2, of a status nobody knows",
        "Smoking: a status that nobody knows",
        "Alcohol: ad3 drinks a day",
        "Hip fracture of a parent: a status that nobody knows",
        "An open order for a DXA: an intent that nobody knows",
        "An open order for a DXA: a status that nobody knows",
        "An appointment for a DXA: status perhaps",
        "Bariatric surgery as a procedure: with a status that nobody knows",
        "Due, and told before: the evidence has an id that FHIR does not allow: told in words all"
        " the same",
        "Age: born on 2000-13-45",
        "EDSS of 6.0 or more: ~ 6.5: a sign that nobody knows",
        "The question “falls in the past year”: ~ 2",
        "An open order for a DXA: an intent that nobody knows, 2015",
        "A wheelchair, a chair or a bed: a diagnosis about a device that bears her number",
        "A wheelchair, a chair or a bed: a diagnosis about a ward that bears her number",
        "A wheelchair, a chair or a bed: a diagnosis about a clinician that bears her number",
    }
)


@pytest.fixture(scope="module")
def people() -> list[SpecPerson]:
    return [person for person in spec_people() if str(person) not in REFUSED]


@pytest.fixture(scope="module")
def answers(
    people: list[SpecPerson], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[tuple[SpecPerson, dict[str, Any]]]]:
    """A server of its own: these people have MS, and the hospital of the other tests would count
    them among its cohort."""
    if shutil.which("java") is None or shutil.which("mvn") is None:
        pytest.skip("a real HAPI server needs Java 17 and Maven, and one of them is not installed")
    with HAPIServer(tmp_path_factory.mktemp("hapi-specs")) as server:
        resources = (resource for person in people for resource in person.resources)
        put_resources(server.base_url, resources, per_bundle=200)
        yield list(answers_through(server.base_url, people))


def test_every_case_that_hapi_takes_is_answered(people, answers):
    assert sorted(person.id for person, _ in answers) == [person.id for person in people]


def test_every_answer_is_that_of_the_book(answers):
    different = {
        str(person): (shown_in(answer, person.case), wanted(person.case))
        for person, answer in answers
        if shown_in(answer, person.case) != wanted(person.case)
    }
    assert different == {}
