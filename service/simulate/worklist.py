"""The names behind the numbers: a file on this machine for the clinical lead.

A newcomer would get one thing wrong. This is the only thing a simulation gives out that leads to a
person. It is written only where a file was named (`names_file`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from service.names_file import opened_names_file, safe_cells
from service.simulate.outcome import NO_CRITERION, Outcome
from service.simulate.tally import NEWLY_DUE, NO_LONGER_DUE, change_of

COLUMNS = ("patient", "change", "status_today", "status_changed", "made_the_difference")


class Worklist:
    """Rows of those whose being due differs; everybody else is passed over."""

    def __init__(self, file: IO[str]) -> None:
        self._lines = csv.writer(file)
        self._lines.writerow(COLUMNS)

    def add(self, found: Outcome) -> None:
        """Write one person down, if there is something to look at."""
        change = change_of(found)
        if change in (NEWLY_DUE, NO_LONGER_DUE):
            why = " ".join(found.differing) or NO_CRITERION
            reference = f"Patient/{found.patient_id}"
            cells = (reference, change, found.today.status, found.changed.status, why)
            self._lines.writerow(safe_cells(cells))


@contextmanager
def opened_worklist(path: Path) -> Iterator[Worklist]:
    """A new file for its owner alone; FileExistsError where there is one, OSError for the rest."""
    with opened_names_file(path) as file:
        yield Worklist(file)
