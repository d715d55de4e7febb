"""Small numbers are hidden before a table is shown.

The idea and the first two numbers are OpenSAFELY's: a count of 7 or fewer is not shown, every other
is rounded to the nearest 5. A newcomer would get two things wrong. What is hidden may be computed
from a total that is known exactly, in spite of the rounding where that happens to go one way: so
each line with such a total is tried, and where the hidden ones could only add up to one or two
values, the smallest shown one is hidden too. The same goes for a total that is shown beside its
parts: four parts of 8 are shown as 10 each, their total of 32 as 30, and nobody is left. And 0 is
hidden like 7: "nobody" tells something about everybody.

Nothing here protects against two reports being compared: the report belongs to the programme.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

HIDDEN_UP_TO = 7
ROUNDED_TO = 5
SOURCE = "OpenSAFELY, ehrQL: ehrql/measures/disclosure_control.py"
"""Where both numbers were seen."""
FEWEST_CANDIDATES = 3
"""How many values the sum of what is hidden must leave open. Our own number."""

_MOST_ROUNDED_OFF = ROUNDED_TO // 2
Counts = Mapping[str, Mapping[str, int]]
Shown = dict[str, dict[str, int | None]]
_Cell = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sum:
    """Columns that divide the people of each row, and what they add up to.

    That is `total`, a column beside them, or a number that is known exactly where it is None.
    """

    columns: Sequence[str]
    total: str | None


@dataclass(frozen=True, slots=True)
class _Line:
    """Cells that add up: to the cell `total`, or where it is None to a number known exactly."""

    cells: Sequence[_Cell]
    total: _Cell | None = None


def rounded(count: int) -> int | None:
    """One count as it may be shown; None where it is hidden."""
    return None if count <= HIDDEN_UP_TO else _nearest(count)


def shown(
    counts: Counts, *, rows_add_up: bool, columns_add_up: bool, sums: Sequence[Sum] = ()
) -> Shown:
    """A table as it may be shown: row, then column, to a rounded count or None.

    `rows_add_up`: the cells of a row are the parts of a total that is known exactly; likewise
    `columns_add_up`. `sums` are what else adds up in each row. Every row has the same columns;
    ValueError otherwise.
    """
    columns = list(next(iter(counts.values()), {}))
    if any(list(row) != columns for row in counts.values()):
        raise ValueError("every row of a table has the same columns, in the same order")
    cells = {(r, c): count for r, row in counts.items() for c, count in row.items()}
    lines = [_Line([(r, c) for c in columns]) for r in counts] if rows_add_up else []
    lines += [_Line([(r, c) for r in counts]) for c in columns] if columns_add_up else []
    lines += _lines_of(sums, counts)
    hidden = {cell for cell, count in cells.items() if count <= HIDDEN_UP_TO}
    while more := {
        min((c for c in line.cells if c not in hidden), key=lambda cell: (cells[cell], cell))
        for line in lines
        if _can_be_computed(cells, line, hidden)
    }:
        hidden |= more
    return {
        r: {c: None if (r, c) in hidden else _nearest(cells[r, c]) for c in columns} for r in counts
    }


def _lines_of(sums: Sequence[Sum], rows: Counts) -> Iterator[_Line]:
    for row in rows:
        for one in sums:
            total = None if one.total is None else (row, one.total)
            yield _Line([(row, column) for column in one.columns], total)


def _nearest(count: int) -> int:
    return ROUNDED_TO * round(count / ROUNDED_TO)


def _can_be_computed(cells: Mapping[_Cell, int], line: _Line, hidden: set[_Cell]) -> bool:
    """Whether the total of a line and what is shown of it leave too few values for the rest.

    Not where a large count is hidden besides: then nobody can tell how much of the rest is small.
    Nor where the total itself is hidden.
    """
    in_sight = [cells[cell] for cell in line.cells if cell not in hidden]
    kept_back = [cells[cell] for cell in line.cells if cell in hidden]
    if not in_sight or not kept_back or max(kept_back) > HIDDEN_UP_TO or line.total in hidden:
        return False
    total = sum(in_sight) + sum(kept_back)
    is_exact = line.total is None
    rest = (total if is_exact else _nearest(total)) - sum(map(_nearest, in_sight))
    slack = _MOST_ROUNDED_OFF * (len(in_sight) + (not is_exact))
    lowest = max(0, rest - slack)
    highest = min(HIDDEN_UP_TO * len(kept_back), rest + slack)
    return highest - lowest + 1 < FEWEST_CANDIDATES
