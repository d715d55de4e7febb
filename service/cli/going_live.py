"""`boneflag golive`, `release` and `rollback`: who lets what be written into the EHR."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from service.cli.running import show_run
from service.cli.speaking import EXIT_SETTINGS, Stop, start


def release(
    run: Annotated[int, typer.Argument(help="The number of a held run.")],
    approver: Annotated[
        str, typer.Option(help="Who lets it go: another person than who approved going live.")
    ],
    inline: Annotated[
        bool, typer.Option("--inline", help="Deliver in this process instead of the workers.")
    ] = False,
) -> None:
    """Let exactly one run be sent that was held because it would open too many alerts."""
    settings = start()
    from service.going_live.releasing import release_run
    from service.wiring import ledger_for, pipeline_for

    with ledger_for(settings) as ledger:
        why_not = release_run(ledger, run, approver, datetime.now(UTC))
        if why_not:
            raise Stop(why_not, EXIT_SETTINGS)
    if not inline:
        typer.echo(f"run {run} is released: the workers deliver it within a minute")
        return
    pipeline = pipeline_for(settings)
    pipeline.deliver(run)
    show_run(pipeline.ledger.runs.get(run), pipeline.ledger, settings)
