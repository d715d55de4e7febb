"""The programme's numbers as text, JSON and CSV; hidden cells say so in each.

A newcomer would get one thing wrong: an empty cell of the CSV is a hidden count, not a zero. The
column `is_hidden` says it for programs that read blanks as zeros.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from service.measure import STRATIFIERS, Stratifier, Stratum
from service.report.disclosure import HIDDEN_UP_TO, ROUNDED_TO, SOURCE, Shown
from service.report.programme import MET, NOT_MET, UNCLEAR, Programme, released

CSV_COLUMNS = ("protocol_version", "first_day", "last_day", "division", "stratum", "population")
# The columns of the printed tables; JSON, CSV and FHIR have every population.
_PRINTED = {
    "initial-population": "cohort",
    "due": "due",
    "waiting": "waiting",
    "done": "done",
    "declined-or-snoozed": "declined",
    "result-needs-action": "result",
    "not-at-risk": "not at risk",
    "could-not-determine": "unknown",
}
_PRINTED_DIVISIONS = ("sex", "age-band", "sex-and-age")


def programme_json(programme: Programme) -> dict[str, Any]:
    """One JSON-able object; null is a hidden count."""
    may_show = released(programme)
    return {
        "first_day": programme.first_day.isoformat() if programme.first_day else None,
        "last_day": programme.last_day.isoformat() if programme.last_day else None,
        "small_numbers": small_numbers(),
        "populations": dict(may_show.populations),
        "criteria": may_show.criteria,
        "divisions": dict(may_show.tables),
    }


def small_numbers() -> dict[str, Any]:
    """What was done to small numbers, for whoever reads the JSON."""
    return {"hidden_up_to": HIDDEN_UP_TO, "rounded_to": ROUNDED_TO, "source": SOURCE}


def programme_csv(programme: Programme, protocol_version: str) -> str:
    """One line for each count, with a header; lines end as RFC 4180 has it."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow([*CSV_COLUMNS, "count", "is_hidden"])
    head = [protocol_version, programme.first_day, programme.last_day]
    for division, stratum, population, count in _counts(programme):
        lines.writerow([*head, division, stratum, population, count, count is None])
    return text.getvalue()


def _counts(programme: Programme) -> Iterator[tuple[str, str, str, int | None]]:
    may_show = released(programme)
    for population, count in may_show.populations.items():
        yield "all", "", population, count
    for division, table in may_show.tables.items():
        for stratum, row in table.items():
            for population, count in row.items():
                yield division, stratum, population, count
    for number, row in may_show.criteria.items():
        for verdict, count in row.items():
            yield "criterion", number, verdict, count


def print_programme(programme: Programme, console: Console) -> None:
    """Tables by sex, age and criterion, and what was hidden in them; nothing for nobody."""
    if not programme.judged:
        return
    may_show = released(programme)
    for division in STRATIFIERS:
        if division.code in _PRINTED_DIVISIONS:
            console.print(_division(division, may_show.tables[division.code]))
    console.print(_criteria(programme.criteria, may_show.criteria))
    console.print(
        f"Counts by group are rounded to {ROUNDED_TO}. {HIDDEN_UP_TO} or fewer are hidden, and so"
        " is what they could be computed from; a group of which nothing can be shown is left out.",
        highlight=False,
    )
    if programme.of_another_protocol:
        console.print(
            f"{programme.of_another_protocol} were judged by another protocol than the one in force"
            " now: the next sweep judges them again.",
            highlight=False,
        )


def _division(division: Stratifier, rows: Shown) -> Table:
    table = Table(division.display, *_PRINTED.values(), title=f"By {division.display.lower()}")
    for stratum in division.strata:
        row = rows[stratum.code]
        if any(count is not None for count in row.values()):
            table.add_row(stratum.display, *(count_text(row[code]) for code in _PRINTED))
    return table


def _criteria(criteria: Sequence[Stratum], rows: Shown) -> Table:
    table = Table("", "Criterion", "met", "unknown", "not met", title="By criterion")
    for criterion in criteria:
        row: Mapping[str, int | None] = rows[criterion.code]
        counts = (count_text(row[verdict]) for verdict in (MET, UNCLEAR, NOT_MET))
        table.add_row(criterion.code, criterion.display, *counts)
    return table


def count_text(count: int | None) -> str:
    """A count for people."""
    return "hidden" if count is None else str(count)
