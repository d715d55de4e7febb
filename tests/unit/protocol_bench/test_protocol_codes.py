"""Check digits and tables catch a slip of the pen in a code."""

from __future__ import annotations

import sys

import pytest

from service.protocol_bench import codes
from service.protocol_bench.codes import (
    code_remarks,
    has_loinc_check_digit,
    has_snomed_check_digit,
    icd10cm_table,
)
from service.protocol_bench.plausible import plausible
from service.protocol_bench.remark import Level, Remark
from service.screening.overlay import with_local_codes
from service.screening.value_sets import packaged_vocabulary
from tests.lib.overlays import overlay

SHIPPED = packaged_vocabulary()


def remarks(system: str, code: str, value_set: str = "edss") -> list[Remark]:
    given = overlay(
        f"local_codes: {{{value_set}:"
        f" [{{system: '{system}', code: '{code}', display: x, source: us}}]}}"
    )
    extended = with_local_codes(SHIPPED, given.local_codes)
    return [r for r in code_remarks(extended, given) if r.where == f"local_codes.{value_set}"]


@pytest.mark.parametrize("code", ["24700007", "273554001", "735617003", "435901000124102"])
def test_a_true_snomed_code_has_its_check_digit(code):
    assert has_snomed_check_digit(code)


@pytest.mark.parametrize(
    "code", ["735617007", "273554010", "24700070", "12345", "024700007", "G35", "2" * 19]
)
def test_a_mistyped_snomed_code_is_found(code):
    assert not has_snomed_check_digit(code)


@pytest.mark.parametrize("code", ["62292-8", "14635-7", "38267-1", "104938-6", "8302-2"])
def test_a_true_loinc_code_has_its_check_digit(code):
    assert has_loinc_check_digit(code)


@pytest.mark.parametrize("code", ["62292-7", "62229-8", "62292", "x-1"])
def test_a_mistyped_loinc_code_is_found(code):
    assert not has_loinc_check_digit(code)


def test_no_code_that_ships_is_wrong():
    assert [r for r in code_remarks(SHIPPED, None) if r.level is Level.ERROR] == []


@pytest.mark.parametrize(
    ("system", "code", "words"),
    [
        ("snomed", "273554010", "its check digit does not fit"),
        ("loinc", "62292-7", "its check digit does not fit"),
        ("loinc", "LP241977-0", "it is a part or a list of LOINC"),
        ("icd-10-cm", "G35.X", "it is not in the CMS tabular list"),
        ("rxnorm", "prednisone", "it does not look like a code of this system"),
        ("atc", "H2AB", "it does not look like a code of this system"),
        ("cpt", "770", "it does not look like a code of this system"),
        ("snomed", "385432009", "it means 'Not applicable'"),
        ("hcpcs", "G0130", "it is a peripheral measurement"),
    ],
)
def test_a_wrong_local_code_is_an_error(system, code, words):
    found = remarks(system, code)
    assert [r.level for r in found if words in r.what] == [Level.ERROR]


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("snomed", "229799001"),
        ("icd-10-cm", "G35.A"),
        ("icd-10-cm", "G35A"),
        ("https://st-elsewhere.example/codes", "anything at all"),
        ("name", "hausmarke"),
    ],
)
def test_a_local_code_that_can_be_right_is_no_error(system, code):
    assert [r for r in remarks(system, code) if r.level is Level.ERROR] == []


def test_a_local_code_that_already_means_something_else_is_a_warning():
    found = remarks("snomed", "24700007")
    assert [(r.level, r.what) for r in found] == [
        (Level.WARNING, "24700007 is in multiple-sclerosis too")
    ]


def test_a_local_name_that_already_means_something_else_is_a_warning():
    found = remarks("name", "alendronate", "glucocorticoid-prednisone")
    assert [r.level for r in found] == [Level.WARNING]


def test_a_local_code_that_can_only_keep_alerts_back_is_a_warning():
    found = remarks("https://st-elsewhere.example/codes", "HOSP", "hospice-or-terminal-care")
    assert [r.what for r in found] == ["codes of this set can only keep alerts back"]


def test_every_set_that_keeps_alerts_back_exists():
    assert set(plausible()["keeps_back"]) <= {value_set.id for value_set in SHIPPED}


def test_without_the_tabular_list_it_is_said_that_nothing_was_compared(monkeypatch):
    monkeypatch.setattr(codes, "icd10cm_table", lambda: None)
    assert [r.what for r in code_remarks(SHIPPED, None)] == [
        "not checked: the tabular list is not installed"
    ]


def test_without_the_tabular_list_no_code_is_called_wrong(monkeypatch):
    monkeypatch.setattr(codes, "icd10cm_table", lambda: None)
    assert remarks("icd-10-cm", "A00.XYZ") == []


def test_the_tabular_list_may_be_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "simple_icd_10_cm", None)
    icd10cm_table.cache_clear()
    assert icd10cm_table() is None
    icd10cm_table.cache_clear()
