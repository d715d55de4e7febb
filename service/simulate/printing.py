"""A simulation for people: a clinical lead reads this beside the overlay that was tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.measure import STRATIFIERS
from service.report.disclosure import HIDDEN_UP_TO, ROUNDED_TO, Shown
from service.report.forms import count_text
from service.simulate.forms import (
    GROUP_COLUMNS,
    divisions_shown,
    shares_shown,
    simulation_json,
)
from service.simulate.outcome import NO_CRITERION
from service.simulate.tally import NEWLY_DUE, NO_LONGER_DUE, Simulation

_COLUMNS = ("with MS", "due today", "due changed", "newly due", "no longer due")


def print_simulation(found: Simulation, console: Console) -> None:
    """Who would be due, why, in which groups, what becomes of each status, and how many scans."""
    answer = simulation_json(found)
    _print_head(found, console)
    _print_due(answer["due"], console)
    console.print(_criteria(found))
    for table in _divisions(divisions_shown(found)):
        console.print(table)
    console.print(
        f"Counts by sex and age are rounded to {ROUNDED_TO}; {HIDDEN_UP_TO} or fewer, and what they"
        " could be computed from, are hidden. In brackets the 95 % interval of the share that is"
        " due.",
        highlight=False,
    )
    console.print(_transitions(answer["transitions"]))
    console.print(_slots(answer["dxa_slots"]))
    console.print(
        "If nothing changes but the calendar: birthdays, intervals that end, findings that grow"
        " old. The slots a month clear today's backlog within twelve months.",
        highlight=False,
    )


def _print_head(found: Simulation, console: Console) -> None:
    console.print(
        f"[bold]Simulation on {found.on}[/]: nothing was written.\n"
        f"Today's protocol    {escape(found.today.version)}  {found.today.digest[:19]}\n"
        f"Changed protocol    {escape(found.changed.version)}  {found.changed.digest[:19]}\n"
        f"People              {found.judged} judged of {found.cohort} in the cohort,"
        f" {found.pairs.people} with confirmed MS",
        highlight=False,
    )
    if found.failed:
        console.print(f"[yellow]{found.failed} could not be judged and are not in the numbers.[/]")
    if found.unread:
        types = ", ".join(f"{name} of {people}" for name, people in sorted(found.unread.items()))
        console.print(
            f"[yellow]Could not be read: {types}. What only they could tell counts for nothing.[/]"
        )
    if not found.is_cohort_complete:
        console.print("[yellow]The EHR did not name the whole cohort: the numbers are too low.[/]")
    if found.today.digest == found.changed.digest:
        console.print("[yellow]Both protocols are the same: nothing can differ.[/]")


def _print_due(due: dict[str, Any], console: Console) -> None:
    table = Table("", "people", "share of those with MS", "95 % interval", title="Due")
    for name, row in (("today", "today"), ("changed", "changed"), ("difference", "difference")):
        table.add_row(name, str(due[row]["people"]), *_share_text(due[row]))
    console.print(table)
    console.print(
        f"{due['newly_due']} newly due, {due['no_longer_due']} no longer due. Intervals:"
        f" {due['methods']['share']}; difference of shares of the same people:"
        f" {due['methods']['difference']}. They say how far a share may be off if these people are"
        " a random sample of people like them, not whether a criterion is right.",
        highlight=False,
    )


def _share_text(row: dict[str, Any]) -> tuple[str, str]:
    if row["value"] is None:
        return "–", "–"
    value, low, high = (f"{100 * row[name]:.1f} %" for name in ("value", "low", "high"))
    return value, f"{low} to {high}"


def _criteria(found: Simulation) -> Table:
    table = Table("", "criterion", "newly due", "no longer due", title="What made the difference")
    titles = {
        entry.number: entry.title
        for protocol in (found.today, found.changed)
        for entry in protocol.entries
    }
    for number, row in sorted(found.criteria.items()):
        shown_as = ("", number) if number == NO_CRITERION else (number, titles[number])
        table.add_row(*map(escape, shown_as), str(row[NEWLY_DUE]), str(row[NO_LONGER_DUE]))
    return table


def _divisions(divisions: dict[str, Shown]) -> Iterator[Table]:
    for division in STRATIFIERS:
        if division.code in divisions:
            title = f"By {division.display.lower()}"
            table = Table(division.display, *_COLUMNS, title=title)
            for stratum in division.strata:
                row = divisions[division.code][stratum.code]
                if any(count is not None for count in row.values()):
                    table.add_row(stratum.display, *_group_text(row))
            yield table


def _group_text(row: Mapping[str, int | None]) -> list[str]:
    """Counts as they are shown, and behind a count of who is due its share."""
    shares = shares_shown(row)
    texts = []
    for column in GROUP_COLUMNS:
        part = shares.get(column)
        behind = f" ({100 * part.low:.0f} to {100 * part.high:.0f} %)" if part else ""
        texts.append(count_text(row[column]) + behind)
    return texts


def _transitions(steps: list[dict[str, Any]]) -> Table:
    table = Table("today", "changed", "people", title="What becomes of each status")
    for step in steps:
        style = "bold" if step["today"] != step["changed"] else "dim"
        table.add_row(step["today"], step["changed"], str(step["people"]), style=style)
    return table


def _slots(slots: dict[str, Any]) -> Table:
    table = Table("", "today", "changed", title="Central DXA slots that it needs")
    for name, words in (("backlog", "due now"), ("waiting", "already ordered")):
        table.add_row(words, str(slots["today"][name]), str(slots["changed"][name]))
    pairs = zip(slots["today"]["monthly"], slots["changed"]["monthly"], strict=True)
    for month, (today, changed) in zip(slots["months"], pairs, strict=True):
        table.add_row(f"more due on {month}", str(today), str(changed))
    table.add_row(
        "slots a month for a year",
        str(slots["today"]["a_month"]),
        str(slots["changed"]["a_month"]),
        style="bold",
    )
    return table
