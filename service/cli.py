"""The command line: what an integration engineer and a clinical lead type.

An operator's mistake gives one clear sentence and an exit code by kind, never a traceback:
2 settings or input, 3 EHR unavailable, 4 EHR refused, 5 EHR rejected or not understood, 6 store.
Heavy imports are inside the commands: `boneflag explain` answers in under a second.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

from service.settings import Settings, SettingsInvalid, load_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Finds people with multiple sclerosis whose bones nobody is watching.",
)

EXIT_SETTINGS, EXIT_UNAVAILABLE, EXIT_REFUSED, EXIT_REJECTED, EXIT_STORE = 2, 3, 4, 5, 6
P = ParamSpec("P")
R = TypeVar("R")


class Stop(Exception):
    """Ends a command with a sentence for the operator and an exit code."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def speaks_plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that an operator can act on into one sentence and an exit code."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except Exception as error:
            code = exit_code(error)
            if code is None:
                raise
            typer.echo(f"boneflag: {error}", err=True)
            raise typer.Exit(code) from None

    return wrapped


def exit_code(error: Exception) -> int | None:
    """The exit code of an error that speaks to the operator; None for a fault of ours."""
    if isinstance(error, Stop):
        return error.code
    if isinstance(error, SettingsInvalid):
        return EXIT_SETTINGS
    room = type(error).__module__
    if room.startswith("service.ehr"):
        return _ehr_code(error)
    if room.startswith("service.store"):
        return EXIT_STORE
    if room.startswith("service.demo_ehr"):
        return EXIT_SETTINGS
    return None


def _ehr_code(error: Exception) -> int:
    from service.ehr.bundle_file import BundleUnreadable
    from service.ehr.errors import EHRRefused, EHRUnavailable

    if isinstance(error, BundleUnreadable):
        return EXIT_SETTINGS
    if isinstance(error, EHRUnavailable):
        return EXIT_UNAVAILABLE
    return EXIT_REFUSED if isinstance(error, EHRRefused) else EXIT_REJECTED


def _start() -> Settings:
    """Settings and logs for a command."""
    from service.logs import configure_logs

    settings = load_settings()
    configure_logs(
        "WARNING" if settings.log_level == "INFO" else settings.log_level,
        as_json=not sys.stderr.isatty(),
    )
    return settings


def _day(text: str | None, settings: Settings) -> date:
    from service.wiring import today_for

    if text is None:
        return today_for(settings)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Stop(f"--on {text!r} is not a date: write YYYY-MM-DD", EXIT_SETTINGS) from None


