"""What the packaged sets mean, in the cases where they are known to go wrong."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest
from fhir.resources.R4B.valueset import ValueSet as FHIRValueSet

from service.screening.value_sets import (
    ATC,
    CPT,
    ICD10,
    ICD10CM,
    INGREDIENT_NAME,
    LOINC,
    RXNORM,
    SNOMED,
    Vocabulary,
    packaged_vocabulary,
)

SetsById = Mapping[str, dict[str, Any]]


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (ICD10CM, "G35"),
        (ICD10CM, "G35.A"),
        (ICD10CM, "G35A"),
        (ICD10CM, "G35.B1"),
        (ICD10CM, "g35.d"),
        (ICD10, "G35"),
        (SNOMED, "24700007"),
    ],
)
def test_multiple_sclerosis_is_recognised_in_every_spelling(
    vocabulary: Vocabulary, system: str, code: str
) -> None:
    assert "multiple-sclerosis" in vocabulary.concepts_of(system, code)


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (SNOMED, "1344634002"),
        (SNOMED, "733028000"),
        (ICD10CM, "G36.0"),
        (ICD10CM, "G37.81"),
        (ICD10CM, "G37.9"),
    ],
)
def test_what_only_looks_like_multiple_sclerosis_is_in_no_set(
    vocabulary: Vocabulary, system: str, code: str
) -> None:
    assert vocabulary.concepts_of(system, code) == frozenset()


def test_a_search_for_multiple_sclerosis_names_every_subdivision(vocabulary: Vocabulary) -> None:
    searched = vocabulary.search_codes(["multiple-sclerosis"])
    assert {"G35", "G35.A", "G35A", "G35.B0", "G35.C2", "G35.D", "24700007"} <= set(searched)


@pytest.mark.parametrize("code", ["G35.B", "G35.B2", "G35C1"])
def test_primary_and_secondary_progressive_courses_are_progressive(
    vocabulary: Vocabulary, code: str
) -> None:
    assert "multiple-sclerosis-progressive" in vocabulary.concepts_of(ICD10CM, code)


@pytest.mark.parametrize("code", ["G35", "G35.A", "G35.D"])
def test_a_relapsing_or_unstated_course_is_not_progressive(
    vocabulary: Vocabulary, code: str
) -> None:
    assert "multiple-sclerosis-progressive" not in vocabulary.concepts_of(ICD10CM, code)


def test_the_qualifier_not_applicable_is_in_no_set(vocabulary: Vocabulary) -> None:
    assert vocabulary.concepts_of(SNOMED, "385432009") == frozenset()


def test_the_triamcinolone_mouth_paste_is_only_not_systemic(vocabulary: Vocabulary) -> None:
    assert vocabulary.concepts_of(RXNORM, "1085728") == {"glucocorticoid-not-systemic"}


ORAL_PRODUCT = "glucocorticoid-oral-product"


def test_each_oral_glucocorticoid_product_belongs_to_one_ingredient(
    vocabulary: Vocabulary, rows: list[dict[str, str]]
) -> None:
    products = [r["code"] for r in rows if r["group"] == "glucocorticoid_oral_product"]
    assert len(products) == 58
    ingredients = {p: vocabulary.concepts_of(RXNORM, p) - {ORAL_PRODUCT} for p in products}
    assert [p for p, found in ingredients.items() if len(found) != 1] == []


@pytest.mark.parametrize(
    ("text", "ingredient"),
    [
        ("methylprednisolone 1 g IV", "methylprednisolone"),
        ("Hydrocortisone 10 MG", "hydrocortisone"),
        ("PREDNISOLONE 5 mg", "prednisolone"),
    ],
)
def test_a_glucocorticoid_name_is_not_found_inside_another(
    vocabulary: Vocabulary, text: str, ingredient: str
) -> None:
    assert vocabulary.named_in(text) == {f"glucocorticoid-{ingredient}"}


@pytest.mark.parametrize(
    "code", ["A07EA06", "D07AA02", "R01AD05", "R03BA02", "S01BA04", "C05AA01", "H02AB12"]
)
def test_local_glucocorticoids_are_not_systemic(vocabulary: Vocabulary, code: str) -> None:
    assert "glucocorticoid-not-systemic" in vocabulary.concepts_of(ATC, code)


@pytest.mark.parametrize("code", ["2693643", "2693646", "2693648"])
def test_yorvipath_products_are_no_osteoporosis_therapy(vocabulary: Vocabulary, code: str) -> None:
    assert vocabulary.concepts_of(RXNORM, code) == {"not-osteoporosis-therapy"}


def test_the_text_of_a_yorvipath_product_names_the_look_alike_too(vocabulary: Vocabulary) -> None:
    text = "0.56 ML teriparatide 0.3 MG/ML Pen Injector [Yorvipath]"
    assert vocabulary.named_in(text) == {"not-osteoporosis-therapy", "therapy-anabolic"}


def test_palopegteriparatide_is_not_read_as_teriparatide(vocabulary: Vocabulary) -> None:
    assert vocabulary.named_in("palopegteriparatide 294 mcg") == {"not-osteoporosis-therapy"}


@pytest.mark.parametrize("code", ["M05BX05", "M05BX07", "H05AA05", "G03XC05"])
def test_neighbours_in_atc_are_no_osteoporosis_therapy(vocabulary: Vocabulary, code: str) -> None:
    assert vocabulary.concepts_of(ATC, code) == {"not-osteoporosis-therapy"}


@pytest.mark.parametrize("code", ["1046402", "351945", "904946"])
def test_oncology_doses_are_no_osteoporosis_therapy(vocabulary: Vocabulary, code: str) -> None:
    assert vocabulary.concepts_of(RXNORM, code) == {"oncology-dose-bone-agent"}


@pytest.mark.parametrize("text", ["Xgeva (denosumab) 120 mg", "denosumab-bbdz [Wyost]"])
def test_the_brand_of_an_oncology_dose_is_seen_beside_the_ingredient(
    vocabulary: Vocabulary, text: str
) -> None:
    assert vocabulary.named_in(text) == {"oncology-dose-bone-agent", "therapy-denosumab"}


@pytest.mark.parametrize(
    "text", ["denosumab-bbdz 60 mg [Jubbonti]", "Denosumab-bmwo", "denosumab 60 mg"]
)
def test_denosumab_is_recognised_with_and_without_a_biosimilar_suffix(
    vocabulary: Vocabulary, text: str
) -> None:
    assert vocabulary.named_in(text) == {"therapy-denosumab"}


def test_a_fall_from_a_wheelchair_is_not_a_fall_from_a_scooter(vocabulary: Vocabulary) -> None:
    assert vocabulary.concepts_of(ICD10CM, "W05.0XXA") == {"fall-from-wheelchair"}
    assert vocabulary.concepts_of(ICD10CM, "W05.1XXA") == {"fall"}


def test_a_fall_from_a_wheelchair_is_not_a_status_of_wheelchair_use(
    vocabulary: Vocabulary,
) -> None:
    assert vocabulary.concepts_of(SNOMED, "17886000") == {"fall-from-wheelchair"}


@pytest.mark.parametrize("code", ["W18.40XA", "W18.43XA", "W11.XXXA", "W17.89XA"])
def test_a_stumble_without_a_fall_and_a_fall_from_a_height_are_no_fall(
    vocabulary: Vocabulary, code: str
) -> None:
    assert "fall" not in vocabulary.concepts_of(ICD10CM, code)


@pytest.mark.parametrize("code", ["W00.0XXA", "W010XXA", "W07.XXXA", "W18.30XA", "W19"])
def test_a_fall_of_low_height_is_a_fall(vocabulary: Vocabulary, code: str) -> None:
    assert vocabulary.concepts_of(ICD10CM, code) == {"fall"}


def test_a_history_of_falling_is_neither_a_fall_nor_repeated_falls(vocabulary: Vocabulary) -> None:
    assert vocabulary.concepts_of(ICD10CM, "Z91.81") == {"history-of-falling"}


@pytest.mark.parametrize("code", ["73830-2", "57254-5"])
def test_that_falls_were_assessed_is_in_no_set(vocabulary: Vocabulary, code: str) -> None:
    assert vocabulary.concepts_of(LOINC, code) == frozenset()


@pytest.mark.parametrize("code", ["W13.0XXA", "V43.52XA", "V00.131A", "X95.9XXA", "Y04.0XXA"])
def test_height_traffic_and_assault_are_high_energy(vocabulary: Vocabulary, code: str) -> None:
    assert vocabulary.concepts_of(ICD10CM, code) == {"high-energy-mechanism"}


@pytest.mark.parametrize("code", ["W01.0XXA", "W06.XXXA", "W10.9XXA", "W18.30XA", "Y92.009"])
def test_falls_from_standing_bed_or_stairs_are_not_high_energy(
    vocabulary: Vocabulary, code: str
) -> None:
    assert "high-energy-mechanism" not in vocabulary.concepts_of(ICD10CM, code)


@pytest.mark.parametrize(
    ("code", "site"),
    [
        ("S72.001A", "hip"),
        ("S32.010A", "vertebra"),
        ("M48.56XA", "vertebra"),
        ("S52.501A", "wrist"),
        ("S42.201A", "humerus"),
        ("S32.501A", "pelvis"),
        ("M84.454A", "other"),
    ],
)
def test_a_fracture_by_site_is_of_that_site_and_of_any(
    vocabulary: Vocabulary, code: str, site: str
) -> None:
    found = vocabulary.concepts_of(ICD10CM, code)
    assert found == {f"fragility-fracture-{site}", "fracture-any"}


@pytest.mark.parametrize("code", ["M84.444A", "M84.479S"])
def test_fingers_and_toes_are_never_a_fragility_site(vocabulary: Vocabulary, code: str) -> None:
    assert "never-fragility-site" in vocabulary.concepts_of(ICD10CM, code)


def test_a_hand_or_foot_is_not_a_finger_or_toe(vocabulary: Vocabulary) -> None:
    for code in ("M84.441A", "M84.474A"):
        assert "never-fragility-site" not in vocabulary.concepts_of(ICD10CM, code)


def test_a_healed_pathological_fracture_is_not_an_osteoporotic_one(vocabulary: Vocabulary) -> None:
    assert vocabulary.concepts_of(ICD10CM, "Z87.311") == {"fracture-any", "fracture-history"}
    assert "osteoporotic-fracture" in vocabulary.concepts_of(ICD10CM, "Z87.310")


def test_no_code_is_a_t_score_and_a_density_at_once(vocabulary: Vocabulary) -> None:
    kinds = ["dxa-t-score", "dxa-z-score", "dxa-bone-mineral-density", "dxa-site-unknown"]
    codes = [code for kind in kinds for code in vocabulary[kind].codes]
    assert len(codes) == len(set(codes))
    assert ("http://loinc.org", "46383-6") not in vocabulary["dxa-t-score"].codes


def test_a_peripheral_scan_is_never_a_central_one(vocabulary: Vocabulary) -> None:
    assert vocabulary["dxa-peripheral"].codes
    assert vocabulary["dxa-peripheral"].codes.isdisjoint(vocabulary["dxa-central"].codes)


def test_every_central_score_is_a_central_scan(vocabulary: Vocabulary) -> None:
    scores = vocabulary["dxa-t-score"].codes | vocabulary["dxa-z-score"].codes
    assert scores <= vocabulary["dxa-central"].codes


def test_palliative_care_alone_is_not_terminal_care(vocabulary: Vocabulary) -> None:
    for system, code in ((ICD10CM, "Z51.5"), (SNOMED, "103735009")):
        assert vocabulary.concepts_of(system, code) == {"palliative-care"}


@pytest.mark.parametrize("code", ["O24.410", "O9A.111", "Z33.1", "Z34.00"])
def test_pregnancy_is_recognised_in_every_chapter(vocabulary: Vocabulary, code: str) -> None:
    assert vocabulary.concepts_of(ICD10CM, code) == {"pregnancy"}


def test_the_question_of_pregnancy_is_not_its_answer(vocabulary: Vocabulary) -> None:
    assert vocabulary.concepts_of(LOINC, "82810-3") == {"pregnancy-status"}


def test_one_switch_leaves_cpt_numbers_out() -> None:
    assert packaged_vocabulary().concepts_of(CPT, "77080") == {"dxa-central"}
    assert packaged_vocabulary(use_cpt=False).concepts_of(CPT, "77080") == frozenset()


def test_the_packaged_sets_load_and_answer_in_less_than_half_a_second_of_the_processor() -> None:
    begin = time.process_time()
    vocabulary = packaged_vocabulary.__wrapped__()
    for number in range(1000):
        vocabulary.concepts_of(ICD10CM, f"X{number}")
    assert time.process_time() - begin < 0.5


def test_every_packaged_set_is_valid_fhir(packaged: SetsById) -> None:
    for resource in packaged.values():
        FHIRValueSet.model_validate(resource)


def test_an_expansion_holds_exactly_what_is_composed(packaged: SetsById) -> None:
    expanded = {set_id: r for set_id, r in packaged.items() if "expansion" in r}
    assert len(expanded) > 20
    for set_id, resource in expanded.items():
        composed = [
            (include["system"], concept["code"])
            for include in resource["compose"]["include"]
            for concept in include["concept"]
        ]
        contained = [(c["system"], c["code"]) for c in resource["expansion"]["contains"]]
        assert contained == composed, set_id
        assert resource["expansion"]["total"] == len(composed), set_id


def test_a_set_with_a_prefix_claims_no_expansion(packaged: SetsById) -> None:
    claiming = [
        set_id
        for set_id, resource in packaged.items()
        if "expansion" in resource and any("filter" in i for i in resource["compose"]["include"])
    ]
    assert claiming == []


def test_every_name_in_use_stands_in_the_code_system(
    packaged: SetsById, profiles: SetsById
) -> None:
    used = {
        concept["code"]
        for resource in packaged.values()
        for include in resource["compose"]["include"]
        if include["system"] == INGREDIENT_NAME
        for concept in include["concept"]
    }
    defined = {c["code"] for c in profiles["CodeSystem-ingredient-name"]["concept"]}
    assert used == defined
