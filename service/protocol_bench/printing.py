"""What `boneflag protocol` prints for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.protocol_bench.remark import Level, Remark
from service.protocol_bench.trial import Outcome

_STYLE = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.NOTE: "dim"}


def print_remarks(remarks: Sequence[Remark]) -> None:
    """Every remark on its own lines, errors first, and how many there are."""
    console = Console()
    for remark in remarks:
        console.print(
            f"[{_STYLE[remark.level]}]{remark.level}[/] {escape(remark.where)}:"
            f" {escape(remark.what)}",
            highlight=False,
        )
        console.print(f"   -> {escape(remark.do)}", highlight=False)
    counts = Counter(remark.level for remark in remarks)
    console.print(", ".join(f"{counts[level]} {level}s" for level in Level))


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Each case, and each difference below it."""
    console = Console()
    for outcome in outcomes:
        mark = "[green]as expected[/]" if outcome.is_as_expected else "[bold red]differs[/]"
        console.print(f"{mark} {escape(outcome.name)} ({outcome.status})", highlight=False)
        for difference in outcome.differences:
            console.print(f"   {escape(difference)}", highlight=False)
    differing = sum(not o.is_as_expected for o in outcomes)
    cases = "1 case" if len(outcomes) == 1 else f"{len(outcomes)} cases"
    console.print(f"{cases}, {differing} otherwise than expected")


def print_protocol(answer: Mapping[str, Any]) -> None:
    """The effective protocol, as `effective.protocol_json` gives it."""
    console = Console()
    console.print(f"[bold]{escape(answer['title'])}[/]")
    console.print(f"{answer['id']} {answer['version']}\n{answer['digest']}", highlight=False)
    table = Table("number", "title", "grade", "domain", "numbers", "how sure")
    for item in answer["criteria"]:
        grade = (item["grade"] or "") if item["is_on"] else "off"
        table.add_row(
            item["number"],
            escape(item["title"]),
            grade,
            item["domain"],
            escape(_numbers(item["numbers"])),
            item["certainty"],
        )
    for name, numbers in answer["policies"].items():
        table.add_row("policy", name, "", "", escape(_numbers(numbers)), "")
    console.print(table)
    for item in answer["criteria"]:
        for arm in item["arms_off"]:
            console.print(f"[dim]{item['number']} not computed: {escape(arm)}[/]")
    if answer["overlay"] is None:
        console.print("No overlay: the protocol as it ships.")
        return
    changed = Table("where", "shipped", "effective", title=f"Changed by {answer['overlay']}")
    for change in answer["changes"]:
        changed.add_row(*(escape(change[name]) for name in ("where", "shipped", "effective")))
    console.print(changed)


def _numbers(numbers: Mapping[str, Mapping[str, Any]]) -> str:
    return "\n".join(f"{name} {n['value']:g} {n['unit']}" for name, n in numbers.items())
