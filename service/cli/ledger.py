"""`boneflag ledger`: a lost ledger filled again, and alerts of which nobody knows the outcome."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.speaking import EXIT_SETTINGS, Stop, speaks_plainly, start

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.rebuilding import Rebuilt

app = typer.Typer(no_args_is_help=True, help="The ledger: rebuild it, settle what is unknown.")

_NEVER_KNOWN = (
    "What cannot be known again: who was in a canary and who approved what (say `boneflag golive`),"
    " decisions that the EHR does not show, alerts that somebody deleted, who edited an alert"
    " without changing its sentence, when somebody was first seen, and the audit."
)


@app.command()
@speaks_plainly
def rebuild(
    into_existing: Annotated[
        bool, typer.Option("--into-existing", help="Add what is missing to a ledger in use.")
    ] = False,
) -> None:
    """Fill an empty ledger from the EHR: the cohort, our alerts, people's decisions."""
    settings = start()
    from service.rebuilding import LedgerNotEmpty
    from service.wiring import ledger_for, rebuilding_for

    with ledger_for(settings) as ledger, _progress() as tell:
        ehr, rebuilding = rebuilding_for(settings, ledger, tell)
        blind = f"ATTENTION: {rebuilding.blind}" if rebuilding.blind else ""
        try:
            if blind:
                typer.echo(blind, err=True)
            rebuilt = rebuilding.rebuild(into_existing=into_existing)
        except LedgerNotEmpty as error:
            raise Stop(str(error), EXIT_SETTINGS) from None
        finally:
            ehr.close()
    for sentence in _sentences(rebuilt):
        typer.echo(sentence)
    if blind:
        typer.echo(blind, err=True)


def _sentences(rebuilt: Rebuilt) -> Iterator[str]:
    alerts = ", ".join(f"{n} {state}" for state, n in sorted(rebuilt.alerts.items())) or "none"
    yield f"{rebuilt.people} people read; alerts found: {alerts}"
    yield f"decisions of people found: {rebuilt.decisions}"
    if rebuilt.known:
        yield f"{rebuilt.known} alerts stood in the ledger already and were left as they are"
    if rebuilt.found_beside is None:
        yield (
            "whether somebody outside the cohort has an open alert cannot be asked here: this EHR"
            " or this channel shows alerts by patient only"
        )
    elif rebuilt.found_beside:
        yield f"{rebuilt.found_beside} people outside the cohort have an alert of ours: watched"
    if rebuilt.unreadable:
        yield (
            f"the alerts of {rebuilt.unreadable} people could not be read: say"
            " `boneflag ledger rebuild --into-existing` when they can"
        )
    if rebuilt.foreign:
        yield (
            f"{rebuilt.foreign} alerts bear identifiers that this site would not give them: compare"
            " BONEFLAG_SITE_ID with what it was before anything is written (merged records too"
            " look like this)"
        )
    if rebuilt.conflicts:
        yield f"{rebuilt.conflicts} alerts are known as another person's: they were left there"
    yield _NEVER_KNOWN


@app.command()
@speaks_plainly
def unknown(
    to_stdout: Annotated[
        bool, typer.Option("--to-stdout", help="Also where the output is no terminal.")
    ] = False,
) -> None:
    """List alerts of which nobody knows whether they arrived, by patient."""
    settings = start()
    from service.store.acts import Act
    from service.wiring import ledger_for

    if not (to_stdout or sys.stdout.isatty()):
        raise Stop(
            "the list names patients and the output is no terminal: say --to-stdout", EXIT_SETTINGS
        )
    with ledger_for(settings) as ledger:
        found = ledger.unknown_alerts.all()
        ledger.audit.record([Act("list", detail=f"unknown alerts: {len(found)}")])
    for alert in found:
        typer.echo(
            f"{alert.fhir_id}: {alert.kind}, {alert.channel}, open since {alert.opened_on}, sent"
            f" {alert.since:%Y-%m-%d %H:%M %Z}: {alert.key}"
        )
    if not found:
        typer.echo("every alert's outcome is known")


@app.command()
@speaks_plainly
def settle(
    alert_key: Annotated[str, typer.Argument(help="As `boneflag ledger unknown` shows it.")],
    by: Annotated[str, typer.Option("--by", help="Who looked.")],
    arrived: Annotated[
        bool | None,
        typer.Option("--arrived/--never-arrived", help="Whether the message came."),
    ] = None,
) -> None:
    """Say whether an alert of unknown outcome arrived; one that did not is told again."""
    settings = start()
    from service.wiring import ledger_for

    if arrived is None or not by.strip():
        raise Stop("say --arrived or --never-arrived, and --by who looked", EXIT_SETTINGS)
    with ledger_for(settings) as ledger:
        is_settled = ledger.unknown_alerts.settle(
            alert_key, by.strip(), datetime.now(UTC), has_arrived=arrived
        )
    if not is_settled:
        raise Stop("no alert of unknown outcome has this key: nothing was changed", EXIT_SETTINGS)
    typer.echo(
        "it stands as told" if arrived else "it is told again by the next look, if it is still due"
    )


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Counts people, with a bar on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading our alerts", total=None)
        yield lambda done, everybody: bar.update(task, advance=done, total=everybody)
