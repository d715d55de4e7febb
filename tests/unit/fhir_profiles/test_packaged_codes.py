"""Each code is a code: it exists, or its check digit holds, and somebody has seen it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import simple_icd_10_cm as tabular  # type: ignore[import-untyped]  # It ships no types.

from service.screening.value_sets import (
    ATC,
    CPT,
    ICD10CM,
    INGREDIENT_NAME,
    LOINC,
    RXNORM,
    SNOMED,
    Vocabulary,
)

SetsById = Mapping[str, dict[str, Any]]

# The multiplication and permutation tables of the Verhoeff scheme (dihedral group D5).
_PRODUCT = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
]
_PERMUTATION = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
]


def has_verhoeff_digit(code: str) -> bool:
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = _PRODUCT[check][_PERMUTATION[place % 8][int(digit)]]
    return check == 0


def has_mod_10_digit(code: str) -> bool:
    """LOINC's mod 10; LP and LA codes take the variant that gives letters a value too.

    Source: LOINC Users' Guide, "Calculating Mod 10 Check Digits".
    """
    identifier, _, check = code.partition("-")
    values = [ord(character) - ord("0") for character in reversed(identifier)]
    doubled = [2 * v - v // 5 * 9 if place % 2 == 0 else v for place, v in enumerate(values)]
    return check == str(-sum(doubled) % 10)


def concepts(sets: SetsById, system: str) -> Iterator[dict[str, Any]]:
    for resource in sets.values():
        for include in resource["compose"]["include"]:
            if include["system"] == system:
                yield from include.get("concept", ())


def prefixes(sets: SetsById, system: str) -> Iterator[str]:
    for resource in sets.values():
        for include in resource["compose"]["include"]:
            if include["system"] == system:
                yield from (condition["value"] for condition in include.get("filter", ()))


def test_the_check_digits_tell_a_typing_error() -> None:
    # 735617007 and 735617003: the correction of specification 2.1.
    assert (has_verhoeff_digit("735617007"), has_verhoeff_digit("735617003")) == (False, True)
    assert (has_mod_10_digit("62292-9"), has_mod_10_digit("62292-8")) == (False, True)


def test_every_icd_10_cm_code_stands_in_the_tabular_list(packaged: SetsById) -> None:
    codes = {c["code"] for c in concepts(packaged, ICD10CM)} | set(prefixes(packaged, ICD10CM))
    assert len(codes) > 250
    assert sorted(c for c in codes if not tabular.is_valid_item(c)) == []


def test_every_icd_10_cm_display_is_that_of_the_tabular_list(packaged: SetsById) -> None:
    found = {(c["code"], c["display"]) for c in concepts(packaged, ICD10CM)}
    assert [c for c, display in found if tabular.get_description(c) != display] == []


def test_every_snomed_code_has_its_check_digit(packaged: SetsById, unverified: SetsById) -> None:
    codes = [c["code"] for sets in (packaged, unverified) for c in concepts(sets, SNOMED)]
    assert len(codes) > 100
    assert [c for c in codes if not has_verhoeff_digit(c)] == []


def test_every_loinc_code_has_its_check_digit(packaged: SetsById, unverified: SetsById) -> None:
    found = [c["code"] for sets in (packaged, unverified) for c in concepts(sets, LOINC)]
    assert len(found) > 30
    assert [c for c in found if not has_mod_10_digit(c)] == []


def test_every_rxnorm_code_is_a_number_and_every_atc_code_has_its_form(packaged: SetsById) -> None:
    atc = re.compile(r"[A-Z]\d\d([A-Z]([A-Z](\d\d)?)?)?")
    codes = [c["code"] for c in concepts(packaged, ATC)] + list(prefixes(packaged, ATC))
    assert [c for c in codes if not atc.fullmatch(c)] == []
    assert [c["code"] for c in concepts(packaged, RXNORM) if not c["code"].isdigit()] == []


def test_every_code_and_every_prefix_carries_its_source(packaged: SetsById) -> None:
    without = [
        (resource["id"], entry)
        for resource in packaged.values()
        for include in resource["compose"]["include"]
        for entry in (*include.get("concept", ()), *include.get("filter", ()))
        if not entry["extension"][0]["valueString"]
    ]
    assert without == []


def test_no_unverified_code_is_packaged(
    packaged: SetsById, rows: list[dict[str, str]], vocabulary: Vocabulary
) -> None:
    doubtful = [r for r in rows if r["status"] != "VERIFIED" and r["match"] != "name"]
    assert len(doubtful) == 7
    exact = {
        (include["system"], concept["code"])
        for resource in packaged.values()
        for include in resource["compose"]["include"]
        for concept in include.get("concept", ())
    }
    assert [r["code"] for r in doubtful if (r["system"], r["code"]) in exact] == []
    assert not any(vocabulary.concepts_of(r["system"], r["code"]) for r in doubtful)


def test_unverified_names_are_only_those_of_ms_drugs(
    packaged: SetsById, rows: list[dict[str, str]]
) -> None:
    doubtful = {r["code"] for r in rows if r["status"] != "VERIFIED" and r["match"] == "name"}
    holding = {
        set_id
        for set_id, resource in packaged.items()
        if doubtful & {c["code"] for c in concepts({set_id: resource}, INGREDIENT_NAME)}
    }
    assert holding == {"multiple-sclerosis-only-drug"}


def test_the_unverified_overlay_holds_exactly_the_doubtful_codes(
    unverified: SetsById, rows: list[dict[str, str]]
) -> None:
    doubtful = {r["code"] for r in rows if r["status"] != "VERIFIED" and r["match"] != "name"}
    held = {
        concept["code"]
        for resource in unverified.values()
        for include in resource["compose"]["include"]
        for concept in include["concept"]
    }
    assert held == doubtful


def test_the_unverified_overlay_is_not_loaded(unverified: SetsById, vocabulary: Vocabulary) -> None:
    assert unverified
    assert not any(resource["id"] in vocabulary for resource in unverified.values())


def test_cpt_codes_have_no_display(packaged: SetsById) -> None:
    found = list(concepts(packaged, CPT))
    expanded = [
        entry
        for resource in packaged.values()
        for entry in resource.get("expansion", {}).get("contains", ())
        if entry["system"] == CPT
    ]
    assert {c["code"] for c in found} == {c["code"] for c in expanded}
    assert {c["code"] for c in found} == {
        "76977",
        "77078",
        "77080",
        "77081",
        "77085",
        "77086",
    }
    assert not any("display" in entry for entry in (*found, *expanded))


@pytest.mark.parametrize(
    ("system", "word"), [(SNOMED, "SNOMED"), (LOINC, "LOINC"), (CPT, "American Medical")]
)
def test_a_set_with_licensed_codes_carries_the_notice(
    packaged: SetsById, system: str, word: str
) -> None:
    holding = [
        resource
        for resource in packaged.values()
        if any(include["system"] == system for include in resource["compose"]["include"])
    ]
    assert holding
    assert [r["id"] for r in holding if word not in r["copyright"]] == []


def test_snomed_codes_are_never_taken_as_prefixes(packaged: SetsById) -> None:
    assert list(prefixes(packaged, SNOMED)) == []
    assert list(prefixes(packaged, ATC)) != []
