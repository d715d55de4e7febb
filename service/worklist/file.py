"""The worklist as CSV, and in counts that lead to nobody."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import IO

from service.names_file import safe_cells
from service.worklist.lines import Line
from service.worklist.reasons import REASONS

COLUMNS = (
    "patient",
    "priority",
    "status",
    "why",
    "look_at",
    "due_on",
    "since",
    "judged_on",
    "note",
)


def write_csv(lines: Iterable[Line], file: IO[str]) -> None:
    """A header and one row for each line; days are ISO, empty where there is none."""
    rows = csv.writer(file)
    rows.writerow(COLUMNS)
    rows.writerows(safe_cells(_cells(line)) for line in lines)


def _cells(line: Line) -> Sequence[str]:
    return (
        f"Patient/{line.fhir_id}",
        str(line.priority),
        line.status,
        line.why,
        line.look_at,
        line.due_on.isoformat() if line.due_on else "",
        line.since.isoformat(),
        line.judged_on.isoformat() if line.judged_on else "",
        line.note,
    )


def count_lines(lines: Sequence[Line]) -> list[str]:
    """How many people and lines there are, and how many lines of each reason and priority."""
    people = len({line.patient_key for line in lines})
    urgent = sum(line.priority == "urgent" for line in lines)
    counts = Counter(line.why for line in lines)
    head = f"{people} people, {len(lines)} lines, {urgent} urgent"
    return [head, *(f"  {r.code}: {counts[r.code]}" for r in REASONS if counts[r.code])]
