"""`boneflag pause` and `boneflag resume`: the switch that stops all reading and writing at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from service.cli.speaking import start


def pause(
    reason: Annotated[
        str, typer.Option(help="Why, for `boneflag report`; name no patient in it.")
    ] = "",
) -> None:
    """Stop all reading from and writing to the EHR, in every process, until `boneflag resume`."""
    settings = start()
    from service.wiring import ledger_for

    with ledger_for(settings) as ledger:
        is_news = ledger.switches.pause(reason, datetime.now(UTC))
    typer.echo(
        "paused: no further request leaves, and what is under way ends within its time limit;"
        " `boneflag resume` lets it go on"
        if is_news
        else "it was paused already: see `boneflag report`"
    )


def resume() -> None:
    """Let reading and writing go on after `boneflag pause`."""
    settings = start()
    from service.wiring import ledger_for

    with ledger_for(settings) as ledger:
        was_paused = ledger.switches.resume()
    typer.echo(
        "it goes on: the workers begin within a few minutes"
        if was_paused
        else "it was not paused: see `boneflag report`"
    )
