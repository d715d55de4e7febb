"""A protocol that cannot be used is refused when it is read."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from service.screening.criteria import CRITERIA
from service.screening.protocol import (
    ProtocolInvalid,
    packaged_document,
    packaged_protocol,
    protocol_from,
)
from service.screening.value_sets import packaged_vocabulary, vocabulary_from

VOCABULARY = packaged_vocabulary()


def document() -> dict[str, Any]:
    return copy.deepcopy(dict(packaged_document()))


def entry(given: dict[str, Any], criterion: str) -> dict[str, Any]:
    found: dict[str, Any] = next(e for e in given["criteria"] if e["criterion"] == criterion)
    return found


def refused(given: dict[str, Any]) -> str:
    with pytest.raises(ProtocolInvalid) as error:
        protocol_from(given, VOCABULARY)
    return str(error.value)


def test_every_criterion_that_exists_is_on_but_for_the_baseline_policy():
    used = {e.criterion.id for e in packaged_protocol(VOCABULARY).entries}
    assert set(CRITERIA) - used == {"never-scanned"}


@pytest.mark.parametrize("name", ["id", "version", "title", "policies", "criteria"])
def test_a_protocol_without_its_parts_is_refused(name):
    given = document()
    del given[name]
    assert f"no {name!r}" in refused(given)


def test_an_unknown_criterion_is_refused_with_the_known_ones():
    given = document()
    given["criteria"][0]["criterion"] = "horoscope"
    assert "multiple-sclerosis" in refused(given)


@pytest.mark.parametrize("name", ["number", "title", "citation", "certainty"])
def test_an_entry_without_its_words_is_refused(name):
    given = document()
    del entry(given, "vitamin-d-low")[name]
    assert f"'vitamin-d-low' has no {name!r}" in refused(given)


@pytest.mark.parametrize(("name", "value"), [("grade", None), ("grade", "huge"), ("domain", "")])
def test_a_risk_factor_without_grade_or_domain_is_refused(name, value):
    given = document()
    entry(given, "vitamin-d-low")[name] = value
    assert "grade and a domain" in refused(given)


def test_a_missing_number_is_refused():
    given = document()
    del entry(given, "vitamin-d-low")["numbers"]["window_months"]
    assert "lacks the number window_months" in refused(given)


def test_a_number_that_nobody_reads_is_refused():
    given = document()
    numbers = entry(given, "vitamin-d-low")["numbers"]
    numbers["luck"] = numbers["window_months"]
    assert "does not read luck" in refused(given)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("value", "24", "is not a number"),
        ("value", True, "is not a number"),
        ("unit", "", "needs a unit and a source"),
        ("source", "", "needs a unit and a source"),
        ("certainty", "sure", "certainty of window_months"),
    ],
)
def test_a_number_without_unit_source_or_certainty_is_refused(name, value, said):
    given = document()
    entry(given, "vitamin-d-low")["numbers"]["window_months"][name] = value
    assert said in refused(given)


def test_a_missing_policy_is_refused():
    given = document()
    del given["policies"]["rescreen-interval"]
    assert "lacks the policy rescreen-interval" in refused(given)


@pytest.mark.parametrize("name", ["criterion", "number"])
def test_an_entry_that_stands_twice_is_refused(name):
    given = document()
    twin = copy.deepcopy(entry(given, "vitamin-d-low"))
    if name == "number":
        twin = entry(given, "deceased")
        twin["number"] = "MSO-11"
    else:
        twin["number"] = "MSO-99"
        given["criteria"].append(twin)
    assert "stands twice" in refused(given)


def test_a_missing_value_set_is_refused():
    with pytest.raises(ProtocolInvalid, match="needs value set"):
        protocol_from(document(), vocabulary_from([]))


def test_a_criterion_that_is_switched_off_is_not_asked():
    given = document()
    entry(given, "vitamin-d-low")["is_on"] = False
    protocol = protocol_from(given, VOCABULARY)
    with pytest.raises(KeyError):
        protocol.entry("vitamin-d-low")


def test_every_word_of_the_protocol_is_in_its_digest():
    changed = document()
    entry(changed, "vitamin-d-low")["title"] += "!"
    assert protocol_from(changed, VOCABULARY).digest != packaged_protocol(VOCABULARY).digest
    assert protocol_from(document(), VOCABULARY).digest == packaged_protocol(VOCABULARY).digest


def test_every_code_is_in_the_digest_too():
    without_cpt = packaged_vocabulary(use_cpt=False)
    assert packaged_protocol(without_cpt).digest != packaged_protocol(VOCABULARY).digest


def test_what_is_needed_is_the_union_of_what_the_criteria_read():
    needs = {n.type: set(n.value_sets) for n in packaged_protocol(VOCABULARY).needs}
    assert {"Patient", "Condition", "MedicationRequest", "Procedure", "Device"} <= set(needs)
    assert {"edss", "vitamin-d-25oh", "dxa-central"} <= needs["Observation"]


def test_a_type_that_the_protocol_does_without_is_not_read():
    assert {"Appointment", "DocumentReference"}.isdisjoint(
        need.type for need in packaged_protocol(VOCABULARY).needs
    )


@pytest.mark.parametrize(
    ("criterion", "type_"),
    [("dxa-ordered", "Appointment"), ("central-dxa", "DocumentReference")],
)
def test_a_hospital_may_have_it_read_all_the_same(criterion, type_):
    given = document()
    del entry(given, criterion)["not_read"]
    assert type_ in {need.type for need in protocol_from(given, VOCABULARY).needs}


@pytest.mark.parametrize("type_", ["ServiceRequest", "Procedure", "DocumentReference", "Nothing"])
def test_a_type_whose_silence_would_be_taken_for_a_no_must_be_read(type_):
    given = document()
    entry(given, "dxa-ordered")["not_read"] = [type_]
    assert f"not_read cannot name {type_}" in refused(given)