@app.command()
@speaks_plainly
def explain(
    patient: Annotated[
        str, typer.Argument(help="A FHIR Bundle in a JSON file, or a patient id in the EHR.")
    ],
    on: Annotated[str | None, typer.Option(help="Judge on this date, YYYY-MM-DD.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Explain what BoneFlag thinks about one patient, and what it would do. Writes nothing."""
    settings = _start()
    day = _day(on, settings)
    path = Path(patient)
    if path.is_file():
        thought, answer = _explain_file(path, settings, day)
    elif patient.endswith(".json"):
        raise Stop(f"{patient} does not exist: give the path of a FHIR Bundle", EXIT_SETTINGS)
    else:
        thought, answer = _explain_patient(patient, settings, day)
    if as_json:
        typer.echo(json.dumps(answer, default=str, ensure_ascii=False))
    else:
        from service.printing import print_explanation

        print_explanation(thought, answer)


def _explain_file(path: Path, settings: Settings, day: date) -> tuple[Any, dict[str, Any]]:
    from service.explain_file import explain_file
    from service.wiring import delivery_for, protocol_for, vocabulary_for

    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Stop(f"{path} cannot be read: {error.strerror}", EXIT_SETTINGS) from None
    return explain_file(
        raw,
        protocol_for(settings),
        vocabulary_for(settings),
        delivery_for(settings),
        site=settings.site_id,
        on=day,
        at=datetime.now(UTC),
    )


def _explain_patient(patient: str, settings: Settings, day: date) -> tuple[Any, dict[str, Any]]:
    from service.ehr.alert_history import AlertHistory
    from service.explain_file import thought_json
    from service.thought import think
    from service.wiring import connection_for, delivery_for, protocol_for

    fhir_id = patient.removeprefix("Patient/")
    ehr, protocol = connection_for(settings), protocol_for(settings)
    record = next(iter(ehr.read_records([fhir_id], protocol.needs)))
    alerts = ehr.read_alerts([fhir_id], {}).histories.get(fhir_id, AlertHistory())
    thought = think(record, alerts, protocol, day, site=settings.site_id)
    return thought, thought_json(thought, delivery_for(settings), {}, datetime.now(UTC))


@app.command()
@speaks_plainly
def check(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what this EHR offers, what will be used, and what is missing."""
    settings = _start()
    from service.checking import check_ehr
    from service.printing import print_check
    from service.wiring import connection_for, protocol_for

    report = check_ehr(connection_for(settings), protocol_for(settings), settings)
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        print_check(report)
    if not report.can_work:
        raise Stop(report.why_not, EXIT_REJECTED)


@app.command()
@speaks_plainly
def sweep(
    inline: Annotated[
        bool, typer.Option("--inline", help="Work in this process instead of the queue.")
    ] = False,
) -> None:
    """Screen the whole cohort."""
    _run("sweep", inline=inline)


@app.command()
@speaks_plainly
def poll(
    inline: Annotated[
        bool, typer.Option("--inline", help="Work in this process instead of the queue.")
    ] = False,
) -> None:
    """Screen those who changed since the last look."""
    _run("poll", inline=inline)


def _run(kind: str, *, inline: bool) -> None:
    settings = _start()
    if not inline:
        from workers.sending import queue_for

        getattr(queue_for(settings), kind)()
        typer.echo(f"{kind} queued; `boneflag report` shows how it went")
        return
    from service.inline import run_inline
    from service.printing import print_run
    from service.wiring import pipeline_for

    pipeline = pipeline_for(settings)
    starts = {"sweep": pipeline.start_sweep, "poll": pipeline.start_poll}
    print_run(run_inline(pipeline, starts[kind]), settings.mode)


@app.command()
@speaks_plainly
def screen(patient: Annotated[str, typer.Argument(help="A patient id in the EHR.")]) -> None:
    """Screen one patient now, and in live mode write what follows."""
    settings = _start()
    from service.inline import run_inline
    from service.printing import print_run
    from service.wiring import pipeline_for

    pipeline = pipeline_for(settings)
    fhir_id = patient.removeprefix("Patient/")
    print_run(run_inline(pipeline, lambda: pipeline.start_screening(fhir_id)), settings.mode)


@app.command()
@speaks_plainly
def report(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """The programme in numbers: who stands where, and how the last runs went."""
    settings = _start()
    from service.printing import print_report, report_json
    from service.wiring import ledger_for

    with ledger_for(settings) as ledger:
        if as_json:
            typer.echo(json.dumps(report_json(ledger), default=str))
        else:
            print_report(ledger)


@app.command()
@speaks_plainly
def release(run: Annotated[int, typer.Argument(help="The number of a held run.")]) -> None:
    """Let a run deliver that was held because it would open too many alerts."""
    settings = _start()
    from service.wiring import ledger_for

    with ledger_for(settings) as ledger:
        if not ledger.runs.release(run):
            raise Stop(f"run {run} is not held: see `boneflag report`", EXIT_SETTINGS)
    typer.echo(f"run {run} will be delivered at the next delivery")


@app.command()
@speaks_plainly
def work() -> None:
    """Run a worker and the schedule in one go; without a Redis it brings its own."""
    from service.working import run_work

    run_work(_start())


@app.command()
@speaks_plainly
def demo(
    stay: Annotated[
        bool | None, typer.Option(help="Stay up at the end; by default on a terminal only.")
    ] = None,
    people: Annotated[int, typer.Option(help="How many invented people.", min=214)] = 300,
) -> None:
    """Run everything on embedded defaults, on an invented hospital."""
    from service.demo import run_demo

    run_demo(people=people, stays=sys.stdout.isatty() if stay is None else stay)


def run() -> None:
    """The console script."""
    app()
