"""`boneflag cohort`: who came and went, by counts, and the cohort that waits to be accepted.

From the ledger alone: nothing is read from the EHR. Exit code 1 where a reading waits.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.speaking import EXIT_DIFFERS, EXIT_SETTINGS, Stop, start

if TYPE_CHECKING:
    from service.cohort_drift import Drift


def cohort(
    accept: Annotated[
        bool, typer.Option("--accept", help="Let the next sweep take over the cohort that waits.")
    ] = False,
    readings: Annotated[int, typer.Option(min=1, help="How many readings to look back.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say how the cohort moved, source by source, and whether a reading waits for you."""
    settings = start()
    from service.cohort_drift import read_drift
    from service.wiring import ledger_for

    with ledger_for(settings) as ledger:
        if accept and not ledger.readings.accept(datetime.now(UTC)):
            raise Stop("no cohort waits to be accepted: see `boneflag cohort`", EXIT_SETTINGS)
        drift = read_drift(ledger, readings)
    if as_json:
        typer.echo(json.dumps(drift.as_json(), ensure_ascii=False))
    else:
        _show(drift)
    if drift.is_accepted:
        typer.echo("accepted: the next sweep takes it over, if it is about as large", err=True)
    elif drift.is_held:
        raise Stop(_alarm(drift, settings.cohort_alarm_percent), EXIT_DIFFERS)


def _alarm(drift: Drift, percent: int) -> str:
    newest = drift.readings[0]
    return (
        f"the cohort would move by more than {percent} percent ({newest.came} would come,"
        f" {newest.left} would leave, of {newest.size_before}): nobody comes or goes, and whoever"
        " was watched goes on being screened. Look at the source; if it is right, say"
        " `boneflag cohort --accept`"
    )


def _show(drift: Drift) -> None:
    from service.printing import print_drift

    if not drift.readings:
        typer.echo("the cohort was never read: run `boneflag sweep` first")
        return
    print_drift(drift)
