"""A file of people: FHIR ids or medical record numbers, as CSV or NDJSON.

A newcomer would get three things wrong. Spreadsheets ruin identifiers without a word: a long number
becomes 1.2E+11, and 00123 becomes 123, which may be somebody else. Such lines are refused, never
repaired. A file with one bad line is refused whole, because what is missing from it would leave
the cohort. And no error quotes a value: it names the lines.
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.ehr.errors import EHRUnsuitable

_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?e\+\d+", re.IGNORECASE)
_DECIMAL = re.compile(r"[+-]?\d+[.,]0+")
# They have a meaning of their own in a FHIR search, or none in an identifier.
_UNSEARCHABLE = re.compile(r"[|,$\\\x00-\x1f]")
_LONGEST_VALUE = 128
_LINES_NAMED = 10

_ID_COLUMNS = ("id", "fhir_id", "fhir id", "patient_id", "patient")
_VALUE_COLUMNS = ("mrn", "identifier", "value")
_SYSTEM_COLUMNS = ("system", "identifier_system")
_PATIENT = "Patient/"


class IdFileUnusable(EHRUnsuitable):
    """A file of people cannot be used; the text names the lines, never a value."""


@dataclass(frozen=True, slots=True, repr=False)
class Listed:
    """One person of the file. `system` is "" where `value` is the id of a FHIR Patient."""

    line: int
    system: str
    value: str


@dataclass(slots=True, repr=False)
class _Faults:
    """What is wrong, by sentence, with the lines."""

    lines: dict[str, list[int]]

    def add(self, line: int, what: str) -> None:
        self.lines[what].append(line)

    def __str__(self) -> str:
        return "; ".join(f"{named_lines(found)}: {what}" for what, found in self.lines.items())


def named_lines(lines: Sequence[int]) -> str:
    """The first few line numbers in words, and how many more there are."""
    shown = ", ".join(map(str, lines[:_LINES_NAMED]))
    more = f" and {len(lines) - _LINES_NAMED} more" if len(lines) > _LINES_NAMED else ""
    return f"line{'' if len(lines) == 1 else 's'} {shown}{more}"


def read_id_file(path: str, system: str = "") -> tuple[Listed, ...]:
    """Everybody in the file, each once, with the first line that names them.

    `system` is that of record numbers which come without one; empty: a single column holds FHIR
    ids. IdFileUnusable where the file or any line of it cannot be used, or where it names nobody.
    """
    faults = _Faults(defaultdict(list))
    rows = list(_rows(_lines_of(path), system, faults))
    listed = [row for row in rows if not _is_faulty(row, faults)]
    for row in _shortened(listed):
        faults.add(
            row.line,
            "it is shorter than others that begin with a zero: a spreadsheet may"
            " have taken its zeros away; save the column as text",
        )
    if faults.lines:
        raise IdFileUnusable(f"The file of people cannot be used: {faults}")
    if not listed:
        raise IdFileUnusable("The file of people names nobody: check that it was written whole")
    once: dict[tuple[str, str], Listed] = {}
    for row in listed:
        once.setdefault((row.system, row.value), row)
    return tuple(once.values())


def _lines_of(path: str) -> list[str]:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise IdFileUnusable(
            f"The file of people cannot be read ({error.strerror}): check its path and that the"
            " user that runs BoneFlag may read it"
        ) from None
    try:
        return content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise IdFileUnusable(
            "The file of people is not UTF-8 text: save it as CSV (UTF-8), not as a workbook"
        ) from None


def _rows(lines: Iterable[str], system: str, faults: _Faults) -> Iterator[Listed]:
    numbered = [
        (number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if numbered and numbered[0][1].lstrip()[0] in '{"' and _is_json(numbered[0][1]):
        yield from _json_rows(numbered, system, faults)
    else:
        yield from _csv_rows(numbered, system, faults)


def _is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return line.lstrip().startswith("{")


def _json_rows(
    numbered: Iterable[tuple[int, str]], system: str, faults: _Faults
) -> Iterator[Listed]:
    for number, line in numbered:
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            faults.add(number, "it is not a JSON object")
            continue
        yield _listed(number, row, system)


def _csv_rows(
    numbered: Sequence[tuple[int, str]], system: str, faults: _Faults
) -> Iterator[Listed]:
    if not numbered:
        return
    first = numbered[0][1]
    delimiter = next((d for d in "\t;," if d in first), ",")
    table = [(number, _cells(line, delimiter)) for number, line in numbered]
    header = [cell.lower() for cell in table[0][1]]
    if set(header) & {*_ID_COLUMNS, *_VALUE_COLUMNS}:
        table = table[1:]
    elif len(header) == 1:
        header = ["mrn" if system else "id"]
    else:
        faults.add(
            numbered[0][0],
            "several columns need a header that names one of them id (of a FHIR Patient) or mrn",
        )
        return
    for number, cells in table:
        if len(cells) > len(header):
            faults.add(number, "it has more columns than the header")
            continue
        yield _listed(number, dict(zip(header, cells, strict=False)), system)


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def _listed(number: int, row: dict[str, Any], system: str) -> Listed:
    """A row by its columns; a reference `Patient/…` is an id wherever it stands."""
    own_system = _first(row, _SYSTEM_COLUMNS) or system
    value = _first(row, _VALUE_COLUMNS)
    fhir_id = _first(row, (*_ID_COLUMNS, "reference"))
    if value and not value.startswith(_PATIENT):
        # A record number without a system would find the same number of other registers too.
        return Listed(number, own_system or "?", value)
    return Listed(number, "", (fhir_id or value).removeprefix(_PATIENT))


def _first(row: dict[str, Any], names: Iterable[str]) -> str:
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


def _is_faulty(row: Listed, faults: _Faults) -> bool:
    what = _fault_in(row)
    if what:
        faults.add(row.line, what)
    return bool(what)


def _fault_in(row: Listed) -> str:
    value = row.value
    if not value:
        return "it names nobody"
    if _SCIENTIFIC.fullmatch(value):
        return "a spreadsheet made a number of it (scientific notation); save the column as text"
    if _DECIMAL.fullmatch(value):
        return "a spreadsheet made a decimal number of it; save the column as text"
    if value[0] in "='":
        return "it is a spreadsheet's formula, not an identifier"
    if not row.system:
        return "" if _FHIR_ID.fullmatch(value) else "it is not the id of a FHIR Patient"
    if row.system == "?":
        return "it is a record number without a system: set BONEFLAG_COHORT_FILE_SYSTEM"
    if _UNSEARCHABLE.search(value + row.system) or len(value) > _LONGEST_VALUE:
        return "no search can carry it: it is too long, or holds one of | , $ \\"
    return ""


def _shortened(listed: Iterable[Listed]) -> Iterator[Listed]:
    """Record numbers shorter than those of their system that begin with a zero."""
    by_system: dict[str, list[Listed]] = defaultdict(list)
    for row in listed:
        if row.system and row.value.isdigit():
            by_system[row.system].append(row)
    for rows in by_system.values():
        shortest = min((len(row.value) for row in rows if row.value.startswith("0")), default=0)
        yield from (row for row in rows if len(row.value) < shortest)
