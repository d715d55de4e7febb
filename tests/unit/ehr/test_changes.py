"""Who changed: by the server's clock, with an overlap, and only where the server can say."""

from datetime import UTC, datetime, timedelta

import pytest

from service.ehr.capability import capability_from
from service.ehr.changes import changed_since
from service.ehr.errors import EHRCutShort, EHRUnavailable
from service.screening.value_sets import ICD10CM, LOINC, DataRequirement, vocabulary_from
from tests.lib.wire import Wire, answer, bundle, outcome, parameters_of, resource

SINCE = datetime(2026, 11, 22, 10, tzinfo=UTC)
FRESH = {"lastUpdated": "2026-11-22T10:05:00Z"}
NEEDS = [DataRequirement("Condition"), DataRequirement("Observation", ("edss",))]


def value_set(id_, system, code):
    return {
        "resourceType": "ValueSet",
        "id": id_,
        "title": id_,
        "version": "1",
        "compose": {"include": [{"system": system, "concept": [{"code": code}]}]},
    }


VOCABULARY = vocabulary_from(
    [value_set("multiple-sclerosis", ICD10CM, "G35"), value_set("edss", LOINC, "1-1")]
)


def capability(*parameters, types=("Condition", "Observation")):
    listed = [
        {
            "type": t,
            "interaction": [{"code": "search-type"}],
            "searchParam": [{"name": p} for p in parameters],
        }
        for t in types
    ]
    return capability_from({"fhirVersion": "4.0.1", "rest": [{"resource": listed}]})


def condition(id_, patient, code="G35", **elements):
    elements.setdefault("meta", FRESH)
    coding = [{"system": ICD10CM, "code": code}]
    return resource("Condition", id_, patient, code={"coding": coding}, **elements)


def look(handler, since=SINCE, offers=None, needs=NEEDS):
    wire = Wire(handler)
    offered = offers or capability("_lastUpdated")
    return wire, changed_since(wire.client(), offered, VOCABULARY, needs, since)


def by_type(**answers):
    def handler(request):
        return answers.get(request.url.path.split("/")[2]) or answer(bundle())

    return handler


def test_patients_with_anything_new_are_named():
    new = resource("Observation", "o", "b", meta=FRESH)

    _, changes = look(
        by_type(
            Condition=answer(bundle(condition("c", "a", "I10"))), Observation=answer(bundle(new))
        )
    )

    assert changes.patient_ids == {"a", "b"}
    assert changes.is_possible


def test_people_with_a_changed_ms_condition_are_newcomers():
    changed = bundle(condition("1", "a"), condition("2", "b", "I10"))

    _, changes = look(by_type(Condition=answer(changed)))

    assert changes.newcomers == {"a"}


def test_each_type_is_asked_with_an_overlap_and_observations_by_code():
    wire, _ = look(by_type())

    asked = [parameters_of(r) for r in wire.requests]
    assert [a["_lastUpdated"] for a in asked] == ["ge2026-11-22T09:50:00Z"] * 2
    assert [a.get("code") for a in asked] == [None, "1-1"]


def test_the_watermark_is_the_servers_clock_at_the_first_answer():
    first = bundle(meta={"lastUpdated": "2026-11-22T10:10:00Z"})
    second = bundle(meta={"lastUpdated": "2026-11-22T10:20:00Z"})

    _, changes = look(by_type(Condition=answer(first), Observation=answer(second)))

    assert changes.watermark == datetime(2026, 11, 22, 10, 10, tzinfo=UTC)


def test_without_a_server_clock_the_watermark_is_our_own_at_the_start():
    before = datetime.now(UTC)

    _, changes = look(by_type())

    assert before <= changes.watermark <= before + timedelta(seconds=10)


def test_a_watermark_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        look(by_type(), since=datetime(2026, 11, 22))


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_type_that_cannot_be_asked_makes_the_short_cut_impossible(status):
    _, changes = look(by_type(Observation=answer(b"", status)))

    assert changes.unseen_types == {"Observation"}
    assert not changes.is_possible


def test_a_type_that_is_not_served_makes_the_short_cut_impossible():
    _, changes = look(by_type(), offers=capability("_lastUpdated", types=("Condition",)))

    assert changes.unseen_types == {"Observation"}


def test_a_server_that_ignores_the_date_is_noticed_at_once():
    old = condition("1", "a", meta={"lastUpdated": "2020-01-01T00:00:00Z"})
    link = "https://ehr.example.org/fhir?page=2"

    wire, changes = look(by_type(Condition=answer(bundle(old, next_url=link))))

    assert changes.unseen_types == {"Condition"}
    assert changes.patient_ids == frozenset()
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    ("moment", "unseen"),
    [
        ("2026-11-22T09:49:58Z", {"Condition"}),
        ("2026-11-22T09:49:59Z", set()),
        ("2026-11-22T09:50:00Z", set()),
    ],
)
def test_what_is_older_than_asked_for_by_more_than_a_second_is_too_old(moment, unseen):
    found = bundle(condition("1", "a", meta={"lastUpdated": moment}))

    _, changes = look(by_type(Condition=answer(found)))

    assert changes.unseen_types == unseen


def test_without_dates_a_server_is_believed_only_if_it_lists_the_parameter():
    undated = by_type(Condition=answer(bundle(condition("1", "a", meta={}))))

    _, listed = look(undated)
    _, unlisted = look(undated, offers=capability())

    assert listed.is_possible
    assert unlisted.unseen_types == {"Condition"}


def test_a_withheld_change_is_used_as_far_as_it_goes_and_said():
    held_back = bundle(condition("1", "a"), outcome("warning", "suppressed"))

    _, changes = look(by_type(Condition=answer(held_back)))

    assert changes.patient_ids == {"a"}
    assert changes.unseen_types == {"Condition"}


def test_a_cut_or_unavailable_answer_leaves_the_watermark_where_it_was():
    circle = bundle(condition("1", "a"), next_url="https://ehr.example.org/fhir/Condition?x")

    with pytest.raises(EHRCutShort):
        look(by_type(Condition=answer(circle)))
    with pytest.raises(EHRUnavailable):
        look(lambda _: answer(b"", 503))


def test_changes_of_nobody_are_passed_over():
    _, changes = look(by_type(Condition=answer(bundle(condition("1", None)))))

    assert changes.patient_ids == frozenset()
