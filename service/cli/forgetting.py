"""`boneflag purge` and `boneflag forget`: what the ledger keeps no longer. Nothing else asks twice.

Nothing here reads from the EHR or writes to it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from service.cli.speaking import EXIT_SETTINGS, Stop, fhir_id_in, start

_Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this it is only shown.")]


def purge(yes: _Yes = False) -> None:
    """Take out of the ledger what is over its span, as every night; without --yes only count it."""
    settings = start()
    from service.purging import purge_and_anchor
    from service.wiring import ledger_for, spans_for, today_for

    spans, at, today = spans_for(settings), datetime.now(UTC), today_for(settings)
    with ledger_for(settings) as ledger:
        if yes:
            counts = purge_and_anchor(ledger, spans, at, today)
        else:
            counts = ledger.retention.purge(spans, at, today, is_shown_only=True)
    for name, number in counts.items():
        typer.echo(f"{name}: {number}")
    if not counts:
        typer.echo("nothing is over its span")
    elif not yes:
        typer.echo("nothing was taken out: say --yes", err=True)


def forget(
    patient: Annotated[str, typer.Argument(help="A patient id in the EHR.")], yes: _Yes = False
) -> None:
    """Forget one person: every row about them but those of the audit, which keeps a bare key."""
    settings = start()
    from service.wiring import ledger_for

    fhir_id = fhir_id_in(patient)
    with ledger_for(settings) as ledger:
        keys = ledger.audit.keys_of(fhir_id)
        if not keys:
            raise Stop(
                "nobody with this id is known here: never read, or forgotten already", EXIT_SETTINGS
            )
        if hindrances := ledger.retention.hindrances(keys):
            raise Stop(
                f"the person {' and '.join(hindrances)}: put them on the file of people who must"
                " not be looked at (BONEFLAG_COHORT_EXCLUDE_FILE) and let a sweep run, take their"
                " alert back (`boneflag withdraw --patient`), then try again",
                EXIT_SETTINGS,
            )
        if yes:
            ledger.retention.forget(keys, datetime.now(UTC))
    if not yes:
        typer.echo("nothing stands in the way, and nothing was forgotten: say --yes", err=True)
        return
    typer.echo(
        "forgotten. What stands about the person in the EHR, in backups and in files that you made"
        " stays; as long as a source of the cohort names them, they come back as somebody new"
    )
