"""`boneflag worklist`: who needs a person's look, into a file for its owner alone.

From the ledger alone: nothing is read from the EHR and nothing is written to it. The list leads to
patients, so it goes to a new file; on the screen only where somebody sits before it, or says so:
what a shell redirects would become a file that others can read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from service.cli.speaking import EXIT_SETTINGS, Stop, start
from service.settings import Settings

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.worklist.lines import Line, Wanted

_SCREEN = "-"


def worklist(
    file: Annotated[str, typer.Argument(metavar="FILE.csv", help="A new file; - is the screen.")],
    status: Annotated[
        list[str] | None,
        typer.Option(help="Only people with this status, with every reason; may be repeated."),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also who is due, due soon, waiting for a scan, or said no."),
    ] = False,
    to_stdout: Annotated[
        bool, typer.Option("--to-stdout", help="With -: also where the output is no terminal.")
    ] = False,
) -> None:
    """List who needs a person's look and has no alert, with FHIR ids, most urgent first."""
    settings = start()
    from service.worklist.lines import wanted

    is_wanted = wanted(_known(status or []), everything=everything)
    with _opened(file, may_pipe=to_stdout) as out:
        lines, nobody_was_judged = _lines(settings, is_wanted)
        from service.worklist.file import count_lines, write_csv

        write_csv(lines, out)
    for sentence in count_lines(lines):
        typer.echo(sentence, err=True)
    if nobody_was_judged:
        typer.echo("nobody has been judged yet: run boneflag sweep first", err=True)


def _known(statuses: list[str]) -> frozenset[str]:
    from service.screening.assess import Status

    known = [str(status) for status in Status]
    for status in statuses:
        if status not in known:
            raise Stop(f"--status {status!r} is none of: {', '.join(known)}", EXIT_SETTINGS)
    return frozenset(statuses)


def _lines(settings: Settings, is_wanted: Wanted) -> tuple[list[Line], bool]:
    """The lines, and whether there is nobody of whom there could be one."""
    from service.store.acts import Act
    from service.wiring import effective_for, ledger_for
    from service.worklist.listing import worklist as lines_of
    from service.worklist.look import urgent_months

    protocol, _ = effective_for(settings)
    with ledger_for(settings) as ledger:
        lines = lines_of(ledger, is_wanted, urgent_months(protocol), settings.zone)
        shown = sorted({line.patient_key for line in lines})
        ledger.audit.record([Act("list", key, reason="worklist") for key in shown])
        return lines, not lines and next(ledger.watched.everybody(), None) is None


@contextmanager
def _opened(file: str, *, may_pipe: bool) -> Iterator[IO[str]]:
    if file == _SCREEN:
        if not (may_pipe or sys.stdout.isatty()):
            raise Stop(
                "the list leads to patients and the output is no terminal: name a file, or say"
                " --to-stdout",
                EXIT_SETTINGS,
            )
        yield sys.stdout
        return
    from service.names_file import opened_names_file

    with ExitStack() as stack:
        try:
            out = stack.enter_context(opened_names_file(Path(file)))
        except OSError as error:
            sentence = f"{file} cannot be written: {error.strerror}"
            raise Stop(sentence, EXIT_SETTINGS) from None
        yield out
