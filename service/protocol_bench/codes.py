"""Whether the codes of a vocabulary can be what they claim to be.

Check digits catch a slip of the pen, never a valid code of something else: SNOMED 385432009 ("Not
applicable", elsewhere named as a DXA) passes. ICD-10-CM is compared with the CMS tabular list where
the library that holds it is installed, and said to be unchecked where it is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from service.protocol_bench.plausible import plausible
from service.protocol_bench.remark import Remark, error, note, warning
from service.screening.overlay_file import SYSTEMS, Overlay
from service.screening.value_sets import (
    ATC,
    CPT,
    HCPCS,
    ICD10CM,
    INGREDIENT_NAME,
    LOINC,
    RXNORM,
    SNOMED,
    Vocabulary,
    fold_code,
)

# Verhoeff's tables: multiplication in the dihedral group of the pentagon, and the permutations.
_PRODUCT = (
    "0123456789 1234067895 2340178956 3401289567 4012395678"
    " 5987604321 6598710432 7659821043 8765932104 9876543210"
).split()
_PERMUTED = (
    "0123456789 1576283094 5803796142 8916043527 9453126870 4286573901 2793806415 7046913258"
).split()
_SNOMED_CODE = re.compile(r"[1-9]\d{5,17}")
_LOINC_CODE = re.compile(r"\d{1,7}-\d")
_LOINC_ANSWER = re.compile(r"LA\d{1,7}-\d")
_PATTERNS = {
    RXNORM: re.compile(r"[1-9]\d{0,7}"),
    ATC: re.compile(r"[A-V](?:\d\d(?:[A-Z](?:[A-Z](?:\d\d)?)?)?)?"),
    CPT: re.compile(r"\d{4}[0-9A-Z]"),
    HCPCS: re.compile(r"[A-Z]\d{4}"),
}
_NAMES = {system: name for name, system in SYSTEMS.items()}


def has_snomed_check_digit(code: str) -> bool:
    """Whether a SNOMED CT id has its form and its last digit fits (Verhoeff)."""
    if not _SNOMED_CODE.fullmatch(code):
        return False
    check = "0"
    for place, digit in enumerate(reversed(code)):
        permuted = _PERMUTED[place % 8][int(digit)]
        check = _PRODUCT[int(check)][int(permuted)]
    return check == "0"


def has_loinc_check_digit(code: str) -> bool:
    """Whether a LOINC code has its form and its last digit fits (mod 10)."""
    if not _LOINC_CODE.fullmatch(code):
        return False
    body, _, last = code.partition("-")
    doubled = (int(d) * (2 if place % 2 == 0 else 1) for place, d in enumerate(reversed(body)))
    total = sum(n // 10 + n % 10 for n in doubled)
    return (10 - total % 10) % 10 == int(last)


@cache
def icd10cm_table() -> Any:
    """The library with the CMS tabular list, or None where it is not installed."""
    try:
        import simple_icd_10_cm
    except ImportError:
        return None
    return simple_icd_10_cm


def code_remarks(vocabulary: Vocabulary, overlay: Overlay | None) -> Iterator[Remark]:
    """What is wrong with the codes of a vocabulary; those of an overlay are looked at closer."""
    added = {
        (name, fold_code(c.system, c.code)): f"local_codes.{name}"
        for name, codes in (overlay.local_codes if overlay else {}).items()
        for c in codes
    }
    for value_set in vocabulary:
        for system, code in value_set.listed:
            folded = fold_code(system, code)
            where = added.get((value_set.id, folded), f"value set {value_set.id}")
            yield from _remarks_on(value_set.id, system, code, where)
    if icd10cm_table() is None:
        yield note(
            "ICD-10-CM",
            "not checked: the tabular list is not installed",
            "install simple-icd-10-cm to have these codes compared",
        )
    if overlay is not None:
        yield from _local_remarks(vocabulary, overlay)


def _remarks_on(value_set: str, system: str, code: str, where: str) -> Iterator[Remark]:
    named = f"{_NAMES.get(system, system)} {code}"
    for never in plausible()["never_codes"]:
        is_same = (SYSTEMS[never["system"]], never["code"]) == (system, code)
        if is_same and value_set not in never.get("but_in", ()):
            yield error(where, f"{named}: {never['because']}", "take it out")
    if value_set == "edss-invalid":  # It holds what is no observation code on purpose.
        return
    why = _WRONG.get(system, _nothing_wrong)(code)
    if why:
        yield error(where, f"{named}: {why}", "look the code up and write it again")


def _nothing_wrong(_code: str) -> str:
    return ""


def _wrong_snomed(code: str) -> str:
    return "" if has_snomed_check_digit(code) else "its check digit does not fit"


def _wrong_loinc(code: str) -> str:
    if code.upper().startswith(("LP", "LL")):
        return "it is a part or a list of LOINC, not a code of an observation"
    if _LOINC_ANSWER.fullmatch(code):  # How its check digit comes about is not published.
        return ""
    return "" if has_loinc_check_digit(code) else "its check digit does not fit"


def _wrong_icd10cm(code: str) -> str:
    table = icd10cm_table()
    known = table is None or table.is_valid_item(code)
    return "" if known else "it is not in the CMS tabular list"


def _wrong_pattern(system: str) -> Callable[[str], str]:
    def wrong(code: str) -> str:
        return (
            ""
            if _PATTERNS[system].fullmatch(code)
            else "it does not look like a code of this system"
        )

    return wrong


_WRONG: Mapping[str, Callable[[str], str]] = {
    SNOMED: _wrong_snomed,
    LOINC: _wrong_loinc,
    ICD10CM: _wrong_icd10cm,
    **{system: _wrong_pattern(system) for system in _PATTERNS},
}


def _local_remarks(vocabulary: Vocabulary, overlay: Overlay) -> Iterator[Remark]:
    """Local codes that were known before, or that mean something else too."""
    for name, codes in overlay.local_codes.items():
        where = f"local_codes.{name}"
        if name in plausible()["keeps_back"]:
            yield warning(
                where, "codes of this set can only keep alerts back", "make sure that each is one"
            )
        for code in codes:
            if code.system == INGREDIENT_NAME:
                held = vocabulary.named_in(code.code)
            else:
                held = vocabulary.concepts_of(code.system, code.code)
            others = sorted(held - {name})
            if others:
                yield warning(
                    where,
                    f"{code.code} is in {', '.join(others)} too",
                    "make sure that it means both",
                )
