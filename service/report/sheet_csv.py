"""The numbers of the programme's page as CSV: what is shown there, and nothing else.

A newcomer would get one thing wrong: an empty number is hidden, or not known, and never zero.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from service.measure import STRATIFIERS
from service.report.sheet import Sheet

COLUMNS = ("protocol_version", "counted_at", "table", "row", "column", "unit", "number")
Line = tuple[str, str, str, str, float | None]


def sheet_csv(sheet: Sheet) -> str:
    """One line for each number, with a header; lines end as RFC 4180 has it."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    head = (sheet.protocol.version, sheet.counted_at.isoformat(timespec="seconds"))
    for line in _lines(sheet):
        lines.writerow([*head, *line])
    return text.getvalue()


def _lines(sheet: Sheet) -> Iterator[Line]:
    for step in sheet.funnel:
        yield "funnel", step.step.code, "", "people", step.people
    for population, people in sheet.numbers.populations.items():
        yield "population", population, "", "people", people
    # Not the criteria by population: beside the size of a population these are not guarded.
    tables = [(s.code, sheet.numbers.tables[s.code]) for s in STRATIFIERS if s.strata]
    tables += [("source", sheet.by_source), ("criterion", sheet.numbers.criteria)]
    for table, rows in tables:
        for row, columns in rows.items():
            for column, people in columns.items():
                yield table, row, column, "people", people
    yield from _over_time(sheet)
    yield from _answers(sheet)


def _over_time(sheet: Sheet) -> Iterator[Line]:
    found = sheet.over_time
    for what, row in found.happened.items():
        for word, number in row.items():
            yield "over-time", what, word, "episodes" if what != "told" else "alerts", number
    series = (
        ("median-days-to-order", "days", found.days_to_order),
        ("median-days-to-scan", "days", found.days_to_scan),
        ("due-after-last-sweep", "people", found.due),
    )
    for what, unit, numbers in series:
        for period, value in zip(found.periods, numbers, strict=True):
            yield "over-time", what, period.word, unit, value
    for days in sheet.days:
        names = ("lower-quartile", "median", "upper-quartile")
        for name, quartile in zip(names, days.quartiles or (None, None, None), strict=True):
            yield "days-from-due", f"{days.kind} {days.what}", name, "days", quartile


def _answers(sheet: Sheet) -> Iterator[Line]:
    for outcome, row in sheet.answers.outcomes.items():
        for age, number in row.items():
            yield "alerts", outcome, age, "alerts", number
    yield "alerts", "told-again", "", "alerts", sheet.answers.again
    yield "alerts", "cards-shown-again", "", "cards", sheet.answers.cards_again
    for code, number in sheet.answers.reasons.items():
        yield "reasons", code or "none", "", "decisions", number
