"""What is said of a product has a source and a day, and is within what BoneFlag can do."""

import re
from datetime import date
from pathlib import Path

import pytest

from service.ehr import vendors
from service.ehr.strategy import CHANNELS_TRIED, CohortName, needs_a_patient
from service.ehr.vendors import VENDORS
from service.screening.record import REQUIRED_TYPES

ADDRESS = re.compile(r"[a-z]+\.(com|org|dev)\b|tests/hapi")
OPEN = {
    "hapi",
    "smile",
    "medplum",
    "azure",
    "google",
    "aws_healthlake",
    "intersystems",
    "aidbox",
}


def each(vendors=VENDORS):
    return pytest.mark.parametrize("vendor", vendors, ids=lambda vendor: vendor.key)


def told(vendor, *subjects):
    """Everything that is said about these subjects, as one text."""
    return " ".join(fact.says for fact in vendor.facts if fact.about in subjects)


def product(key):
    return next(vendor for vendor in VENDORS if vendor.key == key)


def test_every_file_is_registered_under_its_own_name():
    files = {path.stem for path in Path(vendors.__file__).parent.glob("*.py")}
    assert files - {"__init__", "vendor"} == {vendor.key for vendor in VENDORS}


def test_no_two_products_share_a_name():
    assert len({vendor.name for vendor in VENDORS}) == len(VENDORS)


@each()
def test_every_fact_has_a_source_that_can_be_looked_up_or_admits_memory(vendor):
    for fact in vendor.facts:
        assert ADDRESS.search(fact.source) or "from memory" in fact.source, fact


@each()
def test_every_fact_was_seen_on_a_day_that_is_not_to_come(vendor):
    for fact in vendor.facts:
        assert date(2026, 1, 1) <= date.fromisoformat(fact.seen_on) <= date.today()


@each()
def test_every_fact_is_a_sentence(vendor):
    assert all(fact.says[0].strip() and fact.says.endswith(".") for fact in vendor.facts)


@each()
def test_the_cohort_the_reading_the_changes_and_the_delivery_are_told(vendor):
    assert {"cohort", "reading", "changes", "delivery", "login", "bulk"} <= {
        fact.about for fact in vendor.facts
    }


@each()
def test_every_product_says_what_to_ask_the_ehr_team_for(vendor):
    assert vendor.ask_for
    assert all(what.endswith(".") for what in vendor.ask_for)


@each()
def test_every_type_that_is_never_written_is_told_among_the_facts(vendor):
    assert all(type_ in told(vendor, "delivery") for type_ in vendor.never_writes)


@each()
def test_every_page_cap_is_told_among_the_facts(vendor):
    assert all(str(size) in told(vendor, "reading") for size in vendor.page_caps.values())


@each()
def test_every_required_parameter_is_told_among_the_facts(vendor):
    for type_, searches in vendor.required_search.items():
        for search in searches:
            assert all(word in told(vendor, "reading") for word in (type_, *search))


@each()
def test_every_unusable_parameter_is_told_among_the_facts(vendor):
    for type_, names in vendor.unusable_search.items():
        assert all(word in told(vendor, "reading") for word in (type_, *names))


@each()
def test_every_error_code_is_told_among_the_facts(vendor):
    codes = (
        vendor.never_retry_codes
        | vendor.cut_short_codes
        | vendor.already_there_codes
        | vendor.expired_page_codes
        | vendor.merged_codes
    )
    assert all(code in told(vendor, "errors") for code in codes)


@each()
def test_one_patient_at_a_time_is_told_with_its_reason(vendor):
    assert not vendor.one_at_a_time or "patient is asked for alone" in told(vendor, "reading")


@each()
def test_a_header_and_a_search_by_get_are_told_among_the_facts(vendor):
    assert vendor.client_id_header in told(vendor, "login")
    assert not vendor.searches_by_get or "by GET" in told(vendor, "reading")


@each()
def test_only_names_that_everybody_shares_are_used(vendor):
    assert set(vendor.cohort) <= set(CohortName.__args__)
    assert set(vendor.delivery) <= set(CHANNELS_TRIED)


@each()
def test_no_error_code_has_two_meanings(vendor):
    meanings = (
        vendor.never_retry_codes,
        vendor.cut_short_codes,
        vendor.already_there_codes,
        vendor.expired_page_codes,
        vendor.merged_codes,
    )
    assert sum(map(len, meanings)) == len(frozenset().union(*meanings))


@each([v for v in VENDORS if v.key not in OPEN])
def test_the_closed_products_get_no_flag_and_no_task(vendor):
    assert {"Flag", "Task"} <= set(vendor.never_writes)
    assert not {"flag-and-task", "flag", "task"} & set(vendor.delivery)


@each([v for v in VENDORS if v.key not in OPEN])
def test_the_closed_products_are_asked_to_open_every_required_type(vendor):
    asked = set(re.findall(r"[A-Za-z]+", " ".join(vendor.ask_for)))
    assert asked >= REQUIRED_TYPES


@each([v for v in VENDORS if v.key not in OPEN])
def test_the_closed_products_are_not_searched_by_code_over_everybody(vendor):
    assert needs_a_patient(vendor)


@each([v for v in VENDORS if v.key not in OPEN])
def test_a_worklist_file_is_the_last_resort_of_the_closed_products(vendor):
    assert vendor.delivery[-1] == "worklist-file"


@each([v for v in VENDORS if v.key in OPEN])
def test_an_open_server_is_left_to_its_statement(vendor):
    assert not (vendor.cohort or vendor.delivery or vendor.never_writes or vendor.required_search)


def test_a_group_that_can_only_be_exported_is_not_read():
    assert "group" not in product("oracle_health").cohort + product("athenahealth").cohort


def test_every_intent_of_r4_is_asked_for_where_one_is_required():
    (search,) = product("athenahealth").required_search["MedicationRequest"]
    assert set(search["intent"].split(",")) == {
        "proposal",
        "plan",
        "order",
        "original-order",
        "reflex-order",
        "filler-order",
        "instance-order",
        "option",
    }


def test_breaking_the_glass_is_never_tried_again():
    assert {"4130", "4131", "4134"} <= product("epic").never_retry_codes
