"""What an export is asked for."""

from datetime import UTC, datetime
from urllib.parse import parse_qs

from service.ehr.bulk.order import ExportOrder, observation_filters
from service.screening.value_sets import DataRequirement, packaged_vocabulary

VOCABULARY = packaged_vocabulary(True)


def test_types_are_joined_by_commas_in_a_url():
    assert (
        ExportOrder("system", types=("Condition", "Patient")).query() == "_type=Condition,Patient"
    )


def test_types_are_repeated_in_a_body():
    order = ExportOrder("system", types=("Condition", "Patient"))
    assert order.parameters()["parameter"] == [
        {"name": "_type", "valueString": "Condition"},
        {"name": "_type", "valueString": "Patient"},
    ]


def test_without_types_nothing_is_said_of_them():
    assert ExportOrder("system").query() == ""


def test_an_instant_is_asked_for_with_its_zone():
    order = ExportOrder("system", since=datetime(2026, 11, 22, 3, tzinfo=UTC))
    assert parse_qs(order.query()) == {"_since": ["2026-11-22T03:00:00+00:00"]}


def test_each_level_has_its_own_operation():
    orders = (ExportOrder("group", "ms/1"), ExportOrder("patient"), ExportOrder("system"))
    assert [o.path for o in orders] == ["Group/ms%2F1/$export", "Patient/$export", "$export"]


def test_a_comma_within_a_filter_is_encoded_once_more():
    (wish, *_) = observation_filters([DataRequirement("Observation", ("dxa-t-score",))], VOCABULARY)
    assert "," not in wish
    assert "%2C" in wish
    assert "%252C" in ExportOrder("system", type_filters=(wish,)).query()


def test_filters_hold_every_code_that_a_search_would_ask_for():
    value_sets = ("dxa-t-score", "edss")
    wishes = observation_filters([DataRequirement("Observation", value_sets)], VOCABULARY)
    asked = {c for w in wishes for c in parse_qs(w.partition("?")[2])["code"][0].split(",")}
    assert asked == set(VOCABULARY.search_codes(value_sets))


def test_where_all_observations_are_needed_none_is_filtered_out():
    needs = [DataRequirement("Observation", ("edss",)), DataRequirement("Observation")]
    assert observation_filters(needs, VOCABULARY) == ()
