"""Codes in their spellings, hierarchies by prefix, names as whole words."""

from __future__ import annotations

from typing import Any

import pytest

from service.screening import value_sets
from service.screening.record import Coding
from service.screening.value_sets import (
    CPT,
    HCPCS,
    ICD10,
    ICD10CM,
    ICD10PCS,
    INGREDIENT_NAME,
    LOINC,
    RXNORM,
    SNOMED,
    fold_code,
    fold_system,
    packaged_vocabulary,
    vocabulary_from,
)


def value_set(own: str, system: str, *codes: str, **more: Any) -> dict[str, Any]:
    include = {"system": system, "concept": [{"code": code} for code in codes], **more}
    return {"id": own, "title": own, "version": "1", "compose": {"include": [include]}}


def is_a(code: str) -> list[dict[str, str]]:
    return [{"property": "concept", "op": "is-a", "value": code}]


MS = vocabulary_from([value_set("ms", ICD10CM, filter=is_a("G35"))])


@pytest.mark.parametrize(
    ("spelling", "system"),
    [
        ("urn:oid:2.16.840.1.113883.6.96", SNOMED),
        ("http://snomed.info/sct/900000000000207008/version/20250101", SNOMED),
        ("http://snomed.info/sct/", SNOMED),
        ("https://loinc.org", LOINC),
        (" http://loinc.org ", LOINC),
        ("http://www.nlm.nih.gov/research/umls/hcpcs", HCPCS),
        ("http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", HCPCS),
        ("urn:oid:2.16.840.1.113883.6.12", CPT),
        ("urn:oid:2.16.840.1.113883.6.285", HCPCS),
        ("urn:oid:2.16.840.1.113883.6.4", ICD10PCS),
        ("urn:oid:2.16.840.1.113883.6.3", ICD10),
        ("https://example.org/own", "https://example.org/own"),
    ],
)
def test_systems_are_folded_to_one_spelling(spelling, system):
    assert fold_system(spelling) == system


def test_icd_is_compared_without_its_dot_and_others_as_they_are():
    assert fold_code(ICD10CM, " g35.a ") == "G35A"
    assert fold_code(LOINC, "62292-8") == "62292-8"


@pytest.mark.parametrize("code", ["G35", "G35.A", "G35A", "g35.b1"])
def test_a_filter_is_a_prefix(code):
    assert MS.concepts_of(ICD10CM, code) == {"ms"}


@pytest.mark.parametrize(("system", "code"), [(ICD10CM, "G36.0"), (SNOMED, "G35"), ("", "G35")])
def test_other_codes_and_other_systems_are_not_in_it(system, code):
    assert MS.concepts_of(system, code) == frozenset()


def test_a_set_can_be_asked_itself():
    assert MS["ms"].holds(Coding(ICD10CM, "G35A"))
    assert not MS["ms"].holds(Coding(ICD10CM, "G360"))
    exact = vocabulary_from([value_set("edss", SNOMED, "273554001")])
    assert exact["edss"].holds(Coding(SNOMED, "273554001"))


@pytest.mark.parametrize(
    ("system", "operation"), [(SNOMED, "is-a"), (ICD10CM, "regex"), (RXNORM, "is-a")]
)
def test_a_filter_that_is_no_prefix_is_refused(system, operation):
    broken = [{"property": "concept", "op": operation, "value": "1"}]
    with pytest.raises(ValueError, match="cannot apply"):
        vocabulary_from([value_set("x", system, filter=broken)])


def test_names_are_recognised_as_whole_words_the_longest_first():
    vocabulary = vocabulary_from(
        [
            value_set("teriparatide", INGREDIENT_NAME, "Teriparatide"),
            value_set("interferon", INGREDIENT_NAME, "interferon beta-1a"),
            value_set("pegylated", INGREDIENT_NAME, "peginterferon beta-1a"),
        ]
    )
    assert vocabulary.named_in("TERIPARATIDE 20 mcg pen") == {"teriparatide"}
    assert vocabulary.named_in("palopegteriparatide") == frozenset()
    assert vocabulary.named_in("abalo-teriparatide") == frozenset()
    assert vocabulary.named_in("peginterferon beta-1a 125") == {"pegylated"}
    assert vocabulary.named_in("") == frozenset()
    assert MS.named_in("multiple sclerosis") == frozenset()


def test_a_code_has_the_display_that_was_published_in_any_spelling_of_it():
    named = value_set("ms", ICD10CM)
    named["compose"]["include"][0]["concept"] = [{"code": "G35.A", "display": "Relapsing"}]
    vocabulary = vocabulary_from([named])
    assert vocabulary.display_of(ICD10CM, "G35A") == "Relapsing"
    assert vocabulary.display_of(ICD10CM, "G35.D") == ""


def test_a_whole_code_system_can_be_left_out():
    given = [value_set("dxa", CPT, "77080")]
    assert vocabulary_from(given).concepts_of(CPT, "77080") == {"dxa"}
    assert vocabulary_from(given, [CPT]).concepts_of(CPT, "77080") == frozenset()
    assert "dxa-central" in packaged_vocabulary(use_cpt=False)


def test_searches_ask_for_icd_with_and_without_its_dot():
    vocabulary = vocabulary_from(
        [value_set("a", ICD10CM, "G35.A"), value_set("b", LOINC, "62292-8")]
    )
    assert vocabulary.search_codes(["a", "b"]) == ("62292-8", "G35.A", "G35A")


def test_what_was_looked_up_is_remembered_only_so_long(monkeypatch):
    monkeypatch.setattr(value_sets, "_CACHE_LIMIT", 2)
    vocabulary = vocabulary_from([value_set("ms", ICD10CM, "G35")])
    for number in range(9):
        assert vocabulary.concepts_of(ICD10CM, f"A{number}") == frozenset()
        assert vocabulary.concepts_of(ICD10CM, "G35") == {"ms"}
