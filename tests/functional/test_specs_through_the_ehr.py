"""The whole book of specifications once more: charts in a real EHR, over HTTP, client and reader.

The book itself judges charts from memory. Here every case is a person of the demo EHR, and the
answer must be the same. Where it is not, this file says why, and for exactly whom.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("sekmet", reason="the demo EHR is an optional extra")

from service.demo_ehr.server import DemoEHR
from service.ehr.capability import read_capability
from service.ehr.client import FHIRClient
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from tests.lib.spec_people import (
    SpecPerson,
    answers_through,
    every_need,
    spec_people,
)
from tests.spec.book import Case, explain, shown_in, wanted

pytestmark = pytest.mark.heavy

# This EHR has no such resources at all, which is the same as refusing them.
NOT_OFFERED = frozenset({"DeviceUseStatement", "FamilyMemberHistory"})
# Cases about charts that it does not take: an id with an underscore, and the year 9999.
REFUSED = frozenset(
    {
        "The patient said no, in the chart: dated 9999, which is no date",
        "Due, and told before: the evidence has an id that FHIR does not allow: told in words all"
        " the same",
    }
)


@pytest.fixture(scope="module")
def people() -> list[SpecPerson]:
    return [person for person in spec_people() if str(person) not in REFUSED]


@pytest.fixture(scope="module")
def server(people: list[SpecPerson]) -> Iterator[DemoEHR]:
    with DemoEHR(checks_resources=False) as server:
        server.load(resource for person in people for resource in person.resources)
        yield server


@pytest.fixture(scope="module")
def answers(server: DemoEHR, people: list[SpecPerson]) -> list[tuple[SpecPerson, dict[str, Any]]]:
    return list(answers_through(server.base_url, people))


def test_every_case_that_the_ehr_takes_is_answered(people, answers):
    assert sorted(person.id for person, _ in answers) == [person.id for person in people]


def test_no_two_cases_of_the_book_are_called_alike():
    names = [str(person) for person in spec_people()]
    assert {name for name in names if names.count(name) > 1} == set()


def test_every_answer_is_that_of_the_book(answers):
    different = [
        (str(person), shown_in(answer, person.case), wanted(person.case))
        for person, answer in answers
        if shown_in(answer, person.case) not in (wanted(person.case), _if_refused(person.case))
    ]
    assert different == []


def test_the_types_that_this_ehr_does_not_offer_are_these(server):
    with FHIRClient(server.base_url) as client:
        offered = read_capability(client)
    needed = {n.type for n in every_need(packaged_protocol(packaged_vocabulary()))}
    assert {type_ for type_ in needed if not offered.can_search(type_)} == NOT_OFFERED


def _if_refused(case: Case) -> dict[str, Any]:
    """What the book says about the chart where the types were refused that this EHR lacks."""
    unread = tuple(NOT_OFFERED.union(case.unread))
    return shown_in(explain(*case.chart, unread=unread, withheld=case.withheld), case)
