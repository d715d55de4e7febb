"""The command line: what an integration engineer and a clinical lead type.

Heavy imports are inside the commands: `boneflag explain` answers in under a second.
"""

from __future__ import annotations

import typer

from service.cli.auditing import app as audit
from service.cli.deciding import decide
from service.cli.drifting import cohort
from service.cli.explaining import explain
from service.cli.forgetting import forget, purge
from service.cli.going_live import golive, release, rollback
from service.cli.keys import app as keys
from service.cli.ledger import app as ledger
from service.cli.listing import worklist
from service.cli.programme import report, simulate
from service.cli.protocol import app as protocol
from service.cli.retrying import retry
from service.cli.running import check, demo, poll, screen, sweep, work
from service.cli.speaking import speaks_plainly
from service.cli.subscribing import subscribe
from service.cli.surveying import survey
from service.cli.switching import pause, resume
from service.cli.taking_back import withdraw

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Finds people with multiple sclerosis whose bones nobody is watching.",
)
for command in (
    explain,
    check,
    sweep,
    poll,
    screen,
    report,
    simulate,
    survey,
    worklist,
    cohort,
    golive,
    release,
    rollback,
    decide,
    retry,
    pause,
    resume,
    purge,
    forget,
    withdraw,
    subscribe,
    work,
    demo,
):
    app.command()(speaks_plainly(command))
app.add_typer(protocol, name="protocol")
app.add_typer(keys, name="keys")
app.add_typer(audit, name="audit")
app.add_typer(ledger, name="ledger")


def run() -> None:
    """The console script."""
    app()
