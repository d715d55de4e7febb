"""A survey for people: an integration engineer and a clinical lead read it side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.report.disclosure import HIDDEN_UP_TO, ROUNDED_TO
from service.survey.shares import ALL_BUT_FEW, FEW

_ABOUT = {FEW: "few", ALL_BUT_FEW: "all but few"}
_Row = Mapping[str, Any]
_PRINTED_CODES = 15
_CODES = (
    ("with_hint", "Foreign codes with a hint (a guess by words; judges nobody)"),
    ("local", "Other codes of the hospital's own systems"),
    ("standard", "Codes of standard systems that are in no value set (most rightly so)"),
)


def print_survey(answer: _Row, console: Console) -> None:
    """What can be read, what is on file, what criteria make of it, and which codes are foreign.

    `answer` is what `forms.survey_json` gives.
    """
    _print_head(answer, console)
    if not answer["people"]["surveyed"]:
        return
    console.print(_types(answer["types"]))
    console.print(_on_file(answer["on_file"]))
    _print_steroids(answer["steroid_records"], console)
    console.print(_criteria(answer["criteria"]))
    if answer["problems"]:
        console.print(_problems(answer["problems"]))
    for name, title in _CODES:
        if answer["codes"][name]:
            console.print(_codes(answer["codes"][name], title))
    if answer["codes"]["is_cut_short"]:
        console.print("[yellow]There were more codes than can be counted in one survey.[/]")
    console.print(
        f"Numbers are rounded to {ROUNDED_TO}; few is 1 to {HIDDEN_UP_TO}, and codes and displays"
        " that only few share are not told. Verdicts are hidden as in `boneflag report`.",
        highlight=False,
    )


def _print_head(answer: _Row, console: Console) -> None:
    people = answer["people"]
    console.print(
        f"[bold]What we cannot see, {answer['on']}[/]: nothing was written.\n"
        f"Protocol    {escape(answer['protocol']['version'])}"
        f"  {answer['protocol']['digest'][:19]}\n"
        f"People      {people['surveyed']} surveyed of {people['cohort']} in the cohort",
        highlight=False,
    )
    if people["failed"]:
        console.print(f"[yellow]{people['failed']} could not be looked at: see the log.[/]")
    if people["unreadable_charts"]:
        console.print(f"[yellow]{people['unreadable_charts']} charts could not be parsed.[/]")
    if not people["is_cohort_complete"]:
        console.print("[yellow]The EHR did not name the whole cohort.[/]")


def _types(types: Iterable[_Row]) -> Table:
    table = Table("resource type", "people with any", "what was not read", title="What can be read")
    for row in types:
        said = [f"{why['why']}: {_people(why)}" for why in row["unread"]]
        if not row["is_listed"]:
            said.insert(0, "not in the capability statement")
        if row["is_empty"]:
            said.append("answers, but is empty for everybody")
        table.add_row(row["type"], _people(row) if row["is_read"] else "–", "; ".join(said))
    return table


def _on_file(sights: Iterable[_Row]) -> Table:
    table = Table("people with", "", title="What is on file")
    for row in sights:
        table.add_row(row["words"], _people(row))
    return table


def _print_steroids(steroids: _Row, console: Console) -> None:
    if steroids["people"] == 0:
        console.print(f"Systemic glucocorticoids: {_people(steroids)}.", highlight=False)
        return
    table = Table("", "records", title=f"Systemic glucocorticoids, {_people(steroids)}")
    for row in steroids["by_what_can_be_told"]:
        words = row["reason"] if row["is_told"] else f"cannot be told: {row['reason']}"
        table.add_row(words, _count(row["records"], row["share"]))
    table.add_row("all", _count(steroids["records"], None), style="bold")
    console.print(table)


def _criteria(criteria: Iterable[_Row]) -> Table:
    table = Table("", "criterion", "met", "unknown", "not met", "any evidence", title="Criteria")
    for row in criteria:
        counts = (_count(row[verdict], None) for verdict in ("met", "unknown", "not-met"))
        found = _people(row["with_any_evidence"])
        table.add_row(row["number"], escape(row["title"]), *counts, found)
    return table


def _problems(problems: Iterable[_Row]) -> Table:
    table = Table("problem in the chart", "people", title="Reported")
    for row in problems:
        table.add_row(row["problem"], _people(row))
    return table


def _codes(codes: list[_Row], title: str) -> Table:
    table = Table("people", "type", "system", "code", "display", "may be", title=title)
    for row in codes[:_PRINTED_CODES]:
        texts = (row["type"], row["system"] or "(none)", row["code"], row["display"] or "–")
        table.add_row(_people(row), *map(escape, texts), row["hint"] or "")
    if len(codes) > _PRINTED_CODES:
        table.add_row("", f"… {len(codes) - _PRINTED_CODES} more with --json", style="dim")
    return table


def _people(row: _Row) -> str:
    if row["about"]:
        return _ABOUT[row["about"]]
    return _count(row["people"], row["share"])


def _count(count: int | None, share: float | None) -> str:
    if count is None:
        return "hidden"
    if count == 0:
        return "nobody"
    return str(count) if share is None else f"{count} ({100 * share:.0f} %)"
