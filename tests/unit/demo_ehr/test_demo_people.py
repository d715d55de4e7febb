"""The invented people keep their promises: current, unique, harmless, valid, and complete."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from service.demo_ehr.people import make_people
from service.demo_ehr.story import Person

TODAY = date(2026, 11, 22)
AWKWARD_DAYS = (date(2028, 2, 29), date(2027, 12, 31), date(2027, 1, 1), date(2026, 8, 31))
STATUSES = {
    "not-in-cohort",
    "not-at-risk",
    "excluded",
    "satisfied",
    "due-soon",
    "due",
    "ordered-waiting",
    "result-needs-action",
    "snoozed",
    "declined",
    "could-not-determine",
}
USABLE_REASONS = {f"MSO-{number:02}" for number in range(1, 19)}
MINOR_REASONS = USABLE_REASONS - {f"MSO-{n}" for n in ("02", "04", "06", "08", "12", "17")}
JUDGED_BY_RISK = {"due", "not-at-risk"}
DATE = re.compile(r"\d{4}(-\d\d){0,2}(T.*)?")
DATE_ELEMENTS = re.compile(r"(?i).*(date|time|start|end|on|asserted|issued|over|modified)$")


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return make_people(TODAY)


def by_id(people: list[Person]) -> dict[str, Person]:
    return {person.id: person for person in people}


def of_type(person: Person, resource_type: str) -> list[dict[str, Any]]:
    return [found for found in person.resources if found["resourceType"] == resource_type]


def leaves(element: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(element, dict):
        for key, value in element.items():
            yield from leaves(value, key)
    elif isinstance(element, list):
        for value in element:
            yield from leaves(value, name)
    elif isinstance(element, str):
        yield name, element


def dates(person: Person) -> list[str]:
    found = leaves(person.resources)
    return [text for name, text in found if DATE_ELEMENTS.match(name) and DATE.fullmatch(text)]


def test_every_status_of_the_specification_occurs(people: list[Person]) -> None:
    assert {person.expected_status for person in people} == STATUSES


def test_everybody_who_is_due_names_the_criteria_that_make_them_due(people: list[Person]) -> None:
    due = [person for person in people if person.expected_status == "due"]
    assert [person.id for person in due if not person.expected_reasons] == []


def test_nobody_names_criteria_whom_something_else_decided(people: list[Person]) -> None:
    others = [person for person in people if person.expected_status not in JUDGED_BY_RISK]
    assert [person.id for person in others if person.expected_reasons] == []


def test_no_expectation_rests_on_a_criterion_that_does_not_exist(people: list[Person]) -> None:
    named = {reason for person in people for reason in person.expected_reasons}
    assert named == USABLE_REASONS


def test_every_criterion_in_use_decides_some_person_alone_or_in_a_pair(
    people: list[Person],
) -> None:
    due = [person for person in people if person.expected_status == "due"]
    few = [set(person.expected_reasons) for person in due if len(person.expected_reasons) < 3]
    assert set().union(*few) == USABLE_REASONS


def test_every_criterion_that_can_be_minor_stands_alone_in_somebody_not_at_risk(
    people: list[Person],
) -> None:
    others = [person for person in people if person.expected_status == "not-at-risk"]
    alone = {p.expected_reasons[0] for p in others if len(p.expected_reasons) == 1}
    assert alone == MINOR_REASONS


def test_every_resource_has_an_id_of_its_own_that_fhir_allows(people: list[Person]) -> None:
    ids = Counter(
        (found["resourceType"], found["id"]) for person in people for found in person.resources
    )
    assert [key for key, times in ids.items() if times > 1] == []
    assert [key for key in ids if not re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", key[1])] == []


def test_every_person_tells_one_story_and_no_two_the_same_one(people: list[Person]) -> None:
    stories = [person.story for person in people if not person.id.startswith("quiet-")]
    assert len(stories) == len(set(stories))


def test_the_same_day_and_seed_give_the_same_charts(people: list[Person]) -> None:
    assert json.dumps([p.resources for p in make_people(TODAY)]) == json.dumps(
        [p.resources for p in people]
    )


def test_another_seed_changes_charts_and_no_expectation_of_a_story(people: list[Person]) -> None:
    others = by_id(make_people(TODAY, seed=2))
    stories = [person for person in people if not person.id.startswith("quiet-")]
    assert all(others[p.id].expected_status == p.expected_status for p in stories)
    assert any(others[p.id].resources != p.resources for p in stories)


def test_a_larger_cohort_only_adds_people_at_the_end(people: list[Person]) -> None:
    larger = make_people(TODAY, count=len(people) + 50)
    assert larger[: len(people)] == people


def test_charts_are_filled_up_to_the_volume_that_is_asked_for() -> None:
    volumes = [len(p.resources) for p in make_people(TODAY, count=20, resources_per_person=100)]
    assert set(volumes) == {100}


@pytest.mark.parametrize("on", [TODAY, *AWKWARD_DAYS])
def test_no_date_lies_in_the_future_except_where_the_story_says_so(on: date) -> None:
    late = {
        person.id
        for person in make_people(on)
        if any(text[:10] > str(on)[: len(text[:10])] for text in dates(person))
    }
    assert late == {"edss-dated-in-the-future-01", "dxa-ordered-and-booked-01"}


@pytest.mark.parametrize("on", [TODAY, *AWKWARD_DAYS])
def test_people_who_stand_on_a_birthday_line_stand_on_it_on_any_day(on: date) -> None:
    people = by_id(make_people(on))
    for name, age in (("woman-sixty-five-today", 65), ("eighteen-today", 18)):
        born = date.fromisoformat(people[f"{name}-01"].resources[0]["birthDate"])
        assert born.year == on.year - age
        assert (born.month, min(born.day, 28)) == (on.month, min(on.day, 28))


@pytest.mark.parametrize("days", [89, 90, 95])
def test_a_course_of_prednisone_has_exactly_the_days_of_its_name(days: int) -> None:
    words = {89: "eighty-nine", 90: "ninety", 95: "ninety-five"}
    person = by_id(make_people(TODAY))[f"prednisone-for-{words[days]}-days-01"]
    dosage = of_type(person, "MedicationRequest")[0]["dosageInstruction"][0]
    bounds = dosage["timing"]["repeat"]["boundsPeriod"]
    first, last = (date.fromisoformat(bounds[key]) for key in ("start", "end"))
    assert (last - first).days + 1 == days


def test_ms_begins_between_twenty_and_fifty_in_everybody_over_thirty(people: list[Person]) -> None:
    ages = []
    for person in people:
        born = person.resources[0].get("birthDate", "")[:4]
        conditions = of_type(person, "Condition")
        if person.expected_status == "not-in-cohort" or not born or TODAY.year - int(born) < 30:
            continue
        ages += [int(c["onsetDateTime"][:4]) - int(born) for c in conditions[:1]]
    assert all(19 <= age <= 50 or age > 50 for age in ages)
    assert sum(20 <= age <= 50 for age in ages) / len(ages) > 0.95


def test_women_outnumber_men_about_three_to_one_among_people_with_ms(people: list[Person]) -> None:
    with_ms = [person for person in people if person.expected_status != "not-in-cohort"]
    sexes = Counter(person.resources[0].get("gender") for person in with_ms)
    assert 2.4 < sexes["female"] / sexes["male"] < 3.6


def test_about_one_in_six_of_the_ward_around_the_stories_has_no_ms() -> None:
    ward = [p.id for p in make_people(TODAY, 900) if p.id.startswith("quiet-")]
    without_ms = sum(person_id.startswith("quiet-without-ms") for person_id in ward)
    assert 0.13 <= without_ms / len(ward) <= 0.21


def test_the_demo_has_room_for_every_story_and_for_a_quiet_ward(people: list[Person]) -> None:
    quiet = [person.id for person in people if person.id.startswith("quiet-")]
    assert len(people) == 300
    assert {"quiet-well", "quiet-without-ms"} <= {person_id[:-6] for person_id in quiet}


def test_every_resource_is_structurally_valid_fhir(people: list[Person]) -> None:
    for person in people:
        for resource in person.resources:
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_every_reference_resolves_inside_the_demo(people: list[Person]) -> None:
    resources = [found for person in people for found in person.resources]
    known = {f"{found['resourceType']}/{found['id']}" for found in resources}
    references = {text for name, text in leaves(resources) if name == "reference"}
    assert references - known == {"#med"}


def test_no_reference_points_forwards_so_that_a_strict_server_takes_them_in_order(
    people: list[Person],
) -> None:
    seen: set[str] = set()
    for found in (found for person in people for found in person.resources):
        references = {text for name, text in leaves(found) if name == "reference"}
        assert references - seen <= {"#med"}, found["id"]
        seen.add(f"{found['resourceType']}/{found['id']}")


def test_everything_in_a_chart_is_about_its_own_person(people: list[Person]) -> None:
    for person in people:
        for found in person.resources[1:]:
            about = found.get("subject") or found.get("patient") or found.get("for")
            if found["resourceType"] == "Appointment":
                about = found["participant"][0]["actor"]
            is_free = found["resourceType"] == "Medication"
            assert is_free or about == {"reference": f"Patient/{person.id}"}, found["id"]


def test_nobody_could_be_taken_for_a_real_person(people: list[Person]) -> None:
    for person in people:
        patient = person.resources[0]
        assert patient["name"][0]["family"].startswith("Example-")
        assert [found["value"] for found in patient["identifier"]] == [f"DEMO-{person.id}"]
        assert not {"telecom", "address", "photo", "contact"} & patient.keys()
        assert patient["meta"]["tag"][0]["code"] == "invented"


def test_no_cpt_code_carries_a_descriptor(people: list[Person]) -> None:
    text = json.dumps([person.resources for person in people])
    codings = re.findall(r'\{"system": "http://www.ama-assn.org/go/cpt"[^}]*\}', text)
    assert codings
    assert not [coding for coding in codings if "display" in coding]


def test_a_repeated_person_is_not_printed_with_their_chart(people: list[Person]) -> None:
    assert "birthDate" not in repr(people[0])
