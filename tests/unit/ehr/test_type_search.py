"""Which searches a chart takes on servers that want to be asked in their own way."""

import pytest

from service.ehr.capability import capability_from
from service.ehr.manners import Manners
from service.ehr.type_search import searches_for
from service.screening.value_sets import DataRequirement, vocabulary_from

CODES = vocabulary_from(
    {
        "id": id_,
        "title": id_,
        "version": "1",
        "compose": {"include": [{"system": system, "concept": [{"code": code}]}]},
    }
    for id_, system, code in (
        ("edss", "http://loinc.org", "1-1"),
        ("wheelchair", "http://snomed.info/sct", "105503008"),
    )
)
OBSERVED = DataRequirement("Observation", ("edss", "wheelchair"))
TWO_CATEGORIES = {"Condition": ({"category": "problem"}, {"category": "encounter"})}


def offering(*types, parameters=("code", "combo-code", "value-concept")):
    listed = [
        {
            "type": type_,
            "interaction": [{"code": "search-type"}],
            "searchParam": [{"name": name} for name in parameters],
        }
        for type_ in types
    ]
    return capability_from({"fhirVersion": "4.0.1", "rest": [{"resource": listed}]})


def test_one_search_goes_out_for_each_set_of_parameters_that_the_server_requires():
    searches = searches_for(
        [DataRequirement("Condition")],
        CODES,
        offering("Condition"),
        Manners(required=TWO_CATEGORIES),
    )

    assert [dict(s.besides) for s in searches] == list(TWO_CATEGORIES["Condition"])


def test_a_search_by_code_is_what_a_server_takes_that_wants_a_category_or_a_code():
    required = Manners(required={"Observation": ({"category": "laboratory"},)})

    first, *_ = searches_for([OBSERVED], CODES, offering("Observation"), required)

    assert (first.by, first.besides) == ("code", ())


def test_observations_that_are_read_whole_carry_what_the_server_requires():
    required = Manners(required={"Observation": ({"category": "laboratory"},)})

    (search,) = searches_for(
        [DataRequirement("Observation")], CODES, offering("Observation"), required
    )

    assert search.besides == (("category", "laboratory"),)


@pytest.mark.parametrize(
    ("listed", "searches"),
    [(("Observation", "Condition"), 2), (("Observation",), 3)],
    ids=["all types are there", "a type is lacking"],
)
def test_one_at_a_time_there_are_no_more_searches_than_types(listed, searches):
    """What is not listed is not asked for: it makes room for the search by answers."""
    needs = [OBSERVED, DataRequirement("Condition")]

    found = searches_for(needs, CODES, offering(*listed), Manners(one_at_a_time=True))

    assert len(found) == searches


def test_in_batches_answers_are_always_asked_for():
    needs = [OBSERVED, DataRequirement("Condition")]

    found = searches_for(needs, CODES, offering("Observation", "Condition"))

    assert [s.is_extra for s in found] == [False, False, True]
