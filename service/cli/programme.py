"""`boneflag report` and `boneflag simulate`: the programme's numbers, and what a change would do.

Nothing here writes to the EHR.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.saving import saving
from service.cli.speaking import EXIT_SETTINGS, Stop, day_of, start
from service.settings import Settings

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from rich.console import Console

    from service.report.programme import Programme
    from service.screening.protocol import Protocol
    from service.simulate.outcome import Outcome
    from service.simulate.tally import Simulation
    from service.store.ledger import Ledger

_TOLD_EVERY = 1000
_NARROWEST_COLUMNS = 110
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_Csv = Annotated[bool, typer.Option("--csv", help="Print one line for each number.")]


def report(
    as_json: _Json = False,
    as_csv: _Csv = False,
    as_fhir: Annotated[
        bool, typer.Option("--fhir", help="Print a FHIR R4 MeasureReport (summary).")
    ] = False,
    reporter: Annotated[
        str, typer.Option(help="With --fhir: who reports, such as Organization/1.")
    ] = "",
    html: Annotated[
        Path | None,
        typer.Option(help="Save the numbers of the programme's page as one new file to be mailed."),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(help="Save how far people came as a picture, a new file .svg or .png."),
    ] = None,
) -> None:
    """The programme in numbers: who stands where, by criterion, sex and age, and the last runs."""
    settings = start()
    if html or picture:
        _refuse_several(as_json=as_json, as_csv=as_csv, as_fhir=as_fhir, as_file=True)
        _save_report(settings, html, picture)
        return
    _refuse_several(as_json=as_json, as_csv=as_csv, as_fhir=as_fhir)
    from service.going_live.leave import GoingLive
    from service.report.days import days_of
    from service.wiring import effective_for, ledger_for, standing_for

    protocol, _ = effective_for(settings)
    with ledger_for(settings) as ledger:
        programme = _programme(ledger, protocol)
        written = GoingLive(ledger, settings.mode).leave(protocol.digest).sentence()
        if as_csv:
            from service.report.forms import programme_csv

            typer.echo(programme_csv(programme, protocol.version), nl=False)
        elif as_fhir:
            typer.echo(json.dumps(_measure_report(programme, protocol, reporter)))
        elif as_json:
            from service.printing import report_json
            from service.report.forms import programme_json

            answer = report_json(ledger) | {"programme": programme_json(programme)}
            answer["going_live"] = written
            answer["days_from_due"] = [d.as_json() for d in days_of(ledger.milestones.everything())]
            answer["standing"] = standing_for(settings, ledger).as_json()
            typer.echo(json.dumps(answer, default=str))
        else:
            from service.printing import print_report
            from service.report.forms import print_programme

            typer.echo(f"going live: {written}")
            for sentence in standing_for(settings, ledger).sentences():
                typer.echo(sentence)
            print_report(ledger)
            print_programme(programme, _console())
            for days in days_of(ledger.milestones.everything()):
                if days.quartiles is not None:
                    typer.echo(days.sentence())


def _save_report(settings: Settings, html: Path | None, picture: Path | None) -> None:
    from service.paper.programme import report_file
    from service.report.sheet_pictures import PICTURES
    from service.wiring import ledger_for, moment_for, sheet_source_for

    with saving(html, picture) as save, ledger_for(settings) as ledger:
        sheet = sheet_source_for(settings, lambda: ledger)()
        moment = moment_for(settings, ledger, sheet.protocol)
        save(
            lambda: report_file(sheet, moment, settings.site_id),
            lambda look: PICTURES["funnel"].draw(sheet, look),
        )
    for path in filter(None, (html, picture)):
        typer.echo(f"{path} is saved; small numbers are hidden in it")


def _programme(ledger: Ledger, protocol: Protocol) -> Programme:
    from service.measure import Stratum
    from service.report.programme import count_programme
    from service.screening.criterion import Role

    criteria = [
        Stratum(entry.number, entry.title)
        for entry in protocol.entries
        if entry.criterion.role is Role.RISK_FACTOR
    ]
    return count_programme(ledger.report.judged(), criteria, protocol.digest)


def _measure_report(programme: Programme, protocol: Protocol, reporter: str) -> dict[str, object]:
    from service.report.measure_report import ReportImpossible, measure_report

    try:
        return measure_report(programme, protocol.version, datetime.now(UTC), reporter)
    except ReportImpossible as why:
        raise Stop(str(why), EXIT_SETTINGS) from None


def simulate(
    overlay: Annotated[Path, typer.Option(help="The overlay file with the changed protocol.")],
    sample: Annotated[
        int | None, typer.Option(min=1, help="Read so many people of the cohort, not everybody.")
    ] = None,
    on: Annotated[str | None, typer.Option(help="Judge on this date, YYYY-MM-DD.")] = None,
    as_json: _Json = False,
    as_csv: _Csv = False,
    names: Annotated[
        Path | None,
        typer.Option("--list", help="Write who would change, with FHIR ids, to this new file."),
    ] = None,
) -> None:
    """Try a changed protocol on the cohort beside today's. Writes nothing to the EHR."""
    settings = start()
    _refuse_several(as_json=as_json, as_csv=as_csv)
    day = day_of(on, settings)
    with _told(names) as tell:
        found = _simulation(settings, overlay, day, sample, tell)
    if as_json:
        from service.simulate.forms import simulation_json

        typer.echo(json.dumps(simulation_json(found), ensure_ascii=False))
    elif as_csv:
        from service.simulate.forms import simulation_csv

        typer.echo(simulation_csv(found), nl=False)
    else:
        from service.simulate.printing import print_simulation

        print_simulation(found, _console())


def _simulation(
    settings: Settings,
    overlay: Path,
    on: date,
    sample: int | None,
    tell: Callable[[Outcome], object],
) -> Simulation:
    from service.wiring import configured_for, ledger_for, simulation_for

    tried = settings.model_copy(update={"protocol_overlay": str(overlay)})
    with ledger_for(settings) as ledger, _progress() as progress:
        return simulation_for(
            settings,
            ledger,
            configured_for(tried),
            on,
            sample=sample,
            tell=tell,
            progress=progress,
        )


@contextmanager
def _told(names: Path | None) -> Iterator[Callable[[Outcome], object]]:
    """Where outcomes go one by one: into the file that was named, or nowhere."""
    if names is None:
        yield lambda _: None
        return
    from service.simulate.worklist import opened_worklist

    with ExitStack() as stack:
        try:
            worklist = stack.enter_context(opened_worklist(names))
        except OSError as error:
            raise Stop(
                f"--list {names} cannot be written: {error.strerror}", EXIT_SETTINGS
            ) from None
        yield worklist.add


@contextmanager
def _progress() -> Iterator[Callable[[int, int], object]]:
    """Progress on stderr: a bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _tell_progress
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Simulating", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell_progress(done: int, total: int) -> None:
    if done == total or done % _TOLD_EVERY == 0:
        typer.echo(f"{done} of {total} people read", err=True)


def _refuse_several(**forms: bool) -> None:
    if sum(forms.values()) > 1:
        raise Stop("choose one form of output: --json, --csv, --fhir, or files", EXIT_SETTINGS)


def _console() -> Console:
    from rich.console import Console

    console = Console()
    # A file or a pipe has no width; tables wrapped at 80 columns are hard to read there.
    wide_enough = console.is_terminal or console.width >= _NARROWEST_COLUMNS
    return console if wide_enough else Console(width=_NARROWEST_COLUMNS)
