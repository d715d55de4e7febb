"""Taking the median of several runs, and printing tables of figures."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

RUNS = 7
_console = Console(width=110, highlight=False)


def cpu_seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """The median CPU time of this process for `work`, over several runs after a first one."""
    work()
    spent = []
    for _ in range(runs):
        before = time.process_time()
        work()
        spent.append(time.process_time() - before)
    return statistics.median(spent)


def wall_seconds(work: Callable[[], object]) -> float:
    """How long `work` took by the clock, once."""
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """One table; every column but the first is aligned to the right."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*map(str, row))
    _console.print(table)


def print_note(text: str) -> None:
    """One line under a table."""
    _console.print(text)


def machine() -> str:
    """What it was measured on."""
    return f"Python {platform.python_version()}, {platform.machine()}"
