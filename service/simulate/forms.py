"""A simulation as text, JSON and CSV.

A newcomer would get one thing wrong. How many would be newly due, and by which criterion, is the
question that was asked, so it is answered exactly; by sex and age band small numbers are hidden as
in the report, since those tables are what gets passed on.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from service.report.disclosure import Shown, shown
from service.report.forms import small_numbers
from service.screening.protocol import Protocol
from service.simulate.outcome import months_ahead
from service.simulate.tally import BOTH, NEWLY_DUE, NO_LONGER_DUE, Simulation, Slots
from service.statistics import NEWCOMBE, WILSON, Share, share

WITH_MS, DUE_TODAY, DUE_CHANGED = "with-confirmed-ms", "due-today", "due-changed"
GROUP_COLUMNS = (WITH_MS, DUE_TODAY, DUE_CHANGED, NEWLY_DUE, NO_LONGER_DUE)
CSV_COLUMNS = ("table", "row", "column", "value", "is_hidden")


def simulation_json(found: Simulation) -> dict[str, Any]:
    """One JSON-able object; null in `divisions` is a hidden count."""
    pairs = found.pairs
    divisions = divisions_shown(found)
    return {
        "on": found.on.isoformat(),
        "today": _named(found.today),
        "changed": _named(found.changed),
        "cohort": found.cohort,
        "is_cohort_complete": found.is_cohort_complete,
        "chosen": found.chosen,
        "judged": found.judged,
        "failed": found.failed,
        "unread": dict(sorted(found.unread.items())),
        "with_confirmed_ms": pairs.people,
        "due": {
            "today": _share(pairs.both + pairs.only_first, found.share_today),
            "changed": _share(pairs.both + pairs.only_second, found.share_changed),
            "newly_due": pairs.only_second,
            "no_longer_due": pairs.only_first,
            "difference": _share(pairs.only_second - pairs.only_first, found.difference),
            "methods": {"share": WILSON, "difference": NEWCOMBE},
        },
        "made_the_difference": dict(sorted(found.criteria.items())),
        "divisions": divisions,
        "division_shares": {
            code: {stratum: _plain_shares(row) for stratum, row in table.items()}
            for code, table in divisions.items()
        },
        "small_numbers": small_numbers(),
        "transitions": [
            {"today": str(before), "changed": str(after), "people": people}
            for (before, after), people in sorted(found.transitions.items())
        ],
        "new_alerts": {
            "today": round(found.opens_today * found.scale),
            "changed": round(found.opens_changed * found.scale),
        },
        "dxa_slots": {
            "months": [day.isoformat() for day in months_ahead(found.on)],
            "people_for_each_judged": round(found.scale, 4),
            "today": _slots(found.slots_today, found.scale),
            "changed": _slots(found.slots_changed, found.scale),
        },
    }


def divisions_shown(found: Simulation) -> dict[str, Shown]:
    """The tables by sex and age as they may be shown, with the columns of `GROUP_COLUMNS`.

    Their columns add up to totals that are shown exactly, their rows to nothing.
    """
    return {
        code: shown(
            {stratum: _group(row) for stratum, row in table.items()},
            rows_add_up=False,
            columns_add_up=True,
        )
        for code, table in found.divisions.items()
    }


def _group(row: Mapping[str, int]) -> dict[str, int]:
    due_by_both = row[BOTH]
    counts = (
        sum(row.values()),
        due_by_both + row[NO_LONGER_DUE],
        due_by_both + row[NEWLY_DUE],
        row[NEWLY_DUE],
        row[NO_LONGER_DUE],
    )
    return dict(zip(GROUP_COLUMNS, counts, strict=True))


def shares_shown(row: Mapping[str, int | None]) -> dict[str, Share | None]:
    """The shares of a group that are due, of the counts as they are shown; None where hidden."""
    whole = row[WITH_MS]
    return {
        column: share(min(part, whole), whole)
        if (part := row[column]) is not None and whole is not None
        else None
        for column in (DUE_TODAY, DUE_CHANGED)
    }


def simulation_csv(found: Simulation) -> str:
    """One line for each number, with a header."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(CSV_COLUMNS)
    for table, row, column, value in _lines(found):
        lines.writerow([table, row, column, value, value is None])
    return text.getvalue()


def _lines(found: Simulation) -> Iterator[tuple[str, str, str, float | None]]:
    answer = simulation_json(found)
    for name in ("cohort", "chosen", "judged", "failed", "with_confirmed_ms"):
        yield "people", "", name, answer[name]
    for name in ("today", "changed", "difference"):
        for column, value in answer["due"][name].items():
            yield "due", name, column, value
    for name in ("newly_due", "no_longer_due"):
        yield "due", name, "people", answer["due"][name]
    for number, changes in answer["made_the_difference"].items():
        for change, people in changes.items():
            yield "made-the-difference", number, change, people
    for division, table in answer["divisions"].items():
        for stratum, row in table.items():
            for column, people in row.items():
                yield division, stratum, column, people
    for step in answer["transitions"]:
        yield "transitions", step["today"], step["changed"], step["people"]
    yield from _slot_lines(answer["dxa_slots"])


def _slot_lines(slots: dict[str, Any]) -> Iterator[tuple[str, str, str, float | None]]:
    for variant in ("today", "changed"):
        for column in ("backlog", "waiting", "a_month"):
            yield "dxa-slots", variant, column, slots[variant][column]
        for month, people in zip(slots["months"], slots[variant]["monthly"], strict=True):
            yield "dxa-slots", variant, month, people


def _named(protocol: Protocol) -> dict[str, str]:
    return {"id": protocol.id, "version": protocol.version, "digest": protocol.digest}


def _share(people: int, part: Share | None) -> dict[str, Any]:
    """Counts and shares; the shares are null where MS is confirmed in nobody."""
    return {"people": people, **(_plain(part) or dict.fromkeys(("value", "low", "high")))}


def _plain(part: Share | None) -> dict[str, float] | None:
    if part is None:
        return None
    return {name: round(value, 4) for name, value in asdict(part).items()}


def _plain_shares(row: Mapping[str, int | None]) -> dict[str, Any]:
    return {column: _plain(part) for column, part in shares_shown(row).items()}


def _slots(slots: Slots, scale: float) -> dict[str, Any]:
    """Scaled from those who were judged to the cohort; whole people, slots a month to a tenth."""
    return {
        "backlog": round(slots.backlog * scale),
        "waiting": round(slots.waiting * scale),
        "monthly": [round(people * scale) for people in slots.monthly],
        "a_month": round(slots.a_month * scale, 1),
    }
